/* SPDX-License-Identifier: ISC */
#ifndef BH_ICMP_REPLY_H
#define BH_ICMP_REPLY_H

/*
 * Tells the sender of a refused packet by ICMP why, where the RFCs allow it
 * (packet/icmp.h), and the sender of TCP that belongs to no connection known
 * here by a reset (packet/reset.h).  Off the fast path, bounded and
 * rate-limited: nothing that somebody sends makes more than a few packets a
 * second.
 *
 * An error goes back by the door the packet came in by.  To the LAN that is a
 * raw socket, since the kernel knows which of its addresses the sender sees
 * and would not take that address from a TUN device; to a peer's host the link;
 * to the Internet the TUN device, where NAT translates the error and what it
 * quotes (RFC 5508 REQ-4).
 */

#include "base/clock.h"
#include "base/ratelimit.h"
#include "conf/conf.h"
#include "gate/budget.h"
#include "io/link.h"
#include "policy/judge.h"

struct refusal {
	enum policy_point at;
	enum verdict why;
	uint16_t from;		/* the peer that sent it, or was to get it */
	uint16_t mtu;		/* with V_TOO_BIG */
	const uint8_t *packet;
	const struct ip *ip;
};

struct icmp_reply {
	int raw[2];		/* to the LAN, IPv4 and IPv6; or -1 */
	struct addr own[2];	/* who speaks in the tunnel; all zero: nobody */
	bool silent;		/* says nothing but how much fits */
	struct budget budget;	/* of all together, and for each location */
	struct ratelimit limit;	/* of those to one host */
	struct judge *judge;	/* asked of what goes to the Internet */
	struct link *link;	/* to the workers that have the peers */
	int tun;		/* to the Internet */
	enum verdict class;	/* what goes to a peer counts there as this */
};

/* Opens the sockets, if there is a LAN to speak to; no error can be sent where
 * the system refuses them.  Judge, links and TUN device stay the caller's. */
void icmp_reply_open(struct icmp_reply *t, const struct conf_location *l,
    struct judge *judge, struct link *link, int tun, bool lan);
void icmp_reply_send(struct icmp_reply *t, const struct refusal *r);

#endif
