/* SPDX-License-Identifier: ISC */
#ifndef BH_BREAKOUT_H
#define BH_BREAKOUT_H

/*
 * Which Internet flows of a client leave by its own uplink, in clear: rules in
 * order, the first that matches.  A pure function of the flow
 * (policy/filter.h).
 */

#include "packet/ip.h"
#include "packet/lpm.h"
#include "policy/filter.h"

#include <stddef.h>
#include <stdint.h>

struct breakout_rule {
	const struct bpf_program *filter;	/* NULL: whatever */
	const struct lpm *from, *to;		/* NULL: whoever */
	uint16_t id;		/* the caller's name for it, not 0 */
};

struct breakouts {
	const struct breakout_rule *rule;
	size_t n;
	const struct lpm *never;	/* destinations; NULL: none */
};

enum { BREAKOUT_NONE = 0 };

/* The id of the rule, or BREAKOUT_NONE.  The packet is no later fragment. */
uint16_t breakout_find(const struct breakouts *b, const struct ip *ip);

#endif
