/* SPDX-License-Identifier: ISC */
#ifndef BH_WIRE_H
#define BH_WIRE_H

/* Headers of packets as they stand on the wire: alignment 1, laid over the
 * bytes only after their length was checked.  They may alias whatever type the
 * bytes were declared with, which C11 6.5 p7 alone does not grant. */

#include "base/bytes.h"

#include <assert.h>
#include <stdint.h>

#define WIRE __attribute__((may_alias))

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_ICMP6 = 58,
	PROTO_DSTOPTS = 60,

	IP4_DF = 0x4000,	/* in frag */
	IP4_MF = 0x2000,
	IP4_OFFSET = 0x1fff,	/* in units of 8 bytes */

	IP6_MF = 0x0001,	/* in the fragment header's offset */
	IP6_OFFSET = 0xfff8,	/* in bytes as it stands */

	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

struct ip4_hdr {
	uint8_t vhl, tos;
	be16 len, id, frag;
	uint8_t ttl, proto;
	be16 csum;
	uint8_t src[4], dst[4];
} WIRE;
static_assert(sizeof(struct ip4_hdr) == 20, "RFC 791");

struct ip6_hdr {
	be32 flow;		/* version, traffic class, flow label */
	be16 len;		/* of what follows */
	uint8_t next, hops;
	uint8_t src[16], dst[16];
} WIRE;
static_assert(sizeof(struct ip6_hdr) == 40, "RFC 8200 3");

struct ip6_frag {
	uint8_t next, reserved;
	be16 off;
	be32 id;
} WIRE;
static_assert(sizeof(struct ip6_frag) == 8, "RFC 8200 4.5");

struct tcp_hdr {
	be16 sport, dport;
	be32 seq, ack;
	uint8_t off;		/* high nibble: header length in 32-bit words */
	uint8_t flags;
	be16 win, csum, urg;
} WIRE;
static_assert(sizeof(struct tcp_hdr) == 20, "RFC 9293 3.1");

struct udp_hdr {
	be16 sport, dport, len, csum;
} WIRE;
static_assert(sizeof(struct udp_hdr) == 8, "RFC 768");

struct icmp_hdr {
	uint8_t type, code;
	be16 csum, id, seq;	/* id and seq: echo and its reply only */
} WIRE;
static_assert(sizeof(struct icmp_hdr) == 8, "RFC 792");

static inline void
wire_put16(uint8_t at[2], uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

#endif
