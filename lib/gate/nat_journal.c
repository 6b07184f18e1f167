/* SPDX-License-Identifier: ISC */
#include "gate/nat_journal.h"

#include "base/clock.h"
#include "base/die.h"
#include "proc/child.h"
#include "proc/sandbox.h"
#include "proc/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "/run/backhaul/"
#define LOG "/var/log/backhaul/"
#define FIRST "bh-egress: nat %" PRIu64 " file %" PRIu64
#define DAY UINT64_C(86400)

enum {
	FDS = 1024,		/* more than there are, when it starts */
	PIPE_ROOM = 1 << 20,	/* lines that wait for the disk */
	BUFFER = 1 << 16,
	LOOK_MS = 3600 * 1000,	/* how often for what is too old */
};

struct file {
	int fd;
	size_t size;
	uint64_t number;	/* 0: it is empty */
	uint64_t began;		/* wall clock, seconds */
};

struct journal {
	struct file file[NAT_JOURNAL_FILES];
	unsigned at;		/* the one that is written */
	bool failed;		/* the last write was refused: it was told */
	size_t n;
	char line[BUFFER];	/* what has come, and not been written */
};

/* ---- names ---- */

const char *
nat_journal_dir(const char *rundir, char buf[static PATH_MAX])
{
	size_t n = strlen(RUN);

	if (strncmp(rundir, RUN, n) == 0)
		snprintf(buf, PATH_MAX, LOG "%s", rundir + n);
	else
		snprintf(buf, PATH_MAX, "%s.log", rundir);
	return buf;
}

const char *
nat_journal_file(const char *dir, unsigned n,
    char buf[static NAT_JOURNAL_PATH])
{
	snprintf(buf, NAT_JOURNAL_PATH, "%s/nat-%u.log", dir, n);
	return buf;
}

uint64_t
nat_journal_number(const char *line)
{
	uint64_t began, number;

	return sscanf(line, FIRST, &began, &number) == 2 ? number : 0;
}

/* ---- the files ---- */

static uint64_t
wall(void)
{
	return clock_wall() / NSEC_SEC;
}

static void
empty(struct file *f)
{
	if (ftruncate(f->fd, 0) == 0)
		*f = (struct file){ .fd = f->fd };
}

/* All of it, or nothing. */
static bool
append(struct file *f, const char *p, size_t n)
{
	ssize_t r = write(f->fd, p, n);

	if (r != (ssize_t)n) {
		int why = r < 0 ? errno : ENOSPC;
		if (r > 0 && ftruncate(f->fd, (off_t)f->size) < 0)
			why = errno;
		errno = why;
		return false;
	}
	f->size += n;
	return true;
}

static bool
begin(struct journal *j, unsigned i, uint64_t number)
{
	struct file *f = &j->file[i];
	uint64_t now = wall();
	char line[80];
	int n = snprintf(line, sizeof(line), FIRST "\n", now, number);

	j->at = i;
	empty(f);
	if (!append(f, line, (size_t)n))
		return false;
	f->number = number;
	f->began = now;
	return true;
}

/* The one that lines go to now; of those that are too old nothing is left. */
static bool
turn(struct journal *j, size_t n)
{
	const struct file *f = &j->file[j->at];
	const uint64_t all = NAT_JOURNAL_DAYS * DAY;
	uint64_t now = wall();

	if (f->number == 0)
		return begin(j, j->at, 1);
	if (f->size + n <= NAT_JOURNAL_BYTES &&
	    now < f->began + all / NAT_JOURNAL_FILES)
		return true;
	return begin(j, (j->at + 1) % NAT_JOURNAL_FILES, f->number + 1);
}

static void
forget(struct journal *j)
{
	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		if (j->file[i].number != 0 &&
		    wall() >= j->file[i].began + NAT_JOURNAL_DAYS * DAY)
			empty(&j->file[i]);
}

static void
put(struct journal *j, size_t n)
{
	bool done = turn(j, n) && append(&j->file[j->at], j->line, n);

	if (!done && !j->failed)
		warn("cannot write who has which port; lines are lost until "
		    "it can");
	else if (done && j->failed)
		warnx("who has which port is written again");
	j->failed = !done;
}

