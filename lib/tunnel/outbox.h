/* SPDX-License-Identifier: ISC */
#ifndef BH_OUTBOX_H
#define BH_OUTBOX_H

/*
 * Datagrams that go out with the next flush: they lie behind each other in the
 * arena, are sealed in bursts, and are sent in runs that cost one call each.
 * The verdict of a frame from a link, which may be many datagrams, is counted
 * when all of them have been sent.
 */

#include "base/batch.h"
#include "io/udp.h"
#include "proc/counters.h"
#include "tunnel/paths.h"
#include "wg/aead.h"
#include "wg/device.h"

enum {
	OUT_ARENA = 160 * 1024,	/* bytes of datagrams between two flushes */
	OUT_JOBS = BATCH_OF(256),
	OUT_FRAMES = BATCH_OF(256),
};

/* A packet from a link whose verdict depends on whether it can be sent. */
struct out_frame {
	uint32_t bytes;
	uint8_t verdict;
};

/* The header around a message, where the default will not do. */
struct outer {
	uint8_t tos, hops;	/* hops: 0, the system's */
	bool whole;		/* never in fragments */
};

struct outbox {
	const struct moment *at;	/* these six are the tunnel's */
	struct device *device;
	struct aead *aead;
	struct udp *udp;
	struct counters *stat;
	const struct paths *paths;
	size_t mtu;		/* no padding goes beyond (W15) */
	size_t cut;		/* no packet may be longer */
	uint8_t *arena;
	size_t used;
	unsigned njobs, ntrains, nframes;
	struct aead_job job[OUT_JOBS];
	struct udp_out train[UDP_TRAIN_MAX];
	struct {
		uint16_t peer;
		unsigned first, last;	/* frames that have a part in it */
		unsigned n;		/* datagrams */
	} run[UDP_TRAIN_MAX];
	struct out_frame frame[OUT_FRAMES];
};

/* The messages that follow are this frame's. */
void outbox_frame(struct outbox *o, uint8_t class, size_t bytes);
/* Where the plaintext of the next message is to be written: room for an MTU.
 * keep: the last frame is not complete yet. */
uint8_t *outbox_plaintext(struct outbox *o, bool keep);
/* How long a packet of n bytes becomes by padding. */
size_t outbox_padded(const struct outbox *o, uint16_t peer, size_t n);
/* The n bytes of plaintext become a message of that session.  Its size. */
size_t outbox_message(struct outbox *o, uint16_t peer, struct session *s,
    struct outer l, size_t n, size_t padded);
/* Seals and sends all; after a time of standing still it drops it. */
void outbox_flush(struct outbox *o);

#endif
