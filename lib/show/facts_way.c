/* SPDX-License-Identifier: ISC */
#include "show/view.h"

#include "conf/prefixes.h"
#include "conf/publish.h"

#include <stdio.h>
#include <string.h>

/* The way of Internet traffic: server, translation, breakouts, [publish]. */

/* By any of its servers. */
static bool
is_translated(const struct view *v)
{
	for (unsigned i = 0; i < v->servers.n; i++)
		if (v->cf->location[v->servers.s[i].peer].nat != CONF_NAT_NONE)
			return true;
	return false;
}

static void
get_failover(struct view *v)
{
	const struct conf_location *l = v->l;
	char probe[ADDR_STRLEN];

	if (v->plain)
		facts_add(v->fs, TOPIC_FAILOVER, "nothing else is tried: plain "
		    "WireGuard has one way out");
	if (v->plain || v->servers.n < 2)
		return;
	if (l->said[KEY_PROBE] != 0)
		facts_add(v->fs, TOPIC_FAILOVER, "it is left when %s, asked "
		    "through it, has not answered for %d s, and has through "
		    "another", addr_format(&l->probe, probe),
		    SERVERS_PROBE_SECONDS);
	else
		facts_add(v->fs, TOPIC_FAILOVER, "it is left when its gateway "
		    "has not answered for %d s", SERVERS_SECONDS);
	if (is_translated(v))
		facts_add(v->fs, TOPIC_FAILOVER, "connections in progress "
		    "end: the other server gives them another address");
	if (l->failback == CONF_FAILBACK_NEVER)
		facts_add(v->fs, TOPIC_FAILOVER, "once back it is used when no "
		    "other answers");
	else if (l->failback == 0)
		facts_add(v->fs, TOPIC_FAILOVER, "once back it is used at "
		    "once");
	else
		facts_add(v->fs, TOPIC_FAILOVER, "once back it is used after "
		    "%u s", l->failback);
}

/* Which breakouts it has; bh-check -b says what they let out. */
static void
get_clear(struct view *v)
{
	char names[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < v->cf->nbreakouts && n < sizeof(names); i++)
		if (conf_breaks_out(&v->cf->breakout[i], v->i))
			n += (size_t)snprintf(names + n, sizeof(names) - n,
			    "%s%s", n > 0 ? ", " : "",
			    v->cf->breakout[i].name);
	if (n == 0)
		facts_add(v->fs, TOPIC_CLEAR, "is nothing of the LAN");
	else
		facts_add(v->fs, TOPIC_CLEAR, "by %s, translated to its "
		    "address, is what these breakouts let out: %s",
		    v->l->uplink, names);
}

static bool
is_of_site(const struct conf_location *l, const struct prefix *p)
{
	return prefixes_meet(l->lan.p, l->lan.n, p) ||
	    prefixes_meet(l->internal.p, l->internal.n, p);
}

/* One side of a breakout: the groups' addresses, of sources the site's. */
static void
get_side(struct view *v, const struct conf_breakout *b, bool from)
{
	const struct conf_refs *refs = from ? &b->from : &b->to;
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < refs->n; i++) {
		const struct conf_prefixes *ps =
		    &v->cf->group[refs->r[i].location].members;
		for (size_t k = 0; k < ps->n; k++)
			if (!from || is_of_site(v->l, &ps->p[k]))
				facts_add(v->fs, TOPIC_BREAKOUT, "%s: %s %s",
				    b->name, from ? "from" : "to",
				    prefix_format(&ps->p[k], text));
	}
}

static void
get_breakouts(struct view *v)
{
	for (size_t i = 0; i < v->cf->nbreakouts; i++) {
		const struct conf_breakout *b = &v->cf->breakout[i];
		if (!conf_breaks_out(b, v->i))
			continue;
		facts_add(v->fs, TOPIC_BREAKOUT, "%s: %s", b->name,
		    b->filter[0] != '\0' ? b->filter : "whatever it is");
		get_side(v, b, true);
		get_side(v, b, false);
	}
}

