/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/pool.h"
#include "conf/prefixes.h"
#include "conf/publish.h"
#include "nat/nat_config.h"

#include <inttypes.h>
#include <string.h>

/* The addresses and numbers of `nat = pool'. */

static bool
pools(const struct conf_location *l, bool v4)
{
	return conf_nat_of(l, v4) == CONF_NAT_POOL;
}

static bool
is_broken(const struct conf_location *l)
{
	return conf_broken(l, KEY_NAT) || conf_broken(l, KEY_NAT6);
}

static bool
has_pool(const struct conf_location *l)
{
	return l->active && l->role == CONF_ROLE_SERVER &&
	    (pools(l, true) || pools(l, false)) && !is_broken(l);
}

/* Some are bounds of the kernel's translation as well. */
static bool
says_something(const struct conf_location *l, enum conf_key k)
{
	return (conf_keys[k].of & KEY_OF_POOL) == 0 ||
	    ((conf_keys[k].of & KEY_OF_MASQUERADE) != 0 &&
	    l->role == CONF_ROLE_SERVER && l->nat == CONF_NAT_MASQUERADE);
}

/* The keys of a pool where there is none do nothing, which nobody meant. */
static void
check_unused(struct lint *lt, const struct conf_location *l)
{
	if (pools(l, true) || pools(l, false) || is_broken(l))
		return;
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (l->said[k] != 0 && !says_something(l, k))
			lint_say(lt, &l->section, BH_POOL_UNUSED, k,
			    "this says nothing without 'nat = pool'; add that, "
			    "or take the line out");
}

static void
meet(struct lint *lt, const struct conf_location *l, const struct prefix *p,
    const char *what, const char *whose)
{
	const struct conf_prefixes *pool = &l->pool.addr;
	char text[PREFIX_STRLEN];

	if (prefixes_meet(pool->p, pool->n, p))
		lint_say(lt, &l->section, BH_POOL_OVERLAP,
		    KEY_NAT_POOL, "it meets %s, %s of [location %s]; what "
		    "comes back for translated flows must be nobody else's: "
		    "take it out of one of them", prefix_format(p, text), what,
		    whose);
}

static void
meet_all(struct lint *lt, const struct conf_location *l,
    const struct conf_prefixes *ps, const char *what, const char *whose)
{
	for (size_t i = 0; i < ps->n; i++)
		meet(lt, l, &ps->p[i], what, whose);
}

/* The addresses of a family that nothing is translated to. */
static void
check_idle(struct lint *lt, const struct conf_location *l)
{
	static const char *const words[] = {
		[CONF_NAT6_NONE] = "none", [CONF_NAT6_NPT] = "npt",
	};
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < l->pool.addr.n; i++) {
		const struct prefix *p = &l->pool.addr.p[i];
		bool v4 = prefix_is_v4(p);
		if (pools(l, v4))
			continue;
		lint_say(lt, &l->section, BH_POOL_UNUSED, KEY_NAT_POOL,
		    "nothing becomes %s: IPv%c is translated by '%s = %s'; "
		    "take it out, or write '%s = pool'", prefix_format(p, text),
		    v4 ? '4' : '6', v4 ? "nat" : "nat6", !v4 ? words[l->nat6] :
		    l->nat == CONF_NAT_NONE ? "none" : "masquerade", v4 ? "nat"
		    : "nat6");
		return;
	}
}

/* One finding for the network around is enough for what is in it. */
static void
check_location(struct lint *lt, const struct conf_location *l,
    const struct conf_location *other)
{
	const char *name = other->name;
	struct prefix host = { .len = 128 };

	meet_all(lt, l, &other->internal, "internal", name);
	if (other->internal.n == 0)
		meet_all(lt, l, &other->lan, "lan", name);
	if (addr_parse(&host.addr, other->endpoint_host))
		meet(lt, l, &host, "the endpoint", name);
	if (other->has_gateway4) {
		host.addr = other->gateway4;
		meet(lt, l, &host, "the default-gateway", name);
	}
	if (other->has_gateway6) {
		host.addr = other->gateway6;
		meet(lt, l, &host, "the default-gateway", name);
	}
	if (other != l)
		meet_all(lt, l, &other->pool.addr, "nat-pool", name);
	if (other->nat6 == CONF_NAT6_NPT && other->role == CONF_ROLE_SERVER)
		meet(lt, l, &other->npt, "the prefix of nat6", name);
}

