/* SPDX-License-Identifier: ISC */
#include "conf/load.h"

#include "base/text.h"
#include "conf/guess.h"
#include "conf/load_part.h"
#include "conf/value.h"

#include <assert.h>
#include <string.h>

static_assert((int)VALUE_HOSTLEN == (int)CONF_HOSTLEN, "hosts fit");
static_assert(sizeof(enum conf_role) == sizeof(unsigned), "set_word");
static_assert(KEYS_MAX <= 64, "a bit for each in broken");

static void
unknown_section(struct load *ld, const char *kind, int line)
{
	struct guess g;
	char hint[96];

	guess_init(&g, kind);
	for (const struct section *k = load_kinds; k->name != NULL; k++)
		guess_try(&g, k->name);
	diag_add(ld->d, line, BH_SECTION_UNKNOWN, ld->section, "",
	    "there is no section [%s]%s", kind, guess_format(&g, hint));
}

/* An end to the section before. */
static void
leave_section(struct load *ld)
{
	if (ld->finish != NULL)
		ld->finish(ld);
	ld->finish = NULL;
	ld->base = NULL;
	ld->loc = NULL;
	ld->broken = NULL;
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

	text_copy(kind, INI_SECTION_MAX + 1, text + strspn(text, blanks));
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
	for (const struct section *k = load_kinds; k->name != NULL; k++)
		if (strcmp(k->name, kind) == 0) {
			k->begin(ld, name, line);
			return;
		}
	unknown_section(ld, kind, line);
}

/* Where a key was mentioned, for messages about it. */
static void
set_line(struct load *ld, const struct keydef *k, int line)
{
	if (k->line == 0)
		return;
	int *at = (int *)(void *)((char *)ld->base + k->line);
	if (*at == 0)
		*at = line;
}

static void
set_broken(struct load *ld, const struct keydef *k)
{
	if (ld->broken != NULL)
		*ld->broken |= UINT64_C(1) << (k - ld->table);
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
	char why[VALUE_WHYLEN];
	int code = k->set(&t, k, (char *)ld->base + k->to, value, why);

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
