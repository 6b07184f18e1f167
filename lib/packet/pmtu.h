/* SPDX-License-Identifier: ISC */
#ifndef BH_PMTU_H
#define BH_PMTU_H

/*
 * How large a packet the path to a peer takes, found by asking the peer
 * (RFC 8899): probes of several sizes go out at once, largest first, and a tiny
 * one last.  When that is answered, so would be whatever else has arrived; what
 * is not was too large, or lost, and is asked for again.  Nobody's ICMP is
 * believed, so nobody can forge it and nobody's filter hides a black hole.
 *
 * While large packets are sent their size is confirmed twice a second; when it
 * fails PMTU_TRIES times and the tiny probe does not, the path has shrunk.  A
 * larger size is tried again after ten minutes (RFC 8201 5.3).  A peer that
 * answers nothing, not even what is tiny, does not know these probes: it is
 * left alone, with the usual MTU.
 *
 * Pure: time comes in, what is to be sent comes out.  Sizes are those of inner
 * packets.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PMTU_TINY = 48,		/* an empty echo */
	PMTU_LEAST = 508,	/* not searched below */
	PMTU_USUAL = 1420,	/* fits into 1500 with any outer network */
	PMTU_TRIES = 3,		/* RFC 8899 5.1.2: MAX_PROBES */
	PMTU_ASK = 16,		/* sizes in one round */
};

enum pmtu_phase {
	PMTU_OFF,
	PMTU_HELLO,		/* does it answer, perhaps even the largest? */
	PMTU_SEARCH,
	PMTU_FOUND,
	PMTU_DEAF,
};

struct pmtu {
	nsec due;		/* when pmtu_step is to be asked; 0: never */
	nsec sent;		/* when the round began; 0: none under way */
	nsec confirmed, raise;	/* last, and when to try more (P6) */
	uint16_t mtu;		/* in use */
	uint16_t max, over;	/* bounds: never more; what the outer adds */
	uint16_t fits, fails;	/* search: what did, the least that did not */
	uint16_t ask[PMTU_ASK];	/* ascending; those that have no answer yet */
	uint16_t round;		/* names the probes of a search's step */
	uint8_t nask, tries, phase;
	bool heard;		/* the tiny one was answered, in this try */
	bool large;		/* sent since the last confirmation */
};

/* A new path, whose outer headers are `over' bytes. */
void pmtu_begin(struct pmtu *m, uint16_t max, uint16_t over, nsec now);
/* It is due: which sizes to send now, in this order, under m->round. */
size_t pmtu_step(struct pmtu *m, nsec now, uint16_t size[PMTU_ASK + 1]);
/* The probe of that round and size has been answered. */
void pmtu_heard(struct pmtu *m, uint16_t round, uint16_t size, nsec now);

/* A packet of that size goes out.  True: due is another now. */
static inline bool
pmtu_sent(struct pmtu *m, size_t size)
{
	bool first = size > PMTU_LEAST && !m->large && m->sent == 0 &&
	    m->phase == PMTU_FOUND;

	m->large |= size > PMTU_LEAST;
	return first;
}

/* After pmtu_sent said so. */
void pmtu_wake(struct pmtu *m, nsec now);

#endif
