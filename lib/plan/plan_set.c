/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "base/die.h"
#include "base/special.h"
#include "conf/prefixes.h"

#include <stdlib.h>
#include <string.h>

/* Elements of one set, opened at the first. */
struct set {
	FILE *out;
	enum family fam;
	bool any;
};

static void
set_begin(struct set *s, FILE *out, const char *name, enum family fam)
{
	*s = (struct set){ .out = out, .fam = fam };
	fprintf(out, "\tset %s%c {\n\t\ttype ipv%c_addr\n\t\tflags interval\n"
	    "\t\tauto-merge\n", name, fam == FAMILY_V4 ? '4' : '6',
	    fam == FAMILY_V4 ? '4' : '6');
}

static void
set_text(struct set *s, const char *element)
{
	fprintf(s->out, "%s%s", s->any ? ",\n\t\t\t" : "\t\telements = {\n"
	    "\t\t\t", element);
	s->any = true;
}

static void
set_end(struct set *s)
{
	fprintf(s->out, "%s\t}\n", s->any ? " }\n" : "");
}

static bool
in_family(const struct set *s, const struct prefix *p)
{
	return plan_of_family(p, s->fam);
}

static void
set_prefixes(struct set *s, const struct conf_prefixes *ps)
{
	char buf[PREFIX_STRLEN];

	for (size_t i = 0; i < ps->n; i++)
		if (in_family(s, &ps->p[i]))
			set_text(s, prefix_format(&ps->p[i], buf));
}

/* No packet is forwarded there (base/special.h); what IPv6 would carry of IPv4
 * (RFC 4038 4.2) has no address of its own here. */
static void
set_special(struct set *s, bool private_too)
{
	struct prefix_list l = { 0 };

	if (!prefixes_special(&l, SPECIAL_NEVER |
	    (private_too ? SPECIAL_PRIVATE : 0)))
		diex(EXIT_RETRY, "no memory");
	set_prefixes(s, &(struct conf_prefixes){ .p = l.p, .n = l.n });
	if (s->fam == FAMILY_V6)
		set_text(s, "::ffff:0:0/96");
	prefix_list_fini(&l);
}

static int
addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

static void
set_range(struct set *s, const struct addr *first, const struct addr *last)
{
	char a[ADDR_STRLEN], b[ADDR_STRLEN], text[2 * ADDR_STRLEN];

	snprintf(text, sizeof(text), "%s-%s", addr_format(first, a),
	    addr_format(last, b));
	set_text(s, text);
}

/* The prefixes of the location itself, in order of address. */
struct own {
	struct prefix *p;
	size_t n;
};

static int
by_address(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = addr_cmp(&x->addr, &y->addr);

	return order != 0 ? order : x->len - y->len;
}

static void
own_init(struct own *o, const struct conf_location *l)
{
	*o = (struct own){ .p = calloc(l->lan.n + l->internal.n + 1,
	    sizeof(*o->p)) };
	if (o->p == NULL)
		return;
	for (size_t i = 0; i < l->lan.n; i++)
		o->p[o->n++] = l->lan.p[i];
	for (size_t i = 0; i < l->internal.n; i++)
		o->p[o->n++] = l->internal.p[i];
	qsort(o->p, o->n, sizeof(*o->p), by_address);
}

/* p without what the location itself has within p: the longer prefix wins, as
 * in routing. */
static void
set_without(struct set *s, const struct prefix *p, const struct own *own)
{
	struct addr at = p->addr, last = prefix_last(p);
	bool cut = false;
	char buf[PREFIX_STRLEN];

	for (size_t i = 0; i < own->n; i++) {
		struct addr end = prefix_last(&own->p[i]), before;
		if (own->p[i].len < p->len ||
		    !prefix_has(p, &own->p[i].addr) || addr_cmp(&end, &at) < 0)
			continue;
		cut = true;
		before = own->p[i].addr;
		if (addr_cmp(&at, &before) < 0 && addr_step(&before, -1))
			set_range(s, &at, &before);
		at = end;
		if (!addr_step(&at, 1))
			return;
	}
	if (!cut)
		set_text(s, prefix_format(p, buf));
	else if (addr_cmp(&at, &last) <= 0)
		set_range(s, &at, &last);
}

