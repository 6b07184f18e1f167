/* SPDX-License-Identifier: ISC */
#include "net/policy.h"

#include "base/bytes.h"

#include <stddef.h>
#include <string.h>

/* What is known of an address.  The source's facts are bits 0 to 15 of a word,
 * the destination's 16 to 31, those of the packet come above. */
enum {
	/* where it belongs */
	NOBODY	   = 1 << 0,	/* to no location of the domain */
	HERE	   = 1 << 1,	/* to this one */
	SENDER	   = 1 << 2,	/* to the peer that the packet came from */
	PARTNER	   = 1 << 3,	/* to a partner of this one */
	CLIENT	   = 1 << 4,	/* to a client of this server */
	TAKES_PART = 1 << 5,	/* in its location's lan */
	BACKHAULED = 1 << 6,	/* its location backhauls its traffic, if any */
	OWN	   = 1 << 7,	/* the gateway's */
	ENDPOINT   = 1 << 8,	/* a tunnel of the domain ends there */

	/* what kind it is */
	MARTIAN	   = 1 << 9,	/* cannot be a sender */
	MULTICAST  = 1 << 10,	/* or broadcast */
	LINKLOCAL  = 1 << 11,
	SPECIAL	   = 1 << 12,	/* special-purpose: no forwarding to it */
	PRIVATE	   = 1 << 13,	/* ... where those count as internal */
	DUMMY	   = 1 << 14,	/* RFC 7600: of a router without address */
	PUBLISHED  = 1 << 15,	/* what the Internet may begin with */
};

#define SRC(facts) ((uint64_t)(facts))
#define DST(facts) ((uint64_t)(facts) << 16)
#define FROM_PARTNER ((uint64_t)1 << 32) /* the peer it came from is one */
#define FROM_CLIENT ((uint64_t)1 << 33)
#define FROM_SERVER ((uint64_t)1 << 34)
#define IS_CLIENT ((uint64_t)1 << 35)	/* this location is one */
#define ICMP_ERROR ((uint64_t)1 << 36)
#define HAS_SERVER ((uint64_t)1 << 37)	/* one is usable */
#define LET_OUT ((uint64_t)1 << 38)	/* a breakout matches: asked last */

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

static inline uint64_t
be64_get(const uint8_t *p)
{
	be32 w[2];

	memcpy(w, p, sizeof(w));
	return (uint64_t)be32_get(w[0]) << 32 | be32_get(w[1]);
}

/* Global unicast outside of what the registry has in it: most of IPv6. */
static inline bool
plain6(uint64_t hi)
{
	return hi >> 61 == 1 && hi >> 48 != 0x2002 &&
	    (hi >> 48 != 0x2001 || (hi >> 32 & 0xffff) >= 0x200);
}

/* No prefix of the table begins with that byte: most of IPv4. */
static inline bool
plain4(uint32_t a)
{
	static const uint32_t kinds[8] = {
		1u << 0 | 1u << 10, 0, 0, 1u << (100 - 96) | 1u << (127 - 96),
		0, 1u << (169 - 160) | 1u << (172 - 160),
		1u << (192 - 192) | 1u << (198 - 192), 0xffffffff,
	};

	return (kinds[a >> 29] >> (a >> 24 & 31) & 1) == 0;
}

