/* SPDX-License-Identifier: ISC */
#include "packet/lpm.h"

#include "draw.h"
#include "longest.h"
#include "test.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct prefix
prefix(const char *text)
{
	struct prefix p;
	bool host_bits;

	if (!prefix_parse(&p, text, &host_bits))
		printf("Bail out! %s is no prefix\n", text);
	return p;
}

static uint32_t
look(const struct lpm *t, const char *text)
{
	struct addr a;

	if (!addr_parse(&a, text))
		printf("Bail out! %s is no address\n", text);
	return lpm_lookup(t, &a);
}

struct row {
	const char *prefix;
	uint32_t value;
};

static struct lpm *
build(const struct row *r, size_t n)
{
	struct lpm_entry *e = calloc(n, sizeof(*e));

	for (size_t i = 0; i < n; i++)
		e[i] = (struct lpm_entry){ prefix(r[i].prefix), r[i].value };
	struct lpm *t = lpm_new_of(e, n);
	free(e);
	return t;
}

/* The look-ups of the WireGuard kernel's self-test of allowed-ips. */
static void
test_fixed(void)
{
	enum { A = 1, B, C, D, E, F, G, H };
	static const struct row rows[] = {
		{ "192.168.4.0/24", A }, { "192.168.4.4/32", B },
		{ "192.168.0.0/16", C }, { "192.95.5.64/27", D },
		{ "192.95.5.65/27", C },	/* masks itself, replaces D */
		{ "0.0.0.0/0", E }, { "64.15.112.0/20", G },
		{ "64.15.123.211/25", H },
		{ "10.0.0.0/25", A }, { "10.0.0.128/25", B },
		{ "10.1.0.0/30", A }, { "10.1.0.4/30", B },
		{ "10.1.0.8/29", C }, { "10.1.0.16/29", D },
		{ "2607:5300:6000:6b00::c05f:543/128", D },
		{ "2607:5300:6000:6b00::/64", C }, { "::/0", E },
		{ "::/0", F },
		{ "2404:6800::/32", G },
		{ "2404:6800:4004:800:dead:beef:dead:beef/64", H },
		{ "2404:6800:4004:800:dead:beef:dead:beef/128", A },
		{ "2444:6800:40e4:800:deae:beef:def:beef/128", C },
		{ "2444:6800:f0e4:800:eeae:beef::/98", B },
	};
	static const struct row want[] = {
		{ "192.168.4.20", A }, { "192.168.4.0", A },
		{ "192.168.4.4", B }, { "192.168.200.182", C },
		{ "192.95.5.68", C }, { "192.95.5.96", E },
		{ "192.95.5.64", C }, { "192.95.5.95", C },
		{ "64.15.116.26", G }, { "64.15.127.3", G },
		{ "64.15.123.1", G }, { "64.15.123.128", H },
		{ "64.15.123.129", H },
		{ "10.0.0.52", A }, { "10.0.0.220", B },
		{ "10.1.0.2", A }, { "10.1.0.6", B }, { "10.1.0.10", C },
		{ "10.1.0.20", D }, { "10.1.0.24", E },
		{ "2607:5300:6000:6b00::c05f:543", D },
		{ "2607:5300:6000:6b00::c02e:1ee", C },
		{ "2607:5300:6000:6b01::", F },
		{ "2404:6800:4004:806::1006", G },
		{ "2404:6800:4004:806::1234:5678", G },
		{ "2404:67ff:4004:806::1234:5678", F },
		{ "2404:6801:4004:806::1234:5678", F },
		{ "2404:6800:4004:800:0:1234:0:5678", H },
		{ "2404:6800:4004:800:dead:beef::", H },
		{ "2404:6800:4004:800:dead:beef:dead:beef", A },
		{ "2404:6800:4004:800:dead:beef:dead:beee", H },
		{ "2444:6800:40e4:800:deae:beef:def:beef", C },
		{ "2444:6800:f0e4:800:eeae:beef:2:3", B },
		{ "2444:6800:f0e4:800:eeae:beef:4000:3", F },
		{ "0.0.0.0", E }, { "255.255.255.255", E },
		{ "ffff::", F }, { "::", F }, { "::fffe:ffff:ffff", F },
	};
	struct lpm *t = build(rows, sizeof(rows) / sizeof(*rows));

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		OKF(look(t, want[i].prefix) == want[i].value,
		    "W16 %s belongs to %u", want[i].prefix, want[i].value);
	lpm_free(t);
}

static void
test_families(void)
{
	static const struct row six[] = { { "::/0", 6 } };
	static const struct row four[] = { { "0.0.0.0/0", 4 } };
	struct lpm *t = build(six, 1);

	OK(look(t, "10.0.0.1") == LPM_NONE);
	OK(look(t, "::1") == 6);
	lpm_free(t);
	t = build(four, 1);
	OK(look(t, "10.0.0.1") == 4);
	OK(look(t, "::1") == LPM_NONE);
	OK(look(t, "::fffe:10.0.0.1") == LPM_NONE);
	lpm_free(t);
	t = lpm_new_of(NULL, 0);
	OK(look(t, "10.0.0.1") == LPM_NONE && look(t, "::1") == LPM_NONE);
	lpm_free(t);
}

