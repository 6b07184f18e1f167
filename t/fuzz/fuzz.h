/* SPDX-License-Identifier: ISC */
#ifndef BH_T_FUZZ_H
#define BH_T_FUZZ_H

/* What fuzz targets share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { EDGE_ROOM = 128 * 1024 };	/* a multiple of any page */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* For a target that knows better how to change its inputs, and how to make one
 * of two; and what it may call for a part of one.  All give the new length. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned seed) __attribute__((weak));
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b,
    size_t nb, uint8_t *out, size_t max, unsigned seed) __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);

static inline void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The bytes again, so placed that the one behind them cannot be touched: whoever
 * reads too far is caught without a sanitizer, and nothing is allocated.  Good
 * until the next call. */
static inline uint8_t *
at_edge(const void *p, size_t n)
{
	static uint8_t *room;

	if (room == NULL) {
		room = mmap(NULL, 2 * EDGE_ROOM, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(room != MAP_FAILED);
		must(mprotect(room + EDGE_ROOM, EDGE_ROOM, PROT_NONE) == 0);
	}
	must(n <= EDGE_ROOM);
	return n == 0 ? room + EDGE_ROOM :
	    memcpy(room + EDGE_ROOM - n, p, n);
}

#endif
