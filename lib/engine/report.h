/* SPDX-License-Identifier: ISC */
#ifndef BH_REPORT_H
#define BH_REPORT_H

/* What bh-check says of a domain file, and how it ends. */

#include <stdbool.h>
#include <stdio.h>

struct report {
	const char *file;	/* its name, for the lines */
	const char *location;	/* findings about this one only; NULL: all */
	bool json;		/* a JSON object a line, no summary */
	bool strict;		/* warnings fail, too */
};

/* Loads and checks the file and prints the findings and a summary.  Returns the
 * exit status, which is about the whole file whatever was printed. */
int report_file(const struct report *r, FILE *f, FILE *out);
/* Explains "BH305" or "305", or "all" codes.  Returns the exit status. */
int report_explain(const char *which, FILE *out);

#endif
