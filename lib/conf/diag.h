/* SPDX-License-Identifier: ISC */
#ifndef BH_DIAG_H
#define BH_DIAG_H

/* A list of what is wrong with a domain file. */

#include <stddef.h>
#include <stdio.h>

enum severity { SEV_ERROR, SEV_WARNING, SEV_NOTICE };

struct diag {
	int line;		/* 0: the file as a whole */
	enum severity severity;
	int code;		/* BHnnn */
	char section[96];	/* "location hq"; "" none */
	char key[40];		/* "" none */
	char text[400];		/* what is wrong; what to do */
};

struct diags {
	struct diag *d;
	size_t n, room;
	size_t errors, warnings;
};

void diag_init(struct diags *ds);
void diag_free(struct diags *ds);
void diag_add(struct diags *ds, int line, enum severity sev, int code,
    const char *section, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/* By line, then in the order of finding. */
void diag_sort(struct diags *ds);
/* FILE:LINE: severity BHnnn: [section] key: text */
void diag_print(const struct diag *d, const char *file, FILE *out);
const char *severity_name(enum severity s);

#endif
