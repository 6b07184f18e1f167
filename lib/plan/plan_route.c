/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "base/die.h"
#include "plan/thin.h"

#include <stdlib.h>
#include <string.h>

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
 * through to the main table (t/guard-assume.bats).  A prefix that the next
 * shorter one leads to the same target has no routes of its own
 * (plan/thin.h).
 */

/* ip(8) never flushes an IPv6 unreachable default of the largest metric. */
#define LAST_RESORT "4294967294"

static const struct prefix everything[] = {
	[FAMILY_V4] = { { { [10] = 0xff, 0xff } }, PREFIX_V4 },
	[FAMILY_V6] = { { { 0 } }, 0 },
};

/* Into a device, or, with a type, nowhere. */
struct target {
	const char *type;
	char dev[IFNAMSIZ];
	const char *src;
};

/* One family's, until all of it is known: then what another route does as well
 * is left out. */
struct table {
	int id;
	enum family fam;
	bool carries;
	struct target target[CONF_WORKERS_MAX + 4];
	unsigned ntargets;
	struct thin_route *r;
	size_t n, room;
};

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
static struct table
table_begin(const struct plan *p, enum family fam, int id)
{
	return (struct table){ .id = id, .fam = fam,
		.carries = fam == FAMILY_V4 || p->self->mtu >= 1280 };
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* At most one for each egress device with a source, an egress device and the
 * TUN without one, and throw. */
static unsigned
target_of(struct table *t, const char *type, const char *dev, const char *src)
{
	unsigned i = 0;

	while (i < t->ntargets && !(is_same(t->target[i].type, type) &&
	    is_same(t->target[i].dev, dev) && is_same(t->target[i].src, src)))
		i++;
	if (i == t->ntargets) {
		t->target[i].type = type;
		snprintf(t->target[i].dev, IFNAMSIZ, "%s", dev);
		t->target[i].src = src;
		t->ntargets++;
	}
	return i;
}

static void
add(struct table *t, const struct prefix *to, unsigned target)
{
	if (t->n == t->room) {
		size_t room = t->room == 0 ? 64 : t->room * 2;
		struct thin_route *r = realloc(t->r, room * sizeof(*r));
		if (r == NULL)
			die(EXIT_RETRY, "cannot list the routes");
		t->r = r;
		t->room = room;
	}
	t->r[t->n++] = (struct thin_route){ *to, target, true };
}

static void
put_target(const struct table *t, const struct thin_route *r, FILE *out)
{
	const struct target *to = &t->target[r->target];
	char dst[PREFIX_STRLEN];

	prefix_format(&r->to, dst);
	if (to->type != NULL) {
		put_special(out, to->type, dst, NULL, t->id);
		return;
	}
	if (t->carries)
		put_route(out, dst, to->dev, to->src, t->id);
	put_special(out, "unreachable", dst, LAST_RESORT, t->id);
}

static void
table_end(struct table *t, FILE *out)
{
	if (!thin_routes(t->r, t->n))
		die(EXIT_RETRY, "cannot sort the routes");
	for (size_t i = 0; i < t->n; i++)
		if (t->r[i].needed)
			put_target(t, &t->r[i], out);
	free(t->r);
}

static void
into(struct table *t, const struct prefix *to, const char *dev, const char *src)
{
	if (plan_of_family(to, t->fam))
		add(t, to, target_of(t, NULL, dev, src));
}

static void
into_all(struct table *t, const struct conf_prefixes *ps, const char *dev,
    const char *src)
{
	for (size_t i = 0; i < ps->n; i++)
		into(t, &ps->p[i], dev, src);
}

static void
throw_all(struct table *t, const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (plan_of_family(&ps->p[i], t->fam))
			add(t, &ps->p[i], target_of(t, "throw", "", NULL));
}

/* Another location's addresses go to the classifier even where it will refuse
 * them: in the main table they would leave in clear. */
static void
table_lan(const struct plan *p, enum family fam, FILE *out)
{
	const struct conf *cf = p->cf;
	struct table t = table_begin(p, fam, PLAN_TABLE_LAN);
	bool client = p->self->role == CONF_ROLE_CLIENT;

	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		if (i == p->index)
			continue;
		into_all(&t, &l->internal, p->self->interface, NULL);
		into_all(&t, &l->lan, p->self->interface, NULL);
	}
	if (!client)
		throw_all(&t, &p->self->internal);
	throw_all(&t, &p->self->lan);
	if (client)
		into(&t, &everything[fam], p->self->interface, NULL);
	table_end(&t, out);
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
	struct table t = table_begin(p, fam, PLAN_TABLE_OWN);
	char buf[ADDR_STRLEN];
	const char *src = own_source(p, fam, buf);

	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (i != p->index && conf_partners(p->cf, p->index, i))
			into_all(&t, &p->cf->location[i].lan,
			    p->self->interface, src);
	table_end(&t, out);
}

