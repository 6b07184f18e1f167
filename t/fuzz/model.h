/* SPDX-License-Identifier: ISC */
#ifndef BH_T_MODEL_H
#define BH_T_MODEL_H

/*
 * A slow, obvious classifier that was written from the decision tables: lists
 * of prefixes instead of tables, plain conditions instead of facts and masks.
 * Of a policy it reads the plain values and asks none of the tables.
 */

#include "fuzz.h"

#include "policy/policy.h"

#include <endian.h>

/* An address as two numbers, and a prefix with its masks: IPv4 addresses are
 * ::ffff:a.b.c.d, and no IPv6 prefix here holds them. */
struct number {
	uint64_t hi, lo;
};

struct net {
	struct number addr, mask;
};

static inline struct number
number_of(const uint8_t b[16])
{
	uint64_t n[2];

	memcpy(n, b, sizeof(n));
	return (struct number){ be64toh(n[0]), be64toh(n[1]) };
}

static inline struct net
net_of(const char *text)
{
	struct prefix p;
	bool host_bits;
	uint8_t mask[16] = { 0 };

	must(prefix_parse(&p, text, &host_bits) && !host_bits);
	for (unsigned i = 0; i < p.len; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return (struct net){ number_of(p.addr.b), number_of(mask) };
}

static inline bool
in_net(const struct number *a, const struct net *net)
{
	return (a->hi & net->mask.hi) == net->addr.hi &&
	    (a->lo & net->mask.lo) == net->addr.lo;
}

/* Prefixes as text, parsed when they are first asked for. */
struct list {
	const char *text[20];
	struct net net[20];
	size_t n;
};

static inline bool
in_list(const struct addr *a, struct list *l)
{
	const struct number num = number_of(a->b);

	for (; l->text[l->n] != NULL; l->n++)
		l->net[l->n] = net_of(l->text[l->n]);
	for (size_t i = 0; i < l->n; i++)
		if (in_net(&num, &l->net[i]))
			return true;
	return false;
}

static struct list martian = { .text = { "0.0.0.0/8", "127.0.0.0/8",
	"169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128",
	"fe80::/10", "ff00::/8" } };
static struct list multicast = { .text = { "224.0.0.0/4", "255.255.255.255",
	"ff00::/8" } };
static struct list linklocal = { .text = { "169.254.0.0/16", "fe80::/10" } };
static struct list reachable = { .text = { "2001:3::/32", "2001:4:112::/48" } };
static struct list special = { .text = { "0.0.0.0/8", "127.0.0.0/8",
	"192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
	"100.100.100.200", "::/96", "64:ff9b::/96", "64:ff9b:1::/48",
	"100::/64", "100:0:0:1::/64", "2001::/23", "2002::/16", "5f00::/16",
	"fec0::/10", "fd00:ec2::254" } };
static struct list dummy = { .text = { "192.0.0.8" } };
static struct list private_use = { .text = { "10.0.0.0/8", "172.16.0.0/12",
	"192.168.0.0/16", "100.64.0.0/10", "fc00::/7" } };

static inline bool
is_special(const struct addr *a)
{
	return in_list(a, &special) && !in_list(a, &reachable) &&
	    !in_list(a, &multicast);
}

/* The domain as a list, and a gateway. */
struct model_place {
	struct net net;
	int loc;
	bool part;
};

struct model {
	const struct policy *pol;
	const struct model_place *place;
	size_t nplaces;
	struct addr own[2], endpoint[2];
	/* the breakout that matches, by hand; NULL: there are none */
	uint16_t (*breakout)(const struct ip *ip);
};

static inline bool
is_private(const struct model *tw, const struct addr *a)
{
	return tw->pol->private_is_internal && in_list(a, &private_use) &&
	    !is_special(a);
}

/* Where an address belongs. */
struct home {
	int loc;		/* -1: nowhere */
	bool part;
};

static inline struct home
home_of(const struct model *tw, const struct addr *a)
{
	const struct number num = number_of(a->b);
	const struct model_place *best = NULL;

	for (size_t i = 0; i < tw->nplaces; i++) {
		const struct model_place *p = &tw->place[i];
		if (in_net(&num, &p->net) && (best == NULL ||
		    p->net.mask.hi > best->net.mask.hi ||
		    p->net.mask.lo > best->net.mask.lo))
			best = p;
	}
	return best == NULL ? (struct home){ -1, false } :
	    (struct home){ best->loc, best->part };
}

static inline bool
is_one_of(const struct addr *a, const struct addr two[2])
{
	return addr_eq(a, &two[0]) || addr_eq(a, &two[1]);
}

static inline bool
is_own(const struct model *tw, const struct addr *a)
{
	return is_one_of(a, tw->own);
}

static inline bool
is_published(const struct model *tw, const struct ip *ip)
{
	for (size_t i = 0; i < tw->pol->npublished; i++) {
		const struct policy_published *p = &tw->pol->published[i];
		bool port = !ip->ports ||
		    (ip->dport >= p->first && ip->dport <= p->last);
		if (addr_eq(&p->addr, &ip->dst) &&
		    (p->proto == 0 || (p->proto == ip->proto && port)))
			return true;
	}
	return false;
}

static inline bool
is_error(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	if (ip->frag_off != 0)
		return false;
	if (ip->version == 6)
		return ip->proto == 58 && type >= 1 && type <= 127;
	return ip->proto == 1 &&
	    (type == 3 || type == 4 || type == 11 || type == 12);
}

/* Addresses to which nothing is ever forwarded; V_COUNT: an ordinary one. */
static inline enum verdict
never(const struct addr *dst)
{
	if (in_list(dst, &multicast))
		return V_MULTICAST;
	if (in_list(dst, &linklocal))
		return V_LINKLOCAL;
	if (is_special(dst))
		return V_SPECIAL;
	return V_COUNT;
}

static inline enum verdict
slow_out(const struct model *tw, const struct ip *ip)
{
	struct home src = home_of(tw, &ip->src), dst = home_of(tw, &ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian))
		return V_MARTIAN;
	if (is_own(tw, &ip->dst))
		return V_SELF;
	if (v != V_COUNT)
		return v;
	if (src.loc != tw->pol->self)
		return V_SOURCE;
	if (dst.loc == tw->pol->self)
		return dst.part ? V_LOCAL : V_INTERNAL;
	if (dst.loc >= 0 && !dst.part)
		return V_ELSEWHERE;
	if (dst.loc >= 0 && !tw->pol->site[dst.loc].partner)
		return V_NOT_PARTNER;
	if (dst.loc >= 0)
		return src.part ? V_PARTNER : V_EXCLUDED;
	if (is_private(tw, &ip->dst))
		return V_PRIVATE;
	if (tw->pol->role != ROLE_CLIENT)
		return V_NO_ROLE;
	if (!src.part && !tw->pol->site[tw->pol->self].whole_lan)
		return V_EXCLUDED;
	if (tw->breakout != NULL && tw->breakout(ip) != BREAKOUT_NONE)
		return V_BREAKOUT;
	return tw->pol->server == PEER_NONE ? V_NO_SERVER : V_INTERNET;
}

