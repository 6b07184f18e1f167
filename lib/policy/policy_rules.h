/* SPDX-License-Identifier: ISC */
#ifndef BH_POLICY_RULES_H
#define BH_POLICY_RULES_H

/*
 * The decision tables: over what facts they ask, and how.  For policy.c alone.
 */

#include "base/special.h"
#include "policy/policy.h"

/* What is known of an address.  The source's facts are bits 0 to 15 of a word,
 * the destination's 16 to 31, those of the packet come above. */
enum {
	/* where it belongs */
	NOBODY	   = 1 << 0,	/* to no location of the domain */
	HERE	   = 1 << 1,	/* to this one */
	SENDER	   = 1 << 2,	/* to the peer that the packet came from */
	PARTNER	   = 1 << 3,	/* to a partner of this one */
	CLIENT	   = 1 << 4,	/* to a client of this server */
	TAKES_PART = 1 << 5,	/* in its location's lan */
	BACKHAULED = 1 << 6,	/* its location backhauls its traffic, if any */
	OWN	   = 1 << 7,	/* the gateway's */
	ENDPOINT   = 1 << 8,	/* a tunnel of the domain ends there */

	/* of what kind it is (base/special.h) */
	KINDS_AT   = 9,
	MARTIAN	   = SPECIAL_MARTIAN << KINDS_AT,
	MULTICAST  = SPECIAL_MULTICAST << KINDS_AT,
	LINKLOCAL  = SPECIAL_LINKLOCAL << KINDS_AT,
	SPECIAL	   = SPECIAL_RESERVED << KINDS_AT,
	PRIVATE	   = SPECIAL_PRIVATE << KINDS_AT, /* if that is internal */
	DUMMY	   = SPECIAL_DUMMY << KINDS_AT,

	PUBLISHED  = 1 << 15,	/* what the Internet may begin with */
};

#define SRC(facts) ((uint64_t)(facts))
#define DST(facts) ((uint64_t)(facts) << 16)
#define FROM_PARTNER ((uint64_t)1 << 32) /* the peer it came from is one */
#define FROM_CLIENT ((uint64_t)1 << 33)
#define FROM_SERVER ((uint64_t)1 << 34)
#define IS_CLIENT ((uint64_t)1 << 35)	/* this location is one */
#define ICMP_ERROR ((uint64_t)1 << 36)
#define HAS_SERVER ((uint64_t)1 << 37)	/* one is usable */
#define LET_OUT ((uint64_t)1 << 38)	/* a breakout matches: asked last */

/* Matches if all of `yes' are facts and none of `no' is. */
struct rule {
	const char *name, *text;
	uint64_t yes, no;
	enum verdict verdict;
	enum { HOP_NONE, HOP_DST, HOP_SERVER } hop;
};

/* The last rule of each matches whatever there is. */
struct rules {
	const struct rule *rule;
	size_t n;
};

extern const struct rules policy_points[POLICY_POINTS];

#endif
