/* SPDX-License-Identifier: ISC */
#ifndef BH_RATELIMIT_H
#define BH_RATELIMIT_H

/*
 * How often something that costs us is done for whoever asks.  The table has a
 * fixed size; who finds no room in it is refused.
 */

#include "base/addr.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* Addresses that pay together begin with so many equal bytes, for IPv4 and for
 * IPv6; so many a second, and how many at once. */
struct ratelimit_rule {
	uint8_t v4, v6;
	unsigned per_second, burst;
};

/* W4: each IPv4 address, each IPv6 /64, which is what a host can choose its
 * address from. */
extern const struct ratelimit_rule ratelimit_host;
/* An attacker who forges addresses can mostly forge those of his provider: each
 * IPv4 /16, each IPv6 /32. */
extern const struct ratelimit_rule ratelimit_network;
/* A sender that has shown where it is may still have many addresses: each IPv4
 * /24, each IPv6 /48, which is what a site is given. */
extern const struct ratelimit_rule ratelimit_site;
/* All together. */
extern const struct ratelimit_rule ratelimit_all;

enum { RATELIMIT_SETS = 1024, RATELIMIT_WAYS = 4, RATELIMIT_EACH = 4 };

/* Theory: the generic cell rate algorithm.  `due' is when the next one would
 * come if the source kept exactly to its rate; it may come early by burst - 1
 * intervals.  An entry whose time has passed is as good as none. */
struct ratelimit_entry {
	uint64_t source;
	nsec due;
};

struct ratelimit {
	const struct ratelimit_rule *rule;
	uint8_t secret[16];	/* so that nobody can aim at one set */
	struct ratelimit_entry set[RATELIMIT_SETS][RATELIMIT_WAYS];
};

void ratelimit_init(struct ratelimit *r, const struct ratelimit_rule *rule,
    const uint8_t random[static 16]);
bool ratelimit_allow(struct ratelimit *r, const struct addr *source, nsec now);
/* The same of several, up to a NULL: all allow it, or none has counted it.
 * A source that one refuses takes nothing from the others. */
bool ratelimit_allow_each(struct ratelimit *const r[],
    const struct addr *source, nsec now);
/* The same, where so many share the source that it may do so many times as
 * much. */
bool ratelimit_allow_shared(struct ratelimit *r, const struct addr *source,
    unsigned times, nsec now);
/* The same, of one port of an address, be the rule what it may. */
bool ratelimit_allow_port(struct ratelimit *r, const struct endpoint *source,
    nsec now);

/* A table used otherwise: who is remembered until when, not how often he may
 * do something. */
void ratelimit_note(struct ratelimit *r, const struct addr *source, nsec now,
    nsec until);
bool ratelimit_has(struct ratelimit *r, const struct addr *source, nsec now);

#endif
