/* SPDX-License-Identifier: ISC */
#include "proc/child.h"

#include "base/clock.h"
#include "base/die.h"
#include "proc/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_LIFE = 10 };	/* seconds */

/* ---- starting ---- */

pid_t
child_fork(void)
{
	fflush(NULL);
	return fork();
}

static void
settle(const struct child *c)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1,
		SIGPIPE };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	descriptors_keep(c->fd, c->nfds);
	prctl(PR_SET_NAME, c->name, 0, 0, 0);
}

pid_t
child_start(const struct child *c)
{
	pid_t pid = child_fork();

	if (pid != 0)
		return pid;
	settle(c);
	if (c->open != NULL)
		c->open(c->arg);
	sandbox_enter(c->sandbox, c->user);
	c->run(c->arg);
	abort();
}

/* ---- starting again ---- */

/* Is nobody left who needs it?  Waits until then, for so long, or until the
 * pipe ends, which the process has. */
static bool
is_needless(const struct child_kept *k, int pipe, int ms)
{
	struct pollfd fd[1 + CHILD_FDS_MAX] = { { .fd = pipe } };
	bool needless = false;

	for (unsigned i = 0; i < k->nfds; i++)
		fd[1 + i].fd = k->fd[i];
	while (poll(fd, 1 + k->nfds, ms) < 0 && errno == EINTR)
		continue;
	for (unsigned i = 0; i < k->nfds; i++)
		needless |= fd[1 + i].revents != 0;
	return needless;
}

/* 0 in the new process. */
static pid_t
begin(const struct child_kept *k, int pipe[2])
{
	if (!k->waits && pipe2(pipe, O_CLOEXEC) < 0)
		die(EXIT_RETRY, "cannot make a pipe");
	pid_t pid = child_fork();
	if (pid < 0)
		die(EXIT_RETRY, "cannot start a process");
	if (!k->waits)
		close(pipe[pid != 0]);
	return pid;
}

/* Until it has ended: its status, or an exit of ours. */
static int
wait_for(const struct child_kept *k, pid_t pid, int pipe)
{
	int status = 0;

	if (!k->waits && is_needless(k, pipe, -1))
		_exit(0);
	if (!k->waits)
		close(pipe);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == k->needless)
		_exit(0);
	return status;
}

static void
complain(const struct child_kept *k, int status)
{
	bool killed = WIFSIGNALED(status);

	if (killed || !k->exits)
		warnx("the process that %s has died (%s %d): started again",
		    k->does, killed ? "signal" : "exit",
		    killed ? WTERMSIG(status) : WEXITSTATUS(status));
}

struct child_life
child_keep(const struct child_kept *k)
{
	struct child_life life = { .fd = -1 };
	int delay = k->delay_min_ms, pipe[2] = { -1, -1 };

	for (;; life.again = true) {
		nsec since = clock_now();
		pid_t pid = begin(k, pipe);
		life.fd = pipe[1];
		if (pid == 0)
			return life;
		life.status = wait_for(k, pid, pipe[0]);
		complain(k, life.status);
		nsec now = clock_now(), next = since + (nsec)delay * NSEC_MS;
		if (now - since > LONG_LIFE * NSEC_SEC)
			delay = k->delay_min_ms;
		if (is_needless(k, -1, now < next ? clock_poll_ms(next, now) :
		    0))
			_exit(0);
		delay = delay * 2 > k->delay_max_ms ? k->delay_max_ms :
		    delay * 2;
	}
}
