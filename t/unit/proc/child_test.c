/* SPDX-License-Identifier: ISC */
/* A process that is started again, until nobody needs it. */
#include "test.h"

#include "proc/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEEDLESS = 7 };

/* What each of the processes says of its life. */
struct word {
	pid_t pid;
	bool again, piped;
	int status;
};

static int needed[2], words[2];

/* The process that starts the others: kept.needless ends it. */
static pid_t
watch(bool waits, void (*live)(const struct child_life *))
{
	const struct child_kept kept = { .does = "is tested",
		.needless = NEEDLESS, .exits = true, .waits = waits,
		.delay_min_ms = 1, .delay_max_ms = 2,
		.fd = &needed[1], .nfds = 1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, needed) < 0 ||
	    pipe2(words, O_CLOEXEC) < 0)
		abort();
	pid_t pid = child_fork();
	if (pid != 0) {
		close(needed[1]);
		return pid;
	}
	close(needed[0]);
	struct child_life life = child_keep(&kept);
	live(&life);
	_exit(NEEDLESS);
}

static void
say(const struct child_life *life)
{
	const struct word w = { getpid(), life->again, life->fd >= 0,
		life->status };

	if (write(words[1], &w, sizeof(w)) != sizeof(w))
		_exit(1);
}

static struct word
next(void)
{
	struct word w = { 0 };

	if (read(words[0], &w, sizeof(w)) != sizeof(w))
		w.pid = -1;
	return w;
}

static int
ended(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	close(needed[0]);
	close(words[0]);
	close(words[1]);
	return status;
}

static void
die_twice(const struct child_life *life)
{
	say(life);
	if (!life->again)
		raise(SIGKILL);
	if (WIFSIGNALED(life->status))
		_exit(3);
}

static void
test_again(bool waits)
{
	pid_t pid = watch(waits, die_twice);
	struct word a = next(), b = next(), c = next();

	OKF(!a.again && a.piped == !waits, "the first process is the first");
	OKF(b.again && WIFSIGNALED(b.status) && WTERMSIG(b.status) == SIGKILL,
	    "one that was killed is started again, and told so");
	OKF(c.again && WIFEXITED(c.status) && WEXITSTATUS(c.status) == 3 &&
	    c.pid != b.pid, "so is one that exits");
	OKF(ended(pid) == 0, "until it exits since nobody needs it");
}

static void
wait_for_ever(const struct child_life *life)
{
	struct pollfd fd = { .fd = life->fd };

	say(life);
	poll(&fd, 1, -1);
	say(life);
}

static void
test_needless(void)
{
	pid_t pid = watch(false, wait_for_ever);
	struct word a = next();

	close(needed[0]);
	OKF(a.pid > 0 && next().pid == a.pid, "when nobody is at the other "
	    "end any more the parent ends, and its process sees that");
	OK(ended(pid) == 0);
}

int
main(void)
{
	test_again(false);
	test_again(true);
	test_needless();
	return DONE();
}
