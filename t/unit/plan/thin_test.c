/* SPDX-License-Identifier: ISC */
/* Routes that are not needed: by hand, and against a reference model. */

#include "plan/thin.h"

#include "test.h"

#include <stdlib.h>

enum { ROUNDS = 5000, SPACE = 256, ROUTES = 24, TARGETS = 3, NOWHERE = 99 };

static struct prefix
prefix(const char *text)
{
	struct prefix p;
	bool host_bits;

	if (!prefix_parse(&p, text, &host_bits) || host_bits)
		printf("Bail out! %s is no prefix\n", text);
	return p;
}

static const struct {
	const char *to;
	unsigned target;
	bool needed;
} rows[] = {
	{ "0.0.0.0/0", 1, true },	/* a client's default */
	{ "10.1.0.0/16", 1, false },
	{ "10.1.2.0/24", 1, false },
	{ "10.2.0.0/16", 2, true },	/* its own LAN: throw */
	{ "10.2.3.0/24", 1, true },	/* under that, and another's */
	{ "10.2.3.4/32", 1, false },
	{ "10.2.3.5/32", 2, true },
	{ "10.2.4.0/24", 2, false },
	{ "10.3.0.0/16", 2, false },	/* the last of these counts */
	{ "10.3.0.0/16", 1, false },
	{ "10.4.0.0/16", 1, false },
	{ "10.4.0.0/16", 3, true },
	{ "10.4.0.0/24", 3, false },
	{ "10.5.0.0/16", 1, false },	/* the one before covers it no more */
};

static void
test_rows(void)
{
	enum { N = sizeof(rows) / sizeof(*rows) };
	struct thin_route r[N];

	/* in whatever order, but that of the same prefix */
	for (unsigned shift = 0; shift < 2; shift++) {
		for (unsigned i = 0; i < N; i++)
			r[i] = (struct thin_route){ prefix(rows[i].to),
				rows[i].target, false };
		if (shift == 1) {
			struct thin_route first = r[0];
			r[0] = r[7];
			r[7] = first;
		}
		OK(thin_routes(r, N));
		for (unsigned i = 0; i < N; i++) {
			unsigned at = shift == 0 || (i != 0 && i != 7) ? i :
			    7 - i;
			OKF(r[at].needed == rows[i].needed, "F37 %s to %u is "
			    "%sneeded", rows[i].to, rows[i].target,
			    rows[i].needed ? "" : "not ");
		}
	}
	OK(thin_routes(r, 0) && thin_routes(NULL, 0));
}

/* All lengths there are, one in the other. */
static void
test_nest(void)
{
	struct thin_route r[129];
	unsigned n[2] = { 0, 0 };

	for (unsigned other = 0; other < 2; other++) {
		for (unsigned len = 0; len <= 128; len++)
			r[len] = (struct thin_route){ { { { 0 } },
				(uint8_t)len }, other * (len & 1), false };
		OK(thin_routes(r, 129));
		for (unsigned len = 0; len <= 128; len++)
			n[other] += r[len].needed;
	}
	OK(n[0] == 1 && n[1] == 129);
}

/* The reference model: looks at each. */
static unsigned
look(const struct thin_route *r, size_t n, const struct addr *a, bool all)
{
	const struct thin_route *best = NULL;

	for (size_t i = 0; i < n; i++)
		if ((all || r[i].needed) && prefix_has(&r[i].to, a) &&
		    (best == NULL || r[i].to.len >= best->to.len))
			best = &r[i];
	return best != NULL ? best->target : NOWHERE;
}

static struct addr
address(unsigned i, bool v4)
{
	struct addr a = { { 0x20, 1, [15] = (uint8_t)i } };

	return v4 ? addr_from_v4((uint8_t[]){ 10, 0, 0, (uint8_t)i }) : a;
}

static struct thin_route
draw(bool v4)
{
	unsigned bits = (unsigned)rand() % 10;	/* 9: the default route */
	unsigned first = bits >= 8 ? 0 :
	    (unsigned)rand() % SPACE & ~((1u << bits) - 1);
	struct thin_route r = { { address(first, v4), (uint8_t)(128 - bits) },
		(unsigned)rand() % TARGETS, rand() % 2 != 0 };

	if (bits == 9)
		r.to = prefix(v4 ? "0.0.0.0/0" : "::/0");
	return r;
}

/* Nobody sees a difference, and none is left that could go. */
static bool
round_ok(bool v4)
{
	struct thin_route r[ROUTES];
	size_t n = (size_t)rand() % (ROUTES + 1);

	for (size_t i = 0; i < n; i++)
		r[i] = draw(v4);
	if (!thin_routes(r, n))
		return false;
	for (unsigned i = 0; i < SPACE; i++) {
		struct addr a = address(i, v4);
		if (look(r, n, &a, true) != look(r, n, &a, false))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct thin_route *over = NULL;
		for (size_t k = 0; r[i].needed && k < n; k++)
			if (r[k].needed && r[k].to.len < r[i].to.len &&
			    prefix_has(&r[k].to, &r[i].to.addr) &&
			    (over == NULL || r[k].to.len > over->to.len))
				over = &r[k];
		if (over != NULL && over->target == r[i].target)
			return false;
	}
	return true;
}

static void
test_model(bool v4)
{
	unsigned good = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		good += round_ok(v4);
	OKF(good == ROUNDS, "F37 IPv%c: %u of %u random tables lead where they "
	    "did", v4 ? '4' : '6', good, (unsigned)ROUNDS);
}

int
main(void)
{
	test_rows();
	test_nest();
	test_model(true);
	test_model(false);
	return DONE();
}
