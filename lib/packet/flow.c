/* SPDX-License-Identifier: ISC */
#include "packet/flow.h"

#include "packet/keyed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, WAYS = 2 };

/* Addresses, ports and protocol: all that a flow is known by. */
struct key {
	uint64_t word[KEYED_WORDS];
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
	struct keyed keyed;
	struct flow *flow;
};

struct flows *
flows_new(size_t room)
{
	struct flows *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return NULL;
	size_t n = keyed_init(&fs->keyed, room, WAYS);
	fs->flow = n > 0 ? aligned_alloc(LINE * WAYS, n * sizeof(*fs->flow)) :
	    NULL;
	if (fs->flow == NULL) {
		flows_free(fs);
		errno = ENOMEM;
		return NULL;
	}
	memset(fs->flow, 0, n * sizeof(*fs->flow));
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
	struct key k = { .word[KEYED_WORDS - 1] = (uint64_t)ip->sport << 48 |
	    (uint64_t)ip->dport << 32 | ip->proto };

	memcpy(&k.word[0], &ip->src, sizeof(ip->src));
	memcpy(&k.word[2], &ip->dst, sizeof(ip->dst));
	return k;
}

static inline bool
is(const struct flow *f, const struct key *k)
{
	uint64_t differ = !f->used;

	for (size_t i = 0; i < KEYED_WORDS; i++)
		differ |= f->key.word[i] ^ k->word[i];
	return differ == 0;
}

/* The one that was used last but one goes. */
uint16_t *
flows_entry(struct flows *fs, const struct ip *ip, bool *known)
{
	const struct key k = key_of(ip);
	struct flow *f = &fs->flow[keyed_set(&fs->keyed, k.word) * WAYS];

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
