/* SPDX-License-Identifier: ISC */
#ifndef BH_PREFIXES_H
#define BH_PREFIXES_H

/* Sets of addresses as lists of prefixes. */

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

/* Wholly inside a prefix that is private (base/special.h). */
bool prefix_is_private(const struct prefix *p);

/* A list that grows. */
struct prefix_list {
	struct prefix *p;
	size_t n, room;
};

/* False: no memory. */
bool prefix_list_add(struct prefix_list *l, const struct prefix *p);
/* All from first to last, which is not before first. */
bool prefix_list_add_range(struct prefix_list *l, const struct addr *first,
    const struct addr *last);
void prefix_list_fini(struct prefix_list *l);

/* The prefix of that length that holds the address. */
struct prefix prefix_around(const struct addr *a, uint8_t len);
/* The last address of a prefix. */
struct addr prefix_last(const struct prefix *p);
/* By address, the shorter prefix first. */
int prefix_cmp(const void *a, const void *b);
void prefix_sort(struct prefix *p, size_t n);

/*
 * The union of `include' less the union of `exclude', in normal form: sorted,
 * disjoint, and no two that one prefix could hold.  A set has exactly one
 * normal form, so a prefix is inside the set if and only if one prefix of the
 * normal form holds it.  The families never merge: no result holds both
 * addresses of IPv4 and others, unless an included prefix does.  Sorts its
 * arguments.  False: no memory.
 */
bool prefixes_normal(struct prefix_list *include, struct prefix_list *exclude,
    struct prefix_list *out);

/* The special-purpose addresses of any of these kinds, in normal form, without
 * the ordinary ones inside of them (base/special.h).  False: no memory. */
bool prefixes_special(struct prefix_list *out, unsigned kinds);

/* The prefix of a normal form that holds all of p, or NULL. */
const struct prefix *prefixes_find(const struct prefix *set, size_t n,
    const struct prefix *p);

/* Some address of p is in the set, which is in normal form. */
bool prefixes_meet(const struct prefix *set, size_t n, const struct prefix *p);

#endif
