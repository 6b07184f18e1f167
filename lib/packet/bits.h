/* SPDX-License-Identifier: ISC */
#ifndef BH_BITS_H
#define BH_BITS_H

/*
 * An address as two numbers, of which some bits are looked at.
 */

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct bits {
	uint64_t hi, lo;
};

static inline struct bits
bits_of(const struct addr *a)
{
	return (struct bits){ addr_half(a, 0), addr_half(a, 1) };
}

static inline bool
bits_v4(struct bits k)
{
	return k.hi == 0 && k.lo >> 32 == 0xffff;
}

/* 64 bits from bit `at' on, which is below 128; zeros follow the last. */
static inline uint64_t
bits_from(struct bits k, unsigned at)
{
	if (at >= 64)
		return k.lo << (at - 64);
	return at == 0 ? k.hi : k.hi << at | k.lo >> (64 - at);
}

/* How many bits they share before they part. */
static inline unsigned
bits_common(struct bits a, struct bits b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	if (a.lo != b.lo)
		return 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo);
	return 128;
}

#endif
