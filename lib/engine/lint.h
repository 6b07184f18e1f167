/* SPDX-License-Identifier: ISC */
#ifndef BH_LINT_H
#define BH_LINT_H

/* What loads but is wrong or risky: checks over the whole domain. */

#include "conf/conf.h"

/* Adds findings to *d.  What is an error here, no program starts with. */
void lint_domain(const struct conf *cf, struct diags *d);

/* The key files of backhaul(8), of one location or of those whose private key
 * is there. */
void lint_keydir(const struct conf *cf, const char *keydir,
    const char *location, struct diags *d);

/* A paragraph on a code, of the loader or the linter: what it means, what to
 * do.  NULL: no such code.  code_entry lists the codes. */
const char *lint_explain(int code);

struct lint_example {
	enum code code;
	const char *wrong;	/* lines that give it; NULL: none do */
	const char *right;	/* what they should be, or what to do */
};

/* NULL: none. */
const struct lint_example *lint_example(int code);

#endif