/* The Internet's routes lead an outside address to one server only. */
static void
check_nat_address(struct lint *lt, size_t i, size_t client)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *c = &cf->location[client];
	const struct prefix v4 = { c->nat_address.v4, 128 };
	const struct prefix v6 = { c->nat_address.v6, 128 };

	if (!c->active || c->role != CONF_ROLE_CLIENT ||
	    conf_is_client_of(cf, client, i))
		return;
	if (c->nat_address.has4)
		meet(lt, &cf->location[i], &v4, "the nat-address", c->name);
	if (c->nat_address.has6)
		meet(lt, &cf->location[i], &v6, "the nat-address", c->name);
}

static void
check_elsewhere(struct lint *lt, size_t i)
{
	const struct conf *cf = lt->cf;

	for (size_t k = 0; k < cf->nlocations; k++)
		check_nat_address(lt, i, k);
	for (size_t k = 0; k < cf->npublish; k++) {
		const struct conf_publish *q = &cf->publish[k];
		const struct prefix match = { q->match, 128 };
		int server = q->server.location;
		if (q->broken == 0 && q->said[KEY_PUBLISH_MATCH] != 0 &&
		    server != CONF_NONE && (size_t)server != i &&
		    publish_is_of(cf, q, (size_t)server))
			meet(lt, &cf->location[i], &match, "what is published",
			    cf->location[server].name);
	}
}

static void
check_special(struct lint *lt, const struct conf_location *l)
{
	char a[PREFIX_STRLEN], b[PREFIX_STRLEN];

	for (size_t i = 0; i < l->pool.addr.n; i++) {
		const struct prefix *p = &l->pool.addr.p[i];
		const struct prefix *s = lint_special(p);
		if (s != NULL)
			lint_say(lt, &l->section, BH_POOL_SPECIAL, KEY_NAT_POOL,
			    "%s meets %s, which no router forwards; give "
			    "addresses that are routed to this gateway",
			    prefix_format(p, a), prefix_format(s, b));
		else if (lint_private_outside(l, p))
			lint_say(lt, &l->section, BH_OUTSIDE_PRIVATE,
			    KEY_NAT_POOL, "%s is private, and nobody outside "
			    "answers to it; right if it is translated again "
			    "behind this server: 'nat-upstream = yes'",
			    prefix_format(p, a));
	}
}

/* A client sends more than its lan. */
static bool
counts_internal(const struct conf *cf, size_t server)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		if (conf_is_client_of(cf, i, server) &&
		    pool_inside(cf, i) != &cf->location[i].lan)
			return true;
	return false;
}

/* Hosts against blocks, with the arithmetic. */
static void
check_room(struct lint *lt, size_t i, uint64_t n4)
{
	const struct conf_location *l = &lt->cf->location[i];
	const struct conf_pool *p = &l->pool;
	uint64_t hosts = pool_hosts(lt->cf, i);
	bool internal = counts_internal(lt->cf, i);
	unsigned each = nat_blocks_each(p->block);

	if (hosts <= n4 * each)
		return;
	if (p->deterministic)
		lint_say_at(lt, &l->section, l->said[KEY_NAT_DETERMINISTIC],
		    BH_POOL_FIXED, KEY_NAT_POOL, "%" PRIu64 " IPv4 addresses "
		    "of %u blocks of %u ports are %" PRIu64 " blocks, and %"
		    PRIu64 " hosts may come (the clients' '%s'), each of which "
		    "needs one; give more addresses, a smaller port-block, or "
		    "%s", n4, each, p->block, n4 * each, hosts, internal ?
		    "internal" : "lan", internal ? "clients 'backhaul-sources "
		    "= participating', of whom only 'lan' counts" :
		    "less 'lan'");
	else
		lint_say(lt, &l->section, BH_POOL_SMALL,
		    KEY_NAT_POOL, "%" PRIu64 " IPv4 addresses of %u blocks of "
		    "%u ports are %" PRIu64 " blocks, and the clients have %"
		    PRIu64 " addresses: right if no more than %" PRIu64
		    " hosts are active at once", n4, each, p->block, n4 * each,
		    hosts, n4 * each);
}

