/* SPDX-License-Identifier: ISC */
/*
 * The rules against a slow, obvious classifier that was written from the
 * decision tables: lists of prefixes instead of tables, plain conditions
 * instead of facts and masks.  And what two gateways say of one packet fits
 * together.
 */
#include "fuzz.h"

#include "../unit/domain.h"
#include "../unit/packet.h"

/* Prefixes as text, parsed when they are first asked for. */
struct list {
	const char *text[20];
	struct prefix p[20];
	size_t n;
};

static bool
in_list(const struct addr *a, struct list *l)
{
	bool host_bits;

	for (; l->text[l->n] != NULL; l->n++)
		must(prefix_parse(&l->p[l->n], l->text[l->n], &host_bits) &&
		    !host_bits);
	for (size_t i = 0; i < l->n; i++)
		if (addr_is_v4(&l->p[i].addr) == addr_is_v4(a) &&
		    prefix_has(&l->p[i], a))
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
static struct list private_use = { .text = { "10.0.0.0/8", "172.16.0.0/12",
	"192.168.0.0/16", "100.64.0.0/10", "fc00::/7" } };

static bool
is_special(const struct addr *a)
{
	return in_list(a, &special) && !in_list(a, &reachable) &&
	    !in_list(a, &multicast);
}

static bool
is_private(const struct policy *pol, const struct addr *a)
{
	return pol->private_is_internal && in_list(a, &private_use) &&
	    !is_special(a);
}

static bool
is_text(const struct addr *a, const char *text)
{
	struct addr b = addr(text);

	return addr_eq(a, &b);
}

/* Where an address belongs. */
struct home {
	int loc;		/* -1: nowhere */
	bool part;
};

static struct home
home_of(const struct addr *a)
{
	static struct list at[sizeof(domain) / sizeof(*domain)];
	struct home h = { -1, false };
	int longest = -1;

	for (size_t i = 0; i < sizeof(domain) / sizeof(*domain); i++) {
		int len = atoi(strchr(domain[i].prefix, '/') + 1);
		at[i].text[0] = domain[i].prefix;
		if (in_list(a, &at[i]) && len > longest) {
			longest = len;
			h.loc = (int)PLACE_LOC(domain[i].place);
			h.part = PLACE_PARTICIPATES(domain[i].place);
		}
	}
	return h;
}

static bool
is_own(const struct policy *pol, const struct addr *a)
{
	return is_text(a, own_address[pol->self][0]) ||
	    is_text(a, own_address[pol->self][1]);
}

static bool
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
static enum verdict
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

static enum verdict
slow_out(const struct policy *pol, const struct ip *ip)
{
	struct home src = home_of(&ip->src), dst = home_of(&ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian))
		return V_MARTIAN;
	if (is_own(pol, &ip->dst))
		return V_SELF;
	if (v != V_COUNT)
		return v;
	if (src.loc != pol->self)
		return V_SOURCE;
	if (dst.loc == pol->self)
		return dst.part ? V_LOCAL : V_INTERNAL;
	if (dst.loc >= 0 && !dst.part)
		return V_ELSEWHERE;
	if (dst.loc >= 0 && !pol->site[dst.loc].partner)
		return V_NOT_PARTNER;
	if (dst.loc >= 0)
		return src.part ? V_PARTNER : V_EXCLUDED;
	if (is_private(pol, &ip->dst))
		return V_PRIVATE;
	if (pol->role != ROLE_CLIENT)
		return V_NO_ROLE;
	if (!src.part && !pol->site[pol->self].whole_lan)
		return V_EXCLUDED;
	return V_INTERNET;
}

static enum verdict
slow_in(const struct policy *pol, const struct ip *ip, int from)
{
	struct home src = home_of(&ip->src), dst = home_of(&ip->dst);
	const struct policy_site *peer = &pol->site[from];
	bool reach = dst.loc == pol->self &&
	    (dst.part || pol->site[pol->self].whole_lan);
	bool error = peer->server && is_error(ip) && reach;
	enum verdict v = never(&ip->dst);

	if (error && is_text(&ip->src, "192.0.0.8"))
		return V_INTERNET;
	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (src.loc >= 0 && src.loc != from)
		return V_SPOOF;
	if (src.loc == from && src.part && peer->partner) {
		if (is_own(pol, &ip->dst))
			return V_SELF;
		if (dst.loc == pol->self && dst.part)
			return V_PARTNER;
	}
	if (src.loc == from && error)
		return V_INTERNET;
	if (src.loc == from && !src.part)
		return V_EXCLUDED;
	if (src.loc == from && !peer->partner)
		return V_NOT_PARTNER;
	if (src.loc < 0 && (!peer->server || is_private(pol, &ip->src)))
		return V_SPOOF;
	if (is_own(pol, &ip->dst))
		return V_INTERNAL;
	if (src.loc < 0 && reach)
		return V_INTERNET;
	if (dst.loc < 0)
		return V_NO_ROLE;
	return dst.loc == pol->self ? V_INTERNAL : V_ELSEWHERE;
}

