/* SPDX-License-Identifier: ISC */
#ifndef BH_LINT_H
#define BH_LINT_H

/* Checks over the whole domain: a file may load and be wrong or risky. */

#include "conf/conf.h"

/* Adds findings to *d.  No program starts with an error of these. */
void lint_domain(const struct conf *cf, struct diags *d);

/* Asks the DNS for the names of endpoints and next hops, which takes a while.
 * The addresses stand in *cf from then on, for lint_domain; a name without one
 * is a finding.  False, and *why: the DNS cannot be asked. */
bool lint_names(struct conf *cf, struct diags *d, const char **why);

/* The key files of backhaul(8), of one location or of those whose private key
 * is there. */
void lint_keydir(const struct conf *cf, const char *keydir,
    const char *location, struct diags *d);

/* A finding of the loader or the linter at length. */
struct lint_explanation {
	enum code code;
	const char *text;	/* what it means, why it matters, what to do */
	const char *wrong;	/* lines that give it; NULL: none do */
	const char *right;	/* what they should be, or what to do */
};

/* NULL: no such code.  code_entry lists the codes. */
const struct lint_explanation *lint_explain(int code);

#endif
