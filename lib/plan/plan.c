/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "conf/prefixes.h"
#include "conf/publish.h"

#include <string.h>

bool
plan_has_peers(const struct plan *p)
{
	if (p->self->role != CONF_ROLE_NONE)
		return true;
	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (i != p->index && conf_partners(p->cf, p->index, i))
			return true;
	return false;
}

static bool
is_on(const struct plan_net *n, const struct addr *a)
{
	return prefix_has(&(struct prefix){ n->own, n->len }, a);
}

const char *
plan_dev_of(const struct plan *p, const struct addr *a)
{
	const struct plan_net *best = NULL;

	for (size_t i = 0; i < p->host.nnets; i++) {
		const struct plan_net *n = &p->host.net[i];
		if (addr_eq(&n->own, a))
			return NULL;
		if (is_on(n, a) && (best == NULL || n->len >= best->len))
			best = n;
	}
	return best != NULL ? best->dev : NULL;
}

bool
plan_has_gateway(const struct plan *p)
{
	const struct conf_location *l = p->self;

	return l->role == CONF_ROLE_SERVER && (l->has_gateway4 ||
	    l->has_gateway6 || l->gateway_name[0] != '\0');
}

bool
plan_breaks_out(const struct plan *p)
{
	return conf_has_breakout(p->cf, p->index);
}

bool
plan_has_egress(const struct plan *p)
{
	return p->self->role == CONF_ROLE_SERVER || plan_breaks_out(p);
}

struct plan_names
plan_egresses(const struct plan *p, const char *quote, const char *gap)
{
	struct plan_names list = { "" };
	char name[IFNAMSIZ];
	size_t n = 0;

	for (unsigned i = 0; i < conf_egresses(p->self); i++)
		n += (size_t)snprintf(list.text + n, sizeof(list.text) - n,
		    "%s%s%s%s", i > 0 ? gap : "", quote,
		    conf_egress_device(p->self, i, name), quote);
	return list;
}

struct plan_names
plan_egress_words(const struct plan *p)
{
	return plan_egresses(p, "", ", ");
}

struct plan_names
plan_egress_list(const struct plan *p)
{
	return plan_egresses(p, "\"", ", ");
}

struct plan_names
plan_egress(const struct plan *p)
{
	struct plan_names list = plan_egress_list(p), set;

	snprintf(set.text, sizeof(set.text), conf_egresses(p->self) > 1 ?
	    "{ %s }" : "%s", list.text);
	return set;
}

const struct addr *
plan_gateway(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	for (size_t i = 0; i < p->host.nhops; i++)
		if (addr_is_v4(&p->host.hop[i]) == (fam == FAMILY_V4) &&
		    plan_dev_of(p, &p->host.hop[i]) != NULL)
			return &p->host.hop[i];
	if (fam == FAMILY_V4)
		return l->has_gateway4 ? &l->gateway4 : NULL;
	return l->has_gateway6 ? &l->gateway6 : NULL;
}

const char *
plan_gateway_dev(const struct plan *p, enum family fam)
{
	const struct addr *gw = plan_gateway(p, fam);

	return gw != NULL ? plan_dev_of(p, gw) : NULL;
}

bool
plan_of_family(const struct prefix *pfx, enum family fam)
{
	return prefix_is_v4(pfx) == (fam == FAMILY_V4);
}

bool
plan_asks(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	if (fam == FAMILY_V6 && l->nat6 != CONF_NAT6_AS_NAT)
		return l->nat6 == CONF_NAT6_NPT;
	return l->nat == CONF_NAT_MASQUERADE;
}

bool
plan_pools(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	return l->role == CONF_ROLE_SERVER &&
	    conf_nat_of(l, fam == FAMILY_V4) == CONF_NAT_POOL;
}

bool
plan_translates(const struct plan *p, enum family fam)
{
	return p->self->role == CONF_ROLE_SERVER &&
	    (plan_asks(p, fam) || plan_pools(p, fam));
}

const struct npt *
plan_npt(const struct plan *p, struct npt *t)
{
	struct prefix in;

	return p->self->role == CONF_ROLE_SERVER &&
	    p->self->nat6 == CONF_NAT6_NPT &&
	    conf_npt_inside(p->cf, p->index, &in) &&
	    npt_init(t, &in, &p->self->npt) ? t : NULL;
}

bool
plan_one_arm(const struct plan *p)
{
	return strcmp(p->self->uplink, p->self->lan_interface) == 0;
}

bool
plan_egress_by_lan(const struct plan *p)
{
	const char *dev;

	if (plan_one_arm(p))
		return true;
	for (int fam = 0; fam < FAMILIES; fam++)
		if ((dev = plan_gateway_dev(p, (enum family)fam)) != NULL &&
		    strcmp(dev, p->self->lan_interface) == 0)
			return true;
	return false;
}

static size_t
add_dev(const char *dev[PLAN_DEVS], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(dev[i], name) == 0)
			return n;
	dev[n] = name;
	return n + 1;
}

size_t
plan_forwarders(const struct plan *p, const char *dev[PLAN_DEVS])
{
	size_t n = add_dev(dev, 0, p->self->lan_interface);
	const char *gw;

	if (!plan_has_egress(p))
		return n;
	n = add_dev(dev, n, p->self->uplink);
	for (int fam = 0; fam < FAMILIES; fam++)
		if ((gw = plan_gateway_dev(p, (enum family)fam)) != NULL)
			n = add_dev(dev, n, gw);
	return n;
}

const struct conf_publish *
plan_next_published(const struct plan *p, size_t *i)
{
	while (*i < p->cf->npublish) {
		const struct conf_publish *q = &p->cf->publish[(*i)++];
		if (publish_is_of(p->cf, q, p->index) &&
		    !plan_pools(p, addr_is_v4(&q->match) ? FAMILY_V4 :
		    FAMILY_V6))
			return q;
	}
	return NULL;
}

bool
plan_publishes(const struct plan *p)
{
	size_t i = 0;

	return plan_next_published(p, &i) != NULL;
}

bool
plan_turns_back(const struct plan *p)
{
	struct npt npt;
	size_t i = 0;

	return plan_publishes(p) || plan_npt(p, &npt) != NULL ||
	    plan_proxied(p, &i) != NULL || plan_pools(p, FAMILY_V4) ||
	    plan_pools(p, FAMILY_V6);
}

bool
plan_is_own(const struct plan *p, const struct addr *a)
{
	for (size_t i = 0; i < p->host.nnets; i++)
		if (addr_eq(a, &p->host.net[i].own))
			return true;
	return false;
}

/* The addresses of what is published, then those of clients. */
static const struct addr *
candidate(const struct plan *p, size_t i)
{
	const struct conf *cf = p->cf;

	if (i < cf->npublish)
		return publish_is_of(cf, &cf->publish[i], p->index) ?
		    &cf->publish[i].match : NULL;
	i -= cf->npublish;
	const struct conf_pair *pair = &cf->location[i / 2].nat_address;
	if (!(i % 2 == 0 ? pair->has4 : pair->has6) ||
	    !conf_is_client_of(cf, i / 2, p->index))
		return NULL;
	return i % 2 == 0 ? &pair->v4 : &pair->v6;
}

const struct addr *
plan_proxied(const struct plan *p, size_t *i)
{
	while (*i < p->cf->npublish + 2 * p->cf->nlocations) {
		const struct addr *a = candidate(p, (*i)++);
		if (a != NULL && !plan_is_own(p, a))
			return a;
	}
	return NULL;
}
