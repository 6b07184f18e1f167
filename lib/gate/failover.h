/* SPDX-License-Identifier: ISC */
#ifndef BH_FAILOVER_H
#define BH_FAILOVER_H

/*
 * A client's servers, in bh-classify: who answers is seen in the counters that
 * bh-tunnel publishes, or by a probe; whom Internet packets go to is written
 * into the policy, to the log and to counters of our own.
 */

#include "conf/conf.h"
#include "io/link.h"
#include "packet/echo.h"
#include "policy/servers.h"
#include "proc/counters.h"

struct failover {
	struct servers servers;
	struct policy *pol;
	const struct conf *cf;
	const struct counters *tunnel;
	uint32_t npeers;	/* of these, whatever they say */
	struct counters *st;	/* a peer in it for each server */
	struct echo probe;
	bool suspect;		/* no server answers the probe: it was told */
	nsec due;		/* of the next tick; 0: there is no server */
};

/* Before privileges are dropped; exits 111 if there are no counters. */
void failover_open(struct failover *f, const struct conf *cf,
    struct policy *pol, const char *rundir, struct counters *st);
/* When it is due.  Questions come afterwards. */
void failover_tick(struct failover *f, nsec now);
/* True: *q, with ECHO_ROOM bytes behind it, is a question to a server: an empty
 * frame, or the probe.  It is to be sent; ask again. */
bool failover_question(struct failover *f, nsec now, struct frame *q);
/* A packet was sent to that server. */
static inline void
failover_sent(struct failover *f, uint16_t peer, nsec now)
{
	const nsec soon = now + SERVERS_TICK_MS * NSEC_MS;

	servers_sent(&f->servers, peer, now);
	if (f->due > soon)
		f->due = soon;
}
/* The packet from that peer answers the probe, and is nobody else's. */
bool failover_answer(struct failover *f, uint16_t peer, const struct ip *ip,
    nsec now);

#endif