/* Whole lines. */
static void
put_lines(struct journal *j)
{
	const char *last = memrchr(j->line, '\n', j->n);
	size_t n = last == NULL ? 0 : (size_t)(last + 1 - j->line);

	if (n > 0)
		put(j, n);
	if (n == 0 && j->n == sizeof(j->line))
		n = j->n;	/* no line of ours is that long */
	memmove(j->line, j->line + n, j->n - n);
	j->n -= n;
}

_Noreturn static void
run(struct journal *j, int in)
{
	struct pollfd p = { .fd = in, .events = POLLIN };

	for (;;) {
		int ready = poll(&p, 1, LOOK_MS);
		forget(j);
		if (ready <= 0)
			continue;
		ssize_t r = read(in, j->line + j->n, sizeof(j->line) - j->n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			_exit(r < 0 ? EXIT_RETRY : 0);
		j->n += (size_t)r;
		put_lines(j);
	}
}

/* ---- opening ---- */

/* The last process left whole lines, but for one that the power cut off. */
static bool
open_file(struct file *f, const char *path)
{
	char line[80] = "", end = '\n';
	struct stat st;

	*f = (struct file){ .fd = open(path, O_RDWR | O_APPEND | O_CREAT |
	    O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640) };
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode) || !trust_owner(&st)) {
		errno = EPERM;
		return false;
	}
	if (st.st_size == 0)
		return true;
	f->size = (size_t)st.st_size;
	if (pread(f->fd, line, sizeof(line) - 1, 0) < 0 ||
	    pread(f->fd, &end, 1, st.st_size - 1) < 0 ||
	    (end != '\n' && !append(f, "\n", 1)))
		return false;
	if (sscanf(line, FIRST, &f->began, &f->number) != 2)
		f->number = 0;
	return true;
}

static bool
open_files(struct journal *j, const char *dir)
{
	char path[NAT_JOURNAL_PATH];

	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++) {
		if (!open_file(&j->file[i], nat_journal_file(dir, i, path))) {
			warn("cannot write %s", path);
			return false;
		}
		if (j->file[i].number > j->file[j->at].number)
			j->at = i;
	}
	return true;
}

static bool
make_directory(const char *dir)
{
	char why[TRUST_WHYLEN];

	if (strncmp(dir, LOG, strlen(LOG)) == 0)
		mkdir(LOG, 0755);
	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		warn("cannot make %s", dir);
	else if (trust_real_directory(dir, why))
		return true;
	else
		warnx("%s", why);
	return false;
}

static bool
is_ours(const struct journal *j, int in, int fd)
{
	bool ours = fd <= STDERR_FILENO || fd == in;

	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		ours |= fd == j->file[i].fd;
	return ours;
}

/* It ends when nobody is left who could write to it, not by a signal. */
_Noreturn static void
start(struct journal *j, int in)
{
	for (int fd = 0; fd < FDS; fd++)
		if (!is_ours(j, in, fd))
			close(fd);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "bh-egress-log", 0, 0, 0);
	sandbox_enter(SANDBOX_JOURNAL, "_bh-journal");
	run(j, in);
}

/* The writing end; -1. */
static int
start_writer(struct journal *j)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETPIPE_SZ, PIPE_ROOM);	/* or as much as there is */
	pid_t pid = child_fork();
	if (pid == 0)
		start(j, fd[0]);
	close(fd[0]);
	if (pid < 0) {
		close(fd[1]);
		return -1;
	}
	return fd[1];
}

int
nat_journal_open(const char *rundir)
{
	static struct journal j;
	mode_t mask = umask(027);
	char dir[PATH_MAX];
	int fd = -1;

	nat_journal_dir(rundir, dir);
	if (make_directory(dir) && open_files(&j, dir)) {
		fd = start_writer(&j);
		if (fd < 0)
			warn("cannot start what writes %s", dir);
	}
	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		if (j.file[i].fd > STDERR_FILENO)
			close(j.file[i].fd);
	umask(mask);
	if (fd < 0)
		warnx("who has which port goes to standard error only");
	return fd;
}
