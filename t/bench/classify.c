/* SPDX-License-Identifier: ISC */
/*
 * What a look-up and a verdict cost, by the number of prefixes in the domain:
 * prefixes /18 to /28 (IPv6 /40 to /64) of 50 locations, one address in three
 * IPv6, one in four nobody's.  "look-up" is one by itself, "pair" each of two
 * at a time, as a verdict does it; "breakout" is the verdict with 20 breakouts,
 * the flow cache knowing the flow; "asked", without it.  One core; the best of
 * nine rounds.
 */
#include "base/clock.h"
#include "policy/filter.h"
#include "policy/judge.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BREAKOUTS = 20, ADDRS = 1 << 15, LOOPS = 32, ROUNDS = 9, SITES = 50 };

static uint64_t state = 42;

static uint32_t
draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

static struct addr
any(bool v6)
{
	uint8_t b[16] = { 0x20, 1, 0xd, 0xb8 };

	for (size_t i = v6 ? 4 : 1; i < 16; i++)
		b[i] = (uint8_t)draw();
	b[0] = v6 ? 0x20 : 10;
	return v6 ? addr_from_v6(b) : addr_from_v4(b);
}

static struct lpm_entry *
domain(size_t n)
{
	struct lpm_entry *e = calloc(n, sizeof(*e));

	for (size_t i = 0; i < n; i++) {
		bool v6 = i % 3 == 0;
		struct prefix *p = &e[i].prefix;
		p->addr = any(v6);
		p->len = (uint8_t)(v6 ? 40 + 4 * (draw() % 7) :
		    PREFIX_V4 + 18 + draw() % 11);
		for (unsigned b = p->len; b < 128; b++)
			p->addr.b[b / 8] &= (uint8_t)~(0x80 >> b % 8);
		e[i].value = PLACE(i % SITES, i % 5 != 0);
	}
	return e;
}

/* In a random prefix of the domain's, or (one in four) anywhere. */
static struct addr
pick(const struct lpm_entry *e, size_t n, bool v6)
{
	struct addr a = any(v6);
	const struct prefix *p = &e[draw() % n].prefix;

	if (draw() % 4 == 0) {
		a.b[v6 ? 0 : 12] = v6 ? 0x2a : 203;
		return a;
	}
	while (addr_is_v4(&p->addr) == v6)
		p = &e[draw() % n].prefix;
	for (unsigned b = 0; b < p->len; b++) {
		uint8_t bit = (uint8_t)(0x80 >> b % 8);
		a.b[b / 8] = (uint8_t)((a.b[b / 8] & ~bit) |
		    (p->addr.b[b / 8] & bit));
	}
	return a;
}

/* Nanoseconds each. */
static double
time_lookups(const struct lpm *t, const struct ip *ip, uint32_t *sum)
{
	nsec start = clock_now();

	for (size_t k = 0; k < LOOPS; k++)
		for (size_t i = 0; i < ADDRS; i++)
			*sum += lpm_lookup(t, &ip[i].dst);
	return (double)(clock_now() - start) / LOOPS / ADDRS;
}

/* Source and destination, as every verdict does. */
static double
time_pairs(const struct lpm *t, const struct ip *ip, uint32_t *sum)
{
	nsec start = clock_now();
	uint32_t value[2];

	for (size_t k = 0; k < LOOPS; k++)
		for (size_t i = 0; i + 1 < ADDRS; i += 2) {
			lpm_lookup_two(t, &ip[i].dst, &ip[i + 1].dst, value);
			*sum += value[0] + value[1];
		}
	return (double)(clock_now() - start) / LOOPS / ADDRS;
}

static double
time_verdicts(const struct policy *pol, const struct ip *ip, uint32_t *sum)
{
	nsec start = clock_now();

	for (size_t k = 0; k < LOOPS; k++)
		for (size_t i = 0; i < ADDRS; i++)
			*sum += policy_decide(pol, POLICY_OUT, &ip[i],
			    PEER_NONE).verdict;
	return (double)(clock_now() - start) / LOOPS / ADDRS;
}

/* What the live gate asks of a packet once it is parsed. */
static double
time_judge(struct judge *j, const struct ip *ip, uint32_t *sum)
{
	nsec start = clock_now();
	struct question q = { .at = POLICY_OUT, .from = PEER_NONE,
		.now = start };

	for (size_t k = 0; k < LOOPS; k++)
		for (size_t i = 0; i < ADDRS; i++) {
			q.ip = ip[i];
			*sum += judge_ask(j, &q).verdict;
		}
	return (double)(clock_now() - start) / LOOPS / ADDRS;
}

