/* SPDX-License-Identifier: ISC */
#ifndef BH_TALLY_H
#define BH_TALLY_H

/*
 * Traffic added up by what became of it, by rule, by host of the location, by
 * network at the other end and by group.  Memory is taken once: of hosts and
 * networks the first TALLY_ROOM are told apart, all others are one.
 */

#include "conf/conf.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { TALLY_ROOM = 4096 };

struct tally_sum {
	uint64_t packets;
	uint64_t out, in;	/* bytes: from the location, and to it */
};

struct tally;

/* One packet, judged as from the location; `in': it went the other way. */
struct tally_item {
	const struct ip *ip;
	const struct decision *d;
	bool in;
};

/* Exits 111 without memory. */
struct tally *tally_new(const struct conf *cf, const struct policy *pol);
void tally_add(struct tally *t, const struct tally_item *i, size_t bytes);
struct tally_sum tally_total(const struct tally *t);
/* Tables for people, the largest first, at most `top' rows of each; or an
 * object for every row. */
void tally_print(struct tally *t, double seconds, unsigned top, FILE *out);
void tally_json(struct tally *t, double seconds, FILE *out);

#endif
