/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <stdlib.h>
#include <strings.h>

/* How many locations there are, and what they are called. */

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
			lint_say(lt, &l[i]->section, BH_NAME_CASE, KEY_NONE,
			    "[location %s] "
			    "is in line %d: the same name but for case; "
			    "call one of them otherwise", l[i - 1]->name,
			    l[i - 1]->line);
			diag_also(lt->d, l[i - 1]->name);
		}
	free(l);
}

void
lint_locations(struct lint *lt)
{
	check_count(lt);
	check_names(lt);
}

const struct lint_explanation explain_locations[] = {
	{ BH_FEW_LOCATIONS,
	    "Backhaul needs at least two active locations, a server and a "
	    "client. 'active = no' takes a location out without deleting it.",
	    "[location hq]          ; and no other",
	    "[location hq]\n[location branch1]" },
	{ BH_NAME_CASE,
	    "Names are compared byte by byte, so [location HQ] and [location "
	    "hq] are two. On the telephone they are one, and so are their key "
	    "files where they are copied to a medium that ignores case. For "
	    "example call one hq-old.",
	    "[location hq]\n[location HQ]",
	    "[location hq]\n[location hq-old]" },
	{ .text = NULL },
};
