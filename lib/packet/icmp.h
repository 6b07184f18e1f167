/* SPDX-License-Identifier: ISC */
#ifndef BH_ICMP_H
#define BH_ICMP_H

/*
 * Errors that tell a sender why its packet went nowhere.
 *
 * libnet builds such packets too, but allocates for each of them (its blocks,
 * then the packet), and what a stranger sends never makes this project
 * allocate; so they are written here, into the caller's memory.
 */

#include "packet/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ICMP_ROOM = 1280 };	/* bytes that any such packet fits in */

/*
 * What a verdict says: IPv4's type and code (RFC 792, RFC 1812 5.2.7), IPv6's
 * (RFC 4443).  All others are silent: malformed packets, impossible sources,
 * destinations that are not one host.  bh(7) has the same table; a test
 * compares them.
 */
#define ICMP_SAYS(X) \
	X(V_TTL, 11, 0, 3, 0) \
	X(V_LINKLOCAL, 3, 0, 1, 0) \
	X(V_SPECIAL, 3, 0, 1, 0) \
	X(V_EXCLUDED, 3, 13, 1, 5) \
	X(V_INTERNAL, 3, 13, 1, 1) \
	X(V_ELSEWHERE, 3, 13, 1, 1) \
	X(V_NOT_PARTNER, 3, 13, 1, 1) \
	X(V_PRIVATE, 3, 0, 1, 0) \
	X(V_ENDPOINT, 3, 13, 1, 1) \
	X(V_NO_ROLE, 3, 0, 1, 0) \
	X(V_NPT, 3, 1, 1, 3) \
	X(V_NAT_PROTO, 3, 13, 1, 1) \
	X(V_NAT_REFUSED, 3, 13, 1, 1) \
	X(V_NAT_FULL, 3, 1, 1, 3) \
	X(V_NAT_QUOTA, 3, 1, 1, 3) \
	X(V_NO_SERVER, 3, 0, 1, 0) \
	X(V_DOWN, 3, 1, 1, 3) \
	X(V_NO_PEER, 3, 1, 1, 3) \
	X(V_TOO_BIG, 3, 4, 2, 0)

struct icmp_error {
	enum verdict why;
	uint16_t mtu;		/* with V_TOO_BIG: what would fit */
	struct addr from;	/* who says it, in the packet's family */
};

/* Does that verdict say anything? */
bool icmp_speaks(enum verdict why);
/* May anybody be told about this parsed packet?  Not about an ICMP error, a
 * later fragment, or to or from what is not one host (RFC 1812 4.3.2.7,
 * RFC 4443 2.4 e). */
bool icmp_may_answer(const struct ip *ip);

/* Writes the whole error packet to out (ICMP_ROOM bytes), quoting as much as
 * 576 or 1280 bytes have room for (RFC 1812 4.3.2.3, RFC 4443 2.4 c); its
 * length.  For packets that may be answered and verdicts that speak. */
size_t icmp_error(uint8_t *out, const struct icmp_error *e,
    const uint8_t *packet, const struct ip *ip);

#endif
