/* SPDX-License-Identifier: ISC */
#include "engine/facts.h"

#include "conf/prefixes.h"
#include "conf/publish.h"
#include "engine/plan.h"
#include "engine/servers.h"

#include <stdlib.h>
#include <string.h>

/* The location that facts are gathered about. */
struct view {
	struct facts *fs;
	struct plan plan;	/* of a host that nothing is known of */
	const struct conf *cf;
	const struct space *space;
	const struct conf_location *l;
	size_t i;
	struct servers servers;	/* of a client */
	char leaves[400];	/* their names, in words */
	bool client, serves;
	bool plain;		/* runs WireGuard, and nothing of ours */
};

static bool
of_v6(const struct prefix *p)
{
	return p->len < PREFIX_V4 || !addr_is_v4(&p->addr);
}

static bool
has_v6(const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (of_v6(&ps->p[i]))
			return true;
	return false;
}

static void
get_role(struct view *v)
{
	const char *plain = v->plain ? ", by plain WireGuard" : "";

	if (!v->l->active)
		facts_add(v->fs, TOPIC_ROLE, "inactive: takes no part, and "
		    "what it calls its own is refused elsewhere");
	else if (v->servers.n > 0)
		facts_add(v->fs, TOPIC_ROLE, "backhaul client of %s%s",
		    v->leaves, plain);
	else if (v->client)
		facts_add(v->fs, TOPIC_ROLE, "backhaul client of nobody");
	else if (v->serves)
		facts_add(v->fs, TOPIC_ROLE, "backhaul server");
	else
		facts_add(v->fs, TOPIC_ROLE, "none: has no part in backhaul%s",
		    plain);
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (conf_is_client_of(v->cf, i, v->i))
			facts_add(v->fs, TOPIC_SERVES, "%s",
			    v->cf->location[i].name);
}

/* "hq", "hq, else dr", or "hq or dr, by host" */
static void
name_servers(struct view *v)
{
	const struct servers *sv = &v->servers;
	size_t n = 0;

	for (unsigned i = 0; i < sv->n && n < sizeof(v->leaves); i++)
		n += (size_t)snprintf(v->leaves + n, sizeof(v->leaves) - n,
		    "%s%s", i == 0 ? "" : sv->balance ? " or " : ", else ",
		    v->cf->location[sv->s[i].peer].name);
	if (sv->balance && sv->n > 1 && n < sizeof(v->leaves))
		snprintf(v->leaves + n, sizeof(v->leaves) - n, ", by host");
}

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
	if (v->plain || (v->servers.n < 2 && l->probe_line == 0))
		return;
	if (l->probe_line != 0)
		facts_add(v->fs, TOPIC_FAILOVER, "it is left when %s, asked "
		    "through it, has not answered for %d s",
		    addr_format(&l->probe, probe), SERVERS_PROBE_SECONDS);
	else
		facts_add(v->fs, TOPIC_FAILOVER, "it is left when its gateway "
		    "has not answered for %d s", SERVERS_SECONDS);
	if (v->servers.n < 2)
		return;
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
	facts_add(v->fs, TOPIC_IPV6, "%s", has_v6(&v->l->lan) ?
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
}

static void
get_pool(struct view *v)
{
	const struct conf_pool *p = &v->l->pool;

	facts_add(v->fs, TOPIC_NAT, "to addresses of its own, each host in "
	    "blocks of %u ports of one of them%s", p->block, p->deterministic ?
	    ", which are computed and not logged" : "");
	for (size_t i = 0; i < p->addr.n; i++)
		facts_add_prefix(v->fs, TOPIC_POOL, &p->addr.p[i]);
}

static void
get_nat(struct view *v)
{
	const struct conf_location *l = v->l;

	if (l->nat == CONF_NAT_POOL)
		get_pool(v);
	else if (l->nat == CONF_NAT_MASQUERADE)
		facts_add(v->fs, TOPIC_NAT, "to the gateway's own address, "
		    "TCP and UDP from the ports %u-%u",
		    l->nat_port_first, l->nat_port_last);
	else
		facts_add(v->fs, TOPIC_NAT, "none here%s: what follows sees "
		    "the branches' addresses", l->nat_upstream ?
		    ", something behind it translates" : "");
}

/* What a client is pinned to. */
static void
get_pin(struct view *v)
{
	const struct conf_pair *p = &v->l->nat_address;
	char a4[ADDR_STRLEN], a6[ADDR_STRLEN];

	if (v->servers.n == 0 || !(p->has4 || p->has6))
		return;
	facts_add(v->fs, TOPIC_PIN, "%s%s%s", p->has4 ?
	    addr_format(&p->v4, a4) : "", p->has4 && p->has6 ? ", " : "",
	    p->has6 ? addr_format(&p->v6, a6) : "");
}

