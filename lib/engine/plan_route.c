/* SPDX-License-Identifier: ISC */
#include "engine/plan.h"

/*
 * Policy routing.  Rules, first match wins, all before the host's own:
 *
 *   780  from here, the tunnel's datagrams    skip ours
 *   781  from here                            OWN
 *   782  in by the LAN interface              LAN
 *   783  in by the TUN                        skip ours
 *   784  server: in by the egress TUN         RETURN if something is published,
 *                                             or translated by nat-pool
 *   784  server: in by the egress TUN         GATEWAY, or skip ours
 *   785  server: all others                   RETURN
 *        breakout: in by the uplink           RETURN
 *   789  (skip ends here)
 *
 * `throw' leaves a table and goes on with the next rule.  Behind each route
 * into a TUN stands `unreachable': when the device is gone, nothing falls
 * through to the main table (t/assume.bats).
 */

/* ip(8) never flushes an IPv6 unreachable default of the largest metric. */
#define LAST_RESORT "4294967294"

static const char *const everything[] = { "0.0.0.0/0", "::/0" };

static void
put_route(FILE *out, const char *dst, const char *dev, const char *src,
    int table)
{
	fprintf(out, "route replace %s dev %s%s%s table %d proto %d\n", dst,
	    dev, src != NULL ? " src " : "", src != NULL ? src : "", table,
	    PLAN_PROTO);
}

static void
put_special(FILE *out, const char *type, const char *dst, const char *metric,
    int table)
{
	fprintf(out, "route replace %s %s%s%s table %d proto %d\n", type, dst,
	    metric != NULL ? " metric " : "", metric != NULL ? metric : "",
	    table, PLAN_PROTO);
}

/* An IPv6 device has an MTU of at least 1280 (RFC 8200 5). */
static bool
carries(const struct plan *p, enum family fam)
{
	return fam == FAMILY_V4 || p->self->mtu >= 1280;
}

static void
into(const struct plan *p, enum family fam, const char *dst, const char *dev,
    const char *src, int table, FILE *out)
{
	if (carries(p, fam))
		put_route(out, dst, dev, src, table);
	put_special(out, "unreachable", dst, LAST_RESORT, table);
}

static void
into_all(const struct plan *p, enum family fam,
    const struct conf_prefixes *ps, const char *dev, const char *src, int table,
    FILE *out)
{
	char dst[PREFIX_STRLEN];

	for (size_t i = 0; i < ps->n; i++)
		if (plan_of_family(&ps->p[i], fam))
			into(p, fam, prefix_format(&ps->p[i], dst), dev, src,
			    table, out);
}

static void
throw_all(enum family fam, const struct conf_prefixes *ps, int table, FILE *out)
{
	char dst[PREFIX_STRLEN];

	for (size_t i = 0; i < ps->n; i++)
		if (plan_of_family(&ps->p[i], fam))
			put_special(out, "throw",
			    prefix_format(&ps->p[i], dst), NULL, table);
}

/* Another location's addresses go to the classifier even where it will refuse
 * them: in the main table they would leave in clear. */
static void
table_lan(const struct plan *p, enum family fam, FILE *out)
{
	const struct conf *cf = p->cf;
	bool client = p->self->role == CONF_ROLE_CLIENT;

	for (size_t i = 0; i < cf->nlocations; i++) {
		if (i == p->index)
			continue;
		into_all(p, fam, &cf->location[i].internal, p->self->interface,
		    NULL, PLAN_TABLE_LAN, out);
		into_all(p, fam, &cf->location[i].lan, p->self->interface,
		    NULL, PLAN_TABLE_LAN, out);
	}
	if (!client)
		throw_all(fam, &p->self->internal, PLAN_TABLE_LAN, out);
	throw_all(fam, &p->self->lan, PLAN_TABLE_LAN, out);
	if (client)
		into(p, fam, everything[fam], p->self->interface, NULL,
		    PLAN_TABLE_LAN, out);
}

/* Which of the location's `address'es this host really has: a route with
 * another source would be refused. */
