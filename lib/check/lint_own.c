/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

/* A location's addresses, looked at by themselves. */

static void
check_special(struct lint *lt, const struct conf_location *l,
    const struct conf_prefixes *ps, enum conf_key key)
{
	char a[PREFIX_STRLEN], b[PREFIX_STRLEN];

	for (size_t i = 0; i < ps->n; i++) {
		const struct prefix *s = lint_special(&ps->p[i]);
		if (s == NULL)
			continue;
		lint_say(lt, &l->section, BH_SPECIAL, key, "%s overlaps %s, "
		    "which is never forwarded; give the site's own prefixes",
		    prefix_format(&ps->p[i], a), prefix_format(s, b));
		return;
	}
}

static void
check_lan(struct lint *lt, const struct conf_location *l)
{
	bool client = l->role == CONF_ROLE_CLIENT;

	if (l->lan.n > 0 || conf_broken(l, KEY_LAN))
		return;
	if (l->said[KEY_LAN] != 0)
		lint_say(lt, &l->section, BH_LAN_MISSING, KEY_LAN, "nothing is "
		    "left after the exclusions; give a prefix to exclude from");
	else if (client || l->partners.n > 0)
		lint_say(lt, &l->section, BH_LAN_MISSING, KEY_LAN, "%s needs "
		    "one; write the prefixes that take part", client ?
		    "a client" : "a location with partners");
}

static void
check_internal(struct lint *lt, const struct conf_location *l)
{

	if (l->internal.n > 0 || conf_broken(l, KEY_INTERNAL))
		return;
	if (l->role == CONF_ROLE_SERVER)
		lint_say(lt, &l->section, BH_NO_INTERNAL_SERVER, KEY_INTERNAL,
		    "a server must list every corporate address of its site; "
		    "without it, what clients send to subnets here that do not "
		    "take part is let through as if it were Internet");
	else
		lint_say(lt, &l->section, BH_NO_INTERNAL, KEY_INTERNAL,
		    "not given, so subnets here that do not take part count as "
		    "Internet; list every corporate address of the site");
}

/* The normal form makes one look-up enough (conf/prefixes.h). */
static void
check_inside(struct lint *lt, const struct conf_location *l)
{
	char a[PREFIX_STRLEN];

	if (l->internal.n == 0 || conf_broken(l, KEY_INTERNAL))
		return;
	for (size_t i = 0; i < l->lan.n; i++) {
		if (prefixes_find(l->internal.p, l->internal.n,
		    &l->lan.p[i]) != NULL)
			continue;
		lint_say(lt, &l->section, BH_LAN_OUTSIDE, KEY_LAN, "%s is not "
		    "inside 'internal'; add it to 'internal', which is all of "
		    "the site", prefix_format(&l->lan.p[i], a));
		return;
	}
}

static void
check_address(struct lint *lt, const struct conf_location *l)
{
	char a[ADDR_STRLEN];
	bool unknown = conf_broken(l, KEY_LAN) ||
	    conf_broken(l, KEY_INTERNAL) || l->lan.n + l->internal.n == 0;

	for (size_t i = 0; !unknown && i < l->address.n; i++) {
		const struct prefix *p = &l->address.p[i];
		if (prefixes_find(l->lan.p, l->lan.n, p) == NULL &&
		    prefixes_find(l->internal.p, l->internal.n, p) == NULL)
			lint_say(lt, &l->section, BH_ADDRESS_OUTSIDE,
			    KEY_ADDRESS, "%s is in neither 'lan' nor "
			    "'internal'; this key is for the gateway's "
			    "addresses on the LAN side", addr_format(&p->addr,
			    a));
	}
}

static void
check_families(struct lint *lt, const struct conf_location *l)
{
	if (l->role == CONF_ROLE_CLIENT && l->lan.n > 0 &&
	    !conf_broken(l, KEY_LAN) && !conf_has_family(&l->lan, false))
		lint_say(lt, &l->section, BH_V4_ONLY, KEY_LAN, "there is no "
		    "IPv6 prefix: IPv6 of this LAN's hosts is refused, not let "
		    "out in clear");
}

/* The first prefix that is (not) private, and not translated by nat6. */
static const struct prefix *
find_source(const struct conf_prefixes *ps, bool want_private,
    const struct conf_location *s)
{
	bool six = s->nat6 == CONF_NAT6_POOL || s->nat6 == CONF_NAT6_NPT;

	for (size_t i = 0; i < ps->n; i++)
		if (prefix_is_private(&ps->p[i]) == want_private &&
		    (!six || addr_is_v4(&ps->p[i].addr)))
			return &ps->p[i];
	return NULL;
}

/* Wider than what a registry gives one organisation: more likely a mistake. */
enum { WIDE_V4 = PREFIX_V4 + 16, WIDE_V6 = 29 };

