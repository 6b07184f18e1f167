/* SPDX-License-Identifier: ISC */
#include "conf/load.h"

#include "conf/guess.h"
#include "conf/ini.h"
#include "conf/keys.h"
#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)VALUE_NAMELEN <= (int)CONF_NAMELEN, "names fit");
static_assert((int)VALUE_HOSTLEN == (int)CONF_HOSTLEN, "hosts fit");
static_assert(sizeof(enum conf_role) == sizeof(unsigned), "set_word");
static_assert(KEYS_MAX <= 64, "a bit for each in conf_location.broken");
static_assert(sizeof("location ") - 1 + VALUE_NAMELEN - 1 <= INI_SECTION_MAX,
    "inih keeps every name whole");

/* The file is read section by section; loc and the sets are those of the one
 * that is being read. */
struct load {
	struct conf *cf;
	struct diags *d;
	const struct keydef *table;	/* NULL: skip the section's keys */
	char section[INI_SECTION_MAX + 2];
	bool any;			/* there was a section */
	int domain_line;
	struct conf_location *loc;
	size_t room;			/* locations there is memory for */
	struct keys_set set[KEYS_SETS];
	int seen[KEYS_MAX];		/* line of each key of the table */
	const struct keydef *last;	/* what an indented line continues */
};

static void
set_defaults(struct conf_location *l, int line)
{
	*l = (struct conf_location){
		.line = line,
		.active = true,
		.keepalive = UINT32_MAX,	/* finish_location knows */
		.nat_port_first = 16384,
		.nat_port_last = 32767,
		.interface = "bh0",
		.egress_interface = "bhx0",
		.mtu = CONF_MTU_DEFAULT,
	};
}

/* An exclusion that takes nothing away is most often of the wrong list. */
static void
check_exclusions(struct load *ld, const struct conf_prefixes *ps,
    struct keys_set *set, const char *key)
{
	struct prefix_list none = { 0 }, all = { 0 };
	char text[PREFIX_STRLEN];

	if (set->exclude.n > 0 &&
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

	if (l == NULL)
		return;
	take_set(ld, &l->lan, &ld->set[KEYS_LAN], "lan");
	take_set(ld, &l->internal, &ld->set[KEYS_INTERNAL], "internal");
	take_hosts(&l->address, &ld->set[KEYS_ADDRESS].include);
	take_hosts(&l->resolver, &ld->set[KEYS_RESOLVER].include);
	if (l->keepalive == UINT32_MAX)
		l->keepalive = l->endpoint_line != 0 ? 0 : 25;
	if (l->listen_port == 0)
		l->listen_port = l->endpoint_port != 0 ? l->endpoint_port :
		    CONF_PORT_DEFAULT;
	ld->loc = NULL;
}

static void
begin_domain(struct load *ld, const char *name, int line)
{
	if (*name != '\0')
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->section, "",
		    "[domain] takes no name here; write 'name = %s' below it",
		    name);
	if (ld->domain_line != 0)
		diag_add(ld->d, line, BH_SECTION_TWICE, ld->section, "", "the "
		    "section is there already, in line %d; put all of it in "
		    "one place", ld->domain_line);
	else
		ld->domain_line = line;
	ld->table = keys_domain;
}

/* NULL: reported. */
static struct conf_location *
new_location(struct load *ld, int line)
{
	struct conf *cf = ld->cf;

	if (cf->nlocations == CONF_LOCATIONS_MAX) {
		diag_add(ld->d, line, BH_FILE_SIZE, ld->section, "", "more "
		    "than %d locations", (int)CONF_LOCATIONS_MAX);
		return NULL;
	}
	if (cf->nlocations == ld->room) {
		size_t room = ld->room == 0 ? 8 : ld->room * 2;
		struct conf_location *l = realloc(cf->location,
		    room * sizeof(*l));
		if (l == NULL) {
			diag_add(ld->d, line, BH_FILE_SIZE, ld->section, "",
			    "no memory");
			return NULL;
		}
		cf->location = l;
		ld->room = room;
	}
	return &cf->location[cf->nlocations++];
}

