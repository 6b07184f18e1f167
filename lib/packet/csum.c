/* SPDX-License-Identifier: ISC */
#include "packet/csum.h"

#include <stdbool.h>
#include <string.h>

/*
 * One's complement addition does not care about the width of its words, nor
 * about byte order until the end (RFC 1071 2): so add native 64-bit words and
 * count the carries, which have the weight of 1; or halves of many, in lanes
 * that have room for what is carried.  Partial sums are in the machine's byte
 * order; csum_fold turns the result round.
 */

/* As wide as the processor has it, found out when the program starts. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

typedef uint64_t lanes __attribute__((vector_size(32)));

static inline uint64_t
add_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* Where bytes are read, and written if this is a copy.  All that takes one is
 * inlined, so that `copying' is a constant there. */
struct stream {
	const uint8_t *src;
	uint8_t *dst;
	bool copying;
};

#define INLINE static inline __attribute__((always_inline))

/* The next n <= 8 bytes as a word, as if zeros followed. */
INLINE uint64_t
take(struct stream *s, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, s->src, n);
	s->src += n;
	if (s->copying) {
		memcpy(s->dst, &v, n);
		s->dst += n;
	}
	return v;
}

/* Of 32 bytes each; fewer than 2^31 of them. */
INLINE uint64_t
sum_blocks(uint64_t sum, struct stream *s, size_t blocks)
{
	lanes low = { 0 }, high = { 0 };

	for (; blocks > 0; blocks--) {
		lanes v;

		memcpy(&v, s->src, sizeof(v));
		s->src += sizeof(v);
		if (s->copying) {
			memcpy(s->dst, &v, sizeof(v));
			s->dst += sizeof(v);
		}
		low += v & UINT32_MAX;
		high += v >> 32;
	}
	low += high;
	for (int i = 0; i < 4; i++)
		sum = add_carry(sum, low[i]);
	return sum;
}

INLINE uint64_t
sum_bytes(uint64_t sum, struct stream *s, size_t n)
{
	sum = sum_blocks(sum, s, n / sizeof(lanes));
	if (n & 16) {
		sum = add_carry(sum, take(s, 8));
		sum = add_carry(sum, take(s, 8));
	}
	if (n & 8)
		sum = add_carry(sum, take(s, 8));
	if (n & 4)
		sum = add_carry(sum, take(s, 4));
	if (n & 2)
		sum = add_carry(sum, take(s, 2));
	if (n & 1)
		sum = add_carry(sum, take(s, 1));
	return sum;
}

WIDE uint64_t
csum_add(uint64_t sum, const void *p, size_t n)
{
	struct stream s = { .src = p };

	return sum_bytes(sum, &s, n);
}

WIDE uint64_t
csum_copy(uint64_t sum, void *dst, const void *src, size_t n)
{
	struct stream s = { src, dst, true };

	return sum_bytes(sum, &s, n);
}

/* Too few bytes for lanes. */
static uint64_t
add_words(uint64_t sum, const void *p, size_t n)
{
	const uint8_t *from = p;

	for (; n > 0; n -= sizeof(uint32_t), from += sizeof(uint32_t)) {
		uint32_t v;
		memcpy(&v, from, sizeof(v));
		sum = add_carry(sum, v);
	}
	return sum;
}

uint64_t
csum_pseudo(const struct ip *ip, uint8_t proto, size_t len)
{
	const be32 tail[2] = { be32_put((uint32_t)len), be32_put(proto) };
	size_t n = ip->version == 4 ? 4 : 16;

	return add_words(add_words(add_words(0, tail, sizeof(tail)),
	    ip->src.b + 16 - n, n), ip->dst.b + 16 - n, n);
}

uint64_t
csum_change(uint64_t delta, const void *from, const void *to, size_t n)
{
	const uint8_t *p = from;

	/* the complement of each word is what takes it away */
	for (; n >= 2; n -= 2, p += 2) {
		uint16_t v;
		memcpy(&v, p, sizeof(v));
		delta = add_carry(delta, (uint16_t)~v);
		memcpy(&v, (const uint8_t *)to + (p - (const uint8_t *)from),
		    sizeof(v));
		delta = add_carry(delta, v);
	}
	return delta;
}

uint64_t
csum_join(uint64_t a, uint64_t b)
{
	return add_carry(a, b);
}

uint16_t
csum_patch(uint16_t csum, uint64_t delta)
{
	uint32_t sum = (uint16_t)~csum + (uint32_t)csum_fold(delta);

	sum = (sum & 0xffff) + (sum >> 16);
	/* 0 stands for no bytes but zeros: minus 0 it is (RFC 1624 3) */
	return sum == 0 ? 0 : (uint16_t)~sum;
}
