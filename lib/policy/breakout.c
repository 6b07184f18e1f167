/* SPDX-License-Identifier: ISC */
#include "policy/breakout.h"

#include <stdbool.h>

static bool
has(const struct lpm *set, const struct addr *a)
{
	return set == NULL || lpm_lookup(set, a) != LPM_NONE;
}

static bool
matches(const struct breakout_rule *r, const struct ip *ip)
{
	return has(r->from, &ip->src) && has(r->to, &ip->dst) &&
	    (r->filter == NULL || filter_matches(r->filter, ip));
}

uint16_t
breakout_find(const struct breakouts *b, const struct ip *ip)
{
	if (b->never != NULL && lpm_lookup(b->never, &ip->dst) != LPM_NONE)
		return BREAKOUT_NONE;
	for (size_t i = 0; i < b->n; i++)
		if (matches(&b->rule[i], ip))
			return b->rule[i].id;
	return BREAKOUT_NONE;
}
