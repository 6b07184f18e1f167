/* SPDX-License-Identifier: ISC */
#ifndef BH_T_LONGEST_H
#define BH_T_LONGEST_H

#include "packet/lpm.h"

/* The reference model of packet/lpm: the longest prefix in a list, the later of
 * equals; NULL: none. */
static inline const struct lpm_entry *
longest(const struct lpm_entry *e, size_t n, const struct addr *a)
{
	const struct lpm_entry *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct prefix *p = &e[i].prefix;
		bool four = p->len >= PREFIX_V4 && addr_is_v4(&p->addr);
		if (four == addr_is_v4(a) && prefix_has(p, a) &&
		    (best == NULL || p->len >= best->prefix.len))
			best = &e[i];
	}
	return best;
}

#endif
