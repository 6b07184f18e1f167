/* SPDX-License-Identifier: ISC */
#ifndef BH_IP_H
#define BH_IP_H

/*
 * What a packet says of itself: both families, one result.  Nothing is read
 * beyond n bytes, whatever the packet claims.
 */

#include "base/addr.h"
#include "base/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IP4_HLEN = 20,
	IP6_HLEN = 40,
	IP6_MAX_HEADERS = 8,	/* extension headers before we give up */
};

struct ip {
	struct addr src, dst;
	uint16_t len;		/* bytes, by the IP header; <= n */
	uint16_t l4;		/* offset of the transport header */
	uint16_t sport, dport;	/* TCP, UDP; ICMP: type and code, identifier */
	uint16_t frag_off;	/* bytes; 0 for a first or only fragment */
	uint16_t frag_len;	/* of what is put together; 0 if none */
	uint32_t frag_id;
	uint8_t version;	/* 4 or 6 */
	uint8_t proto;		/* after extension headers */
	uint8_t ttl, tos;	/* hop limit, traffic class */
	bool frag;		/* any fragment */
	bool more;		/* more fragments follow */
	bool ports;		/* sport and dport are there */
};

/* V_INTERNET-class verdicts are not given here: V_NEXT means the packet is
 * sound (RFC 1812 5.2.2: version, header length, total length, header
 * checksum; RFC 8200: header chain bounded; RFC 7126: source routes refused,
 * RFC 5095 RH0 too; RFC 4038 4.2: mapped addresses refused; TTL 0 refused;
 * RFC 1858, 3128, 7112: fragments that hide a transport header refused).
 * n may exceed ip->len (link padding).  A transport header that is cut short
 * is V_SHORT unless the packet is a non-first fragment.  With V_TTL *ip is
 * complete, too. */
enum verdict ip_parse(struct ip *ip, const uint8_t *p, size_t n);
/* Makes an answer of it, as far as addresses and ports go. */
void ip_turn(struct ip *ip);

/* Takes back one step of its TTL or hop limit, where it passes a router's
 * forwarding once more than it passes the router.  The packet is sound. */
void ip_step_back(uint8_t *p);

/* "tcp", "udp", "icmp", "icmp6", or the number. */
const char *ip_proto_name(uint8_t proto, char buf[static 8]);
/* 0-255 for a name or number; -1. */
int ip_proto_parse(const char *text);

#endif