static void
begin_location(struct load *ld, const char *name, int line)
{
	char why[VALUE_WHYLEN], good[VALUE_NAMELEN];

	if (*name == '\0') {
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->section, "",
		    "a location needs a name; write [location NAME]");
		return;
	}
	int code = value_name(good, name, why);
	if (code != 0) {
		diag_add(ld->d, line, (enum code)code, ld->section, "", "%s",
		    why);
		return;
	}
	ld->loc = new_location(ld, line);
	if (ld->loc == NULL)
		return;
	set_defaults(ld->loc, line);
	strcpy(ld->loc->name, good);
	ld->table = keys_location;
}

static void
begin_later(struct load *ld, const char *name, int line)
{
	(void)name;
	diag_add(ld->d, line, BH_UNSUPPORTED, ld->section, "",
	    "not supported by this version; take the section out");
}

static const struct {
	const char *name;
	void (*begin)(struct load *ld, const char *name, int line);
} sections[] = {
	{ "domain", begin_domain },
	{ "location", begin_location },
	{ "breakout", begin_later },
	{ "publish", begin_later },
	{ "group", begin_later },
};

enum { NSECTIONS = sizeof(sections) / sizeof(sections[0]) };

static void
unknown_section(struct load *ld, const char *kind, int line)
{
	struct guess g;
	char hint[96];

	guess_init(&g, kind);
	for (size_t i = 0; i < NSECTIONS; i++)
		guess_try(&g, sections[i].name);
	diag_add(ld->d, line, BH_SECTION_UNKNOWN, ld->section, "",
	    "there is no section [%s]%s", kind, guess_format(&g, hint));
}

/* An end to the section before. */
static void
leave_section(struct load *ld)
{
	finish_location(ld);
	memset(ld->seen, 0, sizeof(ld->seen));
	ld->table = NULL;
	ld->last = NULL;
	ld->any = true;
	ld->section[0] = '\0';
}

static void
on_skip(void *arg)
{
	leave_section(arg);
}

/* "location hq" is a kind and a name, blanks before, between and after. */
static void
split_name(char kind[static INI_SECTION_MAX + 1], char **name,
    const char *text)
{
	static const char blanks[] = " \t";

	snprintf(kind, INI_SECTION_MAX + 1, "%s", text + strspn(text, blanks));
	size_t n = strlen(kind);
	while (n > 0 && strchr(blanks, kind[n - 1]) != NULL)
		kind[--n] = '\0';
	*name = kind + strcspn(kind, blanks);
	if (**name != '\0')
		*(*name)++ = '\0';
	*name += strspn(*name, blanks);
}

static void
on_section(void *arg, const char *text, int line)
{
	struct load *ld = arg;
	char kind[INI_SECTION_MAX + 1], *name;

	leave_section(ld);
	split_name(kind, &name, text);
	snprintf(ld->section, sizeof(ld->section), "%s%s%s", kind,
	    *name != '\0' ? " " : "", name);
	for (size_t i = 0; i < NSECTIONS; i++)
		if (strcmp(sections[i].name, kind) == 0) {
			sections[i].begin(ld, name, line);
			return;
		}
	unknown_section(ld, kind, line);
}

/* Where a location's key was mentioned, for messages about it. */
static void
set_line(struct load *ld, const struct keydef *k, int line)
{
	if (ld->loc == NULL || k->line == 0)
		return;
	int *at = (int *)(void *)((char *)ld->loc + k->line);
	if (*at == 0)
		*at = line;
}

static void
set_broken(struct load *ld, const struct keydef *k)
{
	if (ld->loc != NULL)
		ld->loc->broken |= UINT64_C(1) << (k - ld->table);
}

