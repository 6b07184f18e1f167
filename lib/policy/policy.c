/* SPDX-License-Identifier: ISC */
#include "policy/policy.h"

#include "policy/policy_rules.h"

#include <stddef.h>

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
	uint32_t src = special_kinds(&ip->src) << KINDS_AT |
	    place_facts(pol, place[0], from);
	uint32_t dst = special_kinds(&ip->dst) << KINDS_AT |
	    place_facts(pol, place[1], from);

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
