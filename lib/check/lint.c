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

void
lint_domain(const struct conf *cf, struct diags *d)
{
	static void (*const checks[])(struct lint *) = {
		lint_locations, lint_roles, lint_keys, lint_space, lint_peers,
		lint_numbers, lint_groups, lint_breakouts, lint_publish,
		lint_nat_addresses, lint_pools, lint_npt,
	};
	struct lint lt = { cf, d, GUESSES, SEARCHES, is_unsure(cf) };

	if (cf->generation == 0)
		return;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&lt);
}
