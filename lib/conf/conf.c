/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include "conf/prefixes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
conf_find(const struct conf *cf, const char *name)
{
	size_t lo = 0, hi = cf->by_name != NULL ? cf->nlocations : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(name, cf->location[cf->by_name[mid]].name);
		if (c == 0)
			return cf->by_name[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return CONF_NONE;
}

int
conf_find_group(const struct conf *cf, const char *name)
{
	for (size_t i = 0; i < cf->ngroups; i++)
		if (strcmp(cf->group[i].name, name) == 0)
			return (int)i;
	return CONF_NONE;
}

bool
conf_group_has(const struct conf_group *g, const struct addr *a)
{
	const struct prefix host = { *a, 128 };

	return prefixes_find(g->members.p, g->members.n, &host) != NULL;
}

bool
conf_breaks_out(const struct conf_breakout *b, size_t location)
{
	for (size_t i = 0; i < b->locations.n; i++)
		if (b->locations.r[i].location == (int)location)
			return true;
	return false;
}

bool
conf_has_breakout(const struct conf *cf, size_t location)
{
	const struct conf_location *l = &cf->location[location];

	if (!l->active || l->role != CONF_ROLE_CLIENT)
		return false;
	for (size_t i = 0; i < cf->nbreakouts; i++)
		if (conf_breaks_out(&cf->breakout[i], location))
			return true;
	return false;
}

bool
conf_holds(const struct conf_prefixes *ps, const struct addr *a)
{
	const struct prefix host = { *a, 128 };

	return prefixes_find(ps->p, ps->n, &host) != NULL;
}

bool
conf_has_family(const struct conf_prefixes *ps, bool v4)
{
	for (size_t i = 0; i < ps->n; i++)
		if (addr_is_v4(&ps->p[i].addr) == v4)
			return true;
	return false;
}

bool
conf_broken(const struct conf_location *l, enum conf_key key)
{
	return (l->broken >> key & 1) != 0;
}

const char *
conf_role_name(enum conf_role role)
{
	return conf_keys[KEY_BACKHAUL].words[role];
}

const char *
conf_kind_name(enum conf_kind kind)
{
	static const char *const name[CONF_KINDS] = {
		[CONF_DOMAIN] = "domain", [CONF_LOCATION] = "location",
		[CONF_GROUP] = "group", [CONF_BREAKOUT] = "breakout",
		[CONF_PUBLISH] = "publish",
	};

	return name[kind];
}

const char *
conf_title(const struct conf_section *s, char buf[static CONF_TITLELEN])
{
	snprintf(buf, CONF_TITLELEN, "%s%s%s", conf_kind_name(s->kind),
	    s->kind == CONF_DOMAIN ? "" : " ",
	    s->kind == CONF_DOMAIN ? "" : s->name);
	return buf;
}

static bool
names(const struct conf_refs *refs, size_t location)
{
	struct conf_ref want = { .location = (int)location };
	size_t lo = 0, hi = refs->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (refs->r[mid].location < want.location)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < refs->n && refs->r[lo].location == want.location;
}

bool
conf_partners(const struct conf *cf, size_t a, size_t b)
{
	const struct conf_location *p = &cf->location[a];
	const struct conf_location *q = &cf->location[b];

	return a != b && p->active && q->active && names(&p->partners, b) &&
	    names(&q->partners, a);
}

bool
conf_has_tunnel(const struct conf *cf, size_t a, size_t b)
{
	return conf_partners(cf, a, b) || (a != b &&
	    (conf_is_client_of(cf, a, b) || conf_is_client_of(cf, b, a)));
}

unsigned
conf_deal(const struct conf *cf, size_t self, size_t i, unsigned *next)
{
	return !conf_has_tunnel(cf, self, i) ? 0 :
	    (*next)++ % cf->location[self].workers;
}

unsigned
conf_egresses(const struct conf_location *l)
{
	return l->role != CONF_ROLE_SERVER || l->nat6 == CONF_NAT6_NPT ||
	    conf_nat_of(l, true) == CONF_NAT_POOL ||
	    conf_nat_of(l, false) == CONF_NAT_POOL ? 1 : l->workers;
}

const char *
conf_egress_device(const struct conf_location *l, unsigned worker,
    char buf[IFNAMSIZ])
{
	if (worker == 0)
		return l->egress_interface;
	/* two digits have to find room */
	snprintf(buf, IFNAMSIZ, "%.*s-%u", IFNAMSIZ - 4, l->egress_interface,
	    worker % 100);
	return buf;
}

static const struct prefix *
first_v6(const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (!addr_is_v4(&ps->p[i].addr))
			return &ps->p[i];
	return NULL;
}

enum conf_nat
conf_nat_of(const struct conf_location *l, bool v4)
{
	if (v4 || l->nat6 == CONF_NAT6_AS_NAT)
		return l->nat;
	return l->nat6 == CONF_NAT6_POOL ? CONF_NAT_POOL : CONF_NAT_NONE;
}

bool
conf_npt_inside(const struct conf *cf, size_t server, struct prefix *in)
{
	uint8_t len = cf->location[server].npt.len;
	const struct prefix *p = NULL;

	for (size_t i = 0; i < cf->nlocations && p == NULL; i++)
		if (conf_is_client_of(cf, i, server))
			p = first_v6(&cf->location[i].lan);
	if (p == NULL)
		return false;
	*in = prefix_around(&p->addr, len);
	return true;
}

bool
conf_is_client_of(const struct conf *cf, size_t client, size_t server)
{
	const struct conf_location *c = &cf->location[client];
	const struct conf_location *s = &cf->location[server];

	if (!c->active || c->role != CONF_ROLE_CLIENT || !s->active ||
	    s->role != CONF_ROLE_SERVER)
		return false;
	for (size_t i = 0; i < c->servers.n; i++)
		if (c->servers.r[i].location == (int)server)
			return true;
	return false;
}

const struct addr *
conf_probe_source(const struct conf_location *l)
{
	for (size_t i = 0; i < l->address.n; i++) {
		const struct prefix *p = &l->address.p[i];
		if (addr_is_v4(&p->addr) == addr_is_v4(&l->probe) &&
		    (prefixes_find(l->lan.p, l->lan.n, p) != NULL ||
		    (l->sources == CONF_SOURCES_LAN &&
		    prefixes_find(l->internal.p, l->internal.n, p) != NULL)))
			return &p->addr;
	}
	return NULL;
}
