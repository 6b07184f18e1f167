/* SPDX-License-Identifier: ISC */
#include "plan/thin.h"

#include "conf/prefixes.h"

#include <stdlib.h>

enum { NESTED_MAX = 129 };	/* one of each length */

/* A prefix comes behind all that cover it. */
static int
by_prefix(const void *a, const void *b)
{
	const struct thin_route *x = *(struct thin_route *const *)a;
	const struct thin_route *y = *(struct thin_route *const *)b;
	int order = prefix_cmp(&x->to, &y->to);

	return order != 0 ? order : (x > y) - (x < y);
}

static void
mark(struct thin_route **r, size_t n)
{
	const struct thin_route *over[NESTED_MAX];
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		r[i]->needed = false;
		if (i + 1 < n && prefix_cmp(&r[i]->to, &r[i + 1]->to) == 0)
			continue;
		while (depth > 0 &&
		    !prefix_has(&over[depth - 1]->to, &r[i]->to.addr))
			depth--;
		r[i]->needed = depth == 0 ||
		    over[depth - 1]->target != r[i]->target;
		over[depth++] = r[i];
	}
}

bool
thin_routes(struct thin_route *r, size_t n)
{
	struct thin_route **sorted = calloc(n + 1, sizeof(*sorted));

	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &r[i];
	qsort(sorted, n, sizeof(*sorted), by_prefix);
	mark(sorted, n);
	free(sorted);
	return true;
}
