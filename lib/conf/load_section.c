/* SPDX-License-Identifier: ISC */
#include "conf/section.h"

#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where each kind of section begins and ends. */

static_assert((int)VALUE_NAMELEN <= (int)CONF_NAMELEN, "names fit");
static_assert(sizeof("location ") - 1 + VALUE_NAMELEN - 1 <= INI_SECTION_MAX &&
    sizeof("breakout") == sizeof("location"), "every name has room");

static void
set_defaults(struct conf_location *l, int line)
{
	*l = (struct conf_location){
		.line = line,
		.active = true,
		.keepalive = UINT32_MAX,	/* finish_location knows */
		.workers = 1,
		.nat_port_first = 16384,
		.nat_port_last = 32767,
		.pool = { .block = 512, .flows = 65536, .host_flows = 4096,
		    .udp = 300, .icmp = 60, .tcp = 7440, .transitory = 240 },
		.interface = "bh0",
		.egress_interface = "bhx0",
		.failback = CONF_HOLD_DEFAULT,
		.mtu = CONF_MTU_AUTO,
		.mtu_auto = true,
		.icmp_errors = CONF_ICMP_ERRORS_DEFAULT,
	};
}

/* An exclusion that takes nothing away is most often of the wrong list. */
static void
check_exclusions(struct load *ld, const struct conf_prefixes *ps,
    struct keys_set *set, const char *key)
{
	struct prefix_list none = { 0 }, all = { 0 };
	const struct keydef *k = keys_find(ld->table, key);
	bool broken = *ld->broken >> (k - ld->table) & 1;
	char text[PREFIX_STRLEN];

	if (set->exclude.n > 0 && !broken &&
	    prefixes_normal(&set->include, &none, &all))
		for (size_t i = 0; i < set->exclude.n; i++)
			if (!prefixes_meet(all.p, all.n, &set->exclude.p[i]))
				diag_add(ld->d, ps->line, BH_EXCLUDES_NOTHING,
				    ld->section, key, "'!%s' excludes nothing: "
				    "no prefix of '%s' meets it; take it out, "
				    "or move it", prefix_format(
				    &set->exclude.p[i], text), key);
	prefix_list_free(&all);
}

/* The union less the exclusions; the lists are empty for the next location. */
static void
take_set(struct load *ld, struct conf_prefixes *ps, struct keys_set *set,
    const char *key)
{
	struct prefix_list out = { 0 };

	if (!prefixes_normal(&set->include, &set->exclude, &out))
		diag_add(ld->d, ps->line, BH_FILE_SIZE, ld->section, key,
		    "no memory");
	check_exclusions(ld, ps, set, key);
	ps->p = out.p;
	ps->n = out.n;
	set->include.n = set->exclude.n = 0;
}

/* Hosts stay hosts: sorted, each once, not merged into prefixes. */
static void
take_hosts(struct conf_prefixes *ps, struct prefix_list *l)
{
	prefix_sort(l->p, l->n);
	for (size_t i = 0; i < l->n; i++)
		if (ps->n == 0 || prefix_cmp(&l->p[ps->n - 1], &l->p[i]) != 0)
			l->p[ps->n++] = l->p[i];
	ps->p = l->p;
	*l = (struct prefix_list){ 0 };
}

/* What follows from other keys, once all have been read. */
static void
finish_location(struct load *ld)
{
	struct conf_location *l = ld->loc;

	/* nothing is missed of what perhaps takes no part */
	if (conf_broken(l, "active"))
		l->broken = UINT64_MAX;
	take_set(ld, &l->lan, &ld->set[KEYS_LAN], "lan");
	take_set(ld, &l->internal, &ld->set[KEYS_INTERNAL], "internal");
	take_set(ld, &l->pool.addr, &ld->set[KEYS_POOL], "nat-pool");
	take_hosts(&l->address, &ld->set[KEYS_ADDRESS].include);
	take_hosts(&l->resolver, &ld->set[KEYS_RESOLVER].include);
	if (l->keepalive == UINT32_MAX)
		l->keepalive = l->endpoint_line != 0 ? 0 : 25;
	if (l->listen_port == 0)
		l->listen_port = l->endpoint_port != 0 ? l->endpoint_port :
		    CONF_PORT_DEFAULT;
}

static void
finish_group(struct load *ld)
{
	struct conf_group *g = ld->base;

	take_set(ld, &g->members, &ld->set[KEYS_MEMBERS], "members");
}

static void
finish_publish(struct load *ld)
{
	struct conf_publish *p = ld->base;

	take_set(ld, &p->from, &ld->set[KEYS_FROM], "from");
}

static void
section_twice(struct load *ld, int line, int first)
{
	diag_add(ld->d, line, BH_SECTION_TWICE, ld->section, "", "the section "
	    "is there already, in line %d; put all of it in one place", first);
}

static void
begin_domain(struct load *ld, const char *name, int line)
{
	if (*name != '\0')
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->section, "",
		    "[domain] takes no name here; write 'name = %s' below it",
		    name);
	if (ld->domain_line != 0)
		section_twice(ld, line, ld->domain_line);
	else
		ld->domain_line = line;
	ld->table = keys_domain;
	ld->base = ld->cf;
}