static bool
holds(const struct conf_prefixes *ps, const struct addr *a)
{
	const struct prefix p = { *a, 128 };

	return prefixes_find(ps->p, ps->n, &p) != NULL;
}

static void
add_published(struct view *v, enum topic t, const struct conf_publish *p)
{
	char match[PUBLISH_STRLEN], to[PUBLISH_STRLEN], from[PREFIX_STRLEN];

	publish_format_match(p, match);
	publish_format_to(p, to);
	if (p->from.n == 0)
		facts_add(v->fs, t, "%s, which leads to %s", match, to);
	else
		facts_add(v->fs, t, "%s, which leads to %s, for %s%s", match,
		    to, prefix_format(&p->from.p[0], from),
		    p->from.n > 1 ? " and others" : "");
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
		    (holds(&v->l->lan, &p[i].to) ||
		    holds(&v->l->internal, &p[i].to)))
			add_published(v, TOPIC_REACHED, &p[i]);
}

static void
get_nat6(struct view *v)
{
	const struct conf_location *l = v->l;
	char text[PREFIX_STRLEN];

	if (l->nat6 == CONF_NAT6_NONE)
		facts_add(v->fs, TOPIC_NAT6, "none here");
	else if (l->nat6 == CONF_NAT6_NPT)
		facts_add(v->fs, TOPIC_NAT6, "host by host to %s (NPTv6)",
		    prefix_format(&l->npt, text));
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

static void
add_prefixes(struct view *v, enum topic t, const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		facts_add_prefix(v->fs, t, &ps->p[i]);
}

static void
add_normal(struct view *v, enum topic t, struct prefix_list *in)
{
	struct prefix_list none = { 0 }, out = { 0 };

	if (!prefixes_normal(in, &none, &out))
		v->fs->failed = true;
	add_prefixes(v, t, &(struct conf_prefixes){ .p = out.p, .n = out.n });
	prefix_list_free(&out);
}

static void
get_site(struct view *v)
{
	struct prefix_list lan = { 0 }, site = { 0 };

	if (!space_of(v->space, v->cf, v->i, &lan, &site))
		v->fs->failed = true;
	add_normal(v, TOPIC_LAN, &lan);
	add_normal(v, TOPIC_SITE, &site);
	prefix_list_free(&lan);
	prefix_list_free(&site);
}

static void
get_partners(struct view *v)
{
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (conf_partners(v->cf, v->i, i))
			facts_add(v->fs, TOPIC_PARTNER, "%s, by a tunnel of "
			    "their own and no other way",
			    v->cf->location[i].name);
}

static void
get_refused(struct view *v)
{
	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_REFUSED, "addresses of other locations that "
	    "are not its partners or do not take part");
	if (v->serves)
		facts_add(v->fs, TOPIC_REFUSED, "clients' traffic to its own "
		    "internal addresses, and from these to clients");
	if (v->cf->private_is_internal)
		facts_add(v->fs, TOPIC_REFUSED, "private addresses that no "
		    "location claims (RFC 1918, 6598, 4193)");
	facts_add(v->fs, TOPIC_REFUSED, "sources that are not of the site, "
	    "multicast and special addresses");
}

/* To one peer: who calls whom. */
static void
add_peer(struct view *v, const struct conf_location *p)
{
	const char *they = p->endpoint_host, *we = v->l->endpoint_host;
	bool v6 = strchr(they, ':') != NULL;

	if (*they == '\0')
		facts_add(v->fs, TOPIC_PEER, "%s, which calls", p->name);
	else
		facts_add(v->fs, TOPIC_PEER, "%s at %s%s%s:%u%s", p->name,
		    v6 ? "[" : "", they, v6 ? "]" : "", p->endpoint_port,
		    *we != '\0' ? ", or it calls" : "");
}

static void
get_tunnel(struct view *v)
{
	const struct conf_location *l = v->l;
	char key[KEY_STRLEN];

	if (l->public_key_line != 0)
		facts_add(v->fs, TOPIC_KEY, "%s", key_format(&l->public_key,
		    key));
	if (!plan_has_peers(&v->plan))
		return;
	if (l->keepalive > 0)
		facts_add(v->fs, TOPIC_LISTEN, "listens on UDP port %u, and is "
		    "kept open every %u s", l->listen_port, l->keepalive);
	else
		facts_add(v->fs, TOPIC_LISTEN, "listens on UDP port %u",
		    l->listen_port);
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (i != v->i && (conf_partners(v->cf, v->i, i) ||
		    conf_is_client_of(v->cf, v->i, i) ||
		    conf_is_client_of(v->cf, i, v->i)))
			add_peer(v, &v->cf->location[i]);
	facts_add(v->fs, TOPIC_MTU, "is %s%u inside the tunnel: TCP segments "
	    "of %u bytes (IPv4) or %u (IPv6)", l->mtu_auto ? "at most " : "",
	    l->mtu, l->mtu - 40, l->mtu - 60);
}

