/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_HASH_H
#define BH_NAT_HASH_H

/* SipHash-2-4, as all of the translator has it: of what somebody else chooses,
 * with a key that he does not know; and of what goes into a file. */

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NAT_KEY = crypto_shorthash_KEYBYTES };

static inline uint64_t
nat_hash(const uint8_t key[static NAT_KEY], const void *p, size_t n)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, p, n, key);
	return h;
}

/* What the last member of a record of a file is, if all before it is whole;
 * never 0.  `what' keeps kinds of records apart. */
static inline uint32_t
nat_seal(const char what[static NAT_KEY], const void *p, size_t n)
{
	uint64_t h = nat_hash((const uint8_t *)what, p, n);
	uint32_t v;

	memcpy(&v, &h, sizeof(v));
	return v != 0 ? v : 1;
}

#endif
