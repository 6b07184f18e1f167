/* SPDX-License-Identifier: ISC */
#ifndef BH_JUDGE_H
#define BH_JUDGE_H

/*
 * What becomes of a packet: the one question that the live loop, captures,
 * explanations and ICMP errors ask.  The answer is the guard's, the fragments',
 * NAT's and NPT's, in the order of the direction: out, the guard comes first;
 * in, the translator finds whom the packet is for, and the guard is asked about
 * that.  It depends on the policy, on what was seen of fragments and of
 * translated flows, on the packet and on the time; of other flows only what
 * would be found again is remembered.
 */

#include "base/clock.h"
#include "nat/nat.h"
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
	struct nat *nat;	/* the caller's; NULL: nothing is translated */
};

struct question {
	enum policy_point at;
	uint16_t from;		/* as of policy_decide */
	/* The packet, which is rewritten if it passes and is translated; NULL:
	 * `ip' is known, no more, and nothing is translated. */
	uint8_t *p;
	size_t n;
	const struct vnet *vnet;	/* or NULL */
	nsec now;		/* not 0 */
	struct ip ip;		/* what the packet was when it came */
};

/* Takes all the memory it will ever have; exits 111 if there is none. */
void judge_init(struct judge *j, const struct policy *pol);
void judge_fini(struct judge *j);

struct decision judge_ask(struct judge *j, struct question *q);
/* What is said of a packet that no rule was asked about. */
struct decision judge_refuse(enum verdict v);

#endif
