/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYS_PROCESS_H
#define BH_KEYS_PROCESS_H

/*
 * The key process.  In this order a file stands above those that it calls:
 *
 * keys_open.c       keys, peers, processes
 * keys_run.c        the loop
 * keys_config.c     what wg(8) sets
 * keys_answer.c     what wg(8) wants to know; how a data process is asked
 * keys_handshake.c  handshakes, and what the data processes want of them
 */

#include "conf/conf.h"
#include "io/udp.h"
#include "proc/counters.h"
#include "tunnel/channel.h"
#include "tunnel/keys_start.h"
#include "tunnel/stampfile.h"

/* What is said with the uapi process. */
struct keys_config {
	bool may_set;
	uint16_t port;			/* that both processes listen on */
	uint32_t mark;
	struct uapi_item *item;		/* gathered, not in force */
	size_t nitems, room;
	bool overflow;
	uint16_t chosen;		/* the peer that items are about */
	const struct identity *told;	/* the one we were telling of */
	unsigned asked;			/* the worker that tells us */
	bool begun;			/* it has begun to */
	struct note more;		/* translated, for the data process */
};

struct key_process {
	struct moment at;		/* read once a wake-up */
	struct device *device;
	struct udp udp;
	int junk;
	int data;			/* the data process's; standalone:
					 * marks are ours to set; -1 */
	uint32_t dropped;		/* of it, by the kernel */
	nsec listen;			/* to junk again; 0: now */
	nsec rest;			/* to handshakes likewise */
	bool bothered;			/* by one that was no good */
	unsigned misdirected;		/* passed on, since the last batch */
	uint8_t random[UDP_BATCH * DEVICE_RANDOM];
	size_t nrandom;			/* bytes left of it, at the front */
	int uapi;			/* to the uapi process, or -1 */
	int channel[CONF_WORKERS_MAX];
	unsigned workers;		/* so many of them */
	int life;			/* our parent; -1: the data process */
	struct counters *stat;
	struct stampfile *stamps;	/* in a gateway */
	uint16_t npeers;
	struct keys_config config;
	union channel_message word;
	struct udp_in in[UDP_BATCH];
	unsigned nout;
	struct udp_out out[UDP_TRAIN_MAX];
	uint8_t message[UDP_TRAIN_MAX][CHANNEL_MESSAGE];
};

/* keys_run.c */

_Noreturn void keys_run(struct key_process *k);

/* keys_config.c */

/* Does what the uapi process has asked for. */
void keys_config(struct key_process *k);
/* The key process before this one may have died with a question unanswered. */
void keys_excuse(struct key_process *k);

/* keys_answer.c */

/* Says something to a worker and waits for its answer, which takes its place;
 * what else it says meanwhile is done. */
void keys_converse(struct key_process *k, unsigned worker, struct note *n);
/* The same, and a descriptor for it. */
void keys_pass(struct key_process *k, unsigned worker, struct note *n,
    int fd);
/* Answers the uapi process. */
void keys_answer(struct key_process *k, struct note *n);

/* keys_handshake.c */

/* Receives a batch of datagrams; false when the socket has no more. */
bool keys_receive(struct key_process *k);
/* Does what a worker has said; it is wiped. */
void keys_dispatch(struct key_process *k, unsigned worker,
    union channel_message *m);
/* The data process has died: so do we. */
_Noreturn void keys_end(void);

#endif