/* The key that was probably meant was given, if not well. */
static void
unknown_key(struct load *ld, const struct ini_pair *p)
{
	struct guess g;
	char hint[96];

	guess_init(&g, p->key);
	for (const struct keydef *k = ld->table; k->name != NULL; k++)
		guess_try(&g, k->name);
	diag_add(ld->d, p->line, BH_KEY_UNKNOWN, ld->section, p->key,
	    "there is no such key%s", guess_format(&g, hint));
	if (g.best != NULL) {
		const struct keydef *meant = keys_find(ld->table, g.best);
		set_line(ld, meant, p->line);
		set_broken(ld, meant);
	}
}

/* Which key a line is for; NULL: reported, or not to be looked at. */
static const struct keydef *
find_key(struct load *ld, const struct ini_pair *p)
{
	const struct keydef *k = ld->last;

	if (ld->table == NULL) {
		if (!ld->any)
			diag_add(ld->d, p->line, BH_KEY_STRAY, "", p->key,
			    "the key is in no section; begin with [domain]");
		return NULL;
	}
	if (!p->continued) {
		ld->last = k = keys_find(ld->table, p->key);
		if (k == NULL)
			unknown_key(ld, p);
		return k;
	}
	if (k != NULL && (!k->list || strpbrk(p->value, "=[") != NULL)) {
		diag_add(ld->d, p->line, BH_KEY_CONTINUED, ld->section,
		    k->name, "an indented line continues the key above it; "
		    "begin a new key in the first column");
		return NULL;
	}
	return k;
}

/* Once for a key of one value; a list may be added to. */
static bool
first_time(struct load *ld, const struct keydef *k, const struct ini_pair *p)
{
	int *seen = &ld->seen[k - ld->table];

	if (*seen != 0 && !k->list) {
		diag_add(ld->d, p->line, BH_KEY_TWICE, ld->section, k->name,
		    "the key has a value already, from line %d; take one out",
		    *seen);
		return false;
	}
	if (*seen == 0)
		*seen = p->line;
	return true;
}

static void
set_value(struct load *ld, const struct keydef *k, const char *value, int line)
{
	struct keys_target t = { ld->cf, ld->loc, ld->set, line };
	char *base = ld->loc != NULL ? (char *)ld->loc : (char *)ld->cf;
	char why[VALUE_WHYLEN];
	int code;

	if (k->later != NULL && strcmp(k->later, value) == 0) {
		code = BH_UNSUPPORTED;
		snprintf(why, sizeof(why), "'%s' is not supported by this "
		    "version", value);
	} else {
		code = k->set(&t, k, base + k->to, value, why);
	}
	if (code == 0)
		return;
	diag_add(ld->d, line, (enum code)code, ld->section, k->name, "%s",
	    why);
	set_broken(ld, k);
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	struct load *ld = arg;
	const struct keydef *k = find_key(ld, p);
	const char *list = p->value;
	char item[VALUE_LEN];

	if (k == NULL || !first_time(ld, k, p))
		return;
	set_line(ld, k, p->line);
	if (*p->value == '\0' && !p->continued)
		diag_add(ld->d, p->line, BH_KEY_EMPTY, ld->section, k->name,
		    "there is no value; give one, or take the line out");
	else if (!k->list)
		set_value(ld, k, p->value, p->line);
	else
		while (value_next(&list, item))
			set_value(ld, k, item, p->line);
}

void
load_sections(struct conf *cf, struct diags *d, FILE *f)
{
	static const struct ini_events events = { on_section, on_pair,
		on_skip };
	struct load ld = { .cf = cf, .d = d };

	cf->generation = ini_read(f, d, &events, &ld);
	leave_section(&ld);
	for (size_t i = 0; i < KEYS_SETS; i++) {
		prefix_list_free(&ld.set[i].include);
		prefix_list_free(&ld.set[i].exclude);
	}
}
