/* SPDX-License-Identifier: ISC */
#include "check/lint.h"

#include "check/checks.h"
#include "conf/guess.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/*
 * Nothing here looks at all pairs of anything: a domain of a thousand
 * locations and a hundred thousand prefixes is checked in a fraction of a
 * second, by sorting and one pass.  A key or a section that was malformed has
 * been reported; what would only follow from that is not.
 */

enum { GUESSES = 100, SEARCHES = 100 };

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
lint_no_location(struct lint *lt, const char *name, char buf[static LINT_TEXT])
{
	struct guess g;
	char hint[96];

	guess_init(&g, name);
	for (size_t i = 0; lt->guesses > 0 && i < lt->cf->nlocations; i++)
		guess_try(&g, lt->cf->location[i].name);
	lt->guesses -= lt->guesses > 0;
	snprintf(buf, LINT_TEXT, "there is no [location %s]%s", name,
	    guess_format(&g, hint));
	return buf;
}

static void
check_count(struct lint *lt)
{
	size_t active = 0;

	for (size_t i = 0; i < lt->cf->nlocations; i++)
		active += lt->cf->location[i].active;
	if (active < 2 && !lt->cf->partial)
		diag_add(lt->d, 0, BH_FEW_LOCATIONS, "", "", "the domain has "
		    "%zu active location%s; it takes two to have a tunnel",
		    active, active == 1 ? "" : "s");
}

static int
cmp_name(const void *a, const void *b)
{
	const struct conf_location *p = *(const struct conf_location *const *)a;
	const struct conf_location *q = *(const struct conf_location *const *)b;
	int c = strcasecmp(p->name, q->name);

	return c != 0 ? c : p->line - q->line;
}

/* HQ and hq are two locations, and one word to whoever reads it out. */
static void
check_names(struct lint *lt)
{
	size_t n = lt->cf->nlocations;
	const struct conf_location **l = calloc(n + 1, sizeof(*l));

	if (l == NULL) {
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	for (size_t i = 0; i < n; i++)
		l[i] = &lt->cf->location[i];
	qsort(l, n, sizeof(*l), cmp_name);
	for (size_t i = 1; i < n; i++)
		if (strcasecmp(l[i - 1]->name, l[i]->name) == 0) {
			lint_say(lt, l[i], 0, BH_NAME_CASE, "", "[location %s] "
			    "is in line %d: the same name but for case; "
			    "call one of them otherwise", l[i - 1]->name,
			    l[i - 1]->line);
			diag_also(lt->d, l[i - 1]->name);
		}
	free(l);
}

/* Something was malformed, and nobody knows what it would have been. */
static bool
is_unsure(const struct conf *cf)
{
	static const char *const key[] = { "lan", "internal", "partners" };

	for (size_t i = 0; i < cf->nlocations; i++)
		for (size_t k = 0; k < sizeof(key) / sizeof(key[0]); k++)
			if (cf->location[i].active &&
			    conf_broken(&cf->location[i], key[k]))
				return true;
	return cf->partial;
}

void
lint_domain(const struct conf *cf, struct diags *d)
{
	static void (*const parts[])(struct lint *) = {
		check_count, check_names, lint_roles, lint_keys, lint_space,
		lint_peers, lint_numbers, lint_groups,
		lint_breakouts, lint_publish, lint_nat_addresses, lint_pools,
		lint_npt,
	};
	struct lint lt = { cf, d, GUESSES, SEARCHES, is_unsure(cf) };

	if (cf->generation == 0)
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&lt);
}
