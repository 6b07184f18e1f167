/* SPDX-License-Identifier: ISC */
#include "net/flow.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, WAYS = 2, WORDS = 10 };

/* A cache line each; two that are neighbours make a set, the later used one
 * first. */
struct flow {
	struct flow_key key;
	uint16_t answer;
	bool used;
	uint8_t pad[LINE - sizeof(struct flow_key) - 4];
};
static_assert(sizeof(struct flow_key) == WORDS * 4, "no padding");
static_assert(sizeof(struct flow) == LINE, "one line to look at");

struct flows {
	uint64_t secret[WORDS];
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

struct flow_key
flow_key(const struct ip *ip)
{
	return (struct flow_key){ .src = ip->src, .dst = ip->dst,
		.sport = ip->sport, .dport = ip->dport, .proto = ip->proto };
}

static bool
is(const struct flow *f, const struct flow_key *k)
{
	return f->used && memcmp(&f->key, k, sizeof(*k)) == 0;
}

/*
 * Pair-multiply-shift (Thorup, High Speed Hashing for Integers and Strings,
 * 3.4): two flows meet no more often than by chance, whatever they are, as long
 * as nobody knows the secret.
 */
static size_t
hash(const struct flows *fs, const struct flow_key *k)
{
	uint32_t w[WORDS];
	uint64_t sum = 0;

	memcpy(w, k, sizeof(w));
	for (size_t i = 0; i < WORDS; i += 2)
		sum += (fs->secret[i] + w[i + 1]) * (fs->secret[i + 1] + w[i]);
	return sum >> 32;
}

/* The one that was used last but one goes. */
uint16_t *
flows_take(struct flows *fs, const struct flow_key *k, bool *known)
{
	struct flow *f = &fs->flow[(hash(fs, k) & fs->mask) * WAYS];
	*known = is(&f[0], k);
	if (*known)
		return &f[0].answer;
	struct flow first = f[0];
	*known = is(&f[1], k);
	f[0] = f[1];
	f[1] = first;
	if (!*known) {
		f[0].key = *k;
		f[0].used = true;
	}
	return &f[0].answer;
}