/* The addresses of location i that are not our own. */
static void
set_other(struct set *s, const struct plan *p, size_t i, const struct own *own)
{
	const struct conf_location *l = &p->cf->location[i];
	const struct conf_prefixes *ps[] = { &l->lan, &l->internal };

	for (size_t k = 0; k < 2; k++)
		for (size_t n = 0; n < ps[k]->n; n++)
			if (in_family(s, &ps[k]->p[n]))
				set_without(s, &ps[k]->p[n], own);
}

static void
set_endpoints(struct set *s, const struct conf *cf)
{
	for (size_t i = 0; i < cf->nlocations; i++) {
		struct prefix p = { .len = 128 };
		if (cf->location[i].active &&
		    addr_parse(&p.addr, cf->location[i].endpoint_host) &&
		    in_family(s, &p))
			set_text(s, cf->location[i].endpoint_host);
	}
}

/* No client may reach these, and these may not reach a client. */
static void
put_guard(const struct plan *p, enum family fam, FILE *out)
{
	struct set s;

	set_begin(&s, out, "guard", fam);
	for (size_t i = 0; i < p->cf->nlocations; i++) {
		set_prefixes(&s, &p->cf->location[i].lan);
		set_prefixes(&s, &p->cf->location[i].internal);
	}
	set_endpoints(&s, p->cf);
	set_special(&s, p->cf->private_is_internal);
	set_end(&s);
}

/* Packets of clients have these as their source once they are translated. */
static void
put_pool(const struct plan *p, enum family fam, FILE *out)
{
	char text[ADDR_STRLEN];
	const struct addr *a;
	struct set s;

	set_begin(&s, out, "pool", fam);
	set_prefixes(&s, &p->self->pool.addr);
	for (size_t i = 0; (a = plan_proxied(p, &i)) != NULL;)
		if (addr_is_v4(a) == (fam == FAMILY_V4))
			set_text(&s, addr_format(a, text));
	set_end(&s);
}

static void
put_own(const struct plan *p, enum family fam, FILE *out)
{
	struct set s;

	set_begin(&s, out, "lan", fam);
	set_prefixes(&s, &p->self->lan);
	set_end(&s);
}

static void
put_site(const struct plan *p, enum family fam, FILE *out)
{
	struct set s;

	set_begin(&s, out, "site", fam);
	set_prefixes(&s, &p->self->lan);
	set_prefixes(&s, &p->self->internal);
	set_end(&s);
}

static bool
is_other(const struct plan *p, size_t i)
{
	return i != p->index;
}

static bool
is_client(const struct plan *p, size_t i)
{
	return conf_is_client_of(p->cf, i, p->index);
}

static void
put_others(const struct plan *p, const char *name, enum family fam,
    bool (*is)(const struct plan *p, size_t i), FILE *out)
{
	struct own own;
	struct set s;

	own_init(&own, p->self);
	set_begin(&s, out, name, fam);
	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (is(p, i))
			set_other(&s, p, i, &own);
	set_end(&s);
	free(own.p);
}

void
plan_bolt_sets(const struct plan *p, enum family fam, FILE *out)
{
	put_site(p, fam, out);
	put_others(p, "elsewhere", fam, is_other, out);
	if (p->self->role == CONF_ROLE_SERVER)
		put_others(p, "clients", fam, is_client, out);
}

/* The host's own addresses. */
static void
put_host(const struct plan *p, enum family fam, FILE *out)
{
	char buf[ADDR_STRLEN];
	struct set s;

	set_begin(&s, out, "own", fam);
	for (size_t i = 0; i < p->host.nnets; i++)
		if (addr_is_v4(&p->host.net[i].own) == (fam == FAMILY_V4))
			set_text(&s, addr_format(&p->host.net[i].own, buf));
	set_end(&s);
}

void
plan_egress_sets(const struct plan *p, enum family fam, FILE *out)
{
	put_host(p, fam, out);
	put_site(p, fam, out);
	if (p->self->role == CONF_ROLE_SERVER)
		put_others(p, "clients", fam, is_client, out);
}

void
plan_sets(const struct plan *p, enum family fam, FILE *out)
{
	put_own(p, fam, out);
	plan_bolt_sets(p, fam, out);
	if (plan_has_egress(p))
		put_guard(p, fam, out);
	if (plan_pools(p, fam))
		put_pool(p, fam, out);
}
