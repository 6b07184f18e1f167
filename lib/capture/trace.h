/* SPDX-License-Identifier: ISC */
#ifndef BH_TRACE_H
#define BH_TRACE_H

/* The offline mode: a capture in, verdicts or a capture out, decided by the
 * code that runs live. */

#include "conf/conf.h"
#include "nat/nat.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

/* What has no verdict, since it is no packet, counts beside them. */
enum { TRACE_NOT_IP = V_COUNT, TRACE_COUNT };

struct trace {
	const struct conf *cf;
	const struct policy *pol;
	enum policy_point at;
	bool both;		/* at the LAN: each packet goes where its
				 * addresses say, and not all are POLICY_OUT */
	struct nat *nat;	/* NULL: nothing is translated */
	uint16_t from;		/* the peer, or PEER_NONE */
	const char *direction;	/* the word in a verdict line */
	const char *read;	/* "-" is standard input */
	const char *write;	/* NULL: none; "-" is standard output */
	bool json, summary;
	bool select;		/* only those of `selected' */
	bool selected[TRACE_COUNT];
};

/* 0; 1 if the capture is damaged (what comes before is done all the same) or
 * has nothing of what was selected.  Exits if a file cannot be opened (111;
 * 100 if it is not there or of an unknown link type). */
int trace_run(const struct trace *t);

#endif