static uint32_t
kind_of(const struct addr *a)
{
	const uint64_t hi = be64_get(a->b), lo = be64_get(a->b + 8);

	if (plain6(hi))
		return 0;
	if (hi == 0 && lo >> 32 == 0xffff) {
		if (plain4((uint32_t)lo))
			return 0;
		for (size_t i = 0; i < sizeof(kinds4) / sizeof(*kinds4); i++)
			if (((uint32_t)lo & kinds4[i].mask) == kinds4[i].net)
				return kinds4[i].facts;
		return 0;
	}
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
	if (place == LPM_NONE)
		return NOBODY;
	uint32_t loc = PLACE_LOC(place);
	const struct policy_site *s = &pol->site[loc];
	bool part = PLACE_PARTICIPATES(place);
	return (loc == pol->self ? HERE : 0) | (loc == from ? SENDER : 0) |
	    (s->partner ? PARTNER : 0) | (s->client ? CLIENT : 0) |
	    (part ? TAKES_PART : 0) | (part || s->whole_lan ? BACKHAULED : 0);
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

/* Of a fragment without ports it is enough that some are published. */
static bool
is_published(const struct policy *pol, const struct ip *ip)
{
	uint32_t i = pol->nholes == 0 ? LPM_NONE :
	    lpm_lookup(pol->published, &ip->dst);

	if (i == LPM_NONE)
		return false;
	for (const struct policy_hole *h = &pol->hole[i - 1];
	    h < &pol->hole[pol->nholes] && addr_eq(&h->addr, &ip->dst); h++)
		if (h->proto == 0 || (h->proto == ip->proto && (!ip->ports ||
		    (h->first <= ip->dport && ip->dport <= h->last))))
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

/* Matches if all of `yes' are facts and none of `no' is. */
struct rule {
	const char *name, *text;
	uint64_t yes, no;
	enum verdict verdict;
	enum { HOP_NONE, HOP_DST, HOP_SERVER } hop;
};

#define NEVER_A_SENDER \
	{ "martian", "source is loopback, multicast, link-local or reserved", \
	    SRC(MARTIAN), 0, V_MARTIAN, HOP_NONE }
#define NEVER_A_PEERS_SENDER \
	{ "special-source", "source is a special-purpose address", \
	    SRC(SPECIAL), 0, V_MARTIAN, HOP_NONE }
#define NEVER_FORWARDED \
	{ "multicast", "destination is multicast or broadcast", \
	    DST(MULTICAST), 0, V_MULTICAST, HOP_NONE }, \
	{ "link-local", "destination is link-local", \
	    DST(LINKLOCAL), 0, V_LINKLOCAL, HOP_NONE }, \
	{ "special", "destination is a special-purpose address", \
	    DST(SPECIAL), 0, V_SPECIAL, HOP_NONE }

static const struct rule rules_out[] = {
	NEVER_A_SENDER,
	{ "self", "destination is this gateway",
	    DST(OWN), 0, V_SELF, HOP_NONE },
	NEVER_FORWARDED,
	{ "source", "source is not an address of this location",
	    0, SRC(HERE), V_SOURCE, HOP_NONE },
	{ "local", "destination takes part, at this location",
	    DST(HERE | TAKES_PART), 0, V_LOCAL, HOP_NONE },
	{ "internal", "destination is internal at this location",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "not-taking-part", "destination takes part at a partner, "
	    "source does not take part",
	    DST(PARTNER | TAKES_PART), SRC(TAKES_PART), V_EXCLUDED, HOP_NONE },
	{ "partner", "destination takes part at a partner",
	    DST(PARTNER | TAKES_PART), 0, V_PARTNER, HOP_DST },
	{ "not-partner", "destination takes part at a location that is no "
	    "partner", DST(TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "elsewhere", "destination is internal at another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "destination is a private address that nobody claims",
	    DST(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	/* from here on the destination is the Internet */
	{ "no-role", "this location is no backhaul client",
	    0, IS_CLIENT, V_NO_ROLE, HOP_NONE },
	{ "sources", "backhaul-sources = participating, and source does not",
	    0, SRC(BACKHAULED), V_EXCLUDED, HOP_NONE },
	{ "breakout", "a breakout lets it out here, in clear",
	    LET_OUT, 0, V_BREAKOUT, HOP_NONE },
	{ "no-server", "none of this client's servers answers",
	    0, HAS_SERVER, V_NO_SERVER, HOP_NONE },
	{ "internet", "anything else is the Internet, by the server",
	    0, 0, V_INTERNET, HOP_SERVER },
};

/* Its index: before the last two. */
enum { RULE_BREAKOUT = sizeof(rules_out) / sizeof(*rules_out) - 3 };

static const struct rule rules_in[] = {
	{ "error", "ICMP error of a router of the server's without address",
	    ICMP_ERROR | FROM_SERVER | SRC(DUMMY) | DST(HERE | BACKHAULED), 0,
	    V_INTERNET, HOP_NONE },
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "spoof", "source belongs to another location than the sender",
	    0, SRC(NOBODY | SENDER), V_SPOOF, HOP_NONE },
	{ "self", "from a partner to this gateway",
	    FROM_PARTNER | SRC(SENDER | TAKES_PART) | DST(OWN), 0,
	    V_SELF, HOP_NONE },
	{ "partner", "from a partner, and both take part",
	    FROM_PARTNER | SRC(SENDER | TAKES_PART) | DST(HERE | TAKES_PART),
	    0, V_PARTNER, HOP_NONE },
	{ "server-error", "ICMP error of the server's own gateway",
	    ICMP_ERROR | FROM_SERVER | SRC(SENDER) | DST(HERE | BACKHAULED), 0,
	    V_INTERNET, HOP_NONE },
	{ "not-taking-part", "source is internal at the sender and does not "
	    "take part", SRC(SENDER), SRC(TAKES_PART), V_EXCLUDED, HOP_NONE },
	{ "not-partner", "the sender is no partner of this location",
	    SRC(SENDER), FROM_PARTNER, V_NOT_PARTNER, HOP_NONE },
	{ "not-server", "source is on the Internet, the sender not our server",
	    SRC(NOBODY), FROM_SERVER, V_SPOOF, HOP_NONE },
	{ "private-source", "source is a private address that nobody claims",
	    SRC(NOBODY | PRIVATE), 0, V_SPOOF, HOP_NONE },
	{ "gateway", "from the Internet to this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "internet", "from the Internet, by the server",
	    SRC(NOBODY) | DST(HERE | BACKHAULED), 0, V_INTERNET, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "destination belongs to another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "no-role", "destination is the Internet, which is not this way",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

static const struct rule rules_egress[] = {
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	{ "no-role", "the sender is no client of this server",
	    0, FROM_CLIENT, V_NO_ROLE, HOP_NONE },
	{ "spoof", "source is not an address of the sender's",
	    0, SRC(SENDER), V_SPOOF, HOP_NONE },
	{ "sources", "the sender has backhaul-sources = participating, and "
	    "source does not", 0, SRC(BACKHAULED), V_EXCLUDED, HOP_NONE },
	NEVER_FORWARDED,
	{ "published", "destination is published, as the Internet sees it",
	    DST(PUBLISHED), 0, V_INTERNET, HOP_NONE },
	{ "gateway", "destination is this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "not-partner", "destination takes part here; partners use their own "
	    "tunnel", DST(HERE | TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "destination belongs to another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "destination is a private address that nobody claims",
	    DST(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	{ "endpoint", "destination is a tunnel endpoint of this domain",
	    DST(ENDPOINT), 0, V_ENDPOINT, HOP_NONE },
	{ "internet", "from a client to the Internet",
	    0, 0, V_INTERNET, HOP_NONE },
};

static const struct rule rules_return[] = {
	{ "own-error", "ICMP error of this gateway to a client",
	    ICMP_ERROR | SRC(OWN) | DST(CLIENT | BACKHAULED), 0,
	    V_INTERNET, HOP_DST },
	{ "error", "ICMP error of a router without address to a client",
	    ICMP_ERROR | SRC(DUMMY) | DST(CLIENT | BACKHAULED), 0,
	    V_INTERNET, HOP_DST },
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "not-partner", "source takes part here; partners use their own "
	    "tunnel", SRC(HERE | TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "internal", "source is internal here and does not take part",
	    SRC(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "source belongs to another location",
	    0, SRC(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "source is a private address that nobody claims",
	    SRC(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	{ "internet", "from the Internet to a client",
	    DST(CLIENT | BACKHAULED), 0, V_INTERNET, HOP_DST },
	{ "sources", "destination does not take part, and its location has "
	    "backhaul-sources = participating",
	    DST(CLIENT), 0, V_ELSEWHERE, HOP_NONE },
	{ "no-role", "destination belongs to no client of this server",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

static const struct rule rules_back[] = {
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "spoof", "source belongs to a location",
	    0, SRC(NOBODY), V_SPOOF, HOP_NONE },
	{ "private-source", "source is a private address that nobody claims",
	    SRC(PRIVATE), 0, V_SPOOF, HOP_NONE },
	{ "gateway", "destination is this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "breakout", "answer to what a breakout let out",
	    DST(HERE | BACKHAULED), 0, V_BREAKOUT, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "no-role", "destination is not an address of this location",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

/* The last rule of each matches whatever there is. */
static const struct {
	const struct rule *rule;
	size_t n;
} points[POLICY_POINTS] = {
#define TABLE(r) { r, sizeof(r) / sizeof(*r) }
	[POLICY_OUT] = TABLE(rules_out),
	[POLICY_IN] = TABLE(rules_in),
	[POLICY_EGRESS] = TABLE(rules_egress),
	[POLICY_RETURN] = TABLE(rules_return),
	[POLICY_BACK] = TABLE(rules_back),
#undef TABLE
};

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
	const uint64_t host = mix(be64_get(src->b)) ^ be64_get(src->b + 8);
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
	const struct rule *first = points[at].rule, *r = first;

	while (((~f & r->yes) | (f & r->no)) != 0)
		r++;
	const uint16_t hop[] = { [HOP_NONE] = PEER_NONE,
		[HOP_DST] = (uint16_t)PLACE_LOC(place[1]),
		[HOP_SERVER] = r->hop == HOP_SERVER ?
		    choose_server(pol, &ip->src) : PEER_NONE };
	return (struct decision){ .verdict = r->verdict,
		.peer = hop[r->hop], .rule = (uint8_t)(r - first) };
}

struct decision
policy_break_out(struct decision d, uint16_t breakout)
{
	if (breakout == BREAKOUT_NONE)
		return d;
	return (struct decision){ .verdict = V_BREAKOUT, .peer = PEER_NONE,
		.rule = RULE_BREAKOUT, .breakout = breakout };
}

bool
policy_rule(enum policy_point at, unsigned rule, const char **name,
    const char **text)
{
	if (rule >= points[at].n)
		return false;
	*name = points[at].rule[rule].name;
	*text = points[at].rule[rule].text;
	return true;
}
