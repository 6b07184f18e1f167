/* SPDX-License-Identifier: ISC */
#ifndef BH_CHECKS_H
#define BH_CHECKS_H

/* What the files of the linter share. */

#include "check/lint.h"

enum { LINT_TEXT = 192 };

struct lint {
	const struct conf *cf;
	struct diags *d;
	unsigned guesses, searches;	/* left: both are slow */
	bool unsure;		/* whose some address is, or who exchanges
				 * traffic with whom, is not known */
};

/* A finding about a location, at that line, or at its section if 0. */
void lint_say(struct lint *lt, const struct conf_location *l, int line,
    enum code code, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* "there is no [location qh]; did you mean 'hq'?" */
const char *lint_no_location(struct lint *lt, const char *name,
    char buf[static LINT_TEXT]);

/* Each set of checks, over the active locations. */
void lint_roles(struct lint *lt);
/* The servers of one client, looked at together. */
void lint_servers(struct lint *lt, const struct conf_location *l);
void lint_keys(struct lint *lt);
void lint_space(struct lint *lt);
/* One location's addresses by themselves. */
void lint_own_space(struct lint *lt, const struct conf_location *l);
/* Its single addresses: of itself, its next hop, its endpoint, its names. */
void lint_own_hosts(struct lint *lt, const struct conf_location *l);
/* Of the prefixes that are never forwarded, one that p meets; NULL: none. */
const struct prefix *lint_special(const struct prefix *p);
/* p is to be known outside of that server, and is known nowhere. */
bool lint_private_outside(const struct conf_location *server,
    const struct prefix *p);
/* One of the gateway's own addresses, as far as the file says: where its
 * tunnel ends, or on its LAN. */
bool lint_is_own(const struct conf_location *l, const struct addr *a);
void lint_peers(struct lint *lt);
void lint_numbers(struct lint *lt);
void lint_groups(struct lint *lt);
void lint_breakouts(struct lint *lt);
/* What is opened to the Internet. */
void lint_publish(struct lint *lt);
void lint_nat_addresses(struct lint *lt);
void lint_pools(struct lint *lt);
void lint_npt(struct lint *lt);

#endif
