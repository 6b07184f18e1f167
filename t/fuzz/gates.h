/* SPDX-License-Identifier: ISC */
#ifndef BH_T_GATES_H
#define BH_T_GATES_H

/*
 * Many gateways, built once: role x families x layout of the domain x what is
 * configured beside; as policies, and as their models know them.
 */

#include "model.h"

#include "packet/wire.h"
#include "policy/filter.h"
#include "policy/judge.h"

enum { SELF, PARTNER, BOTH, OTHER_END, STRANGER, SITES };
enum { ROLES = 3, FAMILIES = 3, LAYOUTS = 2 };

/* What is configured beside: bits of a gateway's number. */
enum {
	PRIVATE_INTERNAL = 1 << 0,
	WHOLE_LAN = 1 << 1,
	SERVED = 1 << 2,
	PUBLISHED = 1 << 3,		/* and breakouts at a client */
	OPTIONS = 1 << 4,
	GATES = ROLES * FAMILIES * LAYOUTS * OPTIONS,
};

/* Layout 0 is the first 20 of them; layout 1 has excluded parts of what takes
 * part, hosts in those, and one location inside another. */
static const struct {
	const char *text;
	int loc;
	bool part;
} places[] = {
	{ "10.0.0.0/16", SELF, false }, { "10.0.0.0/20", SELF, true },
	{ "2001:db8::/48", SELF, false }, { "2001:db8::/52", SELF, true },
	{ "10.1.0.0/16", PARTNER, false }, { "10.1.0.0/20", PARTNER, true },
	{ "2001:db8:1::/48", PARTNER, false },
	{ "2001:db8:1::/52", PARTNER, true },
	{ "10.2.0.0/16", BOTH, false }, { "10.2.0.0/20", BOTH, true },
	{ "2001:db8:2::/48", BOTH, false }, { "2001:db8:2::/52", BOTH, true },
	{ "10.3.0.0/16", OTHER_END, false },
	{ "10.3.0.0/20", OTHER_END, true },
	{ "2001:db8:3::/48", OTHER_END, false },
	{ "2001:db8:3::/52", OTHER_END, true },
	{ "192.0.2.0/24", STRANGER, false },
	{ "192.0.2.0/25", STRANGER, true },
	{ "2001:db8:4::/48", STRANGER, false },
	{ "2001:db8:4::/52", STRANGER, true },
	{ "10.0.2.0/23", SELF, false }, { "10.0.2.7/32", SELF, true },
	{ "2001:db8:0:200::/56", SELF, false },
	{ "2001:db8:0:200::7/128", SELF, true },
	{ "10.0.3.128/25", PARTNER, true },
	{ "2001:db8:0:2ff::/64", OTHER_END, true },
	{ "10.2.3.0/24", BOTH, false }, { "10.2.3.9/32", SELF, false },
	{ "2001:db8:2:300::/56", STRANGER, true },
};

enum { PLACES = sizeof(places) / sizeof(*places), SIMPLE = 20 };

static const char *const own[2] = { "10.0.0.1", "2001:db8::1" };
static const char *const endpoint[2] = { "198.51.100.1",
	"2001:db8:ffff::3" };

/* In order of their addresses. */
static const struct {
	const char *addr;
	uint16_t first, last;
	uint8_t proto;
} published[] = {
	{ "203.0.113.9", 0, 0xffff, 0 }, { "203.0.113.10", 443, 445, 6 },
	{ "203.0.113.10", 53, 53, 17 }, { "10.0.0.1", 8080, 8080, 6 },
	{ "2a00::9", 80, 80, 6 },
};

enum { NPUBLISHED = sizeof(published) / sizeof(*published) };

/* Breakouts as the product has them, and by hand in breakout(). */
static const char *const filters[] = {
	"udp port 3478 and dst net 203.0.113.0/24", NULL,
	"tcp and not port 25", "sctp or icmp[0] == 8 or icmp6[0] == 128",
};

enum { NFILTERS = sizeof(filters) / sizeof(*filters) };

static struct list to_2 = { .text = { "198.51.100.0/25", "2a00:1::/32" } };
static struct list from_3 = { .text = { "10.0.2.0/24",
	"2001:db8:0:200::/56" } };
static struct list in_clear_never = { .text = { "198.51.100.53",
	"203.0.113.53", "2a00:1::53" } };
static struct list net_1 = { .text = { "203.0.113.0/24" } };

static uint16_t
breakout(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	if (in_list(&ip->dst, &in_clear_never))
		return BREAKOUT_NONE;
	if (ip->proto == PROTO_UDP && in_list(&ip->dst, &net_1) &&
	    (ip->sport == 3478 || ip->dport == 3478))
		return 1;
	if (in_list(&ip->dst, &to_2))
		return 2;
	if (ip->proto == PROTO_TCP && in_list(&ip->src, &from_3) &&
	    ip->sport != 25 && ip->dport != 25)
		return 3;
	if (ip->proto == 132 ||
	    (ip->version == 4 && ip->proto == PROTO_ICMP && type == 8) ||
	    (ip->version == 6 && ip->proto == PROTO_ICMP6 && type == 128))
		return 4;
	return BREAKOUT_NONE;
}

