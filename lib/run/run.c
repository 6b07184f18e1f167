/* SPDX-License-Identifier: ISC */
#include "run/run.h"

#include "base/die.h"
#include "proc/ready.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#define LOOK_EVERY NSEC_SEC
/* backhaul(8) loses its own after 5 s. */
#define END_PATIENCE (4 * NSEC_SEC)
#define KILL_PATIENCE NSEC_SEC

enum { SIGNALS, LOG, PROGRAMS };

static bool
is_waiting(const struct program *p)
{
	return p->state == PROGRAM_WAITING;
}

static void
start_due(struct run *r, nsec now)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_waiting(&r->program[i]) && r->program[i].due <= now)
			program_start(&r->program[i], &r->common, now);
}

static void
look(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		program_look(&r->program[i], &r->common);
}

/* Whatever keeps one from being started is said to be gone. */
static void
start_all(struct run *r, nsec now)
{
	for (size_t i = 0; i < r->n; i++) {
		struct program *p = &r->program[i];

		if (p->state != PROGRAM_WAITING && p->state != PROGRAM_FAILED)
			continue;
		p->state = PROGRAM_WAITING;
		p->due = now;
	}
}

static nsec
next_due(const struct run *r, nsec looked)
{
	nsec due = looked + LOOK_EVERY;

	for (size_t i = 0; i < r->n; i++)
		if (is_waiting(&r->program[i]) && r->program[i].due < due)
			due = r->program[i].due;
	return due;
}

/* A program's last lines are written before it is told that it has ended. */
static void
wait_until(struct run *r, nsec due, nsec now)
{
	struct pollfd fd[PROGRAMS + RUN_PROGRAMS] = {
		[SIGNALS] = { .fd = r->signals, .events = POLLIN },
		[LOG] = { .fd = r->log.pipe, .events = POLLIN },
	};

	for (size_t i = 0; i < r->n; i++)
		fd[PROGRAMS + i] = (struct pollfd){
			.fd = r->program[i].pidfd, .events = POLLIN };
	if (poll(fd, (nfds_t)(PROGRAMS + r->n), due <= now ? 0 :
	    clock_poll_ms(due, now)) <= 0)
		return;
	log_drain(&r->log);
	for (size_t i = 0; i < r->n; i++)
		if (fd[PROGRAMS + i].revents != 0)
			program_ended(&r->program[i], &r->common, clock_now());
}

static size_t
count_living(const struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += program_lives(&r->program[i]);
	return n;
}

static bool
is_useless(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->program[i].state != PROGRAM_FAILED)
			return false;
	return true;
}

static void
wait_all(struct run *r, nsec patience)
{
	nsec now = clock_now(), until = now + patience;

	for (; count_living(r) > 0 && now < until; now = clock_now())
		wait_until(r, until, now);
}

static void
end_all(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		program_end(&r->program[i]);
	wait_all(r, END_PATIENCE);
	for (size_t i = 0; i < r->n; i++)
		program_kill(&r->program[i]);
	wait_all(r, KILL_PATIENCE);
	for (size_t i = 0; i < r->n; i++)
		program_fini(&r->program[i], &r->common);
	log_drain(&r->log);
}

int
run_programs(struct run *r)
{
	nsec looked = clock_now();
	int sig = 0;

	while (sig != SIGTERM && sig != SIGINT && !is_useless(r)) {
		nsec now = clock_now();

		if (sig == SIGHUP)
			start_all(r, now);
		start_due(r, now);
		if (now - looked >= LOOK_EVERY) {
			look(r);
			looked = now;
		}
		wait_until(r, next_due(r, looked), now);
		sig = ready_signal(r->signals);
	}
	int code = is_useless(r) ? EXIT_FIX : 0;
	if (code == 0)
		end_all(r);
	return code;
}
