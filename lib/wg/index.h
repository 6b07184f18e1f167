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
/* Enters the first index from `wish' on that is not in use; it is returned. */
uint32_t index_add(struct index_table *t, uint32_t wish, uint16_t owner);
/* Removes an index, if it is there. */
void index_remove(struct index_table *t, uint32_t index);

#endif
