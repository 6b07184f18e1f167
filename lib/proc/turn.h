/* SPDX-License-Identifier: ISC */
#ifndef BH_TURN_H
#define BH_TURN_H

/*
 * A loop that works off a queue lets others have their turn after so many
 * packets, and after so many bytes: what waits meanwhile, mostly something
 * short, does not wait until a long queue has gone.
 */

#include "base/batch.h"

#include <stdbool.h>
#include <stddef.h>

enum { TURN_PACKETS = BATCH_OF(64), TURN_BYTES = 256 * 1024 };

struct turn {
	unsigned packets;	/* taken in it */
	size_t bytes;
};

static inline bool
turn_is_over(const struct turn *t)
{
	return t->packets >= TURN_PACKETS || t->bytes >= TURN_BYTES;
}

static inline void
turn_count(struct turn *t, size_t bytes)
{
	t->packets++;
	t->bytes += bytes;
}

#endif
