/* SPDX-License-Identifier: ISC */
#ifndef BH_GATE_H
#define BH_GATE_H

/*
 * A gate stands between a TUN device and the link to bh-tunnel and lets
 * through, both ways, what the policy delivers.  bh-classify is a gate on the
 * LAN's side, bh-egress one on the Internet's.
 */

#include "base/counters.h"
#include "conf/conf.h"
#include "engine/failover.h"
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
	struct link link;
	struct counters *st;
	struct tell tell;
	struct failover *failover;	/* of a client; else NULL */
	/* a packet on its way to the device, or one for a full link */
	alignas(FRAME_ALIGN) uint8_t frame[FRAME_MAX];
};

enum { GATE_NO_RULE = 0xff };	/* refused before any rule was asked */

/* Parses a packet of n bytes and decides on it; the offline mode and the
 * live one both ask here. */
struct decision gate_judge(const struct policy *pol, enum policy_point at,
    const uint8_t *p, size_t n, uint16_t from, struct ip *ip);

/* Opens counters, TUN device and link, or exits 111 with a line that says
 * which of them failed. */
void gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf);
/* Runs until a signal (0) or until the link or the device is gone (111). */
int gate_run(struct gate *g);

#endif