static const char *
own_source(const struct plan *p, enum family fam, char buf[ADDR_STRLEN])
{
	const struct conf_prefixes *a = &p->self->address;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < p->host.nnets; k++)
			if (plan_of_family(&a->p[i], fam) &&
			    addr_eq(&a->p[i].addr, &p->host.net[k].own))
				return addr_format(&a->p[i].addr, buf);
	return NULL;
}

static void
table_own(const struct plan *p, enum family fam, FILE *out)
{
	char buf[ADDR_STRLEN];
	const char *src = own_source(p, fam, buf);

	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (i != p->index && conf_partners(p->cf, p->index, i))
			into_all(p, fam, &p->cf->location[i].lan,
			    p->self->interface, src, PLAN_TABLE_OWN, out);
}

/* What arrives for them and was not translated ends at the guard there; with a
 * way to another device, ARP is answered for them. */
static void
table_taken(const struct plan *p, enum family fam, FILE *out)
{
	const struct addr *a;
	struct prefix host = { .len = 128 };
	struct npt npt;
	char dst[PREFIX_STRLEN];

	if (fam == FAMILY_V6 && plan_npt(p, &npt) != NULL)
		into(p, fam, prefix_format(&npt.net[NPT_IN], dst),
		    p->self->egress_interface, NULL, PLAN_TABLE_RETURN, out);
	for (size_t i = 0; (a = plan_taken(p, &i)) != NULL;) {
		host.addr = *a;
		if (plan_of_family(&host, fam))
			into(p, fam, prefix_format(&host, dst),
			    p->self->egress_interface, NULL,
			    PLAN_TABLE_RETURN, out);
	}
}

static void
table_return(const struct plan *p, enum family fam, FILE *out)
{
	char buf[ADDR_STRLEN], name[IFNAMSIZ];
	unsigned next = 0;
	/* with it the kernel's own ICMP errors are ours to a client's guard */
	const char *src = own_source(p, fam, buf);
	bool self = plan_breaks_out(p);

	for (size_t i = 0; i < p->cf->nlocations; i++) {
		const struct conf_location *c = &p->cf->location[i];
		unsigned worker = conf_deal(p->cf, p->index, i, &next);
		if (self ? i != p->index :
		    !conf_is_client_of(p->cf, i, p->index))
			continue;
		const char *dev = conf_egress_device(p->self,
		    worker % conf_egresses(p->self), name);
		if (c->sources == CONF_SOURCES_LAN)
			into_all(p, fam, &c->internal, dev, src,
			    PLAN_TABLE_RETURN, out);
		into_all(p, fam, &c->lan, dev, src, PLAN_TABLE_RETURN, out);
	}
	table_taken(p, fam, out);
	if (plan_pools(p, fam))
		into_all(p, fam, &p->self->pool.addr,
		    p->self->egress_interface, NULL, PLAN_TABLE_RETURN, out);
}

/* Without an entry for a family that family is refused: the ordinary default
 * route would lead around the filter. */
static void
table_gateway(const struct plan *p, enum family fam, FILE *out)
{
	const struct addr *gw = plan_gateway(p, fam);
	const char *dev = plan_gateway_dev(p, fam);
	char buf[ADDR_STRLEN];

	if (dev != NULL)
		fprintf(out, "route replace %s via %s dev %s table %d "
		    "proto %d\n", everything[fam], addr_format(gw, buf),
		    dev, PLAN_TABLE_GATEWAY, PLAN_PROTO);
	put_special(out, "unreachable", everything[fam], LAST_RESORT,
	    PLAN_TABLE_GATEWAY);
}

void
plan_hop(const struct plan *p, enum family fam, FILE *out)
{
	if (!plan_has_gateway(p))
		return;
	if (plan_gateway_dev(p, fam) == NULL)
		fprintf(out, "route flush table %d type unicast proto %d\n",
		    PLAN_TABLE_GATEWAY, PLAN_PROTO);
	table_gateway(p, fam, out);
}

