/* SPDX-License-Identifier: ISC */
#include "conf/section.h"

#include "base/text.h"
#include "conf/types.h"
#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 8 };

/* For each kind: the member of struct conf that its sections are in, the size
 * of one, and how many there may be. */
static const struct list {
	size_t array, n, size, max;
} lists[CONF_KINDS] = {
#define LIST(member, count, type, most) { offsetof(struct conf, member), \
	offsetof(struct conf, count), sizeof(struct type), most }
	[CONF_LOCATION] = LIST(location, nlocations, conf_location,
	    CONF_LOCATIONS_MAX),
	[CONF_GROUP] = LIST(group, ngroups, conf_group, CONF_GROUPS_MAX),
	[CONF_BREAKOUT] = LIST(breakout, nbreakouts, conf_breakout,
	    CONF_BREAKOUTS_MAX),
	[CONF_PUBLISH] = LIST(publish, npublish, conf_publish,
	    CONF_PUBLISH_MAX),
#undef LIST
};

void *
section_member(void *section, enum conf_key k)
{
	return (char *)section + conf_keys[k].to;
}

void
section_defaults(void *section, enum conf_kind kind)
{
	char why[VALUE_WHYLEN];

	for (enum conf_key k = 0; k < KEY_COUNT; k++) {
		const struct key_place at = { .key = &conf_keys[k],
			.section = section, .to = section_member(section, k) };
		if (conf_keys[k].kind != kind || conf_keys[k].def == NULL)
			continue;
		int code = conf_keys[k].type->parse(&at, conf_keys[k].def, why);
		assert(code == 0);
		(void)code;
	}
}

void
section_fini(struct conf_section *s)
{
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].kind == s->kind &&
		    conf_keys[k].type->fini != NULL)
			conf_keys[k].type->fini(section_member(s, k));
}

size_t
section_max(enum conf_kind kind)
{
	return lists[kind].max;
}

static size_t *
count_of(struct conf *cf, enum conf_kind kind)
{
	return (size_t *)(void *)((char *)cf + lists[kind].n);
}

size_t
section_count(const struct conf *cf, enum conf_kind kind)
{
	size_t n;

	memcpy(&n, (const char *)cf + lists[kind].n, sizeof(n));
	return n;
}

struct conf_section *
section_at(const struct conf *cf, enum conf_kind kind, size_t i)
{
	char *array;

	memcpy(&array, (const char *)cf + lists[kind].array, sizeof(array));
	return (struct conf_section *)(void *)(array + i * lists[kind].size);
}

/* There is room for 8, 16, 32 and so on. */
static bool
grow(struct conf *cf, enum conf_kind kind)
{
	size_t n = section_count(cf, kind);

	if (n != 0 && (n < ROOM_MIN || (n & (n - 1)) != 0))
		return true;
	void **array = (void **)(void *)((char *)cf + lists[kind].array);
	void *p = realloc(*array, (n == 0 ? ROOM_MIN : 2 * n) *
	    lists[kind].size);
	if (p == NULL)
		return false;
	*array = p;
	return true;
}

struct conf_section *
section_add(struct conf *cf, enum conf_kind kind, const char *name, int line)
{
	if (!grow(cf, kind))
		return NULL;
	struct conf_section *s = section_at(cf, kind, (*count_of(cf, kind))++);
	memset(s, 0, lists[kind].size);
	s->kind = kind;
	s->line = line;
	text_copy(s->name, sizeof(s->name), name);
	section_defaults(s, kind);
	return s;
}

void
conf_location_init(struct conf_location *l)
{
	*l = (struct conf_location){ .kind = CONF_LOCATION };
	section_defaults(l, CONF_LOCATION);
}

void
conf_fini(struct conf *cf)
{
	for (enum conf_kind kind = 0; kind < CONF_KINDS; kind++) {
		for (size_t i = 0; lists[kind].max > 0 &&
		    i < section_count(cf, kind); i++)
			section_fini(section_at(cf, kind, i));
		/* where there is none there is no array to point into */
		if (lists[kind].max > 0 && section_count(cf, kind) > 0)
			free(section_at(cf, kind, 0));
	}
	free(cf->by_name);
	*cf = (struct conf){ 0 };
}
