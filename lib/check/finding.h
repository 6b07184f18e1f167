/* SPDX-License-Identifier: ISC */
#ifndef BH_FINDING_H
#define BH_FINDING_H

/* How a check reports, and the questions that several of them ask. */

#include "check/lint.h"

#include <stdarg.h>

enum { LINT_TEXT = 192 };

struct lint {
	const struct conf *cf;
	struct diags *d;
	unsigned guesses, searches;	/* left: both are slow */
	bool unsure;		/* whose some address is, or who exchanges
				 * traffic with whom, is not known */
};

/* A finding about a key of a section, at the line where the key was said, else
 * at the section's own. */
void lint_say(struct lint *lt, const struct conf_section *s, enum code code,
    enum conf_key key, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* At another line: of one item of a list, or of the key that is to blame; 0:
 * the section's. */
void lint_say_at(struct lint *lt, const struct conf_section *s, int line,
    enum code code, enum conf_key key, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void lint_vsay(struct lint *lt, const struct conf_section *s, int line,
    enum code code, enum conf_key key, const char *fmt, va_list ap)
    __attribute__((format(printf, 6, 0)));

/* "there is no [location qh]; did you mean 'hq'?" */
const char *lint_no_location(struct lint *lt, const char *name,
    char buf[static LINT_TEXT]);
/* A prefix that no router forwards and that p meets; NULL: there is none. */
const struct prefix *lint_special(const struct prefix *p);
/* p is to be known outside of that server, and is known nowhere. */
bool lint_private_outside(const struct conf_location *server,
    const struct prefix *p);
/* One of the gateway's own addresses, as far as the file says: where its
 * tunnel ends, or on its LAN. */
bool lint_is_own(const struct conf_location *l, const struct addr *a);

/* Findings of several checks. */
extern const struct lint_explanation explain_findings[];

#endif