/* A packet for one of them that was not translated ends at the guard there; the
 * kernel answers ARP for them, since the way to them is another device. */
static void
add_proxied(const struct plan *p, struct table *t)
{
	const struct addr *a;
	struct prefix host = { .len = 128 };
	struct npt npt;

	if (plan_npt(p, &npt) != NULL)
		into(t, &npt.net[NPT_IN], p->self->egress_interface, NULL);
	for (size_t i = 0; (a = plan_proxied(p, &i)) != NULL;) {
		host.addr = *a;
		into(t, &host, p->self->egress_interface, NULL);
	}
}

static void
table_return(const struct plan *p, enum family fam, FILE *out)
{
	struct table t = table_begin(p, fam, PLAN_TABLE_RETURN);
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
			into_all(&t, &c->internal, dev, src);
		into_all(&t, &c->lan, dev, src);
	}
	add_proxied(p, &t);
	if (plan_pools(p, fam))
		into_all(&t, &p->self->pool.addr, p->self->egress_interface,
		    NULL);
	table_end(&t, out);
}

/* Without an entry for a family that family is refused: the ordinary default
 * route would lead around the filter. */
static void
table_gateway(const struct plan *p, enum family fam, FILE *out)
{
	const struct addr *gw = plan_gateway(p, fam);
	const char *dev = plan_gateway_dev(p, fam);
	char buf[ADDR_STRLEN], all[PREFIX_STRLEN];

	prefix_format(&everything[fam], all);
	if (dev != NULL)
		fprintf(out, "route replace %s via %s dev %s table %d "
		    "proto %d\n", all, addr_format(gw, buf), dev,
		    PLAN_TABLE_GATEWAY, PLAN_PROTO);
	put_special(out, "unreachable", all, LAST_RESORT,
	    PLAN_TABLE_GATEWAY);
}

static void
hop(const struct plan *p, enum family fam, FILE *out)
{
	if (!plan_has_gateway(p))
		return;
	if (plan_gateway_dev(p, fam) == NULL)
		fprintf(out, "route flush table %d type unicast proto %d\n",
		    PLAN_TABLE_GATEWAY, PLAN_PROTO);
	table_gateway(p, fam, out);
}

void
plan_hop4(const struct plan *p, FILE *out)
{
	hop(p, FAMILY_V4, out);
}

void
plan_hop6(const struct plan *p, FILE *out)
{
	hop(p, FAMILY_V6, out);
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
is_among(const struct prefix *q, const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
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
			if (!plan_of_family(q, fam) ||
			    (k == 1 && is_among(q, ps[0])))
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

static void
routes(const struct plan *p, enum family fam, FILE *out)
{
	table_lan(p, fam, out);
	table_own(p, fam, out);
	if (plan_has_egress(p))
		table_return(p, fam, out);
	if (plan_has_gateway(p))
		table_gateway(p, fam, out);
	rules(p, fam, out);
}

void
plan_ip4(const struct plan *p, FILE *out)
{
	routes(p, FAMILY_V4, out);
}

void
plan_ip6(const struct plan *p, FILE *out)
{
	routes(p, FAMILY_V6, out);
}
