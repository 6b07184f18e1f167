/* SPDX-License-Identifier: ISC */
#ifndef BH_OFFLINE_H
#define BH_OFFLINE_H

/* What a gate does without a network: judge a capture, explain a packet. */

#include "capture/trace.h"
#include "conf/conf.h"
#include "nat/nat.h"
#include "policy/policy.h"

#include <stdbool.h>

/* The words of -d, and the point where a program decides on packets of that
 * direction; POLICY_POINTS: it sees none. */
enum offline_direction { OFFLINE_OUT, OFFLINE_IN, OFFLINE_BACK,
	OFFLINE_DIRECTIONS };

struct offline_points {
	enum policy_point at[OFFLINE_DIRECTIONS];
};

struct offline {
	const char *read, *write;	/* -r, -w */
	const char *explain;		/* -e */
	const char *peer;		/* -p */
	struct nat *nat;		/* NULL: nothing is translated */
	enum offline_direction direction;	/* -d */
	bool directed;			/* it was given */
	bool json, summary;		/* -j, -s */
	bool select;			/* -c */
	bool selected[TRACE_COUNT];
};

#define OFFLINE_OPTIONS "c:d:e:jp:r:sw:"
/* With the words that the program has for -d. */
#define OFFLINE_SYNOPSIS(d) \
	"-r FILE [-d " d "] [-p PEER] [-c VERDICT[,...]] [-w FILE] [-js]\n" \
	"[-f FILE] [-l LOCATION] " \
	"-e 'SRC[:PORT] > DST[:PORT] PROTO [PORT]' [-d " d "] [-p PEER]"

/* Takes one option that getopt(3) gave; false if it is none of these. */
bool offline_option(struct offline *o, int opt, const char *arg);
/* Whether any of them was given, that is: not live.  Exits 100 if they do not
 * fit together. */
bool offline_asked(const struct offline *o);
/* Does it, and returns the status to exit with. */
int offline_run(const struct offline *o, const struct offline_points *at,
    const struct conf *cf, const struct policy *pol);

#endif
