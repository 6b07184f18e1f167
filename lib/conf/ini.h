/* SPDX-License-Identifier: ISC */
#ifndef BH_INI_H
#define BH_INI_H

/*
 * An INI file as a sequence of events, with line numbers, and with every
 * mistake of form instead of the first.  A line may be of any length.
 */

#include "conf/diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	INI_SECTION_MAX = 49,		/* characters of a section's name */
	INI_FILE_MAX = 16 << 20,	/* bytes */
};

struct ini_pair {
	const char *key, *value;	/* for the time of the call */
	int line;
	bool continued;		/* an indented line: more of the key above */
};

struct ini_events {
	/* A section begins; what is between the brackets. */
	void (*section)(void *arg, const char *name, int line);
	/* A pair of that section. */
	void (*pair)(void *arg, const struct ini_pair *p);
	/* A section's line was malformed and reported; name is what it may
	 * have meant.  False: what follows belongs to no section, up to the
	 * next. */
	bool (*skip)(void *arg, const char *name, int line);
	/* A line was malformed and reported; it may have meant that key, and
	 * its value is not known.  NULL: nobody asks. */
	void (*lost)(void *arg, const struct ini_pair *p);
	bool quick;		/* wg-quick(8)'s way: an indented line is one
				 * like others, a comment begins with '#' */
};

/* Bytes with room for one more, which are written to.  Mistakes of form go to
 * *d. */
void ini_parse(char *text, size_t n, struct diags *d,
    const struct ini_events *ev, void *arg);
/* Reads all of f, and wipes what it kept of it.  Mistakes of form go to *d.
 * Returns a hash of the bytes, never 0; 0 if it could not read to the end,
 * which is the one finding then, and no event. */
uint64_t ini_read(FILE *f, struct diags *d, const struct ini_events *ev,
    void *arg);

#endif
