/* SPDX-License-Identifier: ISC */
#include "net/flow.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, WAYS = 2 };

/* A cache line each; two that are neighbours make a set, the later used one
 * first. */
struct flow {
	struct flow_key key;
	uint16_t answer;
	bool used;
	uint8_t pad[LINE - sizeof(struct flow_key) - 4];
};
static_assert(sizeof(struct flow_key) == 40, "no padding to be compared");
static_assert(sizeof(struct flow) == LINE, "one line to look at");

struct flows {
	uint8_t secret[crypto_shorthash_KEYBYTES];
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

/* IPv4 has less to say, and is what most packets are. */
static uint64_t
hash(const struct flows *fs, const struct flow_key *k)
{
	const uint8_t *p = (const uint8_t *)k;
	uint8_t few[16];
	uint64_t h;

	if (!addr_is_v4(&k->src)) {
		crypto_shorthash((uint8_t *)&h, p, sizeof(*k), fs->secret);
		return h;
	}
	memcpy(few, k->src.b + 12, 4);
	memcpy(few + 4, k->dst.b + 12, 4);
	memcpy(few + 8, &k->sport, 8);	/* ports and protocol */
	crypto_shorthash((uint8_t *)&h, few, sizeof(few), fs->secret);
	return h;
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