static void
get_internet(struct view *v)
{
	if (!v->client) {
		facts_add(v->fs, TOPIC_INTERNET, "of this site is left alone: "
		    "it goes by the gateway's own routes, if at all");
		return;
	}
	if (v->servers.n == 0)
		facts_add(v->fs, TOPIC_INTERNET, "is refused: there is no "
		    "server");
	else
		facts_add(v->fs, TOPIC_INTERNET, "leaves at %s, and goes there "
		    "encrypted", v->leaves);
	facts_add(v->fs, TOPIC_SOURCES, "%s",
	    v->l->sources == CONF_SOURCES_LAN ?
	    "is that of every host of the site, taking part or not" :
	    "is that of hosts that take part; others' is refused");
	facts_add(v->fs, TOPIC_IPV6, "%s", conf_has_family(&v->l->lan, false) ?
	    "is treated as IPv4 is" :
	    "is refused, not let out in clear: no prefix of it takes part");
	if (v->plain) {
		if (v->servers.n > 1)
			get_failover(v);
		facts_add(v->fs, TOPIC_CLEAR, "is what its own software "
		    "lets out");
		return;
	}
	facts_add(v->fs, TOPIC_DOWN, "Internet traffic is refused until it is "
	    "there again");
	get_failover(v);
	get_clear(v);
	get_breakouts(v);
}

static void
get_pool_rules(struct view *v)
{
	static const char *const filter[] = {
		[CONF_FILTER_ADDRESS_PORT] = "the address and port that was "
		    "sent to",
		[CONF_FILTER_ADDRESS] = "any port of an address that was sent "
		    "to",
		[CONF_FILTER_INDEPENDENT] = "anybody, once something was sent",
	};
	const struct conf_pool *p = &v->l->pool;
	char site[32] = "its share";

	if (p->site_flows > 0)
		snprintf(site, sizeof(site), "%u", p->site_flows);
	facts_add(v->fs, TOPIC_POOL_ANSWERS, "what comes from %s",
	    filter[p->filter]);
	facts_add(v->fs, TOPIC_POOL_KEPT, "by what goes %s",
	    p->refresh == CONF_REFRESH_BOTH ? "out or comes in" : "out");
	facts_add(v->fs, TOPIC_POOL_ROOM, "%u flows, of a host %u, of a "
	    "location %s", p->flows, p->host_flows, site);
	facts_add(v->fs, TOPIC_POOL_TIMES, "without a packet for %u s of UDP, "
	    "%u s of ICMP, %u s of TCP (%u s if it has not begun or is ending)",
	    p->udp, p->icmp, p->tcp, p->transitory);
}

static void
get_pool(struct view *v)
{
	const struct conf_pool *p = &v->l->pool;

	facts_add(v->fs, TOPIC_NAT, "to addresses of its own, each host in "
	    "blocks of %u ports of one of them%s", p->block, p->deterministic ?
	    ", which are computed and not logged" : "");
}

static void
get_nat(struct view *v)
{
	static const char *const upstream[] = {
		[CONF_UPSTREAM_NO] = "",
		[CONF_UPSTREAM_YES] = ", something behind it translates",
		[CONF_UPSTREAM_ROUTED] = ", the Internet's routes lead here",
	};
	const struct conf_location *l = v->l;

	if (l->nat == CONF_NAT_POOL)
		get_pool(v);
	else if (l->nat == CONF_NAT_MASQUERADE)
		facts_add(v->fs, TOPIC_NAT, "to the gateway's own address, "
		    "TCP and UDP from the ports %u-%u",
		    l->nat_port_first, l->nat_port_last);
	else
		facts_add(v->fs, TOPIC_NAT, "none here%s: what follows sees "
		    "the branches' addresses", upstream[l->nat_upstream]);
}

/* The address that all of a client has outside. */
static void
get_nat_address(struct view *v)
{
	const struct conf_pair *p = &v->l->nat_address;
	char a4[ADDR_STRLEN], a6[ADDR_STRLEN];

	if (v->servers.n == 0 || !(p->has4 || p->has6))
		return;
	facts_add(v->fs, TOPIC_NAT_ADDRESS, "%s%s%s", p->has4 ?
	    addr_format(&p->v4, a4) : "", p->has4 && p->has6 ? ", " : "",
	    p->has6 ? addr_format(&p->v6, a6) : "");
}

