/* SPDX-License-Identifier: ISC */
#include "conf/link.h"

#include "conf/section.h"

#include <stdlib.h>
#include <string.h>

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

/* Nobody knows what a key of the second one would have become. */
static void
break_repeated(struct conf_location *a, const struct conf_location *b)
{
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (b->said[k] != 0)
			a->broken |= UINT64_C(1) << k;
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
		char title[CONF_TITLELEN];
		diag_add(d, b->line, BH_SECTION_TWICE,
		    conf_title(&a->section, title), "", "the "
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
			section_fini(&cf->location[i].section);
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

/* Nobody knows which location an unknown name was to be. */
static void
resolve_key(const struct conf *cf, struct conf_location *l,
    struct conf_refs *refs, enum conf_key key)
{
	resolve(cf, refs);
	for (size_t i = 0; l->active && i < refs->n; i++)
		if (refs->r[i].location == CONF_NONE)
			l->broken |= UINT64_C(1) << key;
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
		resolve_key(cf, l, &l->servers, KEY_SERVER);
		resolve_key(cf, l, p, KEY_PARTNERS);
		if (p->n > 1)
			qsort(p->r, p->n, sizeof(*p->r), cmp_ref);
	}
	for (size_t i = 0; i < cf->npublish; i++) {
		struct conf_ref *r = &cf->publish[i].server;
		r->location = conf_find(cf, r->name);
	}
}

void
link_names(struct conf *cf, struct diags *d)
{
	cf->by_name = calloc(cf->nlocations + 1, sizeof(*cf->by_name));
	if (cf->by_name == NULL) {
		diag_add(d, 0, BH_FILE_SIZE, "", "", "no memory");
	} else {
		index_names(cf);
		if (mark_repeated(cf, d) > 0) {
			drop_repeated(cf);
			index_names(cf);
		}
	}
	resolve_all(cf);
}