/* Where addresses are put: the edges of what the rules tell apart. */
static const char *const spots[] = {
	"10.0.0.0/20", "10.0.0.1/32", "10.0.2.0/23", "10.0.3.128/25",
	"10.0.2.7/32", "10.0.128.0/17", "10.1.0.0/20", "10.1.128.0/17",
	"10.2.0.0/20", "10.2.3.9/32", "10.2.3.0/24", "10.2.128.0/17",
	"10.3.0.0/20", "10.3.128.0/17", "192.0.2.0/25", "192.0.2.128/25",
	"203.0.113.0/24", "203.0.113.8/30", "203.0.113.53/32",
	"198.51.100.0/25", "198.51.100.53/32", "198.51.100.1/32", "8.8.0.0/16",
	"10.99.0.0/16", "172.16.0.0/12", "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "224.0.0.0/3", "192.0.0.8/32", "192.0.0.0/29",
	"100.100.100.200/32",
	/* around what the registries have, so that both sides are hit */
	"100.100.100.192/28", "100.0.0.0/9", "0.0.0.0/7", "10.0.0.0/7",
	"126.0.0.0/7", "169.254.0.0/15", "172.0.0.0/11", "192.0.0.0/28",
	"192.0.0.0/23", "192.88.98.0/23", "192.168.0.0/15", "198.16.0.0/14",
	"198.16.0.0/14", "208.0.0.0/4", "224.0.0.0/3", "255.255.255.252/30",
	"203.0.113.10/32", "203.0.113.9/32", "198.51.100.0/24",
	"198.51.100.52/30", "192.0.2.0/24", "10.0.0.0/30", "10.0.0.0/19",
	"10.0.2.4/30", "10.0.3.0/24", "10.2.3.8/30", "10.1.0.0/19",
	"10.4.0.0/14", "10.0.0.0/14", "203.0.112.0/23", "11.0.0.0/8",
	"0.0.0.0/0",
};
static const char *const spots6[] = {
	"2001:db8::/52", "2001:db8::1/128", "2001:db8:0:200::/56",
	"2001:db8:0:200::7/128", "2001:db8:0:2ff::/64", "2001:db8:0:f000::/52",
	"2001:db8:1::/52", "2001:db8:1:f000::/52", "2001:db8:2::/52",
	"2001:db8:2:300::/56", "2001:db8:2:f000::/52", "2001:db8:3::/52",
	"2001:db8:3:f000::/52", "2001:db8:4::/52", "2001:db8:4:f000::/52",
	"2a00::9/128", "2a00::/32", "2a00:1::/32", "2a00:1::53/128",
	"2001:db8:ffff::3/128", "2001:db8:ffff::/48", "fd00::/8", "fe80::/10",
	"ff02::/16", "::/96", "64:ff9b::/64", "100::/63", "2001::/23",
	"2001:4:112::/48", "2002::/16", "fec0::/10", "fd00:ec2::254/128",
	"64:ff9b::/47", "64:ff9b::/95", "100::/62", "2001::/22",
	"2001:2::/31", "2001:4:112::/47", "2002::/15", "5f00::/15",
	"5f00::/16", "fe80::/9", "fe80::/9", "fc00::/6", "fe00::/7",
	"fd00:ec2::254/126", "::/95", "::/126", "::/64", "::fffe:0:0/95",
	"2000::/3", "2000::/3", "2001:db8::/51", "2001:db8:0:200::/55",
	"2001:db8:0:200::/124", "2001:db8:0:2fe::/63", "2001:db8:1::/51",
	"2001:db8:2:200::/55", "2001:db8:4::/51", "2001:db8::/126",
	"2001:db8::/46", "2a00::8/125", "2a00::/31", "::/0",
};

enum { SPOTS = 64 };
static_assert(sizeof(spots) / sizeof(*spots) == SPOTS &&
    sizeof(spots6) / sizeof(*spots6) == SPOTS, "as many of both");

static struct spot {
	uint8_t addr[16], mask[16];
} spot[2][SPOTS];
static struct policy gate[GATES];
static struct model model[GATES];
static struct judge judge[2];	/* without breakouts, and with */
static struct breakouts breakouts;

static struct prefix
prefix(const char *text)
{
	struct prefix p;
	bool host_bits;

	must(prefix_parse(&p, text, &host_bits) && !host_bits);
	return p;
}

static struct spot
spot_of(const char *text)
{
	struct prefix p = prefix(text);
	struct spot sp = { .mask = { 0 } };

	memcpy(sp.addr, p.addr.b, sizeof(sp.addr));
	for (unsigned i = 0; i < p.len; i++)
		sp.mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return sp;
}

static struct lpm *
lpm_of(const char *const *text, size_t n)
{
	struct lpm_entry e[SPOTS];

	for (size_t i = 0; i < n; i++)
		e[i] = (struct lpm_entry){ prefix(text[i]), 1 };
	struct lpm *t = lpm_new_of(e, n);
	must(t != NULL);
	return t;
}