static inline const struct policy_site *
sender(const struct model *tw, int from)
{
	static const struct policy_site nobody;

	return from < tw->pol->nsites ? &tw->pol->site[from] : &nobody;
}

static inline enum verdict
slow_in(const struct model *tw, const struct ip *ip, int from)
{
	struct home src = home_of(tw, &ip->src), dst = home_of(tw, &ip->dst);
	const struct policy_site *peer = sender(tw, from);
	bool reach = dst.loc == tw->pol->self &&
	    (dst.part || tw->pol->site[tw->pol->self].whole_lan);
	bool error = peer->server && is_error(ip) && reach;
	enum verdict v = never(&ip->dst);

	if (error && in_list(&ip->src, &dummy))
		return V_INTERNET;
	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (src.loc >= 0 && src.loc != from)
		return V_SPOOF;
	if (src.loc == from && src.part && peer->partner) {
		if (is_own(tw, &ip->dst))
			return V_SELF;
		if (dst.loc == tw->pol->self && dst.part)
			return V_PARTNER;
	}
	if (src.loc == from && error)
		return V_INTERNET;
	if (src.loc == from && !src.part)
		return V_EXCLUDED;
	if (src.loc == from && !peer->partner)
		return V_NOT_PARTNER;
	if (src.loc < 0 && (!peer->server || is_private(tw, &ip->src)))
		return V_SPOOF;
	if (is_own(tw, &ip->dst))
		return V_INTERNAL;
	if (src.loc < 0 && reach)
		return V_INTERNET;
	if (dst.loc < 0)
		return V_NO_ROLE;
	return dst.loc == tw->pol->self ? V_INTERNAL : V_ELSEWHERE;
}

