/* SPDX-License-Identifier: ISC */
#ifndef BH_BUDGET_H
#define BH_BUDGET_H

/*
 * How much may be said a second in all, and of that about each location, so
 * that none can use up what the others are told with.
 */

#include "base/rate.h"

#include <stddef.h>

struct budget {
	struct rate all;
	struct rate *site;
	size_t nsites;
};

/* Of so many locations `told' can be told something: each has an equal share of
 * per_second, but no less than an eighth.  False: no memory. */
bool budget_init(struct budget *b, unsigned per_second, size_t nsites,
    size_t told);
void budget_fini(struct budget *b);
/* May one be said about that location? */
bool budget_has(const struct budget *b, size_t site, nsec now);
/* It was. */
void budget_spend(struct budget *b, size_t site, nsec now);

#endif