static void
get_devices(struct view *v)
{
	const struct conf_location *l = v->l;

	add_prefixes(v, TOPIC_ADDRESS, &l->address);
	if (l->lan_interface[0] != '\0')
		facts_add(v->fs, TOPIC_DEVICE, "%s towards the LAN%s",
		    l->lan_interface, plan_one_arm(&v->plan) ?
		    " and towards the outer network: one arm" : "");
	if (l->uplink[0] != '\0' && !plan_one_arm(&v->plan))
		facts_add(v->fs, TOPIC_DEVICE, "%s towards the outer network",
		    l->uplink);
	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_DEVICE, "%s, a TUN device that `backhaul up' "
	    "makes, LAN side", l->interface);
	if (plan_has_egress(&v->plan))
		facts_add(v->fs, TOPIC_DEVICE, "%s, a TUN device that "
		    "`backhaul up' makes, Internet side", l->egress_interface);
}

static void
get_routes(struct view *v)
{
	const struct conf_location *l = v->l;
	bool hop = plan_has_gateway(&v->plan);

	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_ROUTE, "what comes in by %s by table %d: other "
	    "locations%s into %s, else unreachable; %s stays", l->lan_interface,
	    PLAN_TABLE_LAN, v->client ? " and the Internet" : "", l->interface,
	    v->client ? "what takes part" : "the site");
	facts_add(v->fs, TOPIC_ROUTE, "the gateway's own packets to partners "
	    "by table %d into %s", PLAN_TABLE_OWN, l->interface);
	if (plan_breaks_out(&v->plan))
		facts_add(v->fs, TOPIC_ROUTE, "what comes in by %s for hosts "
		    "of the site by table %d into %s, else unreachable",
		    l->uplink, PLAN_TABLE_RETURN, l->egress_interface);
	if (!v->serves)
		return;
	facts_add(v->fs, TOPIC_ROUTE, "packets to clients' hosts%s by table "
	    "%d into %s, else unreachable", l->nat == CONF_NAT_POOL ?
	    " and to the pool" : "", PLAN_TABLE_RETURN, l->egress_interface);
	if (hop)
		facts_add(v->fs, TOPIC_ROUTE, "packets of clients by table %d "
		    "to the next hop, else unreachable", PLAN_TABLE_GATEWAY);
}

static bool
opens(const struct view *v)
{
	for (size_t i = 0; i < v->cf->npublish; i++)
		if (publish_is_of(v->cf, &v->cf->publish[i], v->i))
			return true;
	return false;
}

static void
get_filters(struct view *v)
{
	const struct conf_location *l = v->l;

	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	if (v->client && plan_one_arm(&v->plan))
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s and "
		    "within the LAN, nothing of it back to the outer network",
		    l->lan_interface, l->interface);
	else if (v->client)
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s and "
		    "within the LAN, never to %s", l->lan_interface,
		    l->interface, l->uplink);
	else
		facts_add(v->fs, TOPIC_FILTER, "%s: nothing to other "
		    "locations but by %s", l->lan_interface, l->interface);
	facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s, to what "
	    "takes part%s", l->interface, l->lan_interface,
	    v->client && l->sources == CONF_SOURCES_LAN ?
	    " or is of the site" : "");
	if (plan_breaks_out(&v->plan))
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s, "
		    "translated, nothing to or from an internal address, and "
		    "inwards only answers", l->egress_interface, l->uplink);
	if (v->serves)
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards nothing to or "
		    "from an internal address, and inwards only %s",
		    l->egress_interface, l->nat == CONF_NAT_NONE ?
		    "what is routed to clients' addresses" : opens(v) ?
		    "what is published and answers to what clients began" :
		    "answers to what clients began");
}

void
facts_get(struct facts *fs, const struct conf *cf, const struct space *s,
    size_t i)
{
	static void (*const get[])(struct view *) = {
		get_site, get_partners, get_refused, get_tunnel, get_devices,
		get_routes, get_filters,
	};
	const struct conf_location *l = &cf->location[i];
	struct view v = { .fs = fs, .cf = cf, .space = s, .l = l, .i = i,
		.plan = { .cf = cf, .self = l, .index = i },
	};

	v.client = l->active && l->role == CONF_ROLE_CLIENT;
	v.serves = l->active && l->role == CONF_ROLE_SERVER;
	v.plain = l->lan_interface[0] == '\0' && l->uplink[0] == '\0';
	servers_init(&v.servers, cf, i);
	name_servers(&v);
	get_role(&v);
	if (!l->active) {
		get_site(&v);
		return;
	}
	get_internet(&v);
	if (v.serves) {
		get_nat(&v);
		get_nat6(&v);
	}
	get_pin(&v);
	get_published(&v);
	if (v.serves)
		get_hop(&v);
	for (size_t k = 0; k < sizeof(get) / sizeof(get[0]); k++)
		get[k](&v);
}