/* TunnelCrack's LocalNet, made by hand (forwarding L2): what is called the
 * site's own stays out of the tunnel, whoever has it in truth.  That every
 * IPv6 network is public says nothing. */
static void
check_public(struct lint *lt, const struct conf_location *l,
    const struct conf_prefixes *ps, enum conf_key key)
{
	char a[PREFIX_STRLEN];
	const struct prefix *first = NULL;

	for (size_t i = 0; i < ps->n; i++) {
		const struct prefix *p = &ps->p[i];
		bool v4 = prefix_is_v4(p);
		if (prefix_is_private(p) || lint_special(p) != NULL)
			continue;
		if (v4 && first == NULL)
			first = p;
		if (p->len >= (v4 ? WIDE_V4 : WIDE_V6))
			continue;
		lint_say(lt, &l->section, BH_PUBLIC_WIDE, key, "%s is more "
		    "public space than one company is given, and nothing of it "
		    "would count as Internet; list what is yours, in prefixes "
		    "no wider than /%d", prefix_format(p, a), v4 ? WIDE_V4 -
		    PREFIX_V4 : WIDE_V6);
		return;
	}
	/* internal has all of lan */
	if (first != NULL && l->role == CONF_ROLE_CLIENT && ps != &l->lan)
		lint_say(lt, &l->section, BH_PUBLIC_OWN, key, "%s is public "
		    "and counts as this site's own: what hosts here send to it "
		    "never goes through the tunnel; right if it is yours",
		    prefix_format(first, a));
}

/* A client sends to the Internet from its lan and, unless it says otherwise,
 * from the rest of its site. */
static const struct prefix *
find_backhauled(const struct conf_location *l, const struct conf_location *s,
    bool want_private, enum conf_key *key)
{
	const struct prefix *p = find_source(&l->lan, want_private, s);

	*key = KEY_LAN;
	if (p == NULL && l->sources == CONF_SOURCES_LAN) {
		p = find_source(&l->internal, want_private, s);
		*key = KEY_INTERNAL;
	}
	return p;
}

/* Semantics C43: without translation replies to a public address come back by
 * whatever way the Internet knows to it, not through server and tunnel, unless
 * that is the way. */
static void
check_translation(struct lint *lt, const struct conf_location *l,
    const struct conf_location *s)
{
	const struct prefix *p;
	enum conf_key key;
	char a[PREFIX_STRLEN];

	if (s->nat != CONF_NAT_NONE ||
	    s->nat_upstream == CONF_UPSTREAM_YES ||
	    conf_broken(s, KEY_NAT_UPSTREAM))
		return;
	p = find_backhauled(l, s, false, &key);
	if (p != NULL && s->nat_upstream != CONF_UPSTREAM_ROUTED) {
		lint_say(lt, &l->section, BH_PUBLIC_LAN, key, "%s is public "
		    "and server %s has 'nat = none': replies would not come "
		    "back through it; translate there, or write 'nat-upstream "
		    "= yes' if a filter behind it does, 'nat-upstream = "
		    "routed' if the Internet's routes to %s lead to %s",
		    prefix_format(p, a), s->name, a, s->name);
		diag_also(lt->d, s->name);
	}
	p = find_backhauled(l, s, true, &key);
	if (p != NULL) {
		lint_say(lt, &l->section, BH_NO_TRANSLATION, key,
		    "%s is private and server %s has 'nat = none': something "
		    "behind it must translate; if so, write 'nat-upstream = "
		    "yes' there", prefix_format(p, a), s->name);
		diag_also(lt->d, s->name);
	}
}

static void
check_translations(struct lint *lt, const struct conf_location *l)
{
	const struct conf *cf = lt->cf;

	for (size_t i = 0; i < l->servers.n; i++) {
		int s = l->servers.r[i].location;
		if (s != CONF_NONE && conf_is_client_of(cf,
		    (size_t)(l - cf->location), (size_t)s))
			check_translation(lt, l, &cf->location[s]);
	}
}

void
lint_own_space(struct lint *lt, const struct conf_location *l)
{
	check_special(lt, l, &l->lan, KEY_LAN);
	check_special(lt, l, &l->internal, KEY_INTERNAL);
	check_lan(lt, l);
	if (!conf_broken(l, KEY_BACKHAUL))
		check_internal(lt, l);
	check_inside(lt, l);
	check_public(lt, l, &l->lan, KEY_LAN);
	check_public(lt, l, &l->internal, KEY_INTERNAL);
	check_address(lt, l);
	check_families(lt, l);
	check_translations(lt, l);
}

