/* SPDX-License-Identifier: ISC */
#include "gate/budget.h"

#include <stdlib.h>

enum { AT_ONCE = 50, SHARES_MAX = 8 };

static struct rate
share(unsigned per_second, unsigned shares)
{
	nsec gap = NSEC_SEC / per_second;

	return (struct rate){ .gap = gap * shares, .ahead = AT_ONCE *
	    gap };
}

bool
budget_init(struct budget *b, unsigned per_second, size_t nsites, size_t told)
{
	unsigned shares = told > SHARES_MAX ? SHARES_MAX : told > 0 ?
	    (unsigned)told : 1;

	*b = (struct budget){ .all = share(per_second, 1), .nsites = nsites,
		.site = calloc(nsites + 1, sizeof(*b->site)) };
	for (size_t i = 0; b->site != NULL && i < nsites; i++)
		b->site[i] = share(per_second, shares);
	return b->site != NULL;
}

void
budget_fini(struct budget *b)
{
	free(b->site);
}

bool
budget_has(const struct budget *b, size_t site, nsec now)
{
	return site < b->nsites && rate_allows(&b->site[site], now) &&
	    rate_allows(&b->all, now);
}

void
budget_spend(struct budget *b, size_t site, nsec now)
{
	rate_spend(&b->site[site], now);
	rate_spend(&b->all, now);
}
