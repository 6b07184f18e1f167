/* SPDX-License-Identifier: ISC */
#ifndef BH_SECTION_H
#define BH_SECTION_H

/* What the two files of the loader share. */

#include "conf/ini.h"
#include "conf/keys.h"

/* The file is read section by section; table to sets are those of the one that
 * is being read. */
struct load {
	struct conf *cf;
	struct diags *d;
	const struct keydef *table;	/* NULL: skip the section's keys */
	void *base;			/* what they set */
	uint64_t *broken;		/* a bit for each; NULL: nobody asks */
	void (*finish)(struct load *ld);	/* what follows at its end */
	char section[INI_SECTION_MAX + 2];
	bool any;			/* there was a section */
	int domain_line;
	struct conf_location *loc;	/* if it is one */
	/* what there is memory for */
	size_t room, group_room, publish_room, breakout_room;
	struct keys_set set[KEYS_SETS];
	int seen[KEYS_MAX];		/* line of each key of the table */
	const struct keydef *last;	/* what an indented line continues */
};

/* The kinds of sections.  begin says what a section fills and how it ends, or
 * reports what is wrong with its line. */
struct section {
	const char *name;	/* NULL: the end of the list */
	void (*begin)(struct load *ld, const char *name, int line);
};

extern const struct section load_kinds[];

#endif
