/* SPDX-License-Identifier: ISC */
#ifndef BH_INI_H
#define BH_INI_H

/*
 * An INI file as a sequence of events.  inih does the parsing; the reader
 * between it and the file adds what inih does not tell: line numbers, where
 * each section begins, and every mistake instead of the first.
 */

#include "conf/diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	INI_SECTION_MAX = 49,		/* what inih keeps of a name */
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
	/* A section's line was malformed and reported: what follows belongs to
	 * no section, up to the next. */
	void (*skip)(void *arg);
};

/* Reads all of f.  Mistakes of form go to *d.  Returns a hash of the bytes
 * read, never 0. */
uint64_t ini_read(FILE *f, struct diags *d, const struct ini_events *ev,
    void *arg);

#endif
