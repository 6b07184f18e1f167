/* SPDX-License-Identifier: ISC */
#include "conf/load.h"

#include "base/text.h"
#include "conf/guess.h"
#include "conf/section.h"
#include "conf/value.h"

#include <assert.h>
#include <string.h>

static_assert((int)VALUE_HOSTLEN == (int)CONF_HOSTLEN, "hosts fit");
static_assert(sizeof(enum conf_role) == sizeof(unsigned), "set_word");
static_assert(KEYS_MAX <= 64, "a bit for each in broken");

/* The kind that was probably meant, or NULL. */
static const char *
unknown_section(struct load *ld, const char *kind, int line)
{
	struct guess g;
	char hint[96];

	guess_init(&g, kind);
	for (const struct section *k = load_kinds; k->name != NULL; k++)
		guess_try(&g, k->name);
	diag_add(ld->d, line, BH_SECTION_UNKNOWN, ld->section, "",
	    "there is no section [%s]%s", kind, guess_format(&g, hint));
	return g.best;
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

/* False: there is no such kind. */
static bool
begin_section(struct load *ld, const char *kind, const char *name, int line)
{
	for (const struct section *k = load_kinds; k->name != NULL; k++)
		if (strcmp(k->name, kind) == 0) {
			k->begin(ld, name, line);
			ld->cf->partial |= ld->table == NULL;
			return true;
		}
	return false;
}

/* A section that is not what it should be, but can be told, is taken as what
 * it was meant to be: else all that names it would be wrong as well.  Nothing
 * is missed in it.  False: it cannot be told. */
static bool
begin_meant(struct load *ld, const char *kind, const char *name, int line)
{
	if (kind == NULL || !begin_section(ld, kind, name, line)) {
		ld->cf->partial = true;
		return false;
	}
	if (ld->broken != NULL)
		*ld->broken = UINT64_MAX;
	return true;
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
	if (begin_section(ld, kind, name, line))
		return;
	begin_meant(ld, unknown_section(ld, kind, line), name, line);
}

static bool
on_skip(void *arg, const char *text, int line)
{
	struct load *ld = arg;
	char kind[INI_SECTION_MAX + 1], *name;

	leave_section(ld);
	split_name(kind, &name, text);
	return begin_meant(ld, strlen(text) <= INI_SECTION_MAX ? kind : NULL,
	    name, line);
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

/* The key that was probably meant was given, if not well: the first word of
 * text, behind which the '=' may be missing. */
static void
guess_key(struct load *ld, const char *text, int line, char hint[static 96])
{
	char word[GUESS_WORDLEN];
	struct guess g;

	guess_init(&g, guess_word(word, text));
	for (const struct keydef *k = ld->table; k->name != NULL; k++)
		guess_try(&g, k->name);
	guess_format(&g, hint);
	if (g.best != NULL) {
		const struct keydef *meant = keys_find(ld->table, g.best);
		set_line(ld, meant, line);
		set_broken(ld, meant);
	}
}

static void
unknown_key(struct load *ld, const struct ini_pair *p)
{
	char hint[96], word[GUESS_WORDLEN];

	guess_key(ld, p->key, p->line, hint);
	diag_add(ld->d, p->line, BH_KEY_UNKNOWN, ld->section,
	    guess_word(word, p->key), "there is no such key%s", hint);
}

static void
on_lost(void *arg, const struct ini_pair *p)
{
	struct load *ld = arg;
	char hint[96];

	if (ld->table != NULL)
		guess_key(ld, p->key, p->line, hint);
}

/* Which key a line is for; NULL: reported, or not to be looked at. */
static const struct keydef *
find_key(struct load *ld, const struct ini_pair *p)
{
	const struct keydef *k = ld->last;
	char hint[96];

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
		guess_key(ld, p->value, p->line, hint);
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
		set_broken(ld, k);
		return false;
	}
	if (*seen == 0)
		*seen = p->line;
	return true;
}

/* n: how long it is, of which value may be the beginning. */
static void
set_value(struct load *ld, const struct keydef *k, const char *value, size_t n,
    int line)
{
	struct keys_target t = { ld->cf, ld->loc, ld->set, line };
	char why[VALUE_WHYLEN];
	int code = BH_VALUE_LONG;

	snprintf(why, sizeof(why), "'%.40s...' has %zu characters; %d is the "
	    "most", value, n, VALUE_LEN - 1);
	if (n < VALUE_LEN)
		code = k->set(&t, k, (char *)ld->base + k->to, value, why);
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
	size_t n;

	if (k == NULL || !first_time(ld, k, p))
		return;
	set_line(ld, k, p->line);
	if (*p->value == '\0' && !p->continued) {
		diag_add(ld->d, p->line, BH_KEY_EMPTY, ld->section, k->name,
		    "there is no value; give one, or take the line out");
		set_broken(ld, k);
	} else if (!k->list) {
		set_value(ld, k, p->value, strlen(p->value), p->line);
	} else {
		while ((n = value_next(&list, item)) > 0)
			set_value(ld, k, item, n, p->line);
	}
}

void
load_sections(struct conf *cf, struct diags *d, FILE *f)
{
	static const struct ini_events events = { on_section, on_pair,
		on_skip, on_lost, false };
	struct load ld = { .cf = cf, .d = d };

	cf->generation = ini_read(f, d, &events, &ld);
	leave_section(&ld);
	for (size_t i = 0; i < KEYS_SETS; i++) {
		prefix_list_free(&ld.set[i].include);
		prefix_list_free(&ld.set[i].exclude);
	}
}
