/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_EDIT_H
#define BH_NAT_EDIT_H

/*
 * Giving one end of a packet another address and port, checksums by the change
 * alone (RFC 1624).  The same for a whole packet, for a super-packet whose
 * checksum the kernel has yet to complete, for a later fragment, and for the
 * beginning of a packet that an ICMP error quotes.
 */

#include "packet/ip.h"
#include "packet/vnet.h"

enum nat_end { NAT_SRC, NAT_DST };

struct nat_edit {
	uint8_t *p;		/* the IP header */
	size_t n;		/* bytes there are */
	uint16_t l4;		/* the transport header; n or more: none */
	uint8_t version, proto;
	bool partial;		/* its checksum covers the pseudo header only */
};

/* The end gets the address and port (identifier, for an ICMP query).  By how
 * much the sum over all that was written has changed, for a checksum around it
 * (csum_patch). */
uint64_t nat_edit(const struct nat_edit *e, enum nat_end end,
    const struct addr *a, uint16_t port);

/* The packet's protocol is one that is translated (N4), and if it is ICMP a
 * query or an error that is (*error). */
bool nat_translates(const struct ip *ip, bool *error);
/* A query that may begin a flow: an echo request. */
bool nat_asks(const struct ip *ip);

/* What an ICMP error quotes: the ends of a packet that was sent from src. */
struct nat_quote {
	struct nat_edit e;
	struct addr src, dst;
	uint16_t sport, dport;	/* an ICMP query: identifier and 0 */
	uint32_t seq;		/* TCP */
};

/* Reads the packet quoted at p; false if it is none that could be translated,
 * is a later fragment, or has a wrong IPv4 checksum (RFC 5508 REQ-3 a).  Its
 * own transport checksum is not looked at (3 c). */
bool nat_quote_parse(struct nat_quote *q, uint8_t *p, size_t n,
    uint8_t version);

#endif
