/* SPDX-License-Identifier: ISC */
#ifndef BH_RING_H
#define BH_RING_H

/*
 * Two rings of frames between two processes, one each way.  Each end owns an
 * area of memory that the other can only read; nothing that is read there is
 * believed: positions are checked against what an end knows by itself, and what
 * is looked at is copied before.  One end, one thread.
 */

#include "net/frame.h"

#include <stdalign.h>
#include <stdbool.h>

enum {
	RING_BYTES = 4 * 1024 * 1024,	/* a power of two */
	RING_LINE = 64,
	RING_PAGE = 4096,
};

/* What an end says to the other.  Positions count all bytes ever put; the byte
 * at position p is data[p % RING_BYTES]. */
struct ring_area {
	alignas(RING_LINE) _Atomic uint64_t head;	/* put into data */
	alignas(RING_LINE) _Atomic uint64_t tail;	/* taken from theirs */
	alignas(RING_LINE) _Atomic uint64_t naps;	/* odd: asleep */
	alignas(RING_PAGE) uint8_t data[RING_BYTES];
};

struct ring {
	struct ring_area *mine;
	const struct ring_area *theirs;
	uint64_t head;			/* of what was put */
	uint64_t told, tail, naps;	/* as in mine */
	uint64_t taken;			/* tail, once that is free */
	uint64_t limit;			/* the head may not go beyond */
	uint64_t rung;			/* their nap that we have ended */
	bool broken;			/* they have said what cannot be */
};

/* Both areas are mapped, and nothing is under way. */
void ring_start(struct ring *r);
/* Where the next frame may be written, FRAME_MAX bytes; NULL: full, or broken.
 * It is on its way after ring_put (packet of len bytes) and ring_publish. */
struct frame *ring_room(struct ring *r);
void ring_put(struct ring *r, size_t len);
/* True if there is something new, and the other end sleeps: wake it. */
bool ring_publish(struct ring *r);
/* Copies the next frame to f, FRAME_MAX bytes; false if there is none, or the
 * ring is broken.  Of a super-packet only the first FRAME_HEAD bytes are
 * copied, in which all its headers are: the rest is to be had from *body, which
 * is the packet's first byte as well, only to be copied on, unread, since it
 * may change at any time.  Of any other packet *body is the copy.  Good until
 * the next ring_take or ring_nap. */
bool ring_take(struct ring *r, struct frame *f, const uint8_t **body);
/* The first bytes, n at most, of the packet that is *past bytes behind the next
 * one, without taking it; *past then says where the one after it is.  How many;
 * 0: there is none.  What they are the other end may change until it is taken:
 * good for a guess. */
size_t ring_ahead(const struct ring *r, uint64_t *past, void *p, size_t n);
/* Is there nothing to be taken? */
bool ring_is_empty(const struct ring *r);
/* Says that we are going to sleep.  False: there is something to be taken. */
bool ring_nap(struct ring *r);
void ring_wake(struct ring *r);

#endif
