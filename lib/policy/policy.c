/* SPDX-License-Identifier: ISC */
#include "policy/policy.h"

#include "policy/policy_rules.h"

#include <stddef.h>

/*
 * The special-purpose registries (RFC 6890 and what was added to them), first
 * match wins.  Documentation prefixes are ordinary addresses here.  What is
 * reachable anywhere (AS 112, AMT) is ordinary too.
 */
struct kind4 {
	uint32_t net, mask;
	uint32_t facts;
};

#define NET4(a, b, c, d, len) \
	(uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), \
	    (uint32_t)(0xffffffffull << (32 - (len)))

static const struct kind4 kinds4[] = {
	{ NET4(10, 0, 0, 0, 8), PRIVATE },
	{ NET4(172, 16, 0, 0, 12), PRIVATE },
	{ NET4(192, 168, 0, 0, 16), PRIVATE },
	{ NET4(100, 100, 100, 200, 32), SPECIAL },	/* cloud metadata */
	{ NET4(100, 64, 0, 0, 10), PRIVATE },		/* RFC 6598 */
	{ NET4(0, 0, 0, 0, 8), MARTIAN | SPECIAL },
	{ NET4(127, 0, 0, 0, 8), MARTIAN | SPECIAL },
	{ NET4(169, 254, 0, 0, 16), MARTIAN | LINKLOCAL },
	{ NET4(224, 0, 0, 0, 4), MARTIAN | MULTICAST },
	{ NET4(255, 255, 255, 255, 32), MARTIAN | MULTICAST },
	{ NET4(240, 0, 0, 0, 4), MARTIAN | SPECIAL },
	{ NET4(192, 0, 0, 8, 32), SPECIAL | DUMMY },
	{ NET4(192, 0, 0, 0, 24), SPECIAL },
	{ NET4(192, 88, 99, 0, 24), SPECIAL },		/* 6to4 relays */
	{ NET4(198, 18, 0, 0, 15), SPECIAL },		/* benchmarks */
};

struct kind6 {
	uint64_t hi, hi_mask, lo, lo_mask;
	uint32_t facts;
};

#define HI6(a, b, c, d) \
	((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d))
/* A prefix of 1 to 64 bits; a host. */
#define NET6(a, b, c, d, len) HI6(a, b, c, d), ~0ull << (64 - (len)), 0, 0
#define HOST6(a, b, lo) HI6(a, b, 0, 0), ~0ull, (lo), ~0ull

static const struct kind6 kinds6[] = {
	{ NET6(0x2001, 3, 0, 0, 32), 0 },			/* AMT */
	{ NET6(0x2001, 4, 0x112, 0, 48), 0 },			/* AS 112 */
	{ NET6(0x2001, 0, 0, 0, 23), SPECIAL },	/* Teredo, ORCHID ... */
	{ NET6(0x2002, 0, 0, 0, 16), SPECIAL },			/* 6to4 */
	{ HOST6(0xfd00, 0xec2, 0x254), SPECIAL },	/* cloud metadata */
	{ NET6(0xfc00, 0, 0, 0, 7), PRIVATE },			/* ULA */
	{ NET6(0xfe80, 0, 0, 0, 10), MARTIAN | LINKLOCAL },
	{ NET6(0xfec0, 0, 0, 0, 10), SPECIAL },			/* site-local */
	{ NET6(0xff00, 0, 0, 0, 8), MARTIAN | MULTICAST },
	{ HOST6(0, 0, 0), MARTIAN | SPECIAL },
	{ HOST6(0, 0, 1), MARTIAN | SPECIAL },
	{ 0, ~0ull, 0, ~0ull << 32, SPECIAL },		/* IPv4-compatible */
	{ HI6(0x64, 0xff9b, 0, 0), ~0ull, 0, ~0ull << 32, SPECIAL }, /* NAT64 */
	{ NET6(0x64, 0xff9b, 1, 0, 48), SPECIAL },	/* local NAT64 */
	{ NET6(0x100, 0, 0, 0, 63), SPECIAL },	/* discard, dummy prefix */
	{ NET6(0x5f00, 0, 0, 0, 16), SPECIAL },	/* segment routing */
};