static void
check_families(struct lint *lt, size_t i, uint64_t n4, uint64_t n6)
{
	const struct conf_location *l = &lt->cf->location[i];
	bool v4 = false, v6 = false;

	for (size_t k = 0; k < lt->cf->nlocations; k++) {
		if (!conf_is_client_of(lt->cf, k, i))
			continue;
		const struct conf_prefixes *in = pool_inside(lt->cf, k);
		v4 |= pools(l, true) && pool_count(in, true) > 0;
		v6 |= pools(l, false) && pool_count(in, false) > 0;
	}
	if ((v4 && n4 == 0) || (v6 && n6 == 0))
		lint_say(lt, &l->section, BH_POOL_FAMILY, KEY_NAT_POOL,
		    "clients have IPv%c addresses and the pool has none: what "
		    "they send to the Internet with those is refused", v4 && n4
		    == 0 ? '4' : '6');
}

static void
check_numbers(struct lint *lt, const struct conf_location *l)
{
	const struct conf_pool *p = &l->pool;

	if ((p->block & (p->block - 1)) != 0)
		lint_say(lt, &l->section, BH_POOL_BLOCK,
		    KEY_PORT_BLOCK, "%u is no power of two; 64, 128 and so on "
		    "to 8192 are", p->block);
	if (l->said[KEY_NAT_QUOTA_HOST] != 0 && p->host_flows > p->flows)
		lint_say(lt, &l->section, BH_POOL_QUOTA,
		    KEY_NAT_QUOTA_HOST, "%u is more than the table's %u; a "
		    "host must not be able to fill it (nat-table)",
		    p->host_flows, p->flows);
	if (p->site_flows > p->flows)
		lint_say(lt, &l->section, BH_POOL_QUOTA,
		    KEY_NAT_QUOTA_LOCATION, "%u is more than the table's %u; a "
		    "location must not be able to fill it (nat-table)",
		    p->site_flows, p->flows);
}

static void
check_pool(struct lint *lt, size_t i)
{
	const struct conf_location *l = &lt->cf->location[i];
	uint64_t n4 = pool_count(&l->pool.addr, true);
	uint64_t n6 = pool_count(&l->pool.addr, false);

	check_numbers(lt, l);
	if (conf_broken(l, KEY_NAT_POOL))
		return;
	if (l->pool.addr.n == 0) {
		lint_say_at(lt, &l->section, l->nat == CONF_NAT_POOL ?
		    l->said[KEY_NAT] : l->said[KEY_NAT6], BH_POOL_MISSING,
		    KEY_NAT_POOL, "'%s = pool' translates to addresses of its "
		    "own; list those that are routed to this gateway", l->nat ==
		    CONF_NAT_POOL ? "nat" : "nat6");
		return;
	}
	if (l->nat6 == CONF_NAT6_POOL && n6 == 0)
		lint_say(lt, &l->section, BH_POOL_MISSING, KEY_NAT6, "'nat6 = "
		    "pool' translates to IPv6 addresses of nat-pool, and there "
		    "are none; list some that are routed to this gateway");
	check_idle(lt, l);
	if (n4 > NAT_POOL_MAX || n6 > NAT_POOL_MAX ||
	    n4 + n6 > NAT_POOL_MAX) {
		lint_say(lt, &l->section, BH_POOL_SIZE, KEY_NAT_POOL,
		    "there are more than %d addresses; give fewer (of an IPv6 "
		    "prefix a few are plenty, each has 64512 ports)",
		    (int)NAT_POOL_MAX);
		return;
	}
	check_special(lt, l);
	for (size_t k = 0; k < lt->cf->nlocations; k++)
		check_location(lt, l, &lt->cf->location[k]);
	check_elsewhere(lt, i);
	if (pools(l, true))
		check_room(lt, i, n4);
	if (l->nat6 != CONF_NAT6_POOL || n6 > 0)
		check_families(lt, i, n4, n6);
}

