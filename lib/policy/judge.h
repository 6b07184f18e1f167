/* SPDX-License-Identifier: ISC */
#ifndef BH_JUDGE_H
#define BH_JUDGE_H

/*
 * A packet's bytes in, a decision out: the one function that the live loop, the
 * offline mode and explanations ask.  It depends on the policy, on what was
 * seen of fragments, on the packet and on the time; of the flows it remembers
 * only what it would find again.
 */

#include "base/clock.h"
#include "packet/flow.h"
#include "packet/frag.h"
#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

enum {
	JUDGE_NO_RULE = 0xff,	/* refused before any rule was asked */
	JUDGE_FLOWS = 65536,
	JUDGE_FRAGS = 4096,
};

struct judge {
	const struct policy *pol;
	struct flows *flows;	/* NULL: the policy has no breakouts */
	struct frags *frags;
};

/* Takes all the memory it will ever have; exits 111 if there is none. */
void judge_open(struct judge *j, const struct policy *pol);
void judge_close(struct judge *j);

/* Parses a packet of n bytes and decides on it.  `from' as policy_decide; now
 * is not 0. */
struct decision judge_packet(struct judge *j, enum policy_point at,
    const uint8_t *p, size_t n, uint16_t from, nsec now, struct ip *ip);

/* The same of a packet that was parsed already, with verdict v. */
struct decision judge_parsed(struct judge *j, enum policy_point at,
    enum verdict v, uint16_t from, nsec now, const struct ip *ip);

#endif
