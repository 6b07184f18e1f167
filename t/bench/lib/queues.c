/* SPDX-License-Identifier: ISC */
#include "queues.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- chance ---- */

static uint64_t state;

void
queues_seed(uint64_t seed)
{
	state = seed;
}

static double
chance(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(state >> 33) + 0.5) / 2147483648.0;
}

static uint32_t
hash(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x ^ x >> 16;
}

/* ---- branches and what they send ---- */

void
queues_weigh(struct world *w, double zipf)
{
	double sum = 0;

	for (int i = 0; i < PEERS; i++)
		w->weight[i] = pow(i + 1, -zipf);
	for (int i = PEERS - 1; i > 0; i--) {
		int k = (int)(chance() * (i + 1));
		double t = w->weight[i];
		w->weight[i] = w->weight[k];
		w->weight[k] = t;
	}
	for (int i = 0; i < PEERS; i++)
		w->weight[i] = sum += w->weight[i];
	for (int i = 0; i < PEERS; i++)
		w->weight[i] /= sum;
}

static uint16_t
some_peer(const struct world *w)
{
	double u = chance();
	uint16_t i = 0;

	while (i < PEERS - 1 && w->weight[i] < u)
		i++;
	return i;
}

double
queues_ns(const struct cost *c, const struct train *t)
{
	return c->train + c->datagram * t->n + c->byte * t->bytes;
}

/* Time goes round: what a flow has left when it is over goes on from the start,
 * as another flow.  So the load is the same all the time. */
static double
add_flow(struct world *w, const struct cost *c, double left, double bytes,
    double rate, int size, int most)
{
	double at = chance() * w->seconds, work = 0;
	uint16_t peer = some_peer(w);
	uint32_t flow = w->nflows++;

	while (bytes > 0 && work < left && w->n < TRAINS_MAX) {
		struct train *t = &w->train[w->n++];
		*t = (struct train){ .flow = flow, .peer = peer,
			.n = (uint16_t)(1 + (int)(chance() * most)) };
		t->bytes = (uint32_t)(t->n * size);
		at += most == 1 ? t->bytes / rate :
		    -log(chance()) * t->bytes / rate;
		while (at >= w->seconds) {
			at -= w->seconds;
			t->flow = flow = w->nflows++;
		}
		t->at = at;
		bytes -= t->bytes;
		work += queues_ns(c, t);
	}
	return work;
}

static int
by_time(const void *a, const void *b)
{
	const struct train *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

void
queues_generate(struct world *w, const struct cost *c, double cores, double load)
{
	static uint32_t seen[FLOWS_MAX];
	double left = cores * load * w->seconds * 1e9, bulk = 0, calls = 0;

	w->n = w->nflows = 0;
	while (left > 0) {
		if (calls * 500 < bulk) {
			double n = CALL * 50 * w->seconds;
			left -= add_flow(w, c, left, n, CALL * 50, CALL, 1);
			calls += n;
			continue;
		}
		double size = 2e4 * pow(1 - chance() * (1 - pow(1e-4, 1.2)),
		    -1 / 1.2);
		left -= add_flow(w, c, left, size, 2.5e6 * pow(20, chance()),
		    PACKET, TRAIN);
		bulk += size;
	}
	if (w->n == TRAINS_MAX || w->nflows > FLOWS_MAX)
		errx(1, "too much to simulate");
	qsort(w->train, w->n, sizeof(*w->train), by_time);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < w->n; i++)
		w->train[i].seq = ++seen[w->train[i].flow];
}

void
queues_deal(struct world *w, const struct cost *c, int cores)
{
	double sent[PEERS] = { 0 }, has[CORES_MAX] = { 0 };

	for (size_t i = 0; i < w->n; i++)
		sent[w->train[i].peer] += queues_ns(c, &w->train[i]);
	for (int k = 0; k < PEERS; k++) {
		int peer = 0, least = 0;
		for (int i = 1; i < PEERS; i++)
			if (sent[i] > sent[peer])
				peer = i;
		for (int i = 1; i < cores; i++)
			if (has[i] < has[least])
				least = i;
		w->worker[peer] = (uint16_t)least;
		has[least] += sent[peer];
		sent[peer] = -1;
	}
}

/* ---- queues ---- */

/* What waits is what has not begun, in the order of its beginning. */
struct server {
	double free, busy;
	double bytes;		/* that wait */
	size_t *wait, first, last;
};

static const double *sort_by;

static int
by_end(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	double x = sort_by[i], y = sort_by[k];

	return x != y ? (x > y) - (x < y) : (i > k) - (i < k);
}

int
queues_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Takes a train into a queue that may be served by several; false: no room.
 * The first of them to be free has it. */
