/* SPDX-License-Identifier: ISC */
#include "wg/replay.h"

#include <string.h>

/*
 * A ring of words of 64 counters each (RFC 6479).  The word of the greatest
 * counter and the REPLAY_WORDS - 1 before it are in use; the window is as long
 * as what they always hold, however far into its word the greatest is:
 */
static_assert(REPLAY_WINDOW == (REPLAY_WORDS - 1) * 64, "ring and window");
static_assert((REPLAY_WORDS & (REPLAY_WORDS - 1)) == 0, "ring");
/* Below the limit, counter + window + 1 does not wrap. */
static_assert(REJECT_AFTER_MESSAGES + REPLAY_WINDOW + 1 == UINT64_MAX, "wrap");

void
replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

/* Clears the words that come into use, each at most once (so that a gap of
 * 2^63 costs no more than one of 8192). */
static void
advance(struct replay *r, uint64_t next)
{
	uint64_t first = (r->next + 63) / 64, last = (next - 1) / 64;

	for (unsigned i = 0; i < REPLAY_WORDS && first + i <= last; i++)
		r->bits[(first + i) % REPLAY_WORDS] = 0;
	r->next = next;
}

bool
replay_accept(struct replay *r, uint64_t counter)
{
	uint64_t bit = (uint64_t)1 << counter % 64;
	uint64_t *word = &r->bits[counter / 64 % REPLAY_WORDS];

	if (counter >= REJECT_AFTER_MESSAGES)
		return false;
	if (counter + REPLAY_WINDOW + 1 < r->next)
		return false;
	if (counter >= r->next)
		advance(r, counter + 1);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}
