/* SPDX-License-Identifier: ISC */
/*
 * How a head office grows with its processors: a simulation of the queues that
 * what branches send stands in there, first for a process of bh-tunnel, then
 * for bh-egress.  What is compared is who serves whom:
 *
 *	peers	a branch has its worker, by its number
 *	dealt	likewise, but who sends most is dealt first, to who has least
 *	flows	by a hash of the inner flow, as if workers shared sessions
 *	queue	one queue for all workers, who takes the next when he is free
 *
 * with one bh-egress behind all workers, or one behind each, which has a
 * processor to itself or takes turns with its worker on one: so many processors
 * a head office needs for it.  The same seed gives the same table.  With -r the
 * model is held against processes that really encrypt, on two processors.
 *
 *	queue [-s SEED] [-z ZIPF] [-r]
 */
#include "lib/queues.h"

#include "wg/aead.h"
#include "wg/message.h"

#include <err.h>
#include <math.h>
#include <sched.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What t/bench/where says of the server's programs on the way up, the kernel's
 * work for them included: bh-tunnel 0.787 s/GB in trains of 44 datagrams, and
 * 0.691 s/Mpkt of 64 bytes one by one, of which 0.25 are the cipher's whatever
 * the length; bh-egress 0.376 and 0.857. */
static const struct cost measured[] = { { 400, 250, 0.60 }, { 820, 0, 0.363 } };

enum { QUEUE = 4 << 20 };	/* bytes: of a socket, and of a link */
#define ENDLESS 1e18

/* ---- the table ---- */

/* Where bh-egress is: one for all workers, one for each, or on its worker's
 * processor. */
enum behind { ONE, EACH, WITHIN };

struct design {
	enum way way;
	enum behind behind;
	const char *name;
};
static const struct design designs[] = {
	{ BY_PEER, WITHIN, "peers, bh-egress within" },
	{ BY_PEER, ONE, "peers, one bh-egress" },
	{ BY_PEER, EACH, "peers, bh-egress each" },
	{ BY_DEAL, WITHIN, "dealt, bh-egress within" },
	{ BY_DEAL, EACH, "dealt, bh-egress each" },
	{ BY_FLOW, EACH, "flows, bh-egress each" },
	{ ONE_QUEUE, EACH, "queue, bh-egress each" },
};
enum { NDESIGNS = sizeof(designs) / sizeof(designs[0]) };

static void
try(struct world *w, struct run *r, const struct design *d, int n, double load)
{
	const struct cost *m = measured, sum = { m[0].train + m[1].train,
		m[0].datagram + m[1].datagram, m[0].byte + m[1].byte };
	const struct cost *c = d->behind == WITHIN ? &sum : m;

	queues_generate(w, c, n, load);
	queues_deal(w, c, n);
	queues_simulate(w, r, d->way, n, d->behind == WITHIN ? 0 :
	    d->behind == EACH ? n : 1, c, QUEUE);
}

/* The most of which no more than one in a hundred is lost, in Gbit/s. */
static double
capacity(struct world *w, struct run *r, const struct design *d, int n,
    uint64_t seed)
{
	double low = 0, high = 1.1, best = 0;

	for (int i = 0; i < 6; i++) {
		double load = (low + high) / 2;
		queues_seed(seed);
		try(w, r, d, n, load);
		if (r->lost > 1e4) {
			high = load;
			continue;
		}
		low = load;
		best = r->gbps;
	}
	return best;
}

static int
processors(const struct design *d, int n)
{
	return d->behind == WITHIN ? n : d->behind == EACH ? 2 * n : n + 1;
}

static double
largest(const struct world *w)
{
	double most = w->weight[0];

	for (int i = 1; i < PEERS; i++)
		most = fmax(most, w->weight[i] - w->weight[i - 1]);
	return most;
}

