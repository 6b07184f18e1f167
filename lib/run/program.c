/* SPDX-License-Identifier: ISC */
#include "run/program.h"

#include "base/die.h"
#include "proc/counters.h"
#include "run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3, ARGS_MAX = 16 };

static const char *const words[] = {
	[PROGRAM_RUNNING] = "running",
	[PROGRAM_STOPPED] = "stopped",
	[PROGRAM_STUCK] = "stuck",
	[PROGRAM_WAITING] = "waiting",
	[PROGRAM_FAILED] = "failed",
};

extern char **environ;

/* ---- the state file ---- */

static void
state_path(const struct program *p, const struct program_common *c,
    const char *suffix, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s.%s", c->rundir, p->name, suffix);
}

/* A reader finds the old line or the new one. */
static bool
write_state(const struct program *p, const struct program_common *c)
{
	char path[PATH_MAX], new[PATH_MAX];
	nsec at = p->since / NSEC_SEC;

	state_path(p, c, "new", new);
	state_path(p, c, "state", path);
	FILE *f = fopen(new, "we");
	if (f == NULL)
		return false;
	fprintf(f, "%s %d %" PRIu64 " %d %" PRIu64 " %u %" PRIu64 " %d\n",
	    words[p->state], (int)getpid(), process_born(getpid(), NULL),
	    (int)p->pid, p->pid != 0 ? p->born : 0, p->restarts, at, p->code);
	bool good = !ferror(f);
	good &= fclose(f) == 0;
	return good && rename(new, path) == 0;
}

static void
set_state(struct program *p, const struct program_common *c,
    enum program_state state)
{
	p->state = state;
	if (!write_state(p, c))
		warn("cannot write %s/%s.state", c->rundir, p->name);
}

struct told {
	int run, pid, code;
	uint64_t run_born, born, since;
	unsigned restarts;
};

static bool
read_state(const struct program *p, const struct program_common *c,
    struct told *t)
{
	char path[PATH_MAX];

	state_path(p, c, "state", path);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	int n = fscanf(f, "%*15s %d %" SCNu64 " %d %" SCNu64 " %u %" SCNu64
	    " %d", &t->run, &t->run_born, &t->pid, &t->born,
	    &t->restarts, &t->since, &t->code);
	fclose(f);
	return n == 7;
}

/* False if it has ended.  The number is still its own after it was opened, or
 * never was. */
static bool
hold(struct program *p, pid_t pid, uint64_t ticks)
{
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd < 0)
		return false;
	if (!process_is_alive(pid, ticks)) {
		close(fd);
		return false;
	}
	p->pid = pid;
	p->born = ticks;
	p->pidfd = fd;
	return true;
}

bool
program_init(struct program *p, const char *name,
    const struct program_common *c, nsec now)
{
	struct told t;

	*p = (struct program){ .name = name, .pidfd = -1, .since = now,
		.due = now, .state = PROGRAM_WAITING };
	if (read_state(p, c, &t)) {
		if (t.run != getpid() &&
		    process_is_alive(t.run, t.run_born)) {
			warnx("process %d looks after %s already", t.run, name);
			return false;
		}
		if (hold(p, t.pid, t.born)) {
			p->state = PROGRAM_RUNNING;
			p->restarts = t.restarts;
			p->since = t.since * NSEC_SEC;
		}
	}
	if (write_state(p, c))
		return true;
	warn("cannot write %s/%s.state", c->rundir, name);
	return false;
}

void
program_fini(struct program *p, const struct program_common *c)
{
	char path[PATH_MAX];

	state_path(p, c, "state", path);
	unlink(path);
	if (p->pidfd >= 0)
		close(p->pidfd);
	p->pidfd = -1;
}

/* ---- starting ---- */

/* Of bh-egress-2: bh-egress, and its number; of bolt/bh-bolt: bh-bolt. */
static const char *
split_name(const char *name, char base[static 64])
{
	const char *slash = strrchr(name, '/');

	snprintf(base, 64, "%s", slash != NULL ? slash + 1 : name);
	char *dash = strrchr(base, '-');
	if (dash == NULL || dash[1] < '0' || dash[1] > '9')
		return NULL;
	*dash = '\0';
	return dash + 1;
}

