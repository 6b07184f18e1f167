/* SPDX-License-Identifier: ISC */
#include "nat/nat_id.h"

#include "nat/nat_hash.h"

#include <assert.h>

enum { ROUNDS = 3, CHOICE = 0xff };

/* What is hashed, of a length that nothing else is that has the same key. */
struct question {
	uint8_t src[4], dst[4], proto, round, half, zero;
	uint32_t epoch, none;
};
static_assert(sizeof(struct question) == 20, "no padding in what is hashed");

/* A Feistel network: whatever a round adds, it can be taken off again. */
static uint16_t
permute(const struct nat_ids *ids, struct question q, uint32_t v)
{
	uint8_t left = (uint8_t)(v >> 8), right = (uint8_t)v;

	q.epoch = v >> 16;
	for (q.round = 0; q.round < ROUNDS; q.round++) {
		q.half = right;
		right = left ^ (uint8_t)nat_hash(ids->key, &q, sizeof(q));
		left = q.half;
	}
	return (uint16_t)(left << 8 | right);
}

void
nat_ids_init(struct nat_ids *ids, const uint8_t key[16], uint16_t first)
{
	memcpy(ids->key, key, sizeof(ids->key));
	for (size_t i = 0; i < NAT_ID_COUNTERS; i++)
		ids->next[i] = (uint32_t)first << 16;
}

uint16_t
nat_id_next(struct nat_ids *ids, const struct addr *src,
    const struct addr *dst, uint8_t proto)
{
	struct question q = { .proto = proto, .round = CHOICE };

	memcpy(q.src, src->b + 12, sizeof(q.src));
	memcpy(q.dst, dst->b + 12, sizeof(q.dst));
	uint32_t *next = &ids->next[nat_hash(ids->key, &q, sizeof(q)) %
	    NAT_ID_COUNTERS];
	return permute(ids, q, (*next)++);
}
