/* SPDX-License-Identifier: ISC */
/* Waiting for the same descriptors again and again, and for others. */
#include "test.h"

#include "proc/waiter.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE, BELL, MORE, N };

static struct waiter w;
static struct pollfd p[N];

static int
look(void)
{
	return waiter_wait(&w, p, N, 0);
}

static void
ring(int fd)
{
	const uint64_t once = 1;

	OK(write(fd, &once, sizeof(once)) == sizeof(once));
}

/* Seen as long as it is there; a bell once a ring. */
static void
test_level_and_edge(int in, int bell)
{
	char c;

	OK(look() == 0 && p[PIPE].revents == 0 && p[BELL].revents == 0);
	OK(write(in, "x", 1) == 1);
	ring(bell);
	OK(look() == 2 && p[PIPE].revents != 0 && p[BELL].revents != 0);
	OK(look() == 1 && p[PIPE].revents != 0 && p[BELL].revents == 0);
	ring(bell);
	ring(bell);
	OK(look() == 2 && p[BELL].revents != 0);
	OK(read(p[PIPE].fd, &c, 1) == 1 && look() == 0);
}

/* A number that comes back in another place, and in the same one. */
static void
test_numbers(void)
{
	int a[2], b[2];

	OK(pipe(a) == 0);
	p[MORE].fd = a[0];
	OK(look() == 0);
	close(a[0]);
	close(a[1]);
	close(p[PIPE].fd);
	p[MORE].fd = p[PIPE].fd = -1;
	OK(look() == 0);
	OK(pipe(b) == 0 && write(b[1], "x", 1) == 1);
	p[PIPE].fd = b[0];
	OK(look() == 1 && p[PIPE].revents != 0 && p[MORE].revents == 0);
	p[MORE].fd = b[0];
	p[PIPE].fd = -1;
	OK(look() == 1 && p[MORE].revents != 0 && p[PIPE].revents == 0);
	p[PIPE].fd = b[0];
	p[MORE].fd = -1;
	OK(look() == 1 && p[PIPE].revents != 0);
	close(b[1]);
}

/* One that somebody else has, too, is there after it was closed here. */
static void
test_forget(void)
{
	int a[2];

	OK(pipe(a) == 0 && write(a[1], "x", 1) == 1);
	int other = dup(a[0]);
	p[PIPE].fd = a[0];
	OK(look() == 1);
	waiter_forget(&w, a[0]);
	close(a[0]);
	p[PIPE].fd = -1;
	OK(look() == 0);
	close(other);
	close(a[1]);
}

/* More than 40,000 a second; what came before does not count. */
static void
test_fast(void)
{
	struct waiter x = { .fd = -1 };
	nsec now = NSEC_SEC;

	OK(!waiter_is_fast(&x, now, 0));
	OK(!waiter_is_fast(&x, now += NSEC_MS, 1));
	OK(!waiter_is_fast(&x, now += NSEC_MS, 41));
	OK(waiter_is_fast(&x, now += NSEC_MS, 82));
	OK(!waiter_is_fast(&x, now += NSEC_MS, 82));
	OK(!waiter_is_fast(&x, now, 82) && waiter_is_fast(&x, now, 83));
}

/* ---- stopped ---- */

enum { SPAN_US = 1200 * 1000, GIVE_UP = 20 };

/* Waits for the pipe, or has something else to do. */
enum what { WAITS, LOOKS, WORKS };

static _Noreturn void
be_stopped(enum what what, int in)
{
	struct pollfd q = { .fd = in };
	struct waiter v;

	alarm(GIVE_UP);
	if (waiter_open(&v, 0) < 0)
		_exit(2);
	waiter_wait(&v, &q, 1, 0);
	if (v.late)
		_exit(3);
	nsec since = v.now;
	while (what == WORKS && !waiter_is_late(since))
		continue;
	do
		waiter_wait(&v, &q, 1, what == LOOKS ? 0 : -1);
	while (!v.late && q.revents == 0);
	_exit(v.late ? 1 : 0);
}

/* Is what comes then late? */
static bool
is_late(enum what what, bool stop)
{
	int fd[2], status = -1;

	if (pipe(fd) < 0)
		return false;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		be_stopped(what, fd[0]);
	usleep(100 * 1000);
	if (stop)
		kill(pid, SIGSTOP);
	usleep(SPAN_US);
	if (write(fd[1], "x", 1) != 1)
		return false;
	if (stop)
		kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	close(fd[0]);
	close(fd[1]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static void
test_stopped(void)
{
	OKF(!is_late(WAITS, false), "F23: who has waited long is not late");
	OKF(is_late(WAITS, true), "F23: who was stopped while it waited is");
	OKF(is_late(LOOKS, true), "F23: so is who had more to do");
	OKF(is_late(WORKS, true), "F23: and it is told in the middle of that");
}

int
main(void)
{
	int a[2], bell = eventfd(0, 0);

	OK(pipe(a) == 0 && bell >= 0);
	for (int i = 0; i < N; i++)
		p[i].fd = -1;
	p[PIPE].fd = a[0];
	p[BELL].fd = bell;
	OK(waiter_open(&w, 1 << BELL) == 0);
	test_level_and_edge(a[1], bell);
	test_numbers();
	test_forget();
	test_fast();
	test_stopped();
	return DONE();
}
