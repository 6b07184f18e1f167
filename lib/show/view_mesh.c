/* SPDX-License-Identifier: ISC */
#include "show/view_mesh.h"

#include <stdlib.h>
#include <string.h>

/* Everybody that a location exchanges traffic with, itself included. */
struct circle {
	uint16_t *who;		/* sorted */
	size_t n;
	uint16_t self;
};

static int
by_circle(const void *a, const void *b)
{
	const struct circle *p = a, *q = b;

	if (p->n != q->n)
		return p->n < q->n ? -1 : 1;
	int c = memcmp(p->who, q->who, p->n * sizeof(*p->who));
	return c != 0 ? c : p->self - q->self;
}

/* Lists are sorted by location, so one that is named twice is side by side. */
static bool
is_partner(const struct conf *cf, size_t i, size_t k)
{
	const struct conf_ref *r = &cf->location[i].partners.r[k];

	return r->location != CONF_NONE && (k == 0 ||
	    r[-1].location != r->location) &&
	    conf_partners(cf, i, (size_t)r->location);
}

static bool
get_circle(struct circle *c, const struct conf *cf, size_t self)
{
	const struct conf_refs *p = &cf->location[self].partners;
	bool placed = false;

	c->self = (uint16_t)self;
	c->n = 0;
	c->who = calloc(p->n + 1, sizeof(*c->who));
	if (c->who == NULL)
		return false;
	for (size_t k = 0; k < p->n; k++) {
		if (!is_partner(cf, self, k))
			continue;
		if (!placed && p->r[k].location > (int)self)
			placed = (c->who[c->n++] = c->self, true);
		c->who[c->n++] = (uint16_t)p->r[k].location;
	}
	if (!placed)
		c->who[c->n++] = c->self;
	return true;
}

static bool
same(const struct circle *a, const struct circle *b)
{
	return a->n == b->n &&
	    memcmp(a->who, b->who, a->n * sizeof(*a->who)) == 0;
}

/* Locations that are all in one circle are a mesh. */
static void
join(struct mesh *m, struct circle *c, size_t n)
{
	qsort(c, n, sizeof(*c), by_circle);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && same(&c[i], &c[k]); k++)
			;
		if (k - i < MESH_MIN)
			continue;
		m->size[c[i].self] = (uint16_t)(k - i);
		for (size_t j = i; j < k; j++)
			m->of[c[j].self] = c[i].self;
	}
}

bool
mesh_init(struct mesh *m, const struct conf *cf)
{
	size_t n = cf->nlocations;
	struct circle *c = calloc(n + 1, sizeof(*c));
	bool ok = c != NULL;

	*m = (struct mesh){ .cf = cf, .of = calloc(n + 1, sizeof(*m->of)),
		.size = calloc(n + 1, sizeof(*m->size)) };
	ok = ok && m->of != NULL && m->size != NULL;
	for (size_t i = 0; ok && i < n; i++) {
		m->of[i] = (uint16_t)i;
		ok = get_circle(&c[i], cf, i);
	}
	if (ok)
		join(m, c, n);
	for (size_t i = 0; c != NULL && i < n; i++)
		free(c[i].who);
	free(c);
	for (size_t i = 0; ok && i < n; i++)
		for (size_t at = 0; mesh_next(m, i, &at) != CONF_NONE;)
			m->lines++;
	return ok;
}

void
mesh_fini(struct mesh *m)
{
	free(m->of);
	free(m->size);
}

bool
mesh_has(const struct mesh *m, size_t location)
{
	return m->size[m->of[location]] != 0;
}

int
mesh_next(const struct mesh *m, size_t location, size_t *at)
{
	const struct conf_refs *p = &m->cf->location[location].partners;

	while (m->of[location] == location && *at < p->n) {
		size_t k = (*at)++;
		int to = p->r[k].location;
		/* from the lower to the higher, once; a mesh by its first */
		if (is_partner(m->cf, location, k) && to > (int)location &&
		    m->of[to] == to)
			return to;
	}
	return CONF_NONE;
}
