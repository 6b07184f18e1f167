/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Words that stand for a set everywhere, here and in other products. */
static const char *const reserved[] = {
	"all", "any", "default", "dmz", "entire-lan", "internal", "internet",
	"lan", "self", "site",
};

static void
check_name(struct lint *lt, const struct conf_group *g)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(reserved[i], g->name) == 0)
			lint_say(lt, &g->section, BH_GROUP_NAME, KEY_NONE,
			    "'%s' stands for a set already; call the group "
			    "otherwise", g->name);
}

static void
check_members(struct lint *lt, const struct conf_group *g)
{
	if (g->members.n > 0 || g->broken != 0)
		return;
	lint_say(lt, &g->section, BH_GROUP_EMPTY, KEY_MEMBERS, "the group "
	    "holds no address%s", g->said[KEY_MEMBERS] != 0 ? "; what it "
	    "includes is all excluded again" : "; say members = ...");
}

static int
cmp_members(const struct conf_group *p, const struct conf_group *q)
{
	size_t n = p->members.n;

	if (n != q->members.n)
		return n < q->members.n ? -1 : 1;
	return n == 0 ? 0 :
	    memcmp(p->members.p, q->members.p, n * sizeof(*p->members.p));
}

/* Normal forms are unique: equal sets are equal lists. */
static int
cmp_group(const void *a, const void *b)
{
	const struct conf_group *p = *(const struct conf_group *const *)a;
	const struct conf_group *q = *(const struct conf_group *const *)b;
	int c = cmp_members(p, q);

	return c != 0 ? c : p->line - q->line;
}

static void
check_same(struct lint *lt, const struct conf_group **g, size_t n)
{
	qsort(g, n, sizeof(*g), cmp_group);
	for (size_t i = 1; i < n; i++)
		if (g[i]->members.n > 0 && cmp_members(g[i - 1], g[i]) == 0)
			lint_say(lt, &g[i]->section, BH_GROUP_SAME, KEY_MEMBERS,
			    "[group %s] in line %d holds exactly these "
			    "addresses; keep one of the two", g[i - 1]->name,
			    g[i - 1]->line);
}

void
lint_groups(struct lint *lt)
{
	size_t n = lt->cf->ngroups;
	const struct conf_group **g;

	if (n == 0)
		return;
	g = calloc(n, sizeof(*g));
	if (g == NULL) {
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		g[i] = &lt->cf->group[i];
		check_name(lt, g[i]);
		check_members(lt, g[i]);
	}
	check_same(lt, g, n);
	free(g);
}

const struct lint_explanation explain_groups[] = {
	{ BH_GROUP_NAME,
	    "Some words stand for a set of their own (lan, internal, "
	    "internet, default, dmz ...), here or in what people used before. "
	    "A group of that name would be read as the other thing.",
	    "[group lan]\nmembers = 10.1.0.0/20",
	    "[group branch1-lan]\nmembers = 10.1.0.0/20" },
	{ BH_GROUP_EMPTY,
	    "A group without an address matches nothing, so a rule that names "
	    "it never does anything. Most often an exclusion takes away more "
	    "than was meant.",
	    "[group web]\nmembers = 192.0.2.1, !192.0.2.0/24",
	    "[group web]\nmembers = 192.0.2.0/24, !192.0.2.1" },
	{ BH_GROUP_SAME,
	    "Groups may overlap, but two that hold exactly the same addresses "
	    "are one group with two names, and sooner or later only one of "
	    "them is kept up to date.",
	    "[group a]\nmembers = 192.0.2.0/24\n[group b]\n"
	    "members = 192.0.2.0/25, 192.0.2.128/25",
	    "[group a]\nmembers = 192.0.2.0/24" },
	{ .text = NULL },
};
