/* SPDX-License-Identifier: ISC */
#ifndef BH_INDEX_H
#define BH_INDEX_H

/*
 * Which peer a receiver index belongs to.  Indices are random, so they are
 * their own hash: open addressing, linear probing, a table four times as large
 * as what it can hold.
 */

#include <stdbool.h>
#include <stdint.h>

enum { INDEX_NONE = UINT16_MAX };

struct index_entry {
	uint32_t index;		/* 0: free */
	uint16_t owner;
};

struct index_table {
	struct index_entry *entry;	/* the caller's, zeroed */
	uint32_t mask;			/* entries - 1, a power of two */
};

/* The owner, or INDEX_NONE. */
uint16_t index_find(const struct index_table *t, uint32_t index);
/* Which of n workers has that index, by its lowest byte, which the kernel can
 * see as well (io/udp_steer.h); and the nearest one that is worker w's. */
static inline unsigned
index_worker(uint32_t index, unsigned n)
{
	return (index & UINT8_MAX) % n;
}

static inline uint32_t
index_for_worker(uint32_t index, unsigned w, unsigned n)
{
	uint32_t low = (index & UINT8_MAX) / n * n + w;

	return (index & ~(uint32_t)UINT8_MAX) | (low > UINT8_MAX ? w : low);
}

/* Enters the first index from `wish' on, with the same lowest byte, that is not
 * in use; it is returned. */
uint32_t index_add(struct index_table *t, uint32_t wish, uint16_t owner);
/* Removes an index, if it is there. */
void index_remove(struct index_table *t, uint32_t index);

#endif
