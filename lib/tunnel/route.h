/* SPDX-License-Identifier: ISC */
#ifndef BH_ROUTE_H
#define BH_ROUTE_H

/* Which peer may say what on which link, where its packets go, and which of our
 * addresses it is answered from. */

#include "packet/ip.h"
#include "policy/policy.h"
#include "wg/peer.h"

/* The programs at the other end of a link. */
enum sibling { SIBLING_CLASSIFY, SIBLING_EGRESS, SIBLINGS };

/* May a frame with this peer and class come by that link? */
bool route_may_send(const struct policy *pol, enum sibling c, uint16_t peer,
    uint8_t class);
/* Cryptokey routing in a gateway: may the peer send a packet from there? */
bool route_owns(const struct policy *pol, uint16_t peer,
    const struct addr *src);
/* Where a packet from that peer goes, and as what. */
enum sibling route_deliver(const struct policy *pol, uint16_t peer,
    const struct ip *ip, uint8_t *class);

/* What our routes chose for a peer when we looked. */
struct route_source {
	nsec looked;
	struct endpoint remote;
	struct addr usual, left;	/* now, and before */
};

struct route_sources {
	int fd;			/* to ask the kernel; -1: we do without */
	uint32_t mark;		/* of our datagrams, in force */
	struct route_source *peer;
};

/* Looks, now and then, whether the peer is to be answered from elsewhere. */
void route_choose_source(struct route_sources *s, uint16_t i, struct peer *p,
    nsec now);

#endif
