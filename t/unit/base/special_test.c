/* SPDX-License-Identifier: ISC */
#include "base/special.h"

#include "test.h"

#include <stdio.h>

static uint64_t state = 7;

static uint64_t
draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 32;
}

/* What the table itself says, by the longest prefix. */
static unsigned
slow_kinds(const struct addr *a)
{
	const struct special *best = NULL;

	for (size_t i = 0; i < special_count; i++) {
		const struct special *s = &special_table[i];
		if (prefix_has(&s->prefix, a) &&
		    (best == NULL || s->prefix.len > best->prefix.len))
			best = s;
	}
	return best != NULL ? best->kinds : 0;
}

static bool
agrees(const struct addr *a)
{
	char text[ADDR_STRLEN];

	if (special_kinds(a) == slow_kinds(a))
		return true;
	printf("# %s: %x, the table says %x\n", addr_format(a, text),
	    special_kinds(a), slow_kinds(a));
	return false;
}

static struct addr
last_of(const struct prefix *p)
{
	struct addr a = p->addr;

	for (unsigned bit = p->len; bit < 128; bit++)
		a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

static void
test_edges(void)
{
	bool good = true;

	for (size_t i = 0; i < special_count; i++) {
		const struct prefix *p = &special_table[i].prefix;
		struct addr last = last_of(p), around[] = { p->addr, last,
			p->addr, last, p->addr, last };
		addr_step(&around[2], -1);
		addr_step(&around[3], 1);
		addr_step(&around[4], 1);
		addr_step(&around[5], -1);
		for (size_t k = 0; k < sizeof(around) / sizeof(*around); k++)
			good = agrees(&around[k]) && good;
	}
	OKF(good, "the short ways of special_kinds agree with the table at "
	    "the edges of every entry");
}

static void
test_bytes(void)
{
	bool good = true;

	for (unsigned i = 0; i < 1 << 20; i++) {
		uint8_t b[16] = { 0 };
		uint64_t r = draw();
		b[0] = (uint8_t)(i >> 8);
		b[1] = (uint8_t)i;
		b[2] = (uint8_t)r;
		b[3] = (uint8_t)(r >> 8);
		struct addr v4 = addr_from_v4(b), v6 = addr_from_v6(b);
		good = agrees(&v4) && agrees(&v6) && good;
	}
	OKF(good, "... and in every /16 of IPv4, twice over, and of IPv6");
}

/* The first match is the longest. */
static void
test_order(void)
{
	for (size_t i = 0; i < special_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct prefix *p = &special_table[i].prefix;
			const struct prefix *before = &special_table[k].prefix;
			if (before->len <= p->len &&
			    prefix_has(before, &p->addr)) {
				printf("# entry %zu is hidden by %zu\n", i, k);
				OK(false);
			}
		}
	OKF(true, "no entry stands behind one that holds it");
}

int
main(void)
{
	test_edges();
	test_bytes();
	test_order();
	return DONE();
}