static void
table(struct world *w, struct run *r, double zipf, uint64_t seed)
{
	static const int workers[] = { 1, 2, 3, 4, 8, 16 };

	queues_seed(seed);
	queues_weigh(w, zipf);
	printf("%d branches, Zipf %g: the largest sends %.1f %% of all.  "
	    "Delays and the rest at 60 %% of the workers' time.\n\n"
	    "| workers | processors | who serves whom | Gbit/s | busy | p50 us "
	    "| p99 us | reordered /M | lost /M |\n"
	    "|---|---|---|---|---|---|---|---|---|\n",
	    PEERS, zipf, 100 * largest(w));
	for (size_t k = 0; k < sizeof(workers) / sizeof(workers[0]); k++)
		for (int d = 0; d < (k == 0 ? 2 : NDESIGNS); d++) {
			int n = workers[k];
			double most = capacity(w, r, &designs[d], n, seed);
			queues_seed(seed);
			try(w, r, &designs[d], n, 0.6);
			printf("| %d | %d | %s | %.1f | %.2f-%.2f | %.0f | "
			    "%.0f | %.0f | %.0f |\n", n,
			    processors(&designs[d], n), designs[d].name, most,
			    r->least, r->most, r->p50, r->p99, r->reordered,
			    r->lost);
		}
	printf("\n");
}

/* ---- processes that do it ---- */

/* What two processes share. */
struct stall {
	_Atomic size_t next;	/* of the one queue */
	_Atomic int ready;
	double start, busy[2];
	_Atomic double *end[2];	/* of each stage */
	uint8_t ring[QUEUE];
};

static struct aead *engine;
static uint8_t packet[TRAIN][PACKET + TAG_LEN], key[32];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* As bh-tunnel does, in the main: the cipher, and one copy into a ring. */
static void
encrypt(struct stall *s, const struct train *t, size_t *at)
{
	struct aead_job job[TRAIN];
	size_t n = t->bytes / t->n;

	for (unsigned i = 0; i < t->n; i++)
		job[i] = (struct aead_job){ .key = key, .counter = i,
			.src = packet[i], .dst = packet[i], .n = n };
	aead_seal(engine, job, t->n);
	for (unsigned i = 0; i < t->n; i++, *at += n) {
		if (*at + n > QUEUE)
			*at = 0;
		memcpy(s->ring + *at, packet[i], n);
	}
}

/* As bh-egress: one copy out of it. */
static void
take_out(struct stall *s, const struct train *t, size_t *at)
{
	size_t n = t->bytes / t->n;

	for (unsigned i = 0; i < t->n; i++, *at += n) {
		if (*at + n > QUEUE)
			*at = 0;
		memcpy(packet[i], s->ring + *at, n);
	}
}

typedef void (*service)(struct stall *, const struct train *, size_t *);

/* What a train costs, a datagram, and a byte: of bulk a straight line over the
 * number of datagrams, and a point where a call is.  A train that took STOLEN
 * was not ours all the time. */
static struct cost
calibrate(struct stall *s, const struct world *w, service f)
{
	enum { TRAINS = 20000, STOLEN = 200000 };
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, calls = 0, call = 0;
	size_t at = 0;

	for (size_t i = 0; i < TRAINS && i < w->n; i++) {
		const struct train *t = &w->train[i];
		double since = now();
		f(s, t, &at);
		double ns = (now() - since) * 1e9;
		if (ns > STOLEN)
			continue;
		if (t->bytes == CALL) {
			calls++;
			call += ns;
			continue;
		}
		n++;
		x += t->n;
		y += ns;
		xx += t->n * t->n;
		xy += t->n * ns;
	}
	double each = (n * xy - x * y) / (n * xx - x * x);
	struct cost c = { .train = (y - each * x) / n };
	c.byte = (c.train + each - call / calls) / (PACKET - CALL);
	c.datagram = each - c.byte * PACKET;
	return c;
}

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		err(1, "cannot use processor %d", cpu);
}