/* Global unicast outside of what the registry has in it: most of IPv6. */
static inline bool
plain6(uint64_t hi)
{
	return hi >> 61 == 1 && hi >> 48 != 0x2002 &&
	    (hi >> 48 != 0x2001 || (hi >> 32 & 0xffff) >= 0x200);
}

/* By the first byte of an IPv4 address, where that is enough to know; most of
 * IPv4 is of no kind. */
#define LOOK_UP 1u
static const uint16_t kinds4_by_byte[] = {
	[10] = PRIVATE, [0] = LOOK_UP, [100] = LOOK_UP, [127] = LOOK_UP,
	[169] = LOOK_UP, [172] = LOOK_UP, [192] = LOOK_UP, [198] = LOOK_UP,
	[223] = 0,
};

static uint32_t
kind4_of(uint32_t a)
{
	uint32_t facts = a >> 24 <= 223 ? kinds4_by_byte[a >> 24] : LOOK_UP;

	if (facts != LOOK_UP)
		return facts;
	for (size_t i = 0; i < sizeof(kinds4) / sizeof(*kinds4); i++)
		if ((a & kinds4[i].mask) == kinds4[i].net)
			return kinds4[i].facts;
	return 0;
}

static uint32_t
kind_of(const struct addr *a)
{
	const uint64_t hi = addr_half(a, 0), lo = addr_half(a, 1);

	if (plain6(hi))
		return 0;
	if (hi == 0 && lo >> 32 == 0xffff)
		return kind4_of((uint32_t)lo);
	for (size_t i = 0; i < sizeof(kinds6) / sizeof(*kinds6); i++) {
		const struct kind6 *k = &kinds6[i];
		if ((hi & k->hi_mask) == k->hi && (lo & k->lo_mask) == k->lo)
			return k->facts;
	}
	return 0;
}

static uint32_t
place_facts(const struct policy *pol, uint32_t place, uint16_t from)
{
	const bool nobody = place == LPM_NONE;
	const uint32_t loc = nobody ? pol->self : PLACE_LOC(place);
	const struct policy_site *s = &pol->site[loc];
	const uint32_t part = place & 1;
	const uint32_t f = (loc == pol->self) * HERE | (loc == from) * SENDER |
	    s->partner * PARTNER | s->client * CLIENT | part * TAKES_PART |
	    (part | s->whole_lan) * BACKHAULED;
	return nobody ? NOBODY : f;
}

static uint64_t
peer_facts(const struct policy *pol, uint16_t from)
{
	if (from >= pol->nsites)
		return 0;
	const struct policy_site *s = &pol->site[from];
	return (s->partner ? FROM_PARTNER : 0) |
	    (s->client ? FROM_CLIENT : 0) | (s->server ? FROM_SERVER : 0);
}

/* RFC 1122 3.2.2 without redirects, RFC 4443 2.1. */
static bool
icmp_error(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	if (ip->frag_off != 0)
		return false;
	if (ip->version == 4)
		return ip->proto == 1 && (type == 3 || type == 4 ||
		    type == 11 || type == 12);
	return ip->proto == 58 && type > 0 && type < 128;
}

static bool
is_within(uint16_t port, uint16_t first, uint16_t last)
{
	return first <= port && port <= last;
}

/* Of a fragment without ports it is enough that some are published. */
static bool
is_asked_for(const struct policy_published *p, const struct ip *ip)
{
	return p->proto == 0 || (p->proto == ip->proto &&
	    (!ip->ports || is_within(ip->dport, p->first, p->last)));
}

/* The host behind it answers a host of the clients that came by that address,
 * and so was translated (a hairpin). */