static void
add_published(struct view *v, enum topic t, const struct conf_publish *p)
{
	char match[PUBLISH_STRLEN], to[PUBLISH_STRLEN], from[PREFIX_STRLEN];

	publish_format_match(p, match);
	publish_format_to(p, to);
	if (p->from.n == 0)
		facts_add(v->fs, t, "%s, which leads to %s", match, to);
	for (size_t i = 0; i < p->from.n; i++)
		facts_add(v->fs, t, "%s, which leads to %s, for %s", match, to,
		    prefix_format(&p->from.p[i], from));
}

static void
get_published(struct view *v)
{
	const struct conf_publish *p = v->cf->publish;

	for (size_t i = 0; v->serves && i < v->cf->npublish; i++)
		if (publish_is_of(v->cf, &p[i], v->i))
			add_published(v, TOPIC_OPENS, &p[i]);
	for (size_t i = 0; v->client && i < v->cf->npublish; i++)
		if (p[i].server.location != CONF_NONE &&
		    conf_is_client_of(v->cf, v->i,
		    (size_t)p[i].server.location) &&
		    (conf_holds(&v->l->lan, &p[i].to) ||
		    conf_holds(&v->l->internal, &p[i].to)))
			add_published(v, TOPIC_REACHED, &p[i]);
}

static void
get_nat6(struct view *v)
{
	const struct conf_location *l = v->l;
	char text[PREFIX_STRLEN];

	if (l->nat6 == CONF_NAT6_NONE)
		facts_add(v->fs, TOPIC_NAT6, "none here");
	else if (l->nat6 == CONF_NAT6_POOL && l->nat != CONF_NAT_POOL)
		facts_add(v->fs, TOPIC_NAT6, "to addresses of its own");
	else if (l->nat6 == CONF_NAT6_NPT)
		facts_add(v->fs, TOPIC_NAT6, "host by host to %s (NPTv6)",
		    prefix_format(&l->npt, text));
}

static void
get_pool_addresses(struct view *v)
{
	const struct conf_prefixes *ps = &v->l->pool.addr;
	bool pool6 = conf_nat_of(v->l, false) == CONF_NAT_POOL;
	bool pool4 = v->l->nat == CONF_NAT_POOL;

	for (size_t i = 0; i < ps->n; i++)
		if (prefix_is_v4(&ps->p[i]) ? pool4 : pool6)
			facts_add_prefixes(v->fs, TOPIC_POOL, &ps->p[i], 1);
	if (pool4 || pool6)
		get_pool_rules(v);
}

static void
get_hop(struct view *v)
{
	char buf[2][ADDR_STRLEN];
	const struct addr *gw4 = plan_gateway(&v->plan, FAMILY_V4);
	const struct addr *gw6 = plan_gateway(&v->plan, FAMILY_V6);

	if (v->l->gateway_name[0] != '\0')
		facts_add(v->fs, TOPIC_HOP, "is what %s stands for in the DNS, "
		    "and nothing else", v->l->gateway_name);
	else if (gw4 == NULL && gw6 == NULL)
		facts_add(v->fs, TOPIC_HOP, "is that of the gateway's own "
		    "routes");
	else
		facts_add(v->fs, TOPIC_HOP, "is %s for IPv4, %s for IPv6, and "
		    "nothing else", gw4 != NULL ?
		    addr_format(gw4, buf[0]) : "none (refused)", gw6 != NULL ?
		    addr_format(gw6, buf[1]) : "none (refused)");
}

void
facts_get_way(struct view *v)
{
	get_internet(v);
	if (v->serves) {
		get_nat(v);
		get_nat6(v);
		get_pool_addresses(v);
	}
	get_nat_address(v);
	get_published(v);
	if (v->serves)
		get_hop(v);
}
