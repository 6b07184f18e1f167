/* SPDX-License-Identifier: ISC */
#include "packet/flow.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, WAYS = 2, WORDS = 5 };

/* Addresses, ports and protocol: all that a flow is known by. */
struct key {
	uint64_t word[WORDS];
};

/* A cache line each; two that are neighbours make a set, the later used one
 * first. */
struct flow {
	struct key key;
	uint16_t answer;
	bool used;
	uint8_t pad[LINE - sizeof(struct key) - 3];
};
static_assert(sizeof(struct flow) == LINE, "one line to look at");

struct flows {
	uint64_t secret[2 * WORDS];
	size_t mask;			/* of the index of a set */
	struct flow *flow;
};

struct flows *
flows_create(size_t room)
{
	struct flows *fs = calloc(1, sizeof(*fs));
	size_t sets = 1;

	if (fs == NULL)
		return NULL;
	while (sets * WAYS < room)
		sets *= 2;
	fs->mask = sets - 1;
	fs->flow = aligned_alloc(LINE * WAYS, sets * WAYS * sizeof(*fs->flow));
	if (fs->flow == NULL || sodium_init() < 0) {
		flows_free(fs);
		errno = ENOMEM;
		return NULL;
	}
	memset(fs->flow, 0, sets * WAYS * sizeof(*fs->flow));
	randombytes_buf(fs->secret, sizeof(fs->secret));
	return fs;
}

void
flows_free(struct flows *fs)
{
	if (fs == NULL)
		return;
	free(fs->flow);
	free(fs);
}

static inline struct key
key_of(const struct ip *ip)
{
	struct key k = { .word[WORDS - 1] = (uint64_t)ip->sport << 48 |
	    (uint64_t)ip->dport << 32 | ip->proto };

	memcpy(&k.word[0], &ip->src, sizeof(ip->src));
	memcpy(&k.word[2], &ip->dst, sizeof(ip->dst));
	return k;
}

static inline bool
is(const struct flow *f, const struct key *k)
{
	uint64_t differ = !f->used;

	for (size_t i = 0; i < WORDS; i++)
		differ |= f->key.word[i] ^ k->word[i];
	return differ == 0;
}

/*
 * Pair-multiply-shift (Thorup, High Speed Hashing for Integers and Strings,
 * 3.4): two flows meet no more often than by chance, whatever they are, as long
 * as nobody knows the secret.
 */
static inline size_t
hash(const struct flows *fs, const struct key *k)
{
	const uint64_t *s = fs->secret;
	uint64_t sum = 0;

	for (size_t i = 0; i < WORDS; i++, s += 2)
		sum += (s[0] + (k->word[i] >> 32)) *
		    (s[1] + (uint32_t)k->word[i]);
	return sum >> 32;
}

/* The one that was used last but one goes. */
uint16_t *
flows_take(struct flows *fs, const struct ip *ip, bool *known)
{
	const struct key k = key_of(ip);
	struct flow *f = &fs->flow[(hash(fs, &k) & fs->mask) * WAYS];

	*known = is(&f[0], &k);
	if (*known)
		return &f[0].answer;
	struct flow first = f[0];
	*known = is(&f[1], &k);
	f[0] = f[1];
	f[1] = first;
	if (!*known) {
		f[0].key = k;
		f[0].used = true;
	}
	return &f[0].answer;
}