static void
begin(struct stall *s)
{
	atomic_fetch_add(&s->ready, 1);
	while (atomic_load(&s->ready) < 3)
		continue;
	while (now() < s->start)
		continue;
}

/* One process: those trains that are its, each when it has come. */
static _Noreturn void
work(struct stall *s, const struct world *w, int me, enum way way, int n,
    int stage, service f)
{
	size_t at = 0, i = 0;

	pin(me);
	begin(s);
	for (size_t k = 0; k < w->n; k++) {
		i = way == ONE_QUEUE ? atomic_fetch_add(&s->next, 1) : k;
		if (i >= w->n)
			break;
		const struct train *t = &w->train[i];
		if (way == BY_PEER && stage == 0 && t->peer % n != me)
			continue;
		while (now() - s->start < t->at)
			continue;
		while (stage > 0 && atomic_load(&s->end[0][i]) == 0)
			continue;
		double since = now();
		f(s, t, &at);
		double end = now();
		s->busy[me] += end - since;
		atomic_store(&s->end[stage][i], end - s->start);
	}
	_exit(0);
}

struct scene {
	const char *name;
	enum way way;
	int n, nout;
};
static const struct scene scenes[] = {
	{ "1 worker", BY_PEER, 1, 0 },
	{ "2 workers, peers", BY_PEER, 2, 0 },
	{ "2 workers, queue", ONE_QUEUE, 2, 0 },
	{ "1 worker, 1 behind it", BY_PEER, 1, 1 },
};

static void
enact(struct stall *s, const struct world *w, struct run *r,
    const struct scene *e)
{
	int procs = e->n + e->nout;

	atomic_store(&s->next, 0);
	atomic_store(&s->ready, 2 - procs);
	for (int i = 0; i < 2; i++) {
		s->busy[i] = 0;
		for (size_t k = 0; k < w->n; k++)
			atomic_store(&s->end[i][k], 0);
	}
	for (int i = 0; i < procs; i++)
		if (fork() == 0)
			work(s, w, i, e->way, e->n, i >= e->n,
			    i >= e->n ? take_out : encrypt);
	while (atomic_load(&s->ready) < 2)
		usleep(1000);
	s->start = now() + 0.05;
	atomic_fetch_add(&s->ready, 1);
	while (wait(NULL) > 0)
		continue;
	for (size_t i = 0; i < w->n; i++)
		r->end[i] = atomic_load(&s->end[e->nout > 0][i]);
	r->least = fmin(s->busy[0], e->n > 1 ? s->busy[1] : 1e9) / w->seconds;
	r->most = fmax(s->busy[0], e->n > 1 ? s->busy[1] : 0) / w->seconds;
	queues_judge(w, r);
}

/* The rate at which all of it was done. */
static double
last_end(const struct world *w, const struct run *r)
{
	double last = 0, bytes = 0;

	for (size_t i = 0; i < w->n; i++) {
		last = fmax(last, r->end[i]);
		bytes += w->train[i].bytes;
	}
	return bytes * 8e-9 / last;
}

struct figures {
	double full, least, most, p50, p99, reordered;
};
enum { FIGURES = sizeof(struct figures) / sizeof(double), TIMES = 5 };

static struct figures
figures(double full, const struct run *r)
{
	return (struct figures){ full, r->least, r->most, r->p50, r->p99,
		r->reordered };
}

static void
line(const char *scene, const char *what, const struct figures *f)
{
	printf("| %s | %s | %.1f | %.2f-%.2f | %.0f | %.0f | %.0f |\n", scene,
	    what, f->full, f->least, f->most, f->p50, f->p99, f->reordered);
}

