/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "conf/prefixes.h"

#include <stdlib.h>
#include <string.h>

static const char *const special4[] = {	/* RFC 6890 and its registry */
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24",
	"192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3", NULL
};
static const char *const private4[] = {	/* RFC 1918, RFC 6598 */
	"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", NULL
};
/* Last, the IPv4 list once more in NAT64's clothes (RFC 6052). */
static const char *const special6[] = {
	"::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/32",
	"2001:2::/48", "2001:10::/28", "2001:20::/28", "2002::/16",
	"5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8",
	"64:ff9b::/104", "64:ff9b::7f00:0/104", "64:ff9b::a9fe:0/112",
	"64:ff9b::c612:0/111", "64:ff9b::e000:0/99", NULL
};
static const char *const private6[] = {	/* RFC 4193; NAT64 */
	"fc00::/7", "64:ff9b::a00:0/104", "64:ff9b::6440:0/106",
	"64:ff9b::ac10:0/108", "64:ff9b::c0a8:0/112", NULL
};

/* Elements of one set, opened at the first. */
struct set {
	FILE *out;
	enum family fam;
	bool any;
};

static void
set_open(struct set *s, FILE *out, const char *name, enum family fam)
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
set_close(struct set *s)
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

static void
set_list(struct set *s, const char *const *list)
{
	for (; *list != NULL; list++)
		set_text(s, *list);
}

/* a + 1, or a - 1 with step 0xff; false when it wraps. */
static bool
addr_step(struct addr *a, uint8_t step)
{
	for (int i = 15; i >= 0; i--) {
		a->b[i] = (uint8_t)(a->b[i] + step);
		if (a->b[i] != (step == 1 ? 0 : 0xff))
			return true;
	}
	return false;
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
	o->n = 0;
	o->p = calloc(l->lan.n + l->internal.n + 1, sizeof(*o->p));
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
		if (addr_cmp(&at, &before) < 0 && addr_step(&before, 0xff))
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

/* Of location i, without what is our own. */
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
		if (addr_parse(&p.addr, cf->location[i].endpoint_host) &&
		    in_family(s, &p))
			set_text(s, cf->location[i].endpoint_host);
	}
}

/* What no client may reach, and what may not reach a client. */
static void
put_guard(const struct plan *p, enum family fam, FILE *out)
{
	bool v4 = fam == FAMILY_V4;
	struct set s;

	set_open(&s, out, "guard", fam);
	for (size_t i = 0; i < p->cf->nlocations; i++) {
		set_prefixes(&s, &p->cf->location[i].lan);
		set_prefixes(&s, &p->cf->location[i].internal);
	}
	set_endpoints(&s, p->cf);
	set_list(&s, v4 ? special4 : special6);
	if (p->cf->private_is_internal)
		set_list(&s, v4 ? private4 : private6);
	set_close(&s);
}

/* What packets of clients have as their source once they are translated. */
static void
put_pool(const struct plan *p, enum family fam, FILE *out)
{
	char text[ADDR_STRLEN];
	const struct addr *a;
	struct set s;

	set_open(&s, out, "pool", fam);
	set_prefixes(&s, &p->self->pool.addr);
	for (size_t i = 0; (a = plan_proxied(p, &i)) != NULL;)
		if (addr_is_v4(a) == (fam == FAMILY_V4))
			set_text(&s, addr_format(a, text));
	set_close(&s);
}

static void
put_own(const struct plan *p, enum family fam, FILE *out)
{
	struct set s;

	set_open(&s, out, "lan", fam);
	set_prefixes(&s, &p->self->lan);
	set_close(&s);
}

static void
put_site(const struct plan *p, enum family fam, FILE *out)
{
	struct set s;

	set_open(&s, out, "site", fam);
	set_prefixes(&s, &p->self->lan);
	set_prefixes(&s, &p->self->internal);
	set_close(&s);
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
	set_open(&s, out, name, fam);
	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (is(p, i))
			set_other(&s, p, i, &own);
	set_close(&s);
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

/* What the host has itself. */
static void
put_host(const struct plan *p, enum family fam, FILE *out)
{
	char buf[ADDR_STRLEN];
	struct set s;

	set_open(&s, out, "own", fam);
	for (size_t i = 0; i < p->host.nnets; i++)
		if (addr_is_v4(&p->host.net[i].own) == (fam == FAMILY_V4))
			set_text(&s, addr_format(&p->host.net[i].own, buf));
	set_close(&s);
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