/* One more of an array that has n and room for *room.  The array, moved
 * perhaps, or NULL: reported. */
static void *
grow(struct load *ld, int line, void *array, size_t n, size_t *room,
    size_t size, size_t max)
{
	if (n == max) {
		diag_add(ld->d, line, BH_FILE_SIZE, ld->section, "", "more "
		    "than %zu %.*ss", max, (int)strcspn(ld->section, " "),
		    ld->section);
		return NULL;
	}
	if (n < *room)
		return array;
	size_t more = *room == 0 ? 8 : *room * 2;
	void *p = realloc(array, more * size);
	if (p == NULL)
		diag_add(ld->d, line, BH_FILE_SIZE, ld->section, "",
		    "no memory");
	else
		*room = more;
	return p;
}

/* The name behind the kind.  False: reported. */
static bool
take_name(struct load *ld, char good[static VALUE_NAMELEN], const char *name,
    int line)
{
	char why[VALUE_WHYLEN];

	if (*name == '\0') {
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->section, "",
		    "a %s needs a name; write [%s NAME]", ld->section,
		    ld->section);
		return false;
	}
	int code = value_name(good, name, why);
	if (code != 0)
		diag_add(ld->d, line, (enum code)code, ld->section, "",
		    "%s", why);
	return code == 0;
}

static void
begin_location(struct load *ld, const char *name, int line)
{
	struct conf *cf = ld->cf;
	char good[VALUE_NAMELEN];

	if (!take_name(ld, good, name, line))
		return;
	void *p = grow(ld, line, cf->location, cf->nlocations, &ld->room,
	    sizeof(*cf->location), CONF_LOCATIONS_MAX);
	if (p == NULL)
		return;
	cf->location = p;
	ld->base = ld->loc = &cf->location[cf->nlocations++];
	set_defaults(ld->loc, line);
	strcpy(ld->loc->name, good);
	ld->broken = &ld->loc->broken;
	ld->table = keys_location;
	ld->finish = finish_location;
}

static void
begin_group(struct load *ld, const char *name, int line)
{
	struct conf *cf = ld->cf;
	char good[VALUE_NAMELEN];

	if (!take_name(ld, good, name, line))
		return;
	int first = conf_find_group(cf, good);
	if (first != CONF_NONE) {
		section_twice(ld, line, cf->group[first].line);
		return;
	}
	void *p = grow(ld, line, cf->group, cf->ngroups, &ld->group_room,
	    sizeof(*cf->group), CONF_GROUPS_MAX);
	if (p == NULL)
		return;
	cf->group = p;
	struct conf_group *g = &cf->group[cf->ngroups++];
	*g = (struct conf_group){ .line = line };
	strcpy(g->name, good);
	ld->base = g;
	ld->broken = &g->broken;
	ld->table = keys_group;
	ld->finish = finish_group;
}

/* Index of the breakout of that name, or CONF_NONE. */
static int
find_breakout(const struct conf *cf, const char *name)
{
	for (size_t i = 0; i < cf->nbreakouts; i++)
		if (strcmp(cf->breakout[i].name, name) == 0)
			return (int)i;
	return CONF_NONE;
}

static void
begin_breakout(struct load *ld, const char *name, int line)
{
	struct conf *cf = ld->cf;
	char good[VALUE_NAMELEN];

	if (!take_name(ld, good, name, line))
		return;
	int first = find_breakout(cf, good);
	if (first != CONF_NONE) {
		section_twice(ld, line, cf->breakout[first].line);
		return;
	}
	void *p = grow(ld, line, cf->breakout, cf->nbreakouts,
	    &ld->breakout_room, sizeof(*cf->breakout), CONF_BREAKOUTS_MAX);
	if (p == NULL)
		return;
	cf->breakout = p;
	struct conf_breakout *b = &cf->breakout[cf->nbreakouts++];
	*b = (struct conf_breakout){ .line = line };
	strcpy(b->name, good);
	ld->base = b;
	ld->broken = &b->broken;
	ld->table = keys_breakout;
}

static void
begin_publish(struct load *ld, const char *name, int line)
{
	struct conf *cf = ld->cf;
	char good[VALUE_NAMELEN];

	if (!take_name(ld, good, name, line))
		return;
	for (size_t i = 0; i < cf->npublish; i++)
		if (strcmp(cf->publish[i].name, good) == 0) {
			section_twice(ld, line, cf->publish[i].line);
			return;
		}
	void *p = grow(ld, line, cf->publish, cf->npublish, &ld->publish_room,
	    sizeof(*cf->publish), CONF_PUBLISH_MAX);
	if (p == NULL)
		return;
	cf->publish = p;
	struct conf_publish *q = &cf->publish[cf->npublish++];
	*q = (struct conf_publish){ .line = line, .last = UINT16_MAX,
		.server.location = CONF_NONE };
	strcpy(q->name, good);
	ld->base = q;
	ld->broken = &q->broken;
	ld->table = keys_publish;
	ld->finish = finish_publish;
}

const struct section load_kinds[] = {
	{ "domain", begin_domain },
	{ "location", begin_location },
	{ "group", begin_group },
	{ "breakout", begin_breakout },
	{ "publish", begin_publish },
	{ .name = NULL },
};
