/* SPDX-License-Identifier: ISC */
/* The loader and the linter on any bytes: they end, and what they made of them
 * has the form that everybody relies on. */

#include "fuzz.h"

#include "conf/prefixes.h"
#include "engine/lint.h"

/* Printed and parsed again it is the same. */
static void
check_prefix(const struct prefix *p)
{
	char text[PREFIX_STRLEN];
	struct prefix again;
	bool host_bits;

	must(prefix_parse(&again, prefix_format(p, text), &host_bits));
	must(!host_bits && prefix_cmp(p, &again) == 0);
}

/* Sorted, disjoint, and nothing left to merge: its own normal form. */
static void
check_set(const struct conf_prefixes *ps)
{
	struct prefix_list in = { 0 }, none = { 0 }, out = { 0 };

	for (size_t i = 0; i < ps->n; i++) {
		check_prefix(&ps->p[i]);
		must(i == 0 || prefix_cmp(&ps->p[i - 1], &ps->p[i]) < 0);
		must(i == 0 || !prefix_has(&ps->p[i - 1], &ps->p[i].addr));
		must(prefix_list_add(&in, &ps->p[i]));
	}
	must(prefixes_normal(&in, &none, &out) && out.n == ps->n);
	for (size_t i = 0; i < out.n; i++)
		must(prefix_cmp(&out.p[i], &ps->p[i]) == 0);
	prefix_list_free(&in);
	prefix_list_free(&out);
}

static void
check_refs(const struct conf *cf, const struct conf_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++) {
		int at = refs->r[i].location;
		must(at == conf_find(cf, refs->r[i].name));
		must(at < (int)cf->nlocations);
	}
}

static void
check_location(const struct conf *cf, size_t i)
{
	const struct conf_location *l = &cf->location[i];

	must(conf_find(cf, l->name) == (int)i);
	must(l->line > 0 && l->listen_port > 0);
	must(l->mtu >= 576 && l->nat_port_first <= l->nat_port_last);
	check_set(&l->lan);
	check_set(&l->internal);
	check_refs(cf, &l->partners);
	check_refs(cf, &l->servers);
	for (size_t j = 0; j < cf->nlocations; j++)
		must(conf_partners(cf, i, j) == conf_partners(cf, j, i));
}

/* In order, with a text, and printable. */
static void
check_diags(const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		must(i == 0 || d->d[i - 1].line <= d->d[i].line);
		must(d->d[i].text[0] != '\0');
		must(lint_explain((int)d->d[i].code) != NULL);
		for (const char *p = d->d[i].text; *p != '\0'; p++)
			must((unsigned char)*p >= ' ');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf cf;
	struct diags d;

	if (size == 0)
		return 0;
	FILE *f = fmemopen((void *)(uintptr_t)data, size, "r");
	must(f != NULL);
	diag_init(&d);
	conf_load(&cf, &d, f);
	fclose(f);
	lint_domain(&cf, &d);
	diag_sort(&d);
	must(cf.generation != 0);
	for (size_t i = 0; i < cf.nlocations; i++)
		check_location(&cf, i);
	check_diags(&d);
	conf_free(&cf);
	diag_free(&d);
	return 0;
}