/* One with a directory of its own says elsewhere that it is ready. */
static int
open_ready(const struct program *p, const struct program_common *c)
{
	char path[PATH_MAX];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/ready", c->rundir);
	if (strchr(p->name, '/') == NULL)
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 ? fd : open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Nothing of ours gets into the child but what is named here. */
static int
spawn(pid_t *pid, const char *path, const char **argv, int ready, int log)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	if (log >= 0)
		posix_spawn_file_actions_adddup2(&files, log, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&files, ready, READY_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, READY_FD + 1);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int e = posix_spawn(pid, path, &files, &attr,
	    (char **)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return e;
}

static int
launch(const struct program *p, const struct program_common *c, pid_t *pid)
{
	char base[64], path[PATH_MAX], fd[16];
	const char *number = split_name(p->name, base);
	const char *argv[ARGS_MAX] = { path, "-f", c->conf, "-l", c->location,
		"-D", c->rundir, "-R", fd };
	size_t n = 9;

	snprintf(fd, sizeof(fd), "%d", READY_FD);
	snprintf(path, sizeof(path), "%s/%s", c->bin, base);
	if (strcmp(base, "bh-tunnel") == 0) {
		argv[n++] = "-k";
		argv[n++] = c->keydir;
	}
	if (number != NULL) {
		argv[n++] = "-n";
		argv[n++] = number;
	}
	int ready = open_ready(p, c);
	int e = ready < 0 ? errno : spawn(pid, path, argv, ready, c->log);
	if (ready >= 0)
		close(ready);
	return e;
}

void
program_start(struct program *p, const struct program_common *c, nsec now)
{
	pid_t pid = 0;
	int e = launch(p, c, &pid);

	p->since = now;
	p->beat = 0;
	if (e == 0 && hold(p, pid, process_born(pid, NULL))) {
		set_state(p, c, PROGRAM_RUNNING);
		return;
	}
	/* it has ended already, or there is none */
	p->pid = e == 0 ? pid : 0;
	if (e != 0) {
		errno = e;
		warn("cannot start %s", p->name);
	}
	program_ended(p, c, now);
}

/* ---- its end ---- */

/* As a shell says it.  Of a process that another one has started nobody tells
 * us. */
static int
collect(const struct program *p)
{
	int status;

	if (p->pid == 0)
		return EXIT_RETRY;
	if (waitpid(p->pid, &status, 0) != p->pid)
		return 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

/* Nobody may wait for it: what is written then is gone with the descriptor. */
static void
tell_end(const struct program *p, const struct program_common *c)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s exit %d\n", p->name, p->code);
	int fd = open_ready(p, c);
	ssize_t r = fd < 0 ? -1 : write(fd, line, (size_t)n);

	(void)r;
	if (fd >= 0)
		close(fd);
}

void
program_ended(struct program *p, const struct program_common *c, nsec now)
{
	p->code = collect(p);
	if (p->pidfd >= 0)
		close(p->pidfd);
	p->pidfd = -1;
	p->pid = 0;
	tell_end(p, c);
	if (p->code == EXIT_FIX) {
		set_state(p, c, PROGRAM_FAILED);
		warnx("%s: exit %d, not started again; see backhaul(8)",
		    p->name, p->code);
		return;
	}
	p->due = now + backoff_next(&p->backoff, now - p->since,
	    p->code == EXIT_SIBLING);
	p->since = now;
	p->restarts++;
	set_state(p, c, PROGRAM_WAITING);
}

static void
send_signal(const struct program *p, int sig)
{
	if (p->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, p->pidfd, sig, NULL, 0);
}

void
program_end(const struct program *p)
{
	send_signal(p, SIGTERM);
	send_signal(p, SIGCONT);
}

void
program_kill(const struct program *p)
{
	send_signal(p, SIGKILL);
}

/* ---- looking ---- */

/* Read, not mapped: the program may do to its file what it likes. */
static uint64_t
read_beat(const struct program *p, const struct program_common *c)
{
	char path[PATH_MAX];
	uint64_t beat = 0;

	state_path(p, c, "stat", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (pread(fd, &beat, sizeof(beat), offsetof(struct counters, beat)) !=
	    sizeof(beat))
		beat = 0;
	close(fd);
	return beat;
}

/* Odd while it waits, even while it works: one that works since the last look
 * has not come back. */
static enum program_state
judge(struct program *p, const struct program_common *c)
{
	char letter = '?';
	uint64_t before = p->beat;

	if (process_born(p->pid, &letter) != p->born)
		return p->state;	/* it ends: poll(2) says so */
	if (letter == 'T' || letter == 't')
		return PROGRAM_STOPPED;
	p->beat = read_beat(p, c);
	if (p->beat != 0 && p->beat % 2 == 0 && p->beat == before)
		return PROGRAM_STUCK;
	return PROGRAM_RUNNING;
}

void
program_look(struct program *p, const struct program_common *c)
{
	if (!program_lives(p))
		return;
	enum program_state state = judge(p, c);
	if (state == p->state)
		return;
	set_state(p, c, state);
	warnx("%s %s", p->name, state == PROGRAM_RUNNING ? "goes on" :
	    state == PROGRAM_STOPPED ? "is stopped (SIGSTOP)" :
	    "does not come back to wait: it may be in an endless loop");
}
