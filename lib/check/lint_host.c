/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

#include <string.h>

/* Single addresses of a location: its gateway's, the next hop's, the
 * endpoint's, the resolvers'. */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define V4(a, b, c, d, len) \
	{ { { [10] = 0xff, [11] = 0xff, a, b, c, d } }, PREFIX_V4 + (len) }

/* Semantics C34: Corente's gateways keep these to themselves. */
static const struct prefix corente[] = {
	V4(10, 10, 0, 1, 32), V4(10, 0, 0, 1, 32), V4(10, 255, 255, 254, 32),
	V4(10, 255, 255, 253, 32), V4(223, 255, 255, 255, 32),
	V4(1, 1, 1, 0, 30),
};

/* No host of a LAN may have these of them either. */
static const struct prefix corente_lan = V4(1, 1, 1, 0, 30);

/* IPv6 over Ethernet has its next hops there. */
static const struct prefix link_local = { { { 0xfe, 0x80 } }, 10 };

static void
check_special(struct lint *lt, const struct conf_location *l,
    const struct prefix *p, enum conf_key key)
{
	char a[ADDR_STRLEN], b[PREFIX_STRLEN];
	const struct prefix *s = lint_special(p);

	if (s != NULL)
		lint_say(lt, &l->section, BH_ADDRESS_SPECIAL, key, "%s is of "
		    "%s, and no host's address on a network; give the one that "
		    "the network knows", addr_format(&p->addr, a),
		    prefix_format(s, b));
}

static void
check_gateway(struct lint *lt, const struct conf_location *l,
    const struct addr *a)
{
	struct prefix p = { *a, 128 };

	if (!prefix_has(&link_local, a))
		check_special(lt, l, &p, KEY_DEFAULT_GATEWAY);
}

static void
check_reserved_gateway(struct lint *lt, const struct conf_location *l,
    const struct prefix *p)
{
	char a[ADDR_STRLEN];

	for (size_t i = 0; i < COUNT(corente); i++)
		if (prefix_has(&corente[i], &p->addr))
			lint_say(lt, &l->section, BH_RESERVED, KEY_ADDRESS,
			    "'reserved = corente' keeps %s from gateways; give "
			    "it another address", addr_format(&p->addr, a));
}

static void
check_reserved_lan(struct lint *lt, const struct conf_location *l,
    const struct conf_prefixes *ps, enum conf_key key)
{
	char a[PREFIX_STRLEN];

	if (prefixes_meet(ps->p, ps->n, &corente_lan))
		lint_say(lt, &l->section, BH_RESERVED, key, "'reserved = "
		    "corente' keeps %s from hosts; exclude it with '!%s'",
		    prefix_format(&corente_lan, a), a);
}

static void
check_reserved(struct lint *lt, const struct conf_location *l)
{
	if (lt->cf->reserved != CONF_RESERVED_CORENTE)
		return;
	for (size_t i = 0; i < l->address.n; i++)
		check_reserved_gateway(lt, l, &l->address.p[i]);
	check_reserved_lan(lt, l, &l->lan, KEY_LAN);
	check_reserved_lan(lt, l, &l->internal, KEY_INTERNAL);
}

/* The location, other than l, that an address belongs to; CONF_NONE. */
static int
find_owner(const struct lint *lt, const struct conf_location *l,
    const struct prefix *p)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *o = &lt->cf->location[i];
		if (o != l && o->active && (conf_holds(&o->lan, &p->addr) ||
		    conf_holds(&o->internal, &p->addr)))
			return (int)i;
	}
	return CONF_NONE;
}

/* Semantics 1.5: a resolver is the Internet's, the site's or a partner's, or
 * its hosts have no names. */
static void
check_resolver(struct lint *lt, const struct conf_location *l,
    const struct prefix *p)
{
	const enum conf_key key = KEY_RESOLVER;
	const struct conf *cf = lt->cf;
	char a[ADDR_STRLEN];

	addr_format(&p->addr, a);
	if (lint_special(p) != NULL) {
		check_special(lt, l, p, key);
		return;
	}
	if (conf_holds(&l->address, &p->addr) && l->role == CONF_ROLE_CLIENT)
		lint_say(lt, &l->section, BH_RESOLVER_ELSEWHERE, key,
		    "%s is the gateway itself: what it asks for its LAN leaves "
		    "in clear, by its own default route; name a resolver that "
		    "is reached through the server, or forward to one", a);
	if (conf_holds(&l->lan, &p->addr) ||
	    conf_holds(&l->internal, &p->addr) ||
	    conf_holds(&l->address, &p->addr))
		return;
	if (lt->unsure)
		return;
	int owner = find_owner(lt, l, p);
	if (owner == CONF_NONE) {
		if (prefix_is_private(p) && cf->private_is_internal)
			lint_say(lt, &l->section, BH_RESOLVER_REFUSED, key,
			    "%s is private and no location has it, so it is "
			    "refused and names stop working here; add it to "
			    "'internal' where it is", a);
		return;
	}
	const struct conf_location *o = &cf->location[owner];
	if (conf_partners(cf, (size_t)(l - cf->location), (size_t)owner) &&
	    conf_holds(&o->lan, &p->addr))
		return;
	lint_say(lt, &l->section, BH_RESOLVER_REFUSED, key, "%s is of "
	    "[location %s], %s, so it is refused and names stop working here; "
	    "%s", a, o->name, conf_holds(&o->lan, &p->addr) ? "which is no "
	    "partner" : "where it takes no part", conf_holds(&o->lan, &p->addr)
	    ? "make them partners, or name another" : "add it to 'lan' there, "
	    "or name another");
	diag_also(lt->d, o->name);
}