static bool
serve(struct server *q, struct server *s, int n, const struct run *r,
    const struct world *w, uint32_t i, double at, double ns, double room,
    int *who)
{
	while (q->first < q->last && r->begin[q->wait[q->first]] <= at)
		q->bytes -= w->train[q->wait[q->first++]].bytes;
	if (q->bytes + w->train[i].bytes > room)
		return false;
	*who = 0;
	for (int k = 1; k < n; k++)
		if (s[k].free < s[*who].free)
			*who = k;
	s += *who;
	r->begin[i] = at > s->free ? at : s->free;
	s->free = r->end[i] = r->begin[i] + ns / 1e9;
	s->busy += ns / 1e9;
	q->wait[q->last++] = i;
	q->bytes += w->train[i].bytes;
	return true;
}

static int
choose(const struct world *w, const struct train *t, enum way way, int n)
{
	return way == BY_PEER ? t->peer % n : way == BY_DEAL ?
	    w->worker[t->peer] : way == BY_FLOW ? (int)(hash(t->flow) %
	    (unsigned)n) : 0;
}

static void
reset(struct server *s)
{
	for (int i = 0; i < CORES_MAX; i++) {
		size_t *wait = s[i].wait;
		if (wait == NULL)
			wait = malloc(TRAINS_MAX * sizeof(*wait));
		s[i] = (struct server){ .wait = wait };
		if (wait == NULL)
			errx(1, "no memory");
	}
}

/* All trains, in the order of r->order, at the times `at', through n servers;
 * each its own queue, or all one. */
static void
stage(const struct world *w, struct run *r, const struct cost *c,
    const double *at, enum way way, int n, bool behind, double room)
{
	static struct server s[CORES_MAX];
	double least = 1e9, most = 0;
	int who;

	reset(s);
	for (size_t k = 0; k < w->n; k++) {
		uint32_t i = r->order[k];
		const struct train *t = &w->train[i];
		double came = at[i];
		r->end[i] = 0;
		if (came == 0)
			continue;	/* lost before */
		int q = behind ? r->by[i] % n : choose(w, t, way, n);
		bool one = !behind && way == ONE_QUEUE;
		if (serve(&s[q], one ? s : s + q, one ? n : 1, r, w, i, came,
		    queues_ns(c, t), one ? room * n : room, &who) && !behind)
			r->by[i] = (uint8_t)(one ? who : q);
	}
	for (int i = 0; i < n; i++) {
		least = fmin(least, s[i].busy / w->seconds);
		most = fmax(most, s[i].busy / w->seconds);
	}
	if (!behind) {
		r->least = least;
		r->most = most;
	}
}

static void
sort_ends(const struct world *w, struct run *r, const double *end)
{
	for (size_t i = 0; i < w->n; i++)
		r->order[i] = (uint32_t)i;
	sort_by = end;
	qsort(r->order, w->n, sizeof(*r->order), by_end);
}

void
queues_judge(const struct world *w, struct run *r)
{
	static uint32_t last[FLOWS_MAX];
	double *delay = malloc(w->n * sizeof(*delay)), bytes = 0;
	size_t n = 0, late = 0;

	if (delay == NULL)
		errx(1, "no memory");
	memset(last, 0, sizeof(last));
	sort_ends(w, r, r->end);
	for (size_t k = 0; k < w->n; k++) {
		const struct train *t = &w->train[r->order[k]];
		double out = r->end[r->order[k]];
		if (out == 0)
			continue;
		delay[n++] = out - t->at;
		bytes += out <= w->seconds ? t->bytes : 0;
		late += t->seq < last[t->flow];
		if (t->seq > last[t->flow])
			last[t->flow] = t->seq;
	}
	qsort(delay, n, sizeof(*delay), queues_by_value);
	r->p50 = delay[n / 2] * 1e6;
	r->p99 = delay[n * 99 / 100] * 1e6;
	r->gbps = bytes * 8e-9 / w->seconds;
	r->reordered = 1e6 * (double)late / (double)n;
	r->lost = 1e6 * (double)(w->n - n) / (double)w->n;
	free(delay);
}

void *
queues_need(size_t n, size_t size)
{
	void *p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "no memory");
	return p;
}

struct run
queues_open(void)
{
	return (struct run){ .begin = queues_need(TRAINS_MAX, sizeof(double)),
		.end = queues_need(TRAINS_MAX, sizeof(double)),
		.order = queues_need(TRAINS_MAX, sizeof(uint32_t)),
		.by = queues_need(TRAINS_MAX, 1) };
}

void
queues_simulate(const struct world *w, struct run *r, enum way way, int n,
    int nout, const struct cost c[static 2], double room)
{
	static double *came;

	if (came == NULL)
		came = queues_need(TRAINS_MAX, sizeof(*came));
	for (size_t i = 0; i < w->n; i++) {
		came[i] = w->train[i].at;
		r->order[i] = (uint32_t)i;
	}
	stage(w, r, &c[0], came, way, n, false, room);
	if (nout > 0) {
		memcpy(came, r->end, w->n * sizeof(*came));
		sort_ends(w, r, came);
		stage(w, r, &c[1], came, way, nout, true, room);
	}
	queues_judge(w, r);
}
