/* SPDX-License-Identifier: ISC */
#ifndef BH_REPORT_H
#define BH_REPORT_H

/* bh-check's answer to a domain file, and its exit status. */

#include "conf/conf.h"

#include <stdbool.h>
#include <stdio.h>

struct report {
	const char *file;	/* its name, for the lines */
	const char *location;	/* findings about this one only; NULL: all */
	const char *keydir;	/* look at its key files, too; NULL: do not */
	bool json;		/* a JSON object a line, no summary */
	bool names;		/* ask the DNS for them */
	bool strict;		/* warnings fail, too */
	bool all;		/* each finding, however many are alike */
};

/* Loads and checks the file and prints the findings and a summary; of a
 * location, if there is no error, all that it will do.  Returns the exit
 * status, which is about the whole file whatever was printed. */
int report_file(const struct report *r, FILE *f, FILE *out);
/* Loads a file that something is to be made of: errors go to standard error.
 * *location is VIEW_ALL or that of r.  0 or the exit status; free *cf in either
 * case. */
int report_load(const struct report *r, FILE *f, struct conf *cf,
    int *location);
/* Prints what differs in the file `now' from `old', of a location or of
 * all.  Returns the exit status. */
int report_changes(const struct report *r, const struct conf *old,
    const struct conf *now, FILE *out);
/* Explains "BH305" or "305", or "all" codes.  Returns the exit status. */
int report_explain(const char *which, FILE *out);

#endif
