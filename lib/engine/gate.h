/* SPDX-License-Identifier: ISC */
#ifndef BH_GATE_H
#define BH_GATE_H

/*
 * A gate stands between a TUN device and the link to bh-tunnel and lets
 * through, both ways, what the policy delivers.  bh-classify is a gate on the
 * LAN's side, bh-egress one on the Internet's.  Where something breaks out
 * bh-classify has a second TUN device, towards the Internet.
 */

#include "base/counters.h"
#include "base/clock.h"
#include "base/waiter.h"
#include "conf/conf.h"
#include "engine/failover.h"
#include "engine/judge.h"
#include "engine/start.h"
#include "engine/tell.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/policy.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/* What makes one program of it. */
struct gate_kind {
	const char *link;		/* NAME.link in the run directory */
	enum link_role role;
	enum policy_point to_link, to_tun;
};

struct gate {
	const struct gate_kind *kind;
	const struct policy *pol;
	struct nat *nat;	/* of bh-egress; NULL: nothing is translated */
	const struct conf *cf;
	nsec now;		/* of this wake-up */
	const char *ifname;
	int tun, signals;
	int out;		/* the second device, or -1 */
	const char *outname;
	struct judge judge;
	struct stranger {	/* whom the LAN must not have sent from */
		struct addr addr;
		uint64_t count;	/* since the last line about them */
		nsec next;	/* line, not before */
	} stranger;
	struct link link;
	struct waiter waiter;
	struct counters *st;
	struct tell tell;
	struct failover *failover;	/* of a client; else NULL */
	/* a packet on its way to the device, or one for a full link */
	alignas(FRAME_ALIGN) uint8_t frame[FRAME_MAX];
};

/* Opens counters, TUN device and link, or exits 111 with a line that says
 * which of them failed. */
void gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf);
/* Runs until a signal (0) or until the link or the device is gone (111). */
int gate_run(struct gate *g);

#endif