static bool
is_answered(const struct policy *pol, const struct policy_published *p,
    const struct ip *ip)
{
	return p->proto == ip->proto && addr_eq(&p->to, &ip->src) &&
	    (!ip->ports || (is_within(ip->sport, p->to_first, p->to_last) &&
	    is_within(ip->dport, pol->nat_first, pol->nat_last)));
}

static bool
is_published(const struct policy *pol, const struct ip *ip)
{
	uint32_t i = pol->npublished == 0 ? LPM_NONE :
	    lpm_lookup(pol->published_at, &ip->dst);

	if (i == LPM_NONE)
		return false;
	for (const struct policy_published *p = &pol->published[i - 1];
	    p < &pol->published[pol->npublished] &&
	    addr_eq(&p->addr, &ip->dst); p++)
		if (is_asked_for(p, ip) || is_answered(pol, p, ip))
			return true;
	return false;
}

/* Which address of a packet may be the gateway's own, at each point. */
static const bool own_source[POLICY_POINTS] = { [POLICY_RETURN] = true };

static uint64_t
facts(const struct policy *pol, enum policy_point at, const struct ip *ip,
    uint16_t from, const uint32_t place[2])
{
	const struct addr *self = own_source[at] ? &ip->src : &ip->dst;
	uint32_t src = kind_of(&ip->src) | place_facts(pol, place[0], from);
	uint32_t dst = kind_of(&ip->dst) | place_facts(pol, place[1], from);

	if (!pol->private_is_internal) {
		src &= ~(uint32_t)PRIVATE;
		dst &= ~(uint32_t)PRIVATE;
	}
	if (lpm_lookup(pol->own, self) != LPM_NONE)
		*(own_source[at] ? &src : &dst) |= OWN;
	if (at == POLICY_EGRESS &&
	    lpm_lookup(pol->endpoints, &ip->dst) != LPM_NONE)
		dst |= ENDPOINT;
	if (at == POLICY_EGRESS && is_published(pol, ip))
		dst |= PUBLISHED;
	return SRC(src) | DST(dst) | peer_facts(pol, from) |
	    (pol->role == ROLE_CLIENT ? IS_CLIENT : 0) |
	    (pol->server != PEER_NONE ? HAS_SERVER : 0) |
	    (icmp_error(ip) ? ICMP_ERROR : 0);
}

/* splitmix64's finish */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A host keeps its server, and thus its public address, for as long as that is
 * usable, whichever of the others come and go (rendezvous hashing). */
static uint16_t
choose_server(const struct policy *pol, const struct addr *src)
{
	const uint64_t host = mix(addr_half(src, 0)) ^ addr_half(src, 1);
	uint64_t best = 0;
	uint16_t peer = pol->server;

	for (unsigned i = 0; pol->nshare > 1 && i < pol->nshare; i++) {
		uint64_t score = mix(host ^ pol->share[i].salt);
		if (score < best)
			continue;
		best = score;
		peer = pol->share[i].peer;
	}
	return peer;
}

struct decision
policy_decide(const struct policy *pol, enum policy_point at,
    const struct ip *ip, uint16_t from)
{
	uint32_t place[2];

	lpm_lookup_two(pol->where, &ip->src, &ip->dst, place);
	const uint64_t f = facts(pol, at, ip, from, place);
	const struct rule *first = policy_points[at].rule, *r = first;

	while (((~f & r->yes) | (f & r->no)) != 0)
		r++;
	const uint16_t hop[] = { [HOP_NONE] = PEER_NONE,
		[HOP_DST] = (uint16_t)PLACE_LOC(place[1]),
		[HOP_SERVER] = r->hop == HOP_SERVER ?
		    choose_server(pol, &ip->src) : PEER_NONE };
	return (struct decision){ .verdict = r->verdict,
		.peer = hop[r->hop], .rule = (uint8_t)(r - first),
		.place = { place[0], place[1] } };
}
