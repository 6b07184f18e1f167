/* SPDX-License-Identifier: ISC */
#include "run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int
open_file(struct log *l)
{
	struct stat st;

	l->file = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (l->file < 0)
		return -1;
	l->size = fstat(l->file, &st) == 0 ? (size_t)st.st_size : 0;
	return 0;
}

/* Both ends are ours, so it has no end when the last program has gone. */
static int
open_pipe(const char *path)
{
	char fifo[PATH_MAX];
	struct stat st;

	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	if (mkfifo(fifo, 0600) < 0 && errno != EEXIST)
		return -1;
	int fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))) {
		close(fd);
		errno = EEXIST;
		return -1;
	}
	return fd;
}

int
log_open(struct log *l, const char *path, size_t most)
{
	*l = (struct log){ .path = path, .most = most, .file = -1 };
	l->pipe = open_pipe(path);
	return l->pipe < 0 ? -1 : open_file(l);
}

/* If no other can be opened, the old one grows. */
static void
turn_over(struct log *l)
{
	char old[PATH_MAX];
	int was = l->file;

	snprintf(old, sizeof(old), "%s.1", l->path);
	if (rename(l->path, old) < 0 || open_file(l) < 0) {
		l->file = was;
		return;
	}
	close(was);
}

/* RFC 3339, in UTC. */
static size_t
stamp(char *to, size_t room)
{
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	size_t n = strftime(to, room, "%FT%T", &tm);
	return n + (size_t)snprintf(to + n, room - n, ".%03ldZ ",
	    t.tv_nsec / 1000000);
}

static void
put_line(struct log *l)
{
	char time[64], end = '\n';
	struct iovec v[] = {
		{ time, stamp(time, sizeof(time)) },
		{ l->line, l->used },
		{ &end, 1 },
	};

	l->used = 0;
	if (l->size >= l->most)
		turn_over(l);
	ssize_t n = writev(l->file, v, 3);
	l->size += n > 0 ? (size_t)n : 0;
}

static void
put_text(struct log *l, const char *s, size_t n)
{
	for (; n > 0; s++, n--) {
		if (*s != '\n')
			l->line[l->used++] = *s;
		if (*s == '\n' || l->used == sizeof(l->line))
			put_line(l);
	}
}

void
log_drain(struct log *l)
{
	char buf[16384];
	ssize_t n;

	while (l->pipe >= 0 && (n = read(l->pipe, buf, sizeof(buf))) > 0)
		put_text(l, buf, (size_t)n);
}