static inline enum verdict
slow_egress(const struct model *tw, const struct ip *ip, int from)
{
	struct home src = home_of(tw, &ip->src), dst = home_of(tw, &ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (!sender(tw, from)->client)
		return V_NO_ROLE;
	if (src.loc != from)
		return V_SPOOF;
	if (!src.part && !sender(tw, from)->whole_lan)
		return V_EXCLUDED;
	if (v != V_COUNT)
		return v;
	if (is_published(tw, ip))
		return V_INTERNET;
	if (is_own(tw, &ip->dst))
		return V_INTERNAL;
	if (dst.loc == tw->pol->self)
		return dst.part ? V_NOT_PARTNER : V_INTERNAL;
	if (dst.loc >= 0)
		return V_ELSEWHERE;
	if (is_private(tw, &ip->dst))
		return V_PRIVATE;
	if (is_one_of(&ip->dst, tw->endpoint))
		return V_ENDPOINT;
	return V_INTERNET;
}

static inline enum verdict
slow_return(const struct model *tw, const struct ip *ip)
{
	struct home src = home_of(tw, &ip->src), dst = home_of(tw, &ip->dst);
	bool client = dst.loc >= 0 && tw->pol->site[dst.loc].client;
	bool reach = client && (dst.part || tw->pol->site[dst.loc].whole_lan);
	enum verdict v = never(&ip->dst);

	if (is_error(ip) && reach &&
	    (is_own(tw, &ip->src) || in_list(&ip->src, &dummy)))
		return V_INTERNET;
	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (src.loc == tw->pol->self)
		return src.part ? V_NOT_PARTNER : V_INTERNAL;
	if (src.loc >= 0)
		return V_ELSEWHERE;
	if (is_private(tw, &ip->src))
		return V_PRIVATE;
	if (reach)
		return V_INTERNET;
	return client ? V_ELSEWHERE : V_NO_ROLE;
}

static inline enum verdict
slow_back(const struct model *tw, const struct ip *ip)
{
	struct home dst = home_of(tw, &ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (home_of(tw, &ip->src).loc >= 0 || is_private(tw, &ip->src))
		return V_SPOOF;
	if (is_own(tw, &ip->dst))
		return V_INTERNAL;
	if (dst.loc != tw->pol->self)
		return V_NO_ROLE;
	return dst.part || tw->pol->site[tw->pol->self].whole_lan ?
	    V_BREAKOUT : V_INTERNAL;
}

static inline enum verdict
slow(const struct model *tw, enum policy_point at, const struct ip *ip,
    int from)
{
	switch (at) {
	case POLICY_OUT:
		return slow_out(tw, ip);
	case POLICY_IN:
		return slow_in(tw, ip, from);
	case POLICY_EGRESS:
		return slow_egress(tw, ip, from);
	case POLICY_BACK:
		return slow_back(tw, ip);
	default:
		return slow_return(tw, ip);
	}
}

#endif
