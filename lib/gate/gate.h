/* SPDX-License-Identifier: ISC */
#ifndef BH_GATE_H
#define BH_GATE_H

/*
 * A gate stands between a TUN device and the link to bh-tunnel and lets
 * through, both ways, what the policy delivers.  Of several workers of
 * bh-tunnel each has a link, on which only its own peers are believed; behind
 * each may stand a gate of its own, which knows no others (start_worker).
 * bh-classify is a gate on the LAN's side, bh-egress one on the Internet's.
 * Where something breaks out bh-classify has a second TUN device, towards the
 * Internet.
 */

#include "base/clock.h"
#include "conf/conf.h"
#include "gate/failover.h"
#include "gate/icmp_reply.h"
#include "io/link.h"
#include "io/tun.h"
#include "nat/nat.h"
#include "policy/judge.h"
#include "policy/policy.h"
#include "proc/counters.h"
#include "proc/waiter.h"
#include "start/start.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/* What makes one program of it. */
struct gate_kind {
	const char *link;		/* NAME.link in the run directory */
	enum link_role role;
	enum policy_point to_link, to_tun;
};

/* What it waits for: of links one each worker. */
enum {
	GATE_TUN, GATE_SIG, GATE_OUT, GATE_BELL,
	GATE_LINK = GATE_BELL + CONF_WORKERS_MAX,
	GATE_FDS = GATE_LINK + CONF_WORKERS_MAX,
};
static_assert((int)GATE_FDS <= (int)WAITER_MAX && GATE_LINK <= 32,
    "bells are bits");

struct gate {
	const struct gate_kind *kind;
	const struct policy *pol;
	int journal;		/* who has which port; or -1 */
	const struct conf *cf;
	nsec now;		/* of this wake-up */
	const char *ifname;
	int tun, signals;
	int out;		/* the second device, or -1 */
	const char *outname;
	struct judge judge;	/* with a translator, in bh-egress */
	struct stranger {	/* whom the LAN must not have sent from */
		struct addr addr;
		uint64_t count;	/* since the last line about them */
		nsec next;	/* line, not before */
	} stranger;
	struct link link[CONF_WORKERS_MAX];	/* one each worker */
	unsigned nlinks, likely;	/* where the next packet may go */
	struct waiter waiter;
	struct counters *st;
	struct icmp_reply reply;
	struct failover *failover;	/* of a client; else NULL */
	/* a packet on its way to the device, or one for a full link */
	alignas(FRAME_ALIGN) uint8_t frame[FRAME_MAX];
	struct tun_out tun_out, out_out;	/* the devices, for writing */
};

/* Opens counters, TUN device and link, or exits 111 with a line that says
 * which of them failed. */
void gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf);
/* Runs until a signal (0) or until the link or the device is gone (111). */
int gate_run(struct gate *g);

#endif
