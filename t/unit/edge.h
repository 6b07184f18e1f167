/* SPDX-License-Identifier: ISC */
#ifndef BH_T_EDGE_H
#define BH_T_EDGE_H

/* Bytes with nothing behind them: whoever reads one too many is killed. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { EDGE_MAX = 1 << 17 };	/* a multiple of every page's size */

/* A copy of n bytes that ends where the memory does, good until the next. */
static inline uint8_t *
edge_copy(const void *p, size_t n)
{
	static uint8_t *end;

	if (end == NULL) {
		uint8_t *m = mmap(NULL, 2 * EDGE_MAX, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(m + EDGE_MAX, EDGE_MAX, PROT_NONE);
		end = m + EDGE_MAX;
	}
	return memcpy(end - n, p, n);
}

#endif