/* Of each figure the median: a virtual machine is not alone. */
static struct figures
median(const struct figures f[static TIMES])
{
	double of[FIGURES][TIMES], m[FIGURES];
	struct figures r;

	for (int i = 0; i < TIMES; i++) {
		memcpy(m, &f[i], sizeof(m));
		for (int k = 0; k < FIGURES; k++)
			of[k][i] = m[k];
	}
	for (int k = 0; k < FIGURES; k++) {
		qsort(of[k], TIMES, sizeof(double),
		    queues_by_value);
		m[k] = of[k][TIMES / 2];
	}
	memcpy(&r, m, sizeof(r));
	return r;
}

/* What a process takes from another's cache costs both: seen at a third of the
 * load. */
static void
scale(struct stall *s, struct world *w, struct run *r, const struct scene *e,
    struct cost c[static 2])
{
	queues_generate(w, c, 1, 0.3);
	enact(s, w, r, e);
	for (int k = 0; k < 2; k++) {
		double ns = 0;
		for (size_t i = 0; i < w->n; i++)
			ns += queues_ns(&c[k], &w->train[i]);
		double by = s->busy[k] * 1e9 / ns;
		c[k] = (struct cost){ c[k].train * by, c[k].datagram * by,
			c[k].byte * by };
	}
}

static void
compare(struct stall *s, struct world *w, struct run *r)
{
	struct figures done[TIMES];

	queues_generate(w, measured, 2, 1);
	struct cost c[] = { calibrate(s, w, encrypt),
		calibrate(s, w, take_out) };
	printf("A train costs %.0f ns, a datagram %.0f, a byte %.3f; behind "
	    "that %.0f, %.0f, %.3f.\n\n| processes | | Gbit/s, too much "
	    "offered | at 60 %%: busy | p50 us | p99 us | reordered /M |\n"
	    "|---|---|---|---|---|---|---|\n", c[0].train, c[0].datagram,
	    c[0].byte, c[1].train, c[1].datagram, c[1].byte);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct scene *e = &scenes[i];
		double full[TIMES + 1];
		if (e->nout > 0)
			scale(s, w, r, e, c);
		queues_generate(w, c, e->n, 1.5);
		queues_simulate(w, r, e->way, e->n, e->nout, c, ENDLESS);
		full[TIMES] = last_end(w, r);
		for (int k = 0; k < TIMES; k++) {
			enact(s, w, r, e);
			full[k] = last_end(w, r);
		}
		queues_generate(w, c, e->n, 0.6);
		queues_simulate(w, r, e->way, e->n, e->nout, c, ENDLESS);
		struct figures f = figures(full[TIMES], r);
		line(e->name, "simulated", &f);
		for (int k = 0; k < TIMES; k++) {
			enact(s, w, r, e);
			done[k] = figures(full[k], r);
		}
		f = median(done);
		line(e->name, "done", &f);
	}
}

int
main(int argc, char *argv[])
{
	static struct world w = { .seconds = 0.25 };
	bool real = false;
	uint64_t seed = 1;
	double zipf = -1;
	int opt;

	while ((opt = getopt(argc, argv, "s:z:r")) != -1)
		if (opt == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (opt == 'z')
			zipf = strtod(optarg, NULL);
		else if (opt == 'r')
			real = true;
		else
			errx(1, "usage: queue [-s SEED] [-z ZIPF] [-r]");
	w.train = queues_need(TRAINS_MAX, sizeof(*w.train));
	struct run r = queues_open();
	if (real) {
		struct stall *s = queues_need(1, sizeof(*s));
		for (int i = 0; i < 2; i++)
			s->end[i] = queues_need(TRAINS_MAX, sizeof(double));
		if (sodium_init() < 0 || (engine = aead_open(NULL)) == NULL)
			errx(1, "no cipher");
		w.seconds = 0.5;
		queues_seed(seed);
		queues_weigh(&w, zipf < 0 ? 0.5 : zipf);
		compare(s, &w, &r);
		return 0;
	}
	for (double z = zipf < 0 ? 0.5 : zipf; z <= (zipf < 0 ? 1 : zipf);
	    z += 0.5)
		table(&w, &r, z, seed);
	return 0;
}
