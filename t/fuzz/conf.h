/* SPDX-License-Identifier: ISC */
#ifndef BH_T_CONF_H
#define BH_T_CONF_H

/* What everybody relies on in a domain that was loaded, whatever the file. */

#include "fuzz.h"

#include "check/lint.h"
#include "conf/prefixes.h"

/* Printed and parsed again it is the same. */
static inline void
check_prefix(const struct prefix *p)
{
	char text[PREFIX_STRLEN];
	struct prefix again;
	bool host_bits;

	must(prefix_parse(&again, prefix_format(p, text), &host_bits));
	must(!host_bits && prefix_cmp(p, &again) == 0);
}

/* Sorted, disjoint, and nothing left to merge: its own normal form. */
static inline void
check_set(const struct conf_section *s, enum conf_key k,
    const struct conf_prefixes *ps)
{
	struct prefix_list in = { ps->p, ps->n, ps->n }, none = { 0 };
	struct prefix_list out = { 0 };

	must(ps->n == 0 || s->said[k] > 0);
	for (size_t i = 0; i < ps->n; i++) {
		check_prefix(&ps->p[i]);
		must(i == 0 || prefix_cmp(&ps->p[i - 1], &ps->p[i]) < 0);
		must(i == 0 || !prefix_has(&ps->p[i - 1], &ps->p[i].addr));
	}
	must(prefixes_normal(&in, &none, &out) && out.n == ps->n);
	for (size_t i = 0; i < out.n; i++)
		must(prefix_cmp(&out.p[i], &ps->p[i]) == 0);
	prefix_list_fini(&out);
}

/* Sorted, each once. */
static inline void
check_hosts(const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		must(ps->p[i].len == 128 && (i == 0 ||
		    prefix_cmp(&ps->p[i - 1], &ps->p[i]) < 0));
}

static inline void
check_refs(const struct conf *cf, const struct conf_refs *refs,
    int (*find)(const struct conf *cf, const char *name))
{
	for (size_t i = 0; i < refs->n; i++) {
		must(refs->r[i].location == find(cf, refs->r[i].name));
		must(refs->r[i].line > 0);
	}
}

static inline void
check_location(const struct conf *cf, size_t i)
{
	const struct conf_location *l = &cf->location[i];

	must(conf_find(cf, l->name) == (int)i);
	must(l->line > 0 && l->listen_port > 0);
	must(l->mtu >= 576 && l->nat_port_first <= l->nat_port_last);
	must(l->role <= CONF_ROLE_SERVER && l->nat <= CONF_NAT_POOL);
	must(l->dscp <= CONF_DSCP_COPY && l->interface[0] != '\0');
	must((l->endpoint_host[0] == '\0') == (l->endpoint_port == 0));
	check_set(&l->section, KEY_LAN, &l->lan);
	check_set(&l->section, KEY_INTERNAL, &l->internal);
	check_set(&l->section, KEY_NAT_POOL, &l->pool.addr);
	check_hosts(&l->address);
	check_hosts(&l->resolver);
	check_refs(cf, &l->partners, conf_find);
	check_refs(cf, &l->servers, conf_find);
	for (size_t j = 0; j < cf->nlocations; j++)
		must(conf_partners(cf, i, j) == conf_partners(cf, j, i));
}

static inline void
check_breakout(const struct conf *cf, size_t i)
{
	const struct conf_breakout *b = &cf->breakout[i];

	must(b->line > 0 && strlen(b->filter) < CONF_FILTERLEN);
	check_refs(cf, &b->locations, conf_find);
	check_refs(cf, &b->from, conf_find_group);
	check_refs(cf, &b->to, conf_find_group);
}

static inline void
check_publish(const struct conf *cf, size_t i)
{
	const struct conf_publish *p = &cf->publish[i];

	must(p->line > 0 && p->first <= p->last);
	must(p->server.location == conf_find(cf, p->server.name));
	check_set(&p->section, KEY_PUBLISH_FROM, &p->from);
}

static inline void
check_conf(const struct conf *cf)
{
	must(cf->generation != 0);
	for (size_t i = 0; i < cf->nlocations; i++)
		check_location(cf, i);
	for (size_t i = 0; i < cf->ngroups; i++) {
		must(conf_find_group(cf, cf->group[i].name) == (int)i);
		check_set(&cf->group[i].section, KEY_MEMBERS,
		    &cf->group[i].members);
	}
	for (size_t i = 0; i < cf->nbreakouts; i++)
		check_breakout(cf, i);
	for (size_t i = 0; i < cf->npublish; i++)
		check_publish(cf, i);
}

/* Each of a known code, of this file, with a text, and printable. */
static inline void
check_diags(const struct diags *d, int lines)
{
	for (size_t i = 0; i < d->n; i++) {
		must(d->d[i].line >= 0 && d->d[i].line <= lines);
		must(d->d[i].text[0] != '\0');
		must(lint_explain((int)d->d[i].code) != NULL);
		for (const char *p = d->d[i].text; *p != '\0'; p++)
			must((unsigned char)*p >= ' ' && *p != 0x7f);
	}
}

/* How many lines the bytes are. */
static inline int
count_lines(const uint8_t *p, size_t n)
{
	int lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines + (n > 0 && p[n - 1] != '\n');
}

#endif
