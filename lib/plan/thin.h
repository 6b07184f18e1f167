/* SPDX-License-Identifier: ISC */
#ifndef BH_THIN_H
#define BH_THIN_H

/*
 * Which routes of one table are needed: where the next shorter prefix that
 * covers a route's leads to the same target, the longest match finds that
 * target without the route.
 */

#include "base/addr.h"

struct thin_route {
	struct prefix to;
	unsigned target;
	bool needed;
};

/* Says so of each.  All are of one family; of several to one prefix the last
 * counts.  False: no memory. */
bool thin_routes(struct thin_route *r, size_t n);

#endif
