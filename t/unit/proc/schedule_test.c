/* SPDX-License-Identifier: ISC */
/* Taking turns, and not where that is long. */
#include "test.h"

#include "proc/schedule.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The next look: so many runs more, each after so long. */
static bool
judge(struct schedule *t, nsec *now, uint64_t runs, uint64_t us)
{
	struct schedule_count c = t->since;

	c.runs += runs;
	c.waited += runs * us * 1000;
	*now = t->next;
	return schedule_judge(t, *now, c);
}

static void
test_judge(void)
{
	struct schedule t = { .batch = true };
	nsec now;

	OK(!judge(&t, &now, 1000, 400) && t.batch);
	OK(t.next == now + NSEC_SEC / 10);
	OK(!judge(&t, &now, 15, 5000) && t.batch);	/* too few */
	OK(judge(&t, &now, 16, 5000) && !t.batch);
	OK(t.next == now + 10 * NSEC_SEC);
	OK(judge(&t, &now, 3, 5000) && t.batch);	/* tried again */
	OK(judge(&t, &now, 100, 900) && !t.batch);
	OK(t.next == now + 20 * NSEC_SEC);
	for (int i = 0; i < 10; i++)
		OK(judge(&t, &now, 100, 900));
	OK(judge(&t, &now, 100, 10) && t.batch);
	OK(judge(&t, &now, 100, 900) && !t.batch);
	OK(t.next == now + 640 * NSEC_SEC);
	OK(judge(&t, &now, 100, 10) && t.batch);
	for (int i = 0; i < 10; i++)			/* it has gone */
		OK(!judge(&t, &now, 100, 10));
	OK(judge(&t, &now, 100, 900));
	OK(t.next == now + 10 * NSEC_SEC);
}

/* What has waited does not count twice: few runs are added up. */
static void
test_few(void)
{
	struct schedule t = { .batch = true };

	OK(!schedule_judge(&t, 1, (struct schedule_count){ 15000000, 10 }));
	OK(schedule_judge(&t, 2, (struct schedule_count){ 30000000, 20 }));
	OK(!t.batch && t.since.runs == 20);
}

/* One that never sleeps, on the same processor. */
static pid_t
start_hog(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	OK(sched_setaffinity(0, sizeof(set), &set) == 0);
	pid_t pid = fork();
	while (pid == 0)
		if (getppid() == 1)
			_exit(0);
	return pid;
}

static void
test_hog(void)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	struct schedule t;
	cpu_set_t before;

	OK(sched_getaffinity(0, sizeof(before), &before) == 0);
	schedule_open(&t);
	OK(t.batch && sched_getscheduler(0) == SCHED_BATCH);
	int cpu = sched_getcpu();
	pid_t hog = start_hog(cpu);
	for (int i = 0; i < 20000 && t.batch; i++) {
		nanosleep(&nap, NULL);
		schedule_look(&t, clock_now());
	}
	OK(!t.batch && sched_getscheduler(0) == SCHED_OTHER);
	kill(hog, SIGKILL);
	OK(waitpid(hog, NULL, 0) == hog);
	t.next = 0;
	schedule_look(&t, clock_now());
	OK(t.batch && sched_getscheduler(0) == SCHED_BATCH);
	close(t.fd);
	OK(sched_setaffinity(0, sizeof(before), &before) == 0);
}

/* What somebody has chosen stays. */
static void
test_chosen(void)
{
	static const struct sched_param none;
	struct schedule t;

	schedule_open(&t);		/* by now a batch */
	OK(t.fd < 0);
	OK(sched_setscheduler(0, SCHED_IDLE, &none) == 0);
	schedule_open(&t);
	schedule_look(&t, clock_now());
	OK(t.fd < 0 && sched_getscheduler(0) == SCHED_IDLE);
}

int
main(void)
{
	test_judge();
	test_few();
	test_hog();
	test_chosen();
	return DONE();
}