static double
time_asking(const struct breakouts *b, const struct ip *ip, uint32_t *sum)
{
	nsec start = clock_now();

	for (size_t i = 0; i < ADDRS; i++)
		*sum += breakout_find(b, &ip[i]);
	return (double)(clock_now() - start) / ADDRS;
}

/* None matches: all are tried. */
static const struct breakouts *
twenty(void)
{
	static struct breakout_rule rule[BREAKOUTS];
	static struct bpf_program f[BREAKOUTS];
	static struct breakouts b = { .rule = rule, .n = BREAKOUTS };
	char text[80], why[FILTER_WHYLEN];

	for (unsigned i = 0; i < BREAKOUTS && b.rule[i].id == 0; i++) {
		snprintf(text, sizeof(text), "udp dst port %u and dst net "
		    "198.51.%u.0/24", 3000 + i, i);
		if (filter_compile(&f[i], text, why) == FILTER_BAD)
			abort();
		rule[i] = (struct breakout_rule){ .filter = &f[i],
			.id = (uint16_t)(i + 1) };
	}
	return &b;
}

static double
least(double a, double b)
{
	return a < b ? a : b;
}

/* The gateway's own addresses, one of either family, at location 0. */
static struct lpm *
two_own(void)
{
	const uint8_t v4[4] = { 10, 0, 0, 1 };
	const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	struct lpm_entry e[2] = { { { addr_from_v4(v4), 128 }, 1 },
		{ { addr_from_v6(v6), 128 }, 1 } };

	return lpm_new_of(e, 2);
}

/* Half of the sources are ours, so that the whole table of rules is walked. */
static void
packets(struct ip *ip, const struct lpm_entry *e, size_t n)
{
	for (size_t i = 0; i < ADDRS; i++) {
		bool v6 = i % 3 == 0;
		size_t ours = draw() % n / SITES * SITES;
		if (v6 != !addr_is_v4(&e[ours].prefix.addr))
			ours = (ours + SITES) % n;
		ip[i] = (struct ip){ .version = v6 ? 6 : 4, .proto = 6,
			.src = i % 2 ? e[ours].prefix.addr : pick(e, n, v6),
			.sport = (uint16_t)draw(), .dport = 443,
			.dst = pick(e, n, v6) };
	}
}

static void
measure(size_t n, struct ip *ip)
{
	static struct policy_site site[SITES];
	struct lpm_entry *e = domain(n);
	struct policy pol = { .where = lpm_new_of(e, n),
		.own = two_own(), .endpoints = lpm_new_of(NULL, 0),
		.site = site, .nsites = SITES, .self = 0, .server = 1,
		.role = ROLE_CLIENT, .private_is_internal = true };
	double look = 1e9, pair = 1e9, decide = 1e9, judge = 1e9, ask = 1e9;
	uint32_t sum = 0;
	struct judge j;

	for (size_t i = 1; i < SITES; i++)
		site[i].partner = i % 2;
	site[0].whole_lan = site[1].server = true;
	packets(ip, e, n);
	pol.breakouts = twenty();
	judge_init(&j, &pol);
	for (int i = 0; i < ROUNDS; i++) {
		look = least(look, time_lookups(pol.where, ip, &sum));
		pair = least(pair, time_pairs(pol.where, ip, &sum));
		decide = least(decide, time_verdicts(&pol, ip, &sum));
		judge = least(judge, time_judge(&j, ip, &sum));
		ask = least(ask, time_asking(pol.breakouts, ip, &sum));
	}
	printf("%8zu  %8zu  %9.1f  %9.1f %10.1f  %11.1f  %8.1f  # %u\n", n,
	    lpm_size(pol.where) >> 10, look, pair, decide, judge, ask, sum);
	judge_fini(&j);
	lpm_free(pol.where);
	lpm_free(pol.own);
	lpm_free(pol.endpoints);
	free(e);
}

int
main(void)
{
	struct ip *ip = calloc(ADDRS, sizeof(*ip));

	printf("prefixes       KiB  look-up ns    pair ns verdict ns  "
	    "breakout ns  asked ns\n");
	for (size_t n = 100; n <= 100000; n *= 10)
		measure(n, ip);
	free(ip);
	return 0;
}
