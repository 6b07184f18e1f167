/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

#include <string.h>

/* Single addresses of a location: its gateway's, the next hop's, the
 * endpoint's, the resolvers'. */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define V4(a, b, c, d, len) \
	{ { { [10] = 0xff, [11] = 0xff, a, b, c, d } }, PREFIX_V4 + (len) }

/* Semantics C34: what Corente's gateways keep to themselves. */
static const struct prefix corente[] = {
	V4(10, 10, 0, 1, 32), V4(10, 0, 0, 1, 32), V4(10, 255, 255, 254, 32),
	V4(10, 255, 255, 253, 32), V4(223, 255, 255, 255, 32),
	V4(1, 1, 1, 0, 30),
};

/* Of those, what no host of a LAN may have either. */
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
