/* SPDX-License-Identifier: ISC */
#ifndef BH_T_TOY_H
#define BH_T_TOY_H

/*
 * Takes the place of libsodium's X25519 in a fuzz target whose subject is what
 * we make of keys, not the curve: powers modulo 2^61 - 1, a hundred times as
 * fast.  Both sides of an exchange get the same, other keys give others, and 0
 * is the key of low order.  X25519 itself has its vectors:
 * t/unit/proc/key_test.
 */

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#define TOY_PRIME ((UINT64_C(1) << 61) - 1)

__extension__ typedef unsigned __int128 toy_wide;

static uint64_t
toy_times(uint64_t a, uint64_t b)
{
	return (uint64_t)((toy_wide)a * b % TOY_PRIME);
}

int
crypto_scalarmult(unsigned char *q, const unsigned char *n,
    const unsigned char *p)
{
	uint64_t base, by, r = 1;

	memcpy(&base, p, sizeof(base));
	memcpy(&by, n, sizeof(by));
	for (base %= TOY_PRIME; by != 0; by >>= 1) {
		if ((by & 1) != 0)
			r = toy_times(r, base);
		base = toy_times(base, base);
	}
	memset(q, 0, crypto_scalarmult_BYTES);
	memcpy(q, &r, sizeof(r));
	return r == 0 ? -1 : 0;
}

int
crypto_scalarmult_base(unsigned char *q, const unsigned char *n)
{
	static const unsigned char base[crypto_scalarmult_BYTES] = { 37 };

	return crypto_scalarmult(q, n, base);
}

#endif
