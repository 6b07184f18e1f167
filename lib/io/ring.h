/* SPDX-License-Identifier: ISC */
#ifndef BH_RING_H
#define BH_RING_H

/*
 * Two rings of frames between two processes, one each way.  Each end owns an
 * area of memory that the other can only read; nothing that is read there is
 * believed: positions are checked against what an end knows by itself, and what
 * is looked at is copied before.  One end, one thread.
 *
 * A ring has two lanes.  Bulk is the queue; past it, in the thin lane, go short
 * packets of flows that have nothing in the queue (packet/sparse.h).  Whoever
 * takes frames empties the thin lane first, so that no frame overtakes one of
 * the thin lane, and whoever puts them sees to it that no more bytes overtake
 * than leave the queue.
 */

#include "io/frame.h"
#include "packet/sparse.h"

#include <stdalign.h>
#include <stdbool.h>

enum {
	RING_BYTES = 4 * 1024 * 1024,	/* a power of two */
	RING_THIN_BYTES = 128 * 1024,	/* so is this */
	RING_WARM = 256 * 1024,		/* so much is used before a bulk lane
					 * that is empty begins again */
	RING_SHORT = 1500,		/* packets that may overtake */
	RING_LINE = 64,
	RING_PAGE = 4096,
};

enum ring_lane { RING_BULK, RING_THIN, RING_LANES };

/* What an end says to the other.  Positions count all bytes ever put into a
 * lane, and left out; the byte at position p is that at p modulo the lane's
 * size. */
struct ring_area {
	alignas(RING_LINE) _Atomic uint64_t head[RING_LANES];	/* put */
	_Atomic uint64_t wrap[RING_LANES];	/* from there on nothing is */
	alignas(RING_LINE) _Atomic uint64_t tail[RING_LANES];	/* taken */
	alignas(RING_LINE) _Atomic uint64_t naps;	/* odd: asleep */
	alignas(RING_PAGE) uint8_t bulk[RING_BYTES];
	alignas(RING_PAGE) uint8_t thin[RING_THIN_BYTES];
};

/* What an end knows of a lane, of each direction. */
struct ring_lane_state {
	uint64_t head, told;		/* put, and published */
	uint64_t wrap;			/* as in mine */
	uint64_t gone;			/* they had taken, when we looked */
	uint64_t taken, tail;		/* of theirs, and free */
};

struct ring {
	struct ring_area *mine;
	const struct ring_area *theirs;
	struct ring_lane_state lane[RING_LANES];
	uint64_t naps;			/* as in mine */
	uint64_t rung;			/* their nap that we have ended */
	uint64_t looked;		/* head of bulk, when we looked */
	size_t credit;			/* bytes that may overtake now */
	bool broken;			/* they have said what cannot be */
	struct sparse sparse;
};

/* Both areas are mapped, and nothing is under way. */
void ring_init(struct ring *r);
/* Where the next frame may be written, FRAME_MAX bytes; NULL: full, or broken.
 * It is on its way after ring_put and ring_publish. */
struct frame *ring_room(struct ring *r);
/* Puts that frame, now that it is all there.  True: it overtakes. */
bool ring_put(struct ring *r, const struct frame *f);
/* Puts a frame of the caller's own, for which ring_room gave no room, if it may
 * overtake; false: it may not. */
bool ring_slip(struct ring *r, const struct frame *f);
/* True if there is something new, and the other end sleeps: wake it. */
bool ring_publish(struct ring *r);
/* Copies the next frame to f, FRAME_MAX bytes; false if there is none, or the
 * ring is broken.  Of a super-packet only the first FRAME_HEAD bytes are
 * copied, in which all its headers are: the rest is to be had from *body, which
 * is the packet's first byte as well, only to be copied on, unread, since it
 * may change at any time.  Of any other packet *body is the copy.  Good until
 * the next ring_pop or ring_nap. */
bool ring_pop(struct ring *r, struct frame *f, const uint8_t **body);
/* The first bytes, n at most, of the packet that is *past bytes behind the next
 * one of the bulk lane, without taking it; *past then says where the one after
 * it is.  How many; 0: there is none.  What they are the other end may change
 * until it is taken: good for a guess. */
size_t ring_ahead(const struct ring *r, uint64_t *past, void *p, size_t n);
/* Is there nothing to be taken? */
bool ring_is_empty(const struct ring *r);
/* Says that we are going to sleep.  False: there is something to be taken. */
bool ring_nap(struct ring *r);
/* We are awake, if we were not. */
void ring_wake(struct ring *r);

#endif