static enum verdict
slow_egress(const struct policy *pol, const struct ip *ip, int from)
{
	struct home src = home_of(&ip->src), dst = home_of(&ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (!pol->site[from].client)
		return V_NO_ROLE;
	if (src.loc != from)
		return V_SPOOF;
	if (!src.part && !pol->site[from].whole_lan)
		return V_EXCLUDED;
	if (v != V_COUNT)
		return v;
	if (is_own(pol, &ip->dst))
		return V_INTERNAL;
	if (dst.loc == pol->self)
		return dst.part ? V_NOT_PARTNER : V_INTERNAL;
	if (dst.loc >= 0)
		return V_ELSEWHERE;
	if (is_private(pol, &ip->dst))
		return V_PRIVATE;
	if (is_text(&ip->dst, endpoint[0]) || is_text(&ip->dst, endpoint[1]))
		return V_ENDPOINT;
	return V_INTERNET;
}

static enum verdict
slow_return(const struct policy *pol, const struct ip *ip)
{
	struct home src = home_of(&ip->src), dst = home_of(&ip->dst);
	bool client = dst.loc >= 0 && pol->site[dst.loc].client;
	bool reach = client && (dst.part || pol->site[dst.loc].whole_lan);
	enum verdict v = never(&ip->dst);

	if (is_error(ip) && reach &&
	    (is_own(pol, &ip->src) || is_text(&ip->src, "192.0.0.8")))
		return V_INTERNET;
	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (src.loc == pol->self)
		return src.part ? V_NOT_PARTNER : V_INTERNAL;
	if (src.loc >= 0)
		return V_ELSEWHERE;
	if (is_private(pol, &ip->src))
		return V_PRIVATE;
	if (reach)
		return V_INTERNET;
	return client ? V_ELSEWHERE : V_NO_ROLE;
}

static enum verdict
slow_back(const struct policy *pol, const struct ip *ip)
{
	struct home dst = home_of(&ip->dst);
	enum verdict v = never(&ip->dst);

	if (in_list(&ip->src, &martian) || is_special(&ip->src))
		return V_MARTIAN;
	if (v != V_COUNT)
		return v;
	if (home_of(&ip->src).loc >= 0 || is_private(pol, &ip->src))
		return V_SPOOF;
	if (dst.loc != pol->self)
		return V_NO_ROLE;
	if (is_own(pol, &ip->dst))
		return V_INTERNAL;
	return dst.part || pol->site[pol->self].whole_lan ? V_BREAKOUT :
	    V_INTERNAL;
}

static enum verdict
slow(const struct policy *pol, enum policy_point at, const struct ip *ip,
    int from)
{
	switch (at) {
	case POLICY_OUT:
		return slow_out(pol, ip);
	case POLICY_IN:
		return slow_in(pol, ip, from);
	case POLICY_EGRESS:
		return slow_egress(pol, ip, from);
	case POLICY_BACK:
		return slow_back(pol, ip);
	default:
		return slow_return(pol, ip);
	}
}

/* What a gateway sends on, the next one delivers; or it is an endpoint, which
 * only the server refuses. */
static void
check_far(const struct policy *all, const struct policy *pol,
    enum policy_point at, const struct ip *ip, struct decision d)
{
	if (at != POLICY_OUT && at != POLICY_RETURN)
		must(d.peer == PEER_NONE);
	if (d.peer == PEER_NONE)
		return;
	must(d.verdict == V_PARTNER || d.verdict == V_INTERNET);
	must(d.peer < SITES && d.peer != pol->self);
	const struct policy *far = &all[d.peer];
	enum policy_point next = at == POLICY_OUT && d.verdict == V_INTERNET ?
	    POLICY_EGRESS : POLICY_IN;
	enum verdict v = policy_decide(far, next, ip, pol->self).verdict;
	if (d.verdict == V_PARTNER)
		must(v == V_PARTNER || v == V_SELF);
	else if (next == POLICY_EGRESS)
		must(v == V_INTERNET || v == V_ENDPOINT || v == V_MARTIAN);
	else
		must(verdict_delivers(v) || is_own(far, &ip->dst));
}

/* One in two addresses is that of a place; the rest are what the bytes say. */
static struct addr
take_addr(const uint8_t *b, bool six)
{
	static const char *const where[][2] = {
		{ "10.0.0.0", "2001:db8::" },
		{ "10.0.200.0", "2001:db8:0:f000::" },
		{ "192.0.2.0", "2001:db8:0:ffff::" },
		{ "10.1.0.0", "2001:db8:1::" },
		{ "10.1.200.0", "2001:db8:1:f000::" },
		{ "10.2.0.0", "2001:db8:2::" },
		{ "10.2.200.0", "2001:db8:2:f000::" },
		{ "10.3.0.0", "2001:db8:3::" },
		{ "203.0.113.0", "2a00::" }, { "192.0.0.0", "2001::" },
		{ "198.51.100.0", "2001:db8:ffff::" },
		{ "172.16.0.0", "fd00:ec2::" }, { "192.168.0.0", "fe80::" },
		{ "100.100.100.0", "64:ff9b::" }, { "169.254.0.0", "ff02::" },
		{ "0.0.0.0", "::" },
	};
	struct addr a = six ? addr_from_v6(b + 1) : addr_from_v4(b + 1);

	if (b[0] & 1) {
		a = addr(where[b[0] >> 4][six]);
		a.b[15] = b[16];
	}
	if (six && addr_is_v4(&a))	/* ip_parse lets none through */
		a.b[0] = 1;
	return a;
}

/* The same packet as bytes: parsed, it is what it was made from, and gets the
 * same verdict. */
static void
check_wire(const struct policy *all, const struct ip *ip, int from)
{
	enum { DATA = 24 };	/* ports, flags and all */
	uint8_t p[IP6_HLEN + 8 + DATA] = { 0 };
	bool six = ip->version == 6, later = ip->frag_off > 0;
	size_t hlen = six ? IP6_HLEN : IP4_HLEN;
	size_t n = hlen + (six && later ? 8 : 0) + DATA;
	struct ip got;

	if (six) {
		p[0] = 6 << 4;
		p[5] = (uint8_t)(n - IP6_HLEN);
		p[6] = later ? 44 : ip->proto;
		p[7] = 64;
		memcpy(p + 8, ip->src.b, 16);
		memcpy(p + 24, ip->dst.b, 16);
		p[40] = ip->proto;
		p[43] = (uint8_t)ip->frag_off;
	} else {
		p[0] = 4 << 4 | IP4_HLEN / 4;
		p[3] = (uint8_t)n;
		p[7] = (uint8_t)(ip->frag_off / 8);
		p[8] = 64;
		p[9] = ip->proto;
		memcpy(p + 12, ip->src.b + 12, 4);
		memcpy(p + 16, ip->dst.b + 12, 4);
		packet_sum_ip(p);
	}
	if (!later) {
		memset(p + hlen, 0, DATA);
		p[hlen] = (uint8_t)(ip->sport >> 8);
	}
	enum verdict v = ip_parse(&got, p, n);
	if (later && ip->proto == 6) {
		must(v == V_FRAGMENT);	/* RFC 3128 */
		return;
	}
	/* an extension header is no protocol, and this one makes no sense */
	if (v != (enum verdict)V_NEXT) {
		must(six && !later);
		return;
	}
	must(addr_eq(&got.src, &ip->src) && addr_eq(&got.dst, &ip->dst) &&
	    got.frag_off == ip->frag_off && got.version == ip->version);
	must(six || got.proto == ip->proto);
	if (got.proto != ip->proto)
		return;
	for (int i = 0; i < SITES; i++)
		for (int at = 0; at < POLICY_POINTS; at++)
			must(policy_decide(&all[i], at, &got,
			    (uint16_t)from).verdict ==
			    slow(&all[i], at, &got, from));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct policy all[SITES];
	enum { HEAD = 4, ADDR = 17, NEED = HEAD + 2 * ADDR };

	if (all[0].where == NULL)
		for (uint16_t i = 0; i < SITES; i++)
			all[i] = policy_of(i);
	if (n < NEED)
		return 0;
	bool six = data[0] & 1;
	struct ip ip = { .version = six ? 6 : 4, .proto = data[1],
		.sport = (uint16_t)(data[2] << 8),
		.frag_off = data[0] & 2 ? 8 : 0 };
	if (data[0] & 4)
		ip.proto = six ? 58 : 1;
	ip.src = take_addr(data + HEAD, six);
	ip.dst = take_addr(data + HEAD + ADDR, six);
	int from = data[3] % SITES;
	for (uint16_t i = 0; i < SITES; i++)
		all[i].private_is_internal = (data[0] & 8) != 0;
	for (uint16_t i = 0; i < SITES; i++) {
		for (int at = 0; at < POLICY_POINTS; at++) {
			struct decision d = policy_decide(&all[i], at, &ip,
			    (uint16_t)from);
			must(d.verdict == slow(&all[i], at, &ip, from));
			if (at == POLICY_OUT || at == POLICY_RETURN)
				d = policy_decide(&all[i], at, &ip, PEER_NONE);
			must(d.verdict == slow(&all[i], at, &ip, from));
			check_far(all, &all[i], at, &ip, d);
		}
	}
	check_wire(all, &ip, from);
	return 0;
}
