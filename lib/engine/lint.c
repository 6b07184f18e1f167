/* SPDX-License-Identifier: ISC */
#include "engine/lint.h"

#include "conf/guess.h"
#include "engine/lint_part.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Nothing here looks at all pairs of anything: a domain of a thousand
 * locations and a hundred thousand prefixes is checked in a fraction of a
 * second, by sorting and one pass.  A key that was malformed has been
 * reported; what would only follow from that is not.
 */

enum { GUESSES = 100 };

void
lint_say(struct lint *lt, const struct conf_location *l, int line,
    enum code code, const char *key, const char *fmt, ...)
{
	char section[CONF_NAMELEN + 16], text[sizeof(lt->d->d->text)];
	va_list ap;

	snprintf(section, sizeof(section), "location %s", l->name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(lt->d, line != 0 ? line : l->line, code, section, key, "%s",
	    text);
}

const char *
lint_guess(struct lint *lt, const char *name, char buf[static 96])
{
	struct guess g;

	guess_init(&g, name);
	for (size_t i = 0; lt->guesses > 0 && i < lt->cf->nlocations; i++)
		guess_try(&g, lt->cf->location[i].name);
	lt->guesses -= lt->guesses > 0;
	return guess_format(&g, buf);
}

static void
check_count(struct lint *lt)
{
	size_t active = 0;

	for (size_t i = 0; i < lt->cf->nlocations; i++)
		active += lt->cf->location[i].active;
	if (active < 2)
		diag_add(lt->d, 0, BH_FEW_LOCATIONS, "", "", "the domain has "
		    "%zu active location%s; it takes two to have a tunnel",
		    active, active == 1 ? "" : "s");
}

void
lint_domain(const struct conf *cf, struct diags *d)
{
	static void (*const parts[])(struct lint *) = {
		check_count, lint_roles, lint_keys, lint_space, lint_peers,
		lint_numbers,
	};
	struct lint lt = { cf, d, GUESSES };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&lt);
}
