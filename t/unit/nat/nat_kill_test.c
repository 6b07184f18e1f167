/* SPDX-License-Identifier: ISC */
/* A process that translates is killed at any instant: of what it had said was
 * done nothing is missing, and of what it had not at most one record is
 * there. */
#include "natworld.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 150, FLOWS = 20000 };

/* What outlives the child. */
static struct shared {
	atomic_uint done;		/* flows that are finished */
	struct nat_flow flow[FLOWS + 1];
	struct nat_run run[FLOWS + 1];
	struct nat_owner owner[2048];
} *shared;

static struct world w, next;

static void
configure(struct world *x)
{
	world_config(x, 4);
	x->cfg.flows = x->cfg.site_flows = x->cfg.host_flows = FLOWS;
}

static int
whose(const void *arg, const struct addr *inside)
{
	(void)arg;
	return inside->b[13];
}

/* New flows of many hosts, as fast as it goes. */
static _Noreturn void
translate(void)
{
	static const uint8_t key[16] = "kill";
	const struct nat_records rec = { shared->flow, shared->run,
		shared->owner };
	char src[20];

	nat_init(&w.nat, &w.cfg, &rec, w.mem, key);
	for (uint32_t i = 0; i < FLOWS; i++) {
		snprintf(src, sizeof(src), "10.1.%u.%u", i / 200 % 200,
		    1 + i % 200);
		if (!out(&w, 1, (struct leg){ .proto = PROTO_UDP, .src = src,
		    .sport = (uint16_t)(2000 + i / 40000), .dst =
		    "203.0.113.9", .dport = 53, .payload = 4 }))
			break;
		atomic_fetch_add(&shared->done, 1);
	}
	_exit(0);
}

/* How many flows there are after a death some microseconds on. */
static size_t
die_and_count(unsigned microseconds, unsigned *done)
{
	const struct timespec ts = { .tv_nsec = 1000L * microseconds };
	pid_t child = fork();
	size_t got;

	if (child == 0)
		translate();
	nanosleep(&ts, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	*done = atomic_load(&shared->done);
	struct nat_legacy old = { .rec = { shared->flow, shared->run,
		shared->owner }, .flows = FLOWS, .pool = w.pool,
		.npool = w.cfg.npool, .block = w.cfg.block, .place = whose };
	configure(&next);
	world_start(&next);
	got = nat_adopt(&next.nat, &old, next.now);
	world_down(&next);
	return got;
}

int
main(void)
{
	unsigned lost = 0, more = 0, middle = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	configure(&w);
	w.mem = calloc(1, nat_memory(&w.cfg));
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned done;
		memset(shared, 0, sizeof(*shared));
		size_t got = die_and_count(200 + i * 37 % 9000, &done);
		lost += got < done;
		more += got > done + 1;
		middle += got > 0 && got < FLOWS;
	}
	OKF(lost == 0, "state: killed %d times, not one finished flow is lost",
	    (int)ROUNDS);
	OKF(more == 0, "state: nor is there more than the one being written");
	OKF(middle > ROUNDS / 10, "state: %u times it was in the middle",
	    middle);
	return DONE();
}
