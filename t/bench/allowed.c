/* SPDX-License-Identifier: ISC */
/*
 * What finding the owner of an address costs: make micro.  The prefixes are
 * /24s and /64s, spread over the peers; the addresses asked for are random, so
 * the table is as cold as it gets.  Best of several rounds.
 */
#include "base/clock.h"
#include "packet/allowed.h"

#include <stdio.h>

enum { ROUNDS = 7, LOOKUPS = 1 << 18 };

static uint32_t
draw(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	return *s ^= *s << 5;
}

static struct prefix
nth(uint32_t i, bool four)
{
	struct prefix p = { .len = 64, .addr.b = { 0x20, 1, 0xd, 0xb8,
	    (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };

	if (four)
		p = (struct prefix){ .len = PREFIX_V4 + 24,
			.addr = addr_from_v4((uint8_t[]){ 10 + (uint8_t)(i >> 16),
			(uint8_t)(i >> 8), (uint8_t)i, 0 }) };
	return p;
}

static double
lookup_ns(const struct allowed *a, uint32_t n, bool four)
{
	static struct addr asked[LOOKUPS];
	uint32_t seed = 1, sum = 0;
	nsec best = UINT64_MAX;

	for (int i = 0; i < LOOKUPS; i++)
		asked[i] = nth(draw(&seed) % n, four).addr;
	for (int r = 0; r < ROUNDS; r++) {
		nsec began = clock_now();
		for (int i = 0; i < LOOKUPS; i++)
			sum += allowed_owner(a, &asked[i]) + 1u;
		nsec took = clock_now() - began;
		best = took < best ? took : best;
	}
	return sum == 0 ? 0 : (double)best / LOOKUPS;
}

static void
row(uint16_t peers, uint32_t n)
{
	struct allowed *a = allowed_new(2 * n, peers);

	for (uint32_t i = 0; i < n; i++) {
		struct prefix four = nth(i, true), six = nth(i, false);
		allowed_add(a, &four, (uint16_t)(i % peers));
		allowed_add(a, &six, (uint16_t)(i % peers));
	}
	allowed_commit(a);
	printf("%8u %10u %10.1f %10.1f\n", peers, 2 * n,
	    lookup_ns(a, n, true), lookup_ns(a, n, false));
	allowed_free(a);
}

int
main(void)
{
	printf("%8s %10s %10s %10s\n", "peers", "prefixes", "v4 ns", "v6 ns");
	row(2, 1);
	row(1000, 1000);
	row(1000, 26000);
	row(2, 65280);
	return 0;
}
