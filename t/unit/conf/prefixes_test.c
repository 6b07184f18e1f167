/* SPDX-License-Identifier: ISC */
/* Sets of prefixes: by hand, and against a reference model. */

#include "conf/prefixes.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 3000, SPACE = 256 };

static bool
put(struct prefix_list *l, const char *text)
{
	struct prefix p;
	bool host_bits;

	return prefix_parse(&p, text, &host_bits) && !host_bits &&
	    prefix_list_add(l, &p);
}

/* "10.0.0.0/25 10.0.0.128/25 !10.0.0.1": the normal form as text. */
static const char *
normal(const char *text)
{
	static char result[512];
	struct prefix_list inc = { 0 }, exc = { 0 }, out = { 0 };
	char buf[512], *item, *save, one[PREFIX_STRLEN];
	bool ok = true;

	snprintf(buf, sizeof(buf), "%s", text);
	for (item = strtok_r(buf, " ", &save); item != NULL;
	    item = strtok_r(NULL, " ", &save))
		ok = ok && put(*item == '!' ? &exc : &inc,
		    item + (*item == '!'));
	ok = ok && prefixes_normal(&inc, &exc, &out);
	size_t n = 0;
	result[0] = '\0';
	for (size_t i = 0; ok && i < out.n && n < sizeof(result); i++)
		n += (size_t)snprintf(result + n, sizeof(result) - n, "%s%s",
		    i > 0 ? " " : "", prefix_format(&out.p[i], one));
	prefix_list_fini(&inc);
	prefix_list_fini(&exc);
	prefix_list_fini(&out);
	return ok ? result : "failed";
}

