/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include "base/text.h"
#include "conf/guess.h"
#include "conf/ini.h"
#include "conf/link.h"
#include "conf/section.h"
#include "conf/types.h"
#include "conf/value.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static_assert(sizeof("location ") - 1 + VALUE_NAMELEN - 1 <= INI_SECTION_MAX &&
    sizeof("breakout") == sizeof("location"), "every name has room");

/* The file is read section by section; what stands below `any' is of the one
 * that is being read. */
struct load {
	struct conf *cf;
	struct diags *d;
	bool any;			/* there was a section */
	struct conf_section *section;	/* NULL: skip its keys */
	char title[INI_SECTION_MAX + 2];
	struct key_set set[KEY_COUNT];
	int seen[KEY_COUNT];		/* line of each key */
	enum conf_key last;		/* what an indented line continues */
};

static struct key_place
place(struct load *ld, enum conf_key k, int line)
{
	return (struct key_place){ &conf_keys[k], ld->title,
		(ld->section->broken >> k & 1) != 0, ld->section,
		section_member(ld->section, k), &ld->set[k], line };
}

static void
section_twice(struct load *ld, int line, int first)
{
	diag_add(ld->d, line, BH_SECTION_TWICE, ld->title, "", "the section "
	    "is there already, in line %d; put all of it in one place", first);
}

static void
begin_domain(struct load *ld, const char *name, int line)
{
	if (*name != '\0')
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->title, "",
		    "[domain] takes no name here; write 'name = %s' below it",
		    name);
	if (ld->cf->line != 0)
		section_twice(ld, line, ld->cf->line);
	else
		ld->cf->line = line;
	ld->section = &ld->cf->section;
}

/* False: reported. */
static bool
is_good_name(struct load *ld, char good[static VALUE_NAMELEN],
    const char *name, int line)
{
	char why[VALUE_WHYLEN];

	if (*name == '\0') {
		diag_add(ld->d, line, BH_SECTION_SYNTAX, ld->title, "",
		    "a %s needs a name; write [%s NAME]", ld->title,
		    ld->title);
		return false;
	}
	int code = value_name(good, name, why);
	if (code != 0)
		diag_add(ld->d, line, (enum code)code, ld->title, "", "%s",
		    why);
	return code == 0;
}

/* link_names says more of two locations with one name, once all are there.
 * False: reported. */
static bool
is_new(struct load *ld, enum conf_kind kind, const char *name, int line)
{
	size_t n = section_count(ld->cf, kind);

	for (size_t i = 0; kind != CONF_LOCATION && i < n; i++) {
		const struct conf_section *s = section_at(ld->cf, kind, i);
		if (strcmp(s->name, name) == 0) {
			section_twice(ld, line, s->line);
			return false;
		}
	}
	if (n == section_max(kind))
		diag_add(ld->d, line, BH_FILE_SIZE, ld->title, "", "more than "
		    "%zu %ss", n, conf_kind_name(kind));
	return n < section_max(kind);
}

static void
begin_named(struct load *ld, enum conf_kind kind, const char *name, int line)
{
	char good[VALUE_NAMELEN];

	if (!is_good_name(ld, good, name, line) ||
	    !is_new(ld, kind, good, line))
		return;
	ld->section = section_add(ld->cf, kind, good, line);
	if (ld->section == NULL)
		diag_add(ld->d, line, BH_FILE_SIZE, ld->title, "",
		    "no memory");
}

/* Some defaults follow from other keys, once all have been read. */
static void
finish_location(struct conf_location *l)
{
	if (l->said[KEY_KEEPALIVE] == 0 || conf_broken(l, KEY_KEEPALIVE))
		l->keepalive = l->said[KEY_ENDPOINT] != 0 ? 0 : 25;
	if (l->listen_port == 0)
		l->listen_port = l->endpoint_port != 0 ? l->endpoint_port :
		    CONF_PORT_DEFAULT;
}

