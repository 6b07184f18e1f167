/* SPDX-License-Identifier: ISC */
#include "base/die.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *myname = "backhaul";

/*
 * A running program never waits for whoever reads its lines.  O_NONBLOCK
 * belongs to the open file, which others may share; so a pipe or a terminal is
 * opened anew, by its descriptor, and the flag is ours alone.  Where that is
 * refused, poll(2) is asked before each line: a pipe that can be written to has
 * room for PIPE_BUF bytes, more than a line, unless somebody else is faster.  A
 * socket is asked not to wait.  A regular file has always room.
 */
static struct {
	bool socket, asks;
	uint64_t lost;			/* and not told of yet */
	uint64_t *count;		/* all that were; or NULL */
} out;

static ssize_t
put(const char *line, size_t n)
{
	struct iovec iov = { (void *)(uintptr_t)line, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (out.socket)
		return sendmsg(STDERR_FILENO, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (out.asks && (poll(&fd, 1, 0) != 1 || fd.revents != POLLOUT))
		return -1;
	return write(STDERR_FILENO, line, n);
}

/* The gap is told of before what comes after it. */
static bool
put_gap(void)
{
	char line[128];

	if (out.lost == 0)
		return true;
	int n = snprintf(line, sizeof(line), "%s: %llu lines were dropped: "
	    "nobody has read them\n", myname, (unsigned long long)out.lost);
	if (put(line, (size_t)n) != n)
		return false;
	out.lost = 0;
	return true;
}

static void
put_line(const char *line, size_t n)
{
	if (put_gap() && put(line, n) == (ssize_t)n)
		return;
	out.lost++;
	if (out.count != NULL)
		++*out.count;
}

/* One write(2) a line, so that lines of sibling programs do not mix. */
__attribute__((format(printf, 2, 0))) static void
say(int error, const char *fmt, va_list ap)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s: ", myname);

	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	if (n > (int)sizeof(line) - 100)
		n = (int)sizeof(line) - 100;
	if (error != 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
		    strerror(error));
	line[n++] = '\n';
	put_line(line, (size_t)n);
}

#define SAY(error) do { \
	va_list ap; \
	va_start(ap, fmt); \
	say(error, fmt, ap); \
	va_end(ap); \
} while (0)

void
die_name(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	myname = slash != NULL ? slash + 1 : argv0;
}

const char *
die_myname(void)
{
	return myname;
}

void
die_hurry(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0 || S_ISREG(st.st_mode))
		return;
	/* nobody reads it any more: a line lost, no reason to end; nor to stop,
	 * in the background of a terminal */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	out.socket = S_ISSOCK(st.st_mode);
	if (out.socket)
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	out.asks = fd < 0 || dup2(fd, STDERR_FILENO) < 0;
	if (fd >= 0)
		close(fd);
}

void
die_count(uint64_t *dropped)
{
	out.count = dropped;
}

void
die(int code, const char *fmt, ...)
{
	SAY(errno);
	exit(code);
}

void
diex(int code, const char *fmt, ...)
{
	SAY(0);
	exit(code);
}

/* What stdio could not write is forgotten after it has said so once. */
void
die_unwritten(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return;
	if (errno == 0)
		errno = EIO;
	die(EXIT_RETRY, "cannot write to standard output");
}

void
warn(const char *fmt, ...)
{
	SAY(errno);
}

void
warnx(const char *fmt, ...)
{
	SAY(0);
}
