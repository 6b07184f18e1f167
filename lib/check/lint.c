/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

/*
 * Nothing here looks at all pairs of anything: a domain of a thousand
 * locations and a hundred thousand prefixes is checked in a fraction of a
 * second, by sorting and one pass.  A key or a section that was malformed has
 * been reported; what would only follow from that is not.
 */

enum { GUESSES = 100, SEARCHES = 100 };

/* Something was malformed, and nobody knows what it would have been. */
static bool
is_unsure(const struct conf *cf)
{
	static const enum conf_key key[] = { KEY_LAN, KEY_INTERNAL,
		KEY_PARTNERS };

	for (size_t i = 0; i < cf->nlocations; i++)
		for (size_t k = 0; k < sizeof(key) / sizeof(key[0]); k++)
			if (cf->location[i].active &&
			    conf_broken(&cf->location[i], key[k]))
				return true;
	return cf->partial;
}

/* A file of checks: what runs, unless the loader or a check above it calls
 * them, or nobody has asked; and what its findings mean. */
static const struct check {
	void (*run)(struct lint *lt);
	const struct lint_explanation *explain;
} checks[] = {
	{ NULL, explain_load },
	{ NULL, explain_findings },
	{ lint_locations, explain_locations },
	{ lint_roles, explain_roles },
	{ NULL, explain_servers },
	{ lint_keys, explain_keys },
	{ lint_space, explain_space },
	{ NULL, explain_own_space },
	{ NULL, explain_own_hosts },
	{ lint_peers, explain_peers },
	{ lint_numbers, explain_numbers },
	{ lint_groups, explain_groups },
	{ lint_breakouts, explain_breakouts },
	{ lint_publish, explain_publish },
	{ lint_nat_addresses, explain_nat_addresses },
	{ lint_pools, explain_pools },
	{ lint_npt, explain_npt },
	{ NULL, explain_names },
	{ NULL, explain_keydir },
};

enum { NCHECKS = sizeof(checks) / sizeof(checks[0]) };

void
lint_domain(const struct conf *cf, struct diags *d)
{
	struct lint lt = { cf, d, GUESSES, SEARCHES, is_unsure(cf) };

	if (cf->generation == 0)
		return;
	for (size_t i = 0; i < NCHECKS; i++)
		if (checks[i].run != NULL)
			checks[i].run(&lt);
}

const struct lint_explanation *
lint_explain(int code)
{
	for (size_t i = 0; i < NCHECKS; i++)
		for (const struct lint_explanation *e = checks[i].explain;
		    e->text != NULL; e++)
			if ((int)e->code == code)
				return e;
	return NULL;
}
