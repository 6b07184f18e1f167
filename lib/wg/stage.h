/* SPDX-License-Identifier: ISC */
#ifndef BH_STAGE_H
#define BH_STAGE_H

/*
 * Packets that wait for a session (W19): a pool of slots shared by all peers,
 * each peer a queue in order of arrival and at most 128 long.  When there is
 * no room the oldest makes it: of the peer if that has its 128, else of all.
 * Nothing waits longer than 90 s.
 */

#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

enum { STAGE_PER_PEER = 128 };

struct staged {
	nsec since;
	uint32_t older, newer;		/* over all peers, or nothing */
	uint32_t behind;		/* next of the same peer */
	uint32_t peer;
	uint16_t len;
	uint8_t class, tos;		/* the caller's */
	uint8_t *packet;		/* as large as stage_new was told */
};

struct stage;

/* NULL if there is no memory.  Starting up only. */
struct stage *stage_new(uint32_t npeers, uint32_t slots, size_t size);
void stage_free(struct stage *s);

/* A slot at the end of the peer's queue, for the caller to fill.  *evicted: the
 * length of the packet that made room for it, 0 if none had to. */
struct staged *stage_push(struct stage *s, uint32_t peer, nsec now,
    uint16_t *evicted);
/* Takes the peer's oldest; good until the next push.  NULL if it has none. */
const struct staged *stage_pop(struct stage *s, uint32_t peer);
/* Takes the oldest of all, if it has waited since before that time, or NULL. */
const struct staged *stage_before(struct stage *s, nsec since);
/* Takes one that has waited too long, or NULL. */
const struct staged *stage_expired(struct stage *s, nsec now);
/* When stage_expired will have something; 0: never. */
nsec stage_due(const struct stage *s);
uint32_t stage_count(const struct stage *s, uint32_t peer);

#endif
