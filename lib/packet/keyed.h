/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYED_H
#define BH_KEYED_H

/* Tables whose entries stand in sets, and a secret, so that nobody can aim at
 * one of these. */

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYED_WORDS = 5 };

struct keyed {
	uint64_t secret[2 * KEYED_WORDS];
	size_t mask;		/* of the index of a set */
};

/* A table of at least `room' entries in sets of so many ways: how many entries
 * it has.  0: no random bytes. */
static inline size_t
keyed_init(struct keyed *k, size_t room, size_t ways)
{
	size_t sets = 1;

	while (sets * ways < room)
		sets *= 2;
	k->mask = sets - 1;
	if (sodium_init() < 0)
		return 0;
	randombytes_buf(k->secret, sizeof(k->secret));
	return sets * ways;
}

/*
 * The set of a key of five words.  Pair-multiply-shift (Thorup, High Speed
 * Hashing for Integers and Strings, 3.4): two keys meet no more often than by
 * chance, whatever they are, as long as nobody knows the secret.  It is no
 * more than that: what somebody could learn the secret from takes SipHash.  By
 * itself it leaves ports that follow one another in even steps, and these fall
 * in a few sets for some secrets: so it is mixed.
 */
static inline size_t
keyed_set(const struct keyed *k, const uint64_t word[static KEYED_WORDS])
{
	const uint64_t *s = k->secret;
	uint64_t sum = 0;

	for (size_t i = 0; i < KEYED_WORDS; i++, s += 2)
		sum += (s[0] + (word[i] >> 32)) * (s[1] + (uint32_t)word[i]);
	sum = (sum ^ sum >> 32) * 0xd6e8feb86659fd93;
	return sum >> 32 & k->mask;
}

#endif