/* Every length there is, one inside the other. */
static void
test_nest(const char *text, unsigned first)
{
	struct lpm_entry e[129];
	struct prefix host = prefix(text);
	size_t n = 0;
	bool good = true;

	for (unsigned len = 128; len + 1 > first; len--) {
		e[n] = (struct lpm_entry){ host, len + 1 };
		e[n].prefix.len = (uint8_t)len;
		for (unsigned b = len; b < 128; b++)
			e[n].prefix.addr.b[b / 8] &=
			    (uint8_t)~(0x80 >> b % 8);
		n++;
	}
	struct lpm *t = lpm_new_of(e, n);
	for (unsigned b = first; b <= 128; b++) {
		struct addr a = host.addr;
		struct prefix p = { .len = 0 };
		if (b < 128)
			a.b[b / 8] ^= (uint8_t)(0x80 >> b % 8);
		good = good && lpm_lookup(t, &a) == b + 1 &&
		    lpm_explain(t, &a, &p) == b + 1 && p.len == b &&
		    prefix_has(&p, &a);
	}
	OKF(good, "%zu prefixes around %s, one in the other", n, text);
	lpm_free(t);
}

static uint32_t
longest_value(const struct lpm_entry *e, size_t n, const struct addr *a)
{
	const struct lpm_entry *best = longest(e, n, a);

	return best != NULL ? best->value : LPM_NONE;
}

/* An address near one that is there: they share a random number of bits. */
static struct addr
near(uint64_t *seed, const struct lpm_entry *e, size_t n)
{
	struct addr a;

	for (size_t i = 0; i < 16; i++)
		a.b[i] = (uint8_t)draw(seed);
	if (draw(seed) % 2)
		a = addr_from_v4(a.b);
	if (n == 0 || draw(seed) % 8 == 0)
		return a;
	const struct addr *o = &e[draw(seed) % n].prefix.addr;
	unsigned first = addr_is_v4(o) ? PREFIX_V4 : 0;
	unsigned same = first + (unsigned)(draw(seed) % (129 - first));
	for (unsigned b = 0; b < same; b++) {
		uint8_t bit = (uint8_t)(0x80 >> b % 8);
		a.b[b / 8] = (uint8_t)((a.b[b / 8] & ~bit) |
		    (o->b[b / 8] & bit));
	}
	return a;
}

static void
mask(struct prefix *p)
{
	for (unsigned b = p->len; b < 128; b++)
		p->addr.b[b / 8] &= (uint8_t)~(0x80 >> b % 8);
}

static bool
round_matches(uint64_t *seed, struct lpm_entry *e, size_t n, size_t lookups)
{
	enum { MOST_EACH = 50 * 16 + 32 };	/* what lpm_new counts on */
	struct lpm_entry *copy = calloc(n + 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++) {
		struct prefix *p = &e[i].prefix;
		p->addr = near(seed, e, i);
		unsigned first = addr_is_v4(&p->addr) ? PREFIX_V4 : 0;
		p->len = (uint8_t)(first + draw(seed) % (129 - first));
		mask(p);
		e[i].value = (uint32_t)i + 1;
	}
	memcpy(copy, e, n * sizeof(*e));
	struct lpm *t = lpm_new_of(copy, n);
	bool good = lpm_size(t) <= 512 + n * MOST_EACH;
	for (size_t i = 0; good && i < lookups; i++) {
		struct addr a = near(seed, e, n);
		good = lpm_lookup(t, &a) == longest_value(e, n, &a);
	}
	lpm_free(t);
	free(copy);
	return good;
}

static void
test_model(void)
{
	enum { ROUNDS = 60, MOST = 600, LOOKUPS = 20000 };
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) :
	    (uint64_t)time(NULL);
	static struct lpm_entry e[MOST];
	size_t good = 0;

	printf("# SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < ROUNDS; i++)
		good += round_matches(&seed, e, 1 + draw(&seed) %
		    (i % 2 ? 40 : MOST), LOOKUPS);
	OKF(good == ROUNDS, "%d random look-ups as in a list",
	    ROUNDS * LOOKUPS);
}

static void
test_large(void)
{
	enum { N = 255 * 256 * 2 };
	struct lpm_entry *e = calloc(N, sizeof(*e));
	uint32_t n = 0;
	size_t good = 0;

	for (unsigned i = 0; i < N / 2; i++) {
		uint8_t v4[4] = { (uint8_t)(i >> 8), (uint8_t)i, 1, 2 };
		uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, v4[0], v4[1], [15] = 1 };
		e[n] = (struct lpm_entry){ { addr_from_v4(v4), 128 }, n + 1 };
		n++;
		e[n] = (struct lpm_entry){ { addr_from_v6(v6), 128 }, n + 1 };
		n++;
	}
	struct lpm *t = lpm_new_of(e, n);
	for (size_t i = 0; i < n; i++)
		good += lpm_lookup(t, &e[i].prefix.addr) == e[i].value;
	OKF(good == N, "%d hosts of both families are all found", N);
	printf("# %zu KiB\n", lpm_size(t) >> 10);
	OK(lpm_size(t) <= 16 << 20);
	lpm_free(t);
	free(e);
}

int
main(void)
{
	test_fixed();
	test_families();
	test_nest("203.0.113.77", PREFIX_V4);
	test_nest("2001:db8:5:6:7:8:9:a", 0);
	test_nest("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0);
	test_model();
	test_large();
	return DONE();
}