const struct lint_explanation explain_own_space[] = {
	{ BH_PUBLIC_LAN,
	    "With 'nat = none' a client's packets reach the Internet with "
	    "their own, public source addresses. Replies follow the "
	    "Internet's routes to those addresses, so they arrive at the "
	    "branch in clear and not at the server; connections hang, and the "
	    "filter sees one half. Let the server translate (nat = "
	    "masquerade), or, if a device behind the server does, say "
	    "'nat-upstream = yes'. Where the addresses are routed to the head "
	    "office, such as a company's own IPv6 /48, replies do come back "
	    "through it: say 'nat-upstream = routed'.",
	    "[location hq]\nnat = none\n[location lab]\nlan = 203.0.113.0/25",
	    "[location hq]\nnat = none\nnat-upstream = yes\n[location lab]\n"
	    "lan = 203.0.113.0/25" },
	{ BH_NO_TRANSLATION,
	    "With 'nat = none' a client's private source addresses leave the "
	    "server as they are. Something behind it must translate them, or "
	    "no reply comes back. Say 'nat-upstream = yes' if it does.",
	    "[location hq]\nnat = none",
	    "[location hq]\nnat = masquerade" },
	{ BH_LAN_MISSING,
	    "'lan' is what takes part. A client without it has no traffic to "
	    "send, and a partner has nothing that others could reach; every "
	    "packet would be refused for its source.",
	    "[location branch1]\nbackhaul = client",
	    "[location branch1]\nlan = 10.1.0.0/20\nbackhaul = client" },
	{ BH_LAN_OUTSIDE,
	    "'internal' is every address of the corporate network at the "
	    "site, whether it takes part or not, so it holds all of 'lan'. If "
	    "it does not, it was probably forgotten when the LAN grew.",
	    "lan = 10.1.0.0/20\ninternal = 10.2.0.0/16",
	    "lan = 10.1.0.0/20\ninternal = 10.1.0.0/16" },
	{ BH_NO_INTERNAL_SERVER,
	    "The guard tells the server's own subnets from the Internet by "
	    "'internal'. Without it a packet from a client to a subnet of the "
	    "server's site that does not take part (a management network, "
	    "say) looks like Internet traffic and is let through to it, past "
	    "every rule that keeps the branch out. List every corporate "
	    "address of the site, taking part or not.",
	    "backhaul = server\nlan = 10.0.0.0/20",
	    "backhaul = server\nlan = 10.0.0.0/20\ninternal = 10.0.0.0/16" },
	{ BH_NO_INTERNAL,
	    "Without 'internal', subnets at this location that do not take "
	    "part are taken for Internet: the location's own hosts that send "
	    "to them are sent to the server, and other locations' guards do "
	    "not know them. List every corporate address of the site.",
	    "lan = 10.2.0.0/20",
	    "lan = 10.2.0.0/20\ninternal = 10.2.0.0/16" },
	{ BH_SPECIAL,
	    "Loopback, link-local, multicast and 'this network' addresses are "
	    "never forwarded. A prefix that holds them is wider than any "
	    "site; 0.0.0.0/0 in 'internal' would leave no Internet at all.",
	    "internal = 0.0.0.0/0",
	    "internal = 10.1.0.0/16" },
	{ BH_V4_ONLY,
	    "IPv6 is treated as IPv4 is, or refused; it is never ignored. "
	    "Hosts of this LAN that have IPv6 will see it refused, and use "
	    "IPv4. Give the LAN's IPv6 prefix to backhaul it as well.",
	    "lan = 10.1.0.0/20",
	    "lan = 10.1.0.0/20, 2001:db8:1::/52" },
	{ BH_ADDRESS_OUTSIDE,
	    "'address' lists the gateway's own addresses as its LAN sees it, "
	    "for packets to the gateway itself. One outside the site's "
	    "networks is most often a typing mistake.",
	    "lan = 10.1.0.0/20\naddress = 10.11.0.1",
	    "lan = 10.1.0.0/20\naddress = 10.1.0.1" },
	{ BH_PUBLIC_WIDE,
	    "What stands in 'lan' or 'internal' never counts as Internet: "
	    "packets to it stay at the site, or are refused. With 'internal = "
	    "8.0.0.0/6' by mistake for 10.0.0.0/8, a part of the Internet "
	    "would be left out of the tunnel, which is what the attack "
	    "TunnelCrack does by DHCP. IPv4 wider than /16 and IPv6 wider "
	    "than /29 is more than one company is commonly given. If it is "
	    "yours all the same, list it in prefixes of that size.",
	    "internal = 8.0.0.0/6",
	    "internal = 10.0.0.0/8" },
	{ BH_PUBLIC_OWN,
	    "Hosts of a client may have public addresses, and then this is as "
	    "it should be. If they have not, a prefix of the Internet was "
	    "written down as the site's own: what is sent there is not "
	    "backhauled but stays here or is refused (TunnelCrack's LocalNet "
	    "attack, made by hand). IPv6 networks are public everywhere, so "
	    "nothing is said of them.",
	    "backhaul = client\nlan = 8.8.8.0/24",
	    "backhaul = client\nlan = 10.8.8.0/24" },
	{ .text = NULL },
};
