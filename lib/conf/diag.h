/* SPDX-License-Identifier: ISC */
#ifndef BH_DIAG_H
#define BH_DIAG_H

/* A list of what is wrong with a domain file. */

#include "conf/code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum severity { SEV_ERROR, SEV_WARNING, SEV_NOTICE, SEV_COUNT };

/* More findings than this are counted but not kept. */
enum { DIAG_MAX = 10000 };

struct diag {
	int line;		/* 0: the file as a whole */
	enum severity severity;
	enum code code;		/* BHnnn */
	char section[96];	/* "location hq"; "" none */
	char also[64];		/* another location it concerns; "" none */
	char key[40];		/* "" none */
	char text[400];		/* what is wrong; what to do */
};

struct diags {
	struct diag *d;
	size_t n, room;
	size_t count[SEV_COUNT];	/* with those that were not kept */
	size_t errors, warnings;	/* the same as count[] of them */
};

void diag_init(struct diags *ds);
void diag_fini(struct diags *ds);
/* The severity is the code's.  section and key may be "". */
void diag_add(struct diags *ds, int line, enum code code, const char *section,
    const char *key, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The newest finding also concerns the location of that name. */
void diag_also(struct diags *ds, const char *location);
/* By line, then in the order of finding. */
void diag_sort(struct diags *ds);
/* FILE:LINE: severity BHnnn: [section] key: text */
void diag_print(const struct diag *d, const char *file, FILE *out);
/* The same as one JSON object and a newline. */
void diag_print_json(const struct diag *d, const char *file, FILE *out);

const char *severity_name(enum severity s);
/* The catalogue in order of number: false after the last. */
bool code_entry(unsigned i, enum code *code, enum severity *sev,
    const char **text);

#endif
