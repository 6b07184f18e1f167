/* SPDX-License-Identifier: ISC */
#ifndef BH_KEEPER_IMPL_H
#define BH_KEEPER_IMPL_H

/*
 * The parts of the keeper and what they share.
 *
 * keeper.c        the loop; handshakes
 * keeper_open.c   keys, peers, processes
 * keeper_config.c what wg(8) asks for
 * keeper_tell.c   what it wants to know
 */

#include "conf/conf.h"
#include "io/udp.h"
#include "proc/counters.h"
#include "tunnel/keeper.h"
#include "tunnel/seam.h"
#include "tunnel/stampfile.h"

/* What is said with the desk. */
struct keeper_config {
	bool may_set;
	uint16_t port;			/* that both halves listen on */
	uint32_t mark;
	struct uapi_item *item;		/* gathered, not in force */
	size_t nitems, room;
	bool overflow;
	uint16_t chosen;		/* the peer that items are about */
	const struct identity *told;	/* the one we were telling of */
	unsigned asked;			/* the worker that tells us */
	bool begun;			/* it has begun to */
	struct desk_note more;		/* translated, for the other half */
};

struct keeper {
	struct moment at;		/* read once a wake-up */
	struct device *device;
	struct udp udp;
	int rubbish;
	int data;			/* the other half's socket; standalone:
					 * marks are ours to set; -1 */
	uint32_t dropped;		/* of it, by the kernel */
	nsec listen;			/* to rubbish again; 0: now */
	nsec rest;			/* to handshakes likewise */
	bool bothered;			/* by one that was no good */
	unsigned strays;		/* passed on, since the last batch */
	uint8_t random[UDP_BATCH * DEVICE_RANDOM];
	size_t nrandom;			/* bytes left of it, at the front */
	struct desk desk;
	int seam[CONF_WORKERS_MAX];
	unsigned workers;		/* so many of them */
	int life;			/* who started us; -1: the other half */
	struct counters *stat;
	struct stampfile *stamps;	/* in a gateway */
	uint16_t npeers;
	struct keeper_config config;
	union seam word;
	struct udp_in in[UDP_BATCH];
	unsigned nout;
	struct udp_out out[UDP_TRAIN_MAX];
	uint8_t message[UDP_TRAIN_MAX][SEAM_MESSAGE];
};

/* keeper.c */

_Noreturn void keeper_run(struct keeper *k);
/* The worker that has a peer. */
unsigned keeper_worker(const struct keeper *k, uint16_t peer);
/* Does what a worker has said; it is wiped. */
void keeper_take(struct keeper *k, unsigned worker, union seam *m);
/* The other half is gone. */
_Noreturn void keeper_end(void);

/* keeper_tell.c */

/* Says something to a worker and waits for its answer, which takes its place;
 * what else it says meanwhile is done. */
void keeper_converse(struct keeper *k, unsigned worker, struct desk_note *n);
/* The same, and a descriptor for it. */
void keeper_pass(struct keeper *k, unsigned worker, struct desk_note *n,
    int fd);
/* Answers the desk. */
void keeper_tell(struct keeper *k, struct desk_note *n);

/* keeper_config.c */

void keeper_config(struct keeper *k);
/* Who had our work before us may owe an answer. */
void keeper_excuse(struct keeper *k);

#endif
