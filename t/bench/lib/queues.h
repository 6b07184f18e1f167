/* SPDX-License-Identifier: ISC */
#ifndef BH_BENCH_QUEUES_H
#define BH_BENCH_QUEUES_H

/*
 * What branches send to a head office, and the queues that it stands in there:
 * a simulation.  A world is drawn once; a run says when each train of datagrams
 * had its turn at the first stage, and when it left the last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PEERS = 200, CORES_MAX = 16, FLOWS_MAX = 1 << 20, TRAINS_MAX = 1 << 22,
	TRAIN = 44, PACKET = 1420, CALL = 200,
};

/* Nanoseconds. */
struct cost {
	double train, datagram, byte;
};

struct train {
	double at;		/* seconds */
	uint32_t flow, seq;
	uint16_t peer, n;	/* datagrams */
	uint32_t bytes;
};

/* Who serves whom. */
enum way { BY_PEER, BY_DEAL, BY_FLOW, ONE_QUEUE };

struct world {
	struct train *train;	/* TRAINS_MAX, by time */
	size_t n;
	uint32_t nflows;
	double seconds;
	double weight[PEERS];	/* cumulated */
	uint16_t worker[PEERS];	/* as dealt */
};

struct run {
	double *begin, *end;	/* of each train at the last stage; 0: lost */
	uint32_t *order;	/* by the end of the stage before */
	uint8_t *by;		/* who has served it at the first */
	double least, most;	/* part of its time that one of them worked */
	double p50, p99;	/* microseconds, from its coming to its end */
	double gbps;
	double reordered, lost;	/* a million */
};

void queues_seed(uint64_t seed);
/* Shared with processes to be forked; exits if there is none. */
void *queues_need(size_t n, size_t size);
struct run queues_open(void);

double queues_ns(const struct cost *c, const struct train *t);
/* The k-th largest branch sends as 1 / k^zipf; which number it has is chance. */
void queues_weigh(struct world *w, double zipf);
/* So much that the first stage has `load' of its `cores' time to do: downloads
 * and the like, Pareto 1.2 from 20 kB to 200 MB, at 20 to 400 Mbit/s each; and
 * calls, a packet of 200 bytes every 20 ms, a five-hundredth of the bytes. */
void queues_generate(struct world *w, const struct cost *c, double cores,
    double load);
/* Whom a branch is dealt to: the larger first, to who has least. */
void queues_deal(struct world *w, const struct cost *c, int cores);
/* Through n servers of cost c[0], then nout of c[1], each behind its own of the
 * first; 0: no second stage.  room: bytes that each queue has. */
void queues_simulate(const struct world *w, struct run *r, enum way way, int n,
    int nout, const struct cost c[static 2], double room);
/* What came of it, once r->end is known. */
void queues_judge(const struct world *w, struct run *r);
/* For qsort(3), of doubles. */
int queues_by_value(const void *a, const void *b);

#endif
