/* SPDX-License-Identifier: ISC */
#ifndef BH_TYPES_H
#define BH_TYPES_H

/* The types of values: each reads text into a member of a section, and prints
 * it again. */

#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/prefixes.h"

/* A set of prefixes while its section is read: the loader adds to both
 * lists. */
struct key_set {
	struct prefix_list include, exclude;
};

/* A key of a section that is being read. */
struct key_place {
	const struct keydef *key;
	const char *title;	/* of the section: "location hq" */
	bool broken;		/* some of its value was malformed */
	void *section;
	void *to;		/* the member */
	struct key_set *set;	/* the key's own, empty at first */
	int line;
};

struct key_type {
	/* One value, of a list one item, to its member; 0, or a code and the
	 * reason. */
	int (*parse)(const struct key_place *at, const char *value, char *why);
	/* One line each value. */
	void (*print)(const struct keydef *k, const void *section, FILE *out);
	/* The loader calls it where the section ends; NULL: nothing is left to
	 * do then. */
	void (*finish)(const struct key_place *at, struct diags *d);
	/* Frees what a member holds; NULL: nothing. */
	void (*fini)(void *member);
	bool list;
};

extern const struct key_type type_name, type_yes_no, type_word, type_number,
    type_ports, type_key, type_endpoint, type_interface, type_prefixes,
    type_hosts, type_ref, type_refs, type_filter, type_mtu, type_dscp,
    type_pair, type_gateway, type_nat6, type_failback, type_address,
    type_match, type_to;

#endif
