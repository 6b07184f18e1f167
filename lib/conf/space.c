/* SPDX-License-Identifier: ISC */
#include "conf/space.h"

#include <stdlib.h>
#include <string.h>

static int
cmp_entry(const void *a, const void *b)
{
	const struct space_entry *p = a, *q = b;
	int c = prefix_cmp(&p->p, &q->p);

	return c != 0 ? c : p->rank < q->rank ? -1 : p->rank > q->rank;
}

/* The wider first, since the narrower has what both hold. */
static int
cmp_width(const void *a, const void *b)
{
	const struct space_entry *p = a, *q = b;

	return p->p.len != q->p.len ? p->p.len - q->p.len : cmp_entry(a, b);
}

static void
put(struct space *s, const struct conf_prefixes *ps, size_t i, bool lan)
{
	for (size_t k = 0; k < ps->n; k++, s->n++)
		s->e[s->n] = (struct space_entry){ ps->p[k], (uint32_t)s->n,
			(uint16_t)i, lan };
}

/* One kind of one half of the locations, in the order of their ranks. */
static void
put_all(struct space *s, const struct conf *cf, bool lan, bool active)
{
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		if (l->active == active)
			put(s, lan ? &l->lan : &l->internal, i,
			    lan && active);
	}
}

bool
space_init(struct space *s, const struct conf *cf)
{
	size_t n = 1;

	for (size_t i = 0; i < cf->nlocations; i++)
		n += cf->location[i].lan.n + cf->location[i].internal.n;
	*s = (struct space){ .e = calloc(n, sizeof(*s->e)) };
	if (s->e == NULL)
		return false;
	for (int kind = 0; kind < 4; kind++)
		put_all(s, cf, kind >= 2, kind % 2 != 0);
	qsort(s->e, s->n, sizeof(*s->e), cmp_entry);
	return true;
}

void
space_fini(struct space *s)
{
	free(s->e);
	*s = (struct space){ 0 };
}

/* The first of those that begin at or after p. */
static size_t
find(const struct space *s, const struct prefix *p)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (prefix_cmp(&s->e[mid].p, p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Appends the entries inside p to `to', if that is not NULL; their number. */
static size_t
gather(const struct space *s, const struct prefix *p, struct space_entry *to)
{
	size_t first = find(s, p), n = first;

	while (n < s->n && prefix_has(p, &s->e[n].p.addr))
		n++;
	if (to != NULL && n > first)
		memcpy(to, &s->e[first], (n - first) * sizeof(*to));
	return n - first;
}

struct claim {
	struct prefix_list *lan, *site;
	/* of one width: what is added to each, and taken from the other */
	struct prefix_list in_lan, in_site, none, others;
	bool failed;
};

static void
add(struct claim *c, struct prefix_list *l, const struct prefix *p)
{
	if (!prefix_list_add(l, p))
		c->failed = true;
}

static void
change(struct claim *c, struct prefix_list *set, const struct prefix_list *in,
    const struct prefix_list *not)
{
	struct prefix_list out = { 0 };

	c->none.n = 0;
	for (size_t i = 0; i < not->n; i++)
		add(c, &c->none, &not->p[i]);
	/* what is in comes last: entries of one width do not overlap */
	if (!prefixes_normal(set, &c->none, &out))
		c->failed = true;
	for (size_t i = 0; i < in->n; i++)
		add(c, &out, &in->p[i]);
	prefix_list_fini(set);
	*set = out;
}

static void
end_width(struct claim *c)
{
	/* taken from both by others, and from each by the other one */
	change(c, c->lan, &c->in_lan, &c->others);
	change(c, c->site, &c->in_site, &c->others);
	change(c, c->lan, &(struct prefix_list){ 0 }, &c->in_site);
	change(c, c->site, &(struct prefix_list){ 0 }, &c->in_lan);
	c->in_lan.n = c->in_site.n = c->others.n = 0;
}

static void
apply(struct claim *c, const struct space_entry *e, size_t n, size_t self)
{
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n;
		if (!last && prefix_cmp(&e[i].p, &e[i + 1].p) == 0)
			continue;	/* the later has it */
		add(c, e[i].location != self ? &c->others :
		    e[i].lan ? &c->in_lan : &c->in_site, &e[i].p);
		if (last || e[i].p.len != e[i + 1].p.len)
			end_width(c);
	}
}

bool
space_of(const struct space *s, const struct conf *cf, size_t i,
    struct prefix_list *lan, struct prefix_list *site)
{
	const struct conf_location *l = &cf->location[i];
	const struct conf_prefixes *own[] = { &l->lan, &l->internal };
	struct prefix_list in = { 0 }, none = { 0 }, mine = { 0 };
	struct claim c = { .lan = lan, .site = site };
	struct space_entry *e = NULL;
	size_t n = 0, got = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t j = 0; j < own[k]->n; j++)
			add(&c, &in, &own[k]->p[j]);
	if (!prefixes_normal(&in, &none, &mine))
		c.failed = true;
	for (size_t k = 0; k < mine.n; k++)
		n += gather(s, &mine.p[k], NULL);
	if (n > 0 && (e = calloc(n, sizeof(*e))) == NULL)
		c.failed = true;
	for (size_t k = 0; k < mine.n && e != NULL; k++)
		got += gather(s, &mine.p[k], e + got);
	if (e != NULL) {
		qsort(e, got, sizeof(*e), cmp_width);
		apply(&c, e, got, i);
	}
	free(e);
	prefix_list_fini(&in);
	prefix_list_fini(&none);
	prefix_list_fini(&mine);
	prefix_list_fini(&c.in_lan);
	prefix_list_fini(&c.in_site);
	prefix_list_fini(&c.none);
	prefix_list_fini(&c.others);
	return !c.failed;
}