static void
put_rule(FILE *out, int pref, const char *match, const char *dev,
    const char *verb, int target)
{
	fprintf(out, "rule add pref %d %s%s%s %s %d protocol %d\n", pref, match,
	    dev != NULL ? " iif " : "", dev != NULL ? dev : "", verb, target,
	    PLAN_PROTO);
}

static bool
is_among(const struct prefix *q, const struct conf_prefixes *ps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ps->p[i].len == q->len && addr_eq(&ps->p[i].addr, &q->addr))
			return true;
	return false;
}

/* A server's LAN interface may be where the Internet is, too: only what comes
 * from the location itself is the LAN's. */
static void
rules_server_lan(const struct plan *p, enum family fam, FILE *out)
{
	const struct conf_prefixes *ps[] = { &p->self->internal,
		&p->self->lan };
	char match[8 + PREFIX_STRLEN], from[PREFIX_STRLEN];

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < ps[k]->n; i++) {
			const struct prefix *q = &ps[k]->p[i];
			/* a rule that is there already is refused */
			if (!plan_of_family(q, fam) || is_among(q, ps[0],
			    k == 0 ? i : ps[0]->n) ||
			    (k == 1 && is_among(q, ps[1], i)))
				continue;
			snprintf(match, sizeof(match), "from %s",
			    prefix_format(q, from));
			put_rule(out, PLAN_PREF_LAN, match,
			    p->self->lan_interface, "lookup", PLAN_TABLE_LAN);
		}
}

static void
rules_server(const struct plan *p, FILE *out)
{
	bool gateway = plan_has_gateway(p);
	char name[IFNAMSIZ];

	for (unsigned i = 0; i < conf_egresses(p->self); i++) {
		const char *dev = conf_egress_device(p->self, i, name);
		if (plan_turns_back(p))
			put_rule(out, PLAN_PREF_EGRESS, "from all", dev,
			    "lookup", PLAN_TABLE_RETURN);
		put_rule(out, PLAN_PREF_EGRESS, "from all", dev,
		    gateway ? "lookup" : "goto",
		    gateway ? PLAN_TABLE_GATEWAY : PLAN_PREF_END);
	}
	put_rule(out, PLAN_PREF_RETURN, "from all", NULL, "lookup",
	    PLAN_TABLE_RETURN);
}

static void
rules(const struct plan *p, enum family fam, FILE *out)
{
	char tunnel[48];

	/* by source port: no route, and no name's new address, can make the
	 * tunnel's own datagrams enter the tunnel */
	snprintf(tunnel, sizeof(tunnel), "from all ipproto udp sport %u",
	    p->self->listen_port);
	fprintf(out, "rule add pref %d from all nop protocol %d\n",
	    PLAN_PREF_END, PLAN_PROTO);
	put_rule(out, PLAN_PREF_TUNNEL, tunnel, "lo", "goto", PLAN_PREF_END);
	put_rule(out, PLAN_PREF_OWN, "from all", "lo", "lookup",
	    PLAN_TABLE_OWN);
	if (p->self->role == CONF_ROLE_SERVER)
		rules_server_lan(p, fam, out);
	else
		put_rule(out, PLAN_PREF_LAN, "from all",
		    p->self->lan_interface, "lookup", PLAN_TABLE_LAN);
	put_rule(out, PLAN_PREF_INSIDE, "from all", p->self->interface, "goto",
	    PLAN_PREF_END);
	if (p->self->role == CONF_ROLE_SERVER)
		rules_server(p, out);
	if (!plan_breaks_out(p))
		return;
	put_rule(out, PLAN_PREF_EGRESS, "from all", p->self->egress_interface,
	    "goto", PLAN_PREF_END);
	put_rule(out, PLAN_PREF_RETURN, "from all", p->self->uplink, "lookup",
	    PLAN_TABLE_RETURN);
}

void
plan_routes(const struct plan *p, enum family fam, FILE *out)
{
	table_lan(p, fam, out);
	table_own(p, fam, out);
	if (plan_has_egress(p))
		table_return(p, fam, out);
	if (plan_has_gateway(p))
		table_gateway(p, fam, out);
	rules(p, fam, out);
}
