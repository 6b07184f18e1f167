/* SPDX-License-Identifier: ISC */
#ifndef BH_STAMPS_H
#define BH_STAMPS_H

/*
 * The time stamps of initiations between us and one peer (W6).
 *
 * Each has to be later than all before, or it is a replay.  But a peer whose
 * clock was years ahead for a moment, and that does not remember, would be
 * shut out for those years.  So what is more than a day ahead of our own clock
 * is remembered apart, as an interval: it is refused itself from then on, and
 * does not count against what comes with the right time.  Nothing is ever
 * accepted twice: what was accepted is not later than `got', or is within the
 * interval.  If it is our clock that is wrong, the interval is all there is,
 * and the rule is the plain one.
 */

#include "wg/message.h"

#include <stdbool.h>
#include <stdint.h>

struct stamps {
	uint64_t sent;			/* ns of wall clock; never twice */
	uint8_t got[TAI64N_LEN];	/* zero: none, as below */
	uint8_t odd_first[TAI64N_LEN], odd_last[TAI64N_LEN];
};

/* Whether one that came may be taken, by our wall clock. */
bool stamps_fresh(const struct stamps *s, const uint8_t stamp[TAI64N_LEN],
    uint64_t wall);
/* Takes it: it has been found fresh, and its message authentic. */
void stamps_accept(struct stamps *s, const uint8_t stamp[TAI64N_LEN],
    uint64_t wall);
/* The stamp for a message of ours: the clock may step back, or two come in one
 * tick, also over a restart; stamps never do. */
void stamps_next(struct stamps *s, uint64_t wall, uint8_t out[TAI64N_LEN]);
/* What is known by either of two records of the same peer. */
void stamps_merge(struct stamps *s, const struct stamps *other);

#endif
