/* SPDX-License-Identifier: ISC */
#ifndef BH_SPACE_H
#define BH_SPACE_H

/*
 * The location that an address belongs to is the one with the longest prefix.
 * Of two equal prefixes one that takes part goes before an internal one, one of
 * an active location before one of an inactive one, and the later in the file
 * before the earlier.  So others may have parts of what a location calls its
 * own.
 */

#include "conf/conf.h"
#include "conf/prefixes.h"

#include <stdbool.h>

/* A prefix, and who says so. */
struct space_entry {
	struct prefix p;
	uint32_t rank;		/* of equal prefixes the highest has it */
	uint16_t location;
	bool lan;		/* takes part; else internal */
};

/* All of a domain, by prefix_cmp, then by rank. */
struct space {
	struct space_entry *e;
	size_t n;
};

/* False: no memory. */
bool space_init(struct space *s, const struct conf *cf);
void space_fini(struct space *s);
/* Adds what location i has: what takes part, and the rest of its site; of an
 * inactive one all is the rest.  False: no memory. */
bool space_of(const struct space *s, const struct conf *cf, size_t i,
    struct prefix_list *lan, struct prefix_list *site);

#endif