/* RFC 6761, RFC 6762: no DNS has these. */
static bool
is_undelegated(const char *host)
{
	static const char *const tld[] = { "localhost", "local", "invalid",
		"test", "example", "onion" };
	const char *dot = strrchr(host, '.');

	for (size_t i = 0; i < COUNT(tld); i++)
		if (strcmp(dot != NULL ? dot + 1 : host, tld[i]) == 0)
			return true;
	return false;
}

static void
check_endpoint(struct lint *lt, const struct conf_location *l)
{
	const enum conf_key key = KEY_ENDPOINT;
	const char *host = l->endpoint_host;
	struct prefix p = { .len = 128 };

	if (*host == '\0')
		return;
	if (!addr_parse(&p.addr, host)) {
		if (is_undelegated(host))
			lint_say(lt, &l->section,
			    BH_ENDPOINT_NAME, key, "names like '%s' are in no "
			    "DNS; give one that is, or the address", host);
	} else if (lint_special(&p) != NULL) {
		lint_say(lt, &l->section,
		    BH_ENDPOINT_SPECIAL, key, "%s is no address that another "
		    "host reaches; give the gateway's on its outer network",
		    host);
	} else if (prefix_is_private(&p)) {
		lint_say(lt, &l->section,
		    BH_ENDPOINT_PRIVATE, key, "%s is private: only gateways on "
		    "the same outer network reach it; right if all of them are",
		    host);
	}
}

void
lint_own_hosts(struct lint *lt, const struct conf_location *l)
{
	for (size_t i = 0; i < l->address.n; i++)
		check_special(lt, l, &l->address.p[i], KEY_ADDRESS);
	if (l->has_gateway4)
		check_gateway(lt, l, &l->gateway4);
	if (l->has_gateway6)
		check_gateway(lt, l, &l->gateway6);
	check_reserved(lt, l);
	for (size_t i = 0; i < l->resolver.n; i++)
		check_resolver(lt, l, &l->resolver.p[i]);
	check_endpoint(lt, l);
}

const struct lint_explanation explain_own_hosts[] = {
	{ BH_ENDPOINT_SPECIAL,
	    "An endpoint is where other sites send this one's datagrams, "
	    "across the Internet or whatever is between them. 127.0.0.1, "
	    "0.0.0.0, 169.254.0.0/16 and IPv6 link-local addresses end at the "
	    "sender or at the next wire.",
	    "endpoint = 127.0.0.1:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_PRIVATE,
	    "The address is of RFC 1918, RFC 6598 or RFC 4193. Over the "
	    "Internet nobody reaches it; behind a router that forwards a "
	    "port, the endpoint is the router's public address. Where all "
	    "gateways share a private outer network it is right.",
	    "endpoint = 192.168.1.2:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_NAME,
	    "The top-level domains localhost, local, invalid, test, example "
	    "and onion are kept out of the DNS (RFC 6761, 6762, 7686), so the "
	    "gateways will not find the address. Give a name that is in the "
	    "DNS, or the address. Whether one is, 'bh-check -n' asks.",
	    "endpoint = gw.local:51820",
	    "endpoint = gw.example.net:51820" },
	{ BH_RESERVED,
	    "[domain] says 'reserved = corente': the domain goes on where "
	    "Oracle's Corente gateways were, which keep 10.10.0.1, 10.0.0.1, "
	    "10.255.255.253, 10.255.255.254, 223.255.255.255 and 1.1.1.0/30 "
	    "for themselves, and the last from hosts, too. Give the gateway "
	    "another address, exclude 1.1.1.0/30 with '!', or take the line "
	    "out once no such gateway is left.",
	    "reserved = corente\naddress = 10.0.0.1",
	    "reserved = corente\naddress = 10.0.0.2" },
	{ BH_RESOLVER_REFUSED,
	    "'resolver' says whom the hosts of a site ask for names. This one "
	    "is of another location that is no partner, or does not take part "
	    "there, or is private and claimed by nobody: queries to it are "
	    "refused, so everything that needs a name stops. Make the sites "
	    "partners, put the resolver into 'lan' where it is, or name one "
	    "in the Internet.",
	    "lan = 10.1.0.0/20\nresolver = 192.168.1.53",
	    "lan = 10.1.0.0/20\nresolver = 10.1.0.53" },
	{ BH_RESOLVER_ELSEWHERE,
	    "The hosts ask their gateway, and the gateway asks by its own "
	    "default route: in clear, past the server and its filters, with "
	    "the names of everything the site looks at. That is how names "
	    "leak from most tunnels. Let the gateway's resolver forward to "
	    "one that a LAN host runs, or hand the hosts a resolver that is "
	    "reached through the server.",
	    "address = 10.1.0.1\nresolver = 10.1.0.1",
	    "address = 10.1.0.1\nresolver = 10.1.0.53" },
	{ BH_ADDRESS_SPECIAL,
	    "127.0.0.1, 0.0.0.0/8, 169.254.0.0/16, multicast and their IPv6 "
	    "models are no address under which one host reaches another "
	    "through a network. A default-gateway may be an IPv6 link-local "
	    "address.",
	    "address = 127.0.0.1",
	    "address = 10.1.0.1" },
	{ .text = NULL },
};