static void
finish_section(struct load *ld)
{
	struct conf_section *s = ld->section;

	/* a location that perhaps takes no part lacks nothing */
	if (s->broken >> KEY_ACTIVE & 1)
		s->broken = UINT64_MAX;
	for (enum conf_key k = 0; k < KEY_COUNT; k++) {
		if (conf_keys[k].kind != s->kind ||
		    conf_keys[k].type->finish == NULL)
			continue;
		const struct key_place at = place(ld, k, s->said[k]);
		conf_keys[k].type->finish(&at, ld->d);
	}
	if (s->kind == CONF_LOCATION)
		finish_location((struct conf_location *)(void *)s);
}

/* The kind that was probably meant, or NULL. */
static const char *
unknown_section(struct load *ld, const char *kind, int line)
{
	struct guess g;
	char hint[96];

	guess_init(&g, kind);
	for (enum conf_kind k = 0; k < CONF_KINDS; k++)
		guess_try(&g, conf_kind_name(k));
	diag_add(ld->d, line, BH_SECTION_UNKNOWN, ld->title, "",
	    "there is no section [%s]%s", kind, guess_format(&g, hint));
	return g.best;
}

/* An end to the section before. */
static void
leave_section(struct load *ld)
{
	if (ld->section != NULL)
		finish_section(ld);
	memset(ld->seen, 0, sizeof(ld->seen));
	ld->section = NULL;
	ld->last = KEY_NONE;
	ld->any = true;
	ld->title[0] = '\0';
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
begin_section(struct load *ld, const char *word, const char *name, int line)
{
	enum conf_kind kind = 0;

	while (kind < CONF_KINDS && strcmp(conf_kind_name(kind), word) != 0)
		kind++;
	if (kind == CONF_KINDS)
		return false;
	if (kind == CONF_DOMAIN)
		begin_domain(ld, name, line);
	else
		begin_named(ld, kind, name, line);
	ld->cf->partial |= ld->section == NULL;
	return true;
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
	if (ld->section != NULL)
		ld->section->broken = UINT64_MAX;
	return true;
}

static void
on_section(void *arg, const char *text, int line)
{
	struct load *ld = arg;
	char kind[INI_SECTION_MAX + 1], *name;

	leave_section(ld);
	split_name(kind, &name, text);
	snprintf(ld->title, sizeof(ld->title), "%s%s%s", kind,
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

static void
set_line(struct load *ld, enum conf_key k, int line)
{
	if (ld->section->said[k] == 0)
		ld->section->said[k] = line;
}

static void
set_broken(struct load *ld, enum conf_key k)
{
	ld->section->broken |= UINT64_C(1) << k;
}

/* The key that was probably meant was given, if not well: the first word of
 * text, behind which the '=' may be missing. */
static void
guess_key(struct load *ld, const char *text, int line, char hint[static 96])
{
	char word[GUESS_WORDLEN];
	struct guess g;

	guess_init(&g, guess_word(word, text));
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].kind == ld->section->kind)
			guess_try(&g, conf_keys[k].name);
	guess_format(&g, hint);
	if (g.best != NULL) {
		enum conf_key meant = keys_find(ld->section->kind, g.best);
		set_line(ld, meant, line);
		set_broken(ld, meant);
	}
}

static void
unknown_key(struct load *ld, const struct ini_pair *p)
{
	char hint[96], word[GUESS_WORDLEN];

	guess_key(ld, p->key, p->line, hint);
	diag_add(ld->d, p->line, BH_KEY_UNKNOWN, ld->title,
	    guess_word(word, p->key), "there is no such key%s", hint);
}

static void
on_lost(void *arg, const struct ini_pair *p)
{
	struct load *ld = arg;
	char hint[96];

	if (ld->section != NULL)
		guess_key(ld, p->key, p->line, hint);
}

/* Which key a line is for; KEY_NONE: reported, or not to be looked at. */
static enum conf_key
find_key(struct load *ld, const struct ini_pair *p)
{
	enum conf_key k = ld->last;
	char hint[96];

	if (ld->section == NULL) {
		if (!ld->any)
			diag_add(ld->d, p->line, BH_KEY_STRAY, "", p->key,
			    "the key is in no section; begin with [domain]");
		return KEY_NONE;
	}
	if (!p->continued) {
		ld->last = k = keys_find(ld->section->kind, p->key);
		if (k == KEY_NONE)
			unknown_key(ld, p);
		return k;
	}
	if (k != KEY_NONE && (!conf_keys[k].type->list ||
	    strpbrk(p->value, "=[") != NULL)) {
		diag_add(ld->d, p->line, BH_KEY_CONTINUED, ld->title,
		    keys_name(k), "an indented line continues the key above "
		    "it; begin a new key in the first column");
		guess_key(ld, p->value, p->line, hint);
		return KEY_NONE;
	}
	return k;
}

/* Once for a key of one value; a list may be added to. */
static bool
first_time(struct load *ld, enum conf_key k, const struct ini_pair *p)
{
	int *seen = &ld->seen[k];

	if (*seen != 0 && !conf_keys[k].type->list) {
		diag_add(ld->d, p->line, BH_KEY_TWICE, ld->title,
		    keys_name(k), "the key has a value already, from line %d; "
		    "take one out", *seen);
		set_broken(ld, k);
		return false;
	}
	if (*seen == 0)
		*seen = p->line;
	return true;
}

/* n: how long it is, of which value may be the beginning. */
static void
set_value(struct load *ld, enum conf_key k, const char *value, size_t n,
    int line)
{
	const struct key_place at = place(ld, k, line);
	char why[VALUE_WHYLEN];
	int code = BH_VALUE_LONG;

	snprintf(why, sizeof(why), "'%.40s...' has %zu characters; %d is the "
	    "most", value, n, VALUE_LEN - 1);
	if (n < VALUE_LEN)
		code = conf_keys[k].type->parse(&at, value, why);
	if (code == 0)
		return;
	diag_add(ld->d, line, (enum code)code, ld->title, keys_name(k), "%s",
	    why);
	set_broken(ld, k);
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	struct load *ld = arg;
	enum conf_key k = find_key(ld, p);
	const char *list = p->value;
	char item[VALUE_LEN];
	size_t n;

	if (k == KEY_NONE || !first_time(ld, k, p))
		return;
	set_line(ld, k, p->line);
	if (*p->value == '\0' && !p->continued) {
		diag_add(ld->d, p->line, BH_KEY_EMPTY, ld->title, keys_name(k),
		    "there is no value; give one, or take the line out");
		set_broken(ld, k);
	} else if (!conf_keys[k].type->list) {
		set_value(ld, k, p->value, strlen(p->value), p->line);
	} else {
		while ((n = value_next(&list, item)) > 0)
			set_value(ld, k, item, n, p->line);
	}
}

static void
read_sections(struct conf *cf, struct diags *d, FILE *f)
{
	static const struct ini_events events = { on_section, on_pair,
		on_skip, on_lost, false };
	struct load ld = { .cf = cf, .d = d, .last = KEY_NONE };

	cf->generation = ini_read(f, d, &events, &ld);
	leave_section(&ld);
	for (enum conf_key k = 0; k < KEY_COUNT; k++) {
		prefix_list_fini(&ld.set[k].include);
		prefix_list_fini(&ld.set[k].exclude);
	}
}

void
conf_load(struct conf *cf, struct diags *d, FILE *f)
{
	*cf = (struct conf){ .kind = CONF_DOMAIN };
	section_defaults(cf, CONF_DOMAIN);
	if (sodium_init() < 0) {
		diag_add(d, 0, BH_FILE_READ, "", "", "cannot start libsodium");
		return;
	}
	read_sections(cf, d, f);
	link_names(cf, d);
}