void
lint_pools(struct lint *lt)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++)
		if (has_pool(&lt->cf->location[i]))
			check_pool(lt, i);
		else if (lt->cf->location[i].active)
			check_unused(lt, &lt->cf->location[i]);
}

const struct lint_explanation explain_pools[] = {
	{ BH_POOL_MISSING,
	    "With 'nat = pool' the server lends addresses of its own to the "
	    "branches' hosts. 'nat-pool' lists them: prefixes, ranges or "
	    "single addresses that are routed to this gateway.",
	    "nat = pool",
	    "nat = pool\nnat-pool = 198.51.100.8/29" },
	{ BH_POOL_SIZE,
	    "A pool has at most 4096 addresses: the ports of each take some "
	    "memory. One IPv4 address serves hundreds of hosts.",
	    "nat-pool = 2001:db8:ffff::/64",
	    "nat-pool = 2001:db8:ffff::10/124" },
	{ BH_POOL_OVERLAP,
	    "An address of the pool has another job: it is inside somebody's "
	    "network, ends a tunnel, is a next hop, or is in another pool. "
	    "Answers to translated flows would go there, or the guard would "
	    "refuse them.",
	    "nat-pool = 198.51.100.8/29\nendpoint = 198.51.100.9:51820",
	    "nat-pool = 198.51.100.8/29\nendpoint = 198.51.100.1:51820" },
	{ BH_POOL_SPECIAL,
	    "Routers do not forward to loopback, link-local, multicast and "
	    "other special-purpose addresses, so nothing would come back.",
	    "nat-pool = 169.254.1.0/29",
	    "nat-pool = 198.51.100.8/29" },
	{ BH_POOL_BLOCK,
	    "Blocks of ports are powers of two from 64 to 8192: small ones "
	    "let more hosts share an address, large ones make fewer lines in "
	    "the log.",
	    "port-block = 100",
	    "port-block = 128" },
	{ BH_POOL_FIXED,
	    "With 'nat-deterministic = yes' every possible host has a block "
	    "of its own for good, so that who had a port can be computed. "
	    "There must be as many blocks as addresses of hosts that a client "
	    "backhauls, which are all of its 'internal' unless it has "
	    "'backhaul-sources = participating', and its 'lan' then: addresses "
	    "of the pool times 64512 ports, divided by port-block.",
	    "nat-pool = 198.51.100.8\n"
	    "nat-deterministic = yes     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64\n"
	    "nat-deterministic = yes" },
	{ BH_POOL_SMALL,
	    "A host needs a block of ports while it talks to the Internet. If "
	    "all the addresses of the clients' networks were active at once, "
	    "some would get none. That is usual, as most addresses are "
	    "unused; the log warns when the pool is four fifths full.",
	    "nat-pool = 198.51.100.8     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64" },
	{ BH_POOL_FAMILY,
	    "What has no address to be translated to is refused, never let "
	    "out as it is. Give the pool addresses of that family, too, if "
	    "the clients should reach the Internet with it.",
	    "nat-pool = 198.51.100.8/29",
	    "nat-pool = 198.51.100.8/29, 2001:db8:ffff::10/124" },
	{ BH_POOL_UNUSED,
	    "The key says how 'nat = pool' translates, and another 'nat' is "
	    "in force here.",
	    "nat = masquerade\nport-block = 64",
	    "nat = pool\nport-block = 64" },
	{ BH_POOL_QUOTA,
	    "Quotas keep one host or location from taking the table away from "
	    "the others; a quota larger than the table does not.",
	    "nat-table = 65536\nnat-quota-host = 100000",
	    "nat-table = 65536\nnat-quota-host = 1024" },
	{ .text = NULL },
};