static void
build_breakouts(void)
{
	static struct breakout_rule rule[NFILTERS];
	static struct bpf_program program[NFILTERS];
	char why[FILTER_WHYLEN];

	for (size_t i = 0; i < NFILTERS; i++) {
		rule[i].id = (uint16_t)(i + 1);
		if (filters[i] == NULL)
			continue;
		must(filter_compile(&program[i], filters[i], why) ==
		    FILTER_SOME);
		rule[i].filter = &program[i];
	}
	rule[1].to = lpm_of(to_2.text, 2);
	rule[2].from = lpm_of(from_3.text, 2);
	breakouts = (struct breakouts){ .rule = rule, .n = NFILTERS,
		.never = lpm_of(in_clear_never.text, 3) };
}

/* The places of a layout, in one family or both. */
static struct lpm *
build_domain(int families, int layout, struct model_place *place, size_t *n)
{
	struct lpm_entry e[PLACES];

	*n = 0;
	for (size_t i = 0; i < (layout == 0 ? SIMPLE : PLACES); i++) {
		struct prefix p = prefix(places[i].text);
		bool v4 = addr_is_v4(&p.addr);
		if (families != FAMILIES - 1 && v4 != (families == 0))
			continue;
		e[*n] = (struct lpm_entry){ p,
			PLACE(places[i].loc, places[i].part) };
		place[(*n)++] = (struct model_place){
			net_of(places[i].text), places[i].loc,
			places[i].part };
	}
	struct lpm *t = lpm_new_of(e, *n);
	must(t != NULL);
	return t;
}

static void
build_sites(struct policy_site *site, int role, unsigned options)
{
	bool whole = (options & WHOLE_LAN) != 0;

	for (int i = 0; i < SITES; i++) {
		bool end = i == BOTH || i == OTHER_END;
		site[i] = (struct policy_site){
			.partner = i == PARTNER || i == BOTH,
			.client = role == ROLE_SERVER && end,
			.server = role == ROLE_CLIENT && end,
			/* half of them otherwise than we */
			.whole_lan = whole != (i == BOTH),
		};
	}
}

static const struct policy_published *
build_published(struct lpm **at)
{
	static struct policy_published rule[NPUBLISHED];
	struct lpm_entry e[NPUBLISHED];
	size_t n = 0;

	for (uint32_t i = 0; i < NPUBLISHED; i++) {
		struct prefix p = prefix(published[i].addr);
		rule[i] = (struct policy_published){ .addr = p.addr,
			.first = published[i].first, .last = published[i].last,
			.proto = published[i].proto };
		if (i == 0 || !addr_eq(&rule[i - 1].addr, &p.addr))
			e[n++] = (struct lpm_entry){ p, 1 + i };
	}
	*at = lpm_new_of(e, n);
	return rule;
}

static void
build_gate(size_t i, struct policy pol, struct model tw)
{
	static struct policy_site site[GATES][SITES];
	unsigned options = i % OPTIONS;
	int role = (int)(i / OPTIONS % ROLES);

	build_sites(site[i], role, options);
	pol.site = site[i];
	pol.role = (enum role)role;
	pol.server = role == ROLE_CLIENT && (options & SERVED) ? BOTH :
	    PEER_NONE;
	pol.private_is_internal = (options & PRIVATE_INTERNAL) != 0;
	if ((options & PUBLISHED) == 0)
		pol.npublished = 0;
	if (role == ROLE_CLIENT && (options & PUBLISHED)) {
		pol.breakouts = &breakouts;
		tw.breakout = breakout;
	}
	gate[i] = pol;
	tw.pol = &gate[i];
	model[i] = tw;
}

static void
build_all(void)
{
	static struct model_place place[FAMILIES * LAYOUTS][PLACES];
	struct model tw = { .own = { prefix(own[0]).addr, prefix(own[1]).addr },
		.endpoint = { prefix(endpoint[0]).addr,
			prefix(endpoint[1]).addr } };
	struct policy pol = { .own = lpm_of(own, 2), .nsites = SITES,
		.self = SELF, .endpoints = lpm_of(endpoint, 2),
		.npublished = NPUBLISHED };

	build_breakouts();
	pol.published = build_published(&pol.published_at);
	for (size_t i = 0; i < GATES; i++) {
		size_t d = i / OPTIONS / ROLES;
		if (i % ((size_t)OPTIONS * ROLES) == 0) {
			pol.where = build_domain((int)(d % FAMILIES),
			    (int)(d / FAMILIES), place[d], &tw.nplaces);
			tw.place = place[d];
		}
		build_gate(i, pol, tw);
	}
	for (size_t i = 0; i < SPOTS; i++) {
		spot[0][i] = spot_of(spots[i]);
		spot[1][i] = spot_of(spots6[i]);
	}
	judge_init(&judge[0], &(struct policy){ .breakouts = NULL });
	judge_init(&judge[1], &(struct policy){ .breakouts = &breakouts });
}

#endif
