/* SPDX-License-Identifier: ISC */
#ifndef BH_PATHS_H
#define BH_PATHS_H

/*
 * How much fits on the path to each peer of a gateway (packet/pmtu.h), and what
 * is done with what does not fit (RFC 4459): a TCP super-packet is cut smaller,
 * a packet that may be fragmented is, IPv6 of up to 1280 bytes travels in
 * fragments of the datagram, and all else goes back to where it came from,
 * whose gate tells the sender.
 */

#include "base/verdict.h"
#include "conf/conf.h"
#include "packet/gso.h"
#include "packet/pmtu.h"
#include "wg/timers.h"

struct peer_path {
	struct timer timer;
	struct pmtu m;
	struct endpoint remote;		/* that m is about */
	struct addr addr;		/* of the peer, for probes */
	nsec waiting;			/* for a session, since; or 0 */
};

struct paths {
	struct peer_path *peer;		/* NULL: standalone, and all fits */
	size_t n;
	struct timers queue;
	struct addr self;
	uint16_t max;
	bool search;			/* mtu = auto */
};

/* False without memory. */
bool paths_init(struct paths *p, const struct conf *cf, size_t self);
/* A session begins, and the peer may be somewhere else; or a probe says that it
 * is. */
void paths_begin(struct paths *p, uint16_t peer, const struct endpoint *remote,
    nsec now);
void paths_session(struct paths *p, uint16_t peer,
    const struct endpoint *remote, nsec now);
/* What is due of a path has changed. */
void paths_schedule(struct paths *p, uint16_t peer);
/* When the first has something to do; 0: never. */
nsec paths_due(const struct paths *p);

/* The largest packet of that family that a sender may be told of. */
uint16_t paths_mtu(const struct paths *p, uint16_t peer, const struct ip *ip);
/* V_NEXT, the pieces perhaps smaller now; V_TOO_BIG. */
enum verdict paths_fit(struct paths *p, uint16_t peer, struct gso *g,
    nsec now);
/* A SYN, either way.  sum: its checksum is complete. */
void paths_clamp(const struct paths *p, uint16_t peer, uint8_t *packet,
    const struct ip *ip, bool sum);

#endif
