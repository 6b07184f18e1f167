/* SPDX-License-Identifier: ISC */
/* The log of a running program, when nobody reads it. */
#include "test.h"

#include "base/die.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { LINES_MAX = 200000, PATIENCE = 20 };

/* All that can be read at once, of which the end is kept. */
static size_t
drain(int fd, char *end, size_t size)
{
	char buf[4096];
	size_t have = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		size_t got = (size_t)n, keep = size - 1 - got;
		if (have > keep) {
			memmove(end, end + have - keep, keep);
			have = keep;
		}
		memcpy(end + have, buf, got);
		have += got;
	}
	end[have] = '\0';
	return have;
}

/* Lines to a descriptor that nobody reads, and then somebody does.  Waiting
 * would end in SIGALRM. */
static bool
try(int to, int from)
{
	char end[16384], want[64];
	uint64_t dropped = 0;
	int flags = fcntl(to, F_GETFL);

	alarm(PATIENCE);
	dup2(to, STDERR_FILENO);
	die_name("prog");
	die_hurry();
	die_count(&dropped);
	for (int i = 0; i < LINES_MAX && dropped < 3; i++)
		warnx("line %d, which is as long as a line may be", i);
	if (dropped != 3 || fcntl(to, F_GETFL) != flags)
		return false;
	tcflow(to, TCOON);
	drain(from, end, sizeof(end));
	warnx("read again");
	/* a terminal passes it on in its own time */
	usleep(100000);
	drain(from, end, sizeof(end));
	snprintf(want, sizeof(want), "prog: 3 lines were dropped: ");
	return strncmp(end, want, strlen(want)) == 0 &&
	    strstr(end, "\nprog: read again") != NULL && dropped == 3;
}

/* In a process of its own, since it takes standard error. */
static void
test(const char *what, int to, int from, uid_t uid)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (setuid(uid) < 0)
			_exit(2);
		_exit(try(to, from) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	OKF(status == 0, "F12: %s that nobody reads holds nobody up (%d)",
	    what, status);
	close(to);
	close(from);
}

static void
test_gone(void)
{
	uint64_t dropped = 0;
	int fd[2], status = 0;

	fflush(NULL);
	if (fork() == 0) {
		if (pipe(fd) < 0)
			_exit(2);
		dup2(fd[1], STDERR_FILENO);
		die_hurry();
		die_count(&dropped);
		close(fd[0]);
		warnx("a line");
		_exit(dropped == 1 ? 0 : 1);
	}
	wait(&status);
	OKF(status == 0, "F12: a reader that has gone ends nobody (%d)",
	    status);
}

/* A file has one place where all who share it write. */
static void
test_file(void)
{
	char buf[64] = "", path[] = "/tmp/die_test.XXXXXX";
	int fd = mkstemp(path), status = 0;

	unlink(path);
	fflush(NULL);
	if (fork() == 0) {
		dup2(fd, STDERR_FILENO);
		die_name("a");
		die_hurry();
		warnx("b");
		_exit(write(fd, "c\n", 2) == 2 ? 0 : 1);
	}
	wait(&status);
	OK(pread(fd, buf, sizeof(buf) - 1, 0) == 7 &&
	    strcmp(buf, "a: b\nc\n") == 0);
	close(fd);
}

int
main(void)
{
	int fd[2], leader, line;

	if (pipe(fd) == 0)
		test("a pipe", fd[1], fd[0], getuid());
	if (pipe(fd) == 0)	/* root's, and may not be opened anew */
		test("another's pipe", fd[1], fd[0],
		    getuid() == 0 ? 65534 : getuid());
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0)
		test("a socket", fd[1], fd[0], getuid());
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0)
		test("a socket of packets", fd[1], fd[0], getuid());
	if (openpty(&leader, &line, NULL, NULL, NULL) == 0) {
		tcflow(line, TCOOFF);	/* as by ^S */
		test("a terminal", line, leader, getuid());
	}
	test_gone();
	test_file();
	return DONE();
}
