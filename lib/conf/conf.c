/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include "conf/keys.h"
#include "conf/load.h"
#include "conf/prefixes.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
free_location(struct conf_location *l)
{
	free(l->lan.p);
	free(l->internal.p);
	free(l->address.p);
	free(l->resolver.p);
	free(l->pool.addr.p);
	free(l->partners.r);
	free(l->servers.r);
}

/* qsort_r(3) is GNU's; its context is the array that the indexes are of. */
static int
cmp_name(const void *a, const void *b, void *arg)
{
	const struct conf_location *l = arg;
	uint16_t i = *(const uint16_t *)a, j = *(const uint16_t *)b;
	int c = strcmp(l[i].name, l[j].name);

	return c != 0 ? c : i - j;
}

static void
index_names(struct conf *cf)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		cf->by_name[i] = (uint16_t)i;
	if (cf->nlocations > 1)
		qsort_r(cf->by_name, cf->nlocations, sizeof(*cf->by_name),
		    cmp_name, cf->location);
}

/* Of a key that is in the second one nobody knows what it would be. */
static void
break_repeated(struct conf_location *a, const struct conf_location *b)
{
	int line;

	for (const struct keydef *k = keys_location; k->name != NULL; k++) {
		if (k->line == 0)
			continue;
		memcpy(&line, (const char *)b + k->line, sizeof(line));
		if (line != 0)
			a->broken |= UINT64_C(1) << (k - keys_location);
	}
}

/* Reports sections of one name, and clears the name of all but the first. */
static size_t
mark_repeated(const struct conf *cf, struct diags *d)
{
	size_t marked = 0, first = 0;
	struct conf_location *l = cf->location;

	for (size_t i = 1; i < cf->nlocations; i++) {
		struct conf_location *a = &l[cf->by_name[first]];
		struct conf_location *b = &l[cf->by_name[i]];
		if (strcmp(a->name, b->name) != 0) {
			first = i;
			continue;
		}
		char section[CONF_NAMELEN + 16];
		snprintf(section, sizeof(section), "location %s", a->name);
		diag_add(d, b->line, BH_SECTION_TWICE, section, "", "the "
		    "section is there already, in line %d; put all of it in "
		    "one place", a->line);
		break_repeated(a, b);
		b->name[0] = '\0';
		marked++;
	}
	return marked;
}

static void
drop_repeated(struct conf *cf)
{
	size_t n = 0;

	for (size_t i = 0; i < cf->nlocations; i++)
		if (cf->location[i].name[0] == '\0')
			free_location(&cf->location[i]);
		else
			cf->location[n++] = cf->location[i];
	cf->nlocations = n;
}

static int
cmp_ref(const void *a, const void *b)
{
	const struct conf_ref *p = a, *q = b;

	return p->location != q->location ?
	    (p->location < q->location ? -1 : 1) : p->line - q->line;
}

static void
resolve(const struct conf *cf, struct conf_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		refs->r[i].location = conf_find(cf, refs->r[i].name);
}

/* Whom an unknown name was to be, nobody knows. */
static void
resolve_key(const struct conf *cf, struct conf_location *l,
    struct conf_refs *refs, const char *key)
{
	resolve(cf, refs);
	for (size_t i = 0; l->active && i < refs->n; i++)
		if (refs->r[i].location == CONF_NONE)
			l->broken |= UINT64_C(1) <<
			    (keys_find(keys_location, key) - keys_location);
}

static void
resolve_groups(const struct conf *cf, struct conf_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		refs->r[i].location = conf_find_group(cf, refs->r[i].name);
}

static void
resolve_all(struct conf *cf)
{
	for (size_t i = 0; i < cf->nbreakouts; i++) {
		resolve(cf, &cf->breakout[i].locations);
		resolve_groups(cf, &cf->breakout[i].from);
		resolve_groups(cf, &cf->breakout[i].to);
	}
	for (size_t i = 0; i < cf->nlocations; i++) {
		struct conf_location *l = &cf->location[i];
		struct conf_refs *p = &l->partners;
		resolve_key(cf, l, &l->servers, "server");
		resolve_key(cf, l, p, "partners");
		if (p->n > 1)
			qsort(p->r, p->n, sizeof(*p->r), cmp_ref);
	}
	for (size_t i = 0; i < cf->npublish; i++) {
		struct conf_ref *r = &cf->publish[i].server;
		r->location = conf_find(cf, r->name);
	}
}

/* Names can be looked up from here on. */
static void
link_names(struct conf *cf, struct diags *d)
{
	cf->by_name = calloc(cf->nlocations + 1, sizeof(*cf->by_name));
	if (cf->by_name == NULL) {
		diag_add(d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	index_names(cf);
	if (mark_repeated(cf, d) > 0) {
		drop_repeated(cf);
		index_names(cf);
	}
	resolve_all(cf);
}

void
conf_load(struct conf *cf, struct diags *d, FILE *f)
{
	*cf = (struct conf){ .private_is_internal = true };
	if (sodium_init() < 0) {
		diag_add(d, 0, BH_FILE_READ, "", "", "cannot start libsodium");
		return;
	}
	load_sections(cf, d, f);
	link_names(cf, d);
}

void
conf_free(struct conf *cf)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		free_location(&cf->location[i]);
	for (size_t i = 0; i < cf->ngroups; i++)
		free(cf->group[i].members.p);
	for (size_t i = 0; i < cf->npublish; i++)
		free(cf->publish[i].from.p);
	free(cf->publish);
	for (size_t i = 0; i < cf->nbreakouts; i++) {
		free(cf->breakout[i].locations.r);
		free(cf->breakout[i].from.r);
		free(cf->breakout[i].to.r);
	}
	free(cf->location);
	free(cf->group);
	free(cf->breakout);
	free(cf->by_name);
	*cf = (struct conf){ 0 };
}

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
conf_broken(const struct conf_location *l, const char *key)
{
	const struct keydef *k = keys_find(keys_location, key);

	return k != NULL && (l->broken >> (k - keys_location) & 1) != 0;
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
	*in = (struct prefix){ p->addr, len };
	for (unsigned bit = len; bit < 128; bit++)
		in->addr.b[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
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
