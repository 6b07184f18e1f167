/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYS_H
#define BH_KEYS_H

/* The one table of what a domain file may say: sections, keys, setters. */

#include "conf/conf.h"
#include "conf/prefixes.h"

enum { KEYS_MAX = 64 };
enum {
	KEYS_LAN, KEYS_INTERNAL, KEYS_ADDRESS, KEYS_RESOLVER, KEYS_MEMBERS,
	KEYS_FROM,
	KEYS_POOL,
	KEYS_SETS
};

/* A section's prefix lists while they are read. */
struct keys_set {
	struct prefix_list include, exclude;
};

/* Where a setter puts what it read. */
struct keys_target {
	struct conf *cf;
	struct conf_location *loc;	/* of [location], else NULL */
	struct keys_set *set;		/* KEYS_SETS of them */
	int line;
};

/* Takes one value, of a list one item; 0 or a code with the reason. */
struct keydef;
typedef int keys_setter(const struct keys_target *t, const struct keydef *k,
    void *to, const char *value, char *why);

struct keydef {
	const char *name;
	keys_setter *set;
	size_t to, line;	/* offsets into what the section is read to;
				 * line 0: nobody asks for it */
	unsigned min, max;	/* of a number; index of a set */
	const char *const *words;
	bool list;
};

extern const struct keydef keys_domain[], keys_location[], keys_group[],
    keys_publish[], keys_breakout[];

/* NULL: no such key.  The tables end with an entry without name. */
const struct keydef *keys_find(const struct keydef *table, const char *name);

#endif
