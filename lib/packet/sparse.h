/* SPDX-License-Identifier: ISC */
#ifndef BH_SPARSE_H
#define BH_SPARSE_H

/*
 * Which packets may overtake others in a queue: those of flows that have
 * nothing in it (RFC 8290 4.2 calls them sparse), so that none overtakes its
 * own.  For each flow, by a hash, we keep where in the queue its last packet
 * ends; flows that meet there are merely in each other's way.
 *
 * Fragments do not say which flow they are of, and what is neither TCP, UDP nor
 * ICMP we do not know: such packets never overtake, and nothing between the
 * same two addresses overtakes them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARSE_PLACES = 1024 };	/* a power of two */

struct sparse {
	uint64_t end[SPARSE_PLACES];	/* of the last in the queue */
};

/* Where to look for a packet. */
struct sparse_id {
	uint16_t flow, pair;
	bool known;		/* its flow is */
};

struct sparse_id sparse_id(const uint8_t *packet, size_t n);
/* What has been put up to position `gone' has left the queue. */
bool sparse_is(const struct sparse *s, struct sparse_id id, uint64_t gone);
/* It joins the queue, which is then this long. */
void sparse_queue(struct sparse *s, struct sparse_id id, uint64_t end);

#endif