static const struct {
	const char *in, *out;
} forms[] = {
	{ "", "" },
	{ "10.0.0.1", "10.0.0.1/32" },
	{ "10.0.0.0/25 10.0.0.128/25", "10.0.0.0/24" },
	{ "10.0.0.128/25 10.0.0.0/25 10.0.1.0/24", "10.0.0.0/23" },
	{ "10.0.1.0/24 10.0.2.0/24", "10.0.1.0/24 10.0.2.0/24" },
	{ "10.0.0.0/8 10.1.0.0/16 10.0.0.0/8", "10.0.0.0/8" },
	{ "10.0.0.0/30 !10.0.0.1", "10.0.0.0/32 10.0.0.2/31" },
	{ "!10.0.0.1 10.0.0.0/30", "10.0.0.0/32 10.0.0.2/31" },
	{ "10.0.0.0/24 !10.0.0.0/24", "" },
	{ "10.0.0.0/24 !10.0.0.0/8", "" },
	{ "!10.0.0.0/8", "" },
	/* an exclusion wins over an inclusion inside it */
	{ "10.0.0.0/8 !10.1.0.0/16 10.1.2.0/24",
	    "10.0.0.0/16 10.2.0.0/15 10.4.0.0/14 10.8.0.0/13 10.16.0.0/12 "
	    "10.32.0.0/11 10.64.0.0/10 10.128.0.0/9" },
	{ "0.0.0.0/1 128.0.0.0/1", "0.0.0.0/0" },
	{ "2001:db8::/33 2001:db8:8000::/33", "2001:db8::/32" },
	{ "2001:db8::/32 10.0.0.0/8", "10.0.0.0/8 2001:db8::/32" },
	/* ::fffe:0:0/96 and 0.0.0.0/0 are neighbours: not one prefix */
	{ "::fffe:0:0/96 0.0.0.0/0", "::fffe:0:0/96 0.0.0.0/0" },
	{ "2001:db8::1 !2001:db8::1", "" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
};

/* The reference model: one flag for each address of 10.0.0.0/24. */
static struct prefix
draw(bool flag[static SPACE], bool value)
{
	unsigned len = 24 + (unsigned)rand() % 9;
	unsigned size = 1u << (32 - len);
	unsigned first = (unsigned)rand() % SPACE & ~(size - 1);

	memset(flag + first, value, size * sizeof(*flag));
	return (struct prefix){ addr_from_v4((uint8_t[]){ 10, 0, 0,
	    (uint8_t)first }), (uint8_t)(PREFIX_V4 + len) };
}

static bool
same_set(const struct prefix_list *set, const bool want[static SPACE])
{
	for (unsigned i = 0; i < SPACE; i++) {
		struct prefix host = { addr_from_v4((uint8_t[]){ 10, 0, 0,
		    (uint8_t)i }), 128 };
		if ((prefixes_find(set->p, set->n, &host) != NULL) != want[i])
			return false;
	}
	return true;
}

/* Sorted, disjoint, and no pair of halves. */
static bool
is_normal(const struct prefix_list *set)
{
	for (size_t i = 1; i < set->n; i++) {
		const struct prefix *p = &set->p[i - 1], *q = &set->p[i];
		struct prefix both = { p->addr, (uint8_t)(p->len - 1) };
		if (prefix_cmp(p, q) >= 0 || prefix_has(p, &q->addr))
			return false;
		bool aligned = (p->addr.b[both.len / 8] &
		    0x80 >> both.len % 8) == 0;
		if (p->len == q->len && aligned && prefix_has(&both, &q->addr))
			return false;
	}
	return true;
}

static bool
round_ok(void)
{
	struct prefix_list inc = { 0 }, exc = { 0 }, out = { 0 };
	bool in[SPACE] = { false }, not[SPACE] = { false };
	bool ok = true;

	for (int n = rand() % 12; n > 0; n--) {
		struct prefix p = draw(in, true);
		ok = ok && prefix_list_add(&inc, &p);
	}
	for (int n = rand() % 6; n > 0; n--) {
		struct prefix p = draw(not, true);
		ok = ok && prefix_list_add(&exc, &p);
	}
	for (unsigned i = 0; i < SPACE; i++)
		in[i] = in[i] && !not[i];
	ok = ok && prefixes_normal(&inc, &exc, &out) && is_normal(&out) &&
	    same_set(&out, in);
	prefix_list_fini(&inc);
	prefix_list_fini(&exc);
	prefix_list_fini(&out);
	return ok;
}

/* A range as prefixes holds what lies in it and nothing else, and no two of
 * them could be one. */
static bool
range_ok(unsigned first, unsigned last, bool v4)
{
	struct addr a = { { 0x20, 1 } }, b;
	struct prefix_list l = { 0 };
	bool in[SPACE] = { false };

	if (v4)
		a = addr_from_v4((const uint8_t[4]){ 10, 0, 0, 0 });
	b = a;
	a.b[15] = (uint8_t)first;
	b.b[15] = (uint8_t)last;
	bool ok = prefix_list_add_range(&l, &a, &b) && is_normal(&l);
	for (size_t i = 0; ok && i < l.n; i++)
		for (unsigned k = 0; k < 1u << (128 - l.p[i].len); k++)
			in[l.p[i].addr.b[15] + k] = true;
	for (unsigned i = 0; i < SPACE; i++)
		ok = ok && in[i] == (i >= first && i <= last);
	prefix_list_fini(&l);
	return ok;
}

static void
test_ranges(void)
{
	static const struct addr none, all = { { 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff } };
	struct prefix_list l = { 0 };
	int bad = 0;

	for (unsigned a = 0; a < SPACE; a++)
		for (unsigned b = a; b < SPACE; b++)
			bad += !range_ok(a, b, (a ^ b) & 1);
	OKF(bad == 0, "every range of %d addresses (C16; %d bad)", SPACE, bad);
	OK(prefix_list_add_range(&l, &none, &all) && l.n == 1 &&
	    l.p[0].len == 0);
	prefix_list_fini(&l);
}

int
main(void)
{
	test_ranges();
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		OKF(strcmp(normal(forms[i].in), forms[i].out) == 0,
		    "'%s' is '%s' (%s)", forms[i].in, forms[i].out,
		    normal(forms[i].in));

	unsigned seed = 20261122;
	srand(seed);
	int good = 0;
	while (good < ROUNDS && round_ok())
		good++;
	OKF(good == ROUNDS, "%d random sets are as the reference model has them "
	    "(seed %u, %d)", ROUNDS, seed, good);
	return DONE();
}
