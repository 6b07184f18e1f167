/* SPDX-License-Identifier: ISC */
#ifndef BH_REPLAY_H
#define BH_REPLAY_H

/* The sliding window over counters of one receiving key (RFC 6479; W12). */

#include "wg/message.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_BITS = 8192, REPLAY_WORDS = REPLAY_BITS / 64 };

struct replay {
	uint64_t next;		/* greatest counter accepted, plus one */
	uint64_t bits[REPLAY_WORDS];
};

void replay_init(struct replay *r);
/* True, and remembered, if the counter is new.  Only after authentication.
 * Cost is bounded whatever the gap. */
bool replay_accept(struct replay *r, uint64_t counter);

#endif
