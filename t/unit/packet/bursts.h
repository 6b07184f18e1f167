/* SPDX-License-Identifier: ISC */
#ifndef BH_T_BURSTS_H
#define BH_T_BURSTS_H

/* Bursts of one flow, segment by segment: what is cut, and what is joined. */

#include "joincut.h"
#include "packet.h"

#include <string.h>

enum { SIZE = 1000, MTU = 1420 };

static struct packet pk, want;

static const struct segment tcp4 = {
	.proto = PROTO_TCP, .ttl = 64, .tos = 2, .id = 0xfffe, .frag = IP4_DF,
	.sport = 40000, .dport = 443, .seq = 0xfffffc00, .ack = 77,
	.flags = TCP_ACK, .win = 512, .options = 12, .payload = SIZE,
};
static const struct segment tcp6 = {
	.v6 = true, .proto = PROTO_TCP, .ttl = 60, .label = 0xabcde,
	.sport = 22, .dport = 50000, .seq = 5, .flags = TCP_ACK, .win = 99,
	.payload = SIZE,
};
static const struct segment udp4 = {
	.proto = PROTO_UDP, .ttl = 64, .id = 9, .frag = IP4_DF,
	.sport = 443, .dport = 50001, .payload = SIZE,
};
static const struct segment udp6 = {
	.v6 = true, .proto = PROTO_UDP, .ttl = 64, .sport = 443,
	.dport = 50001, .payload = SIZE,
};

/* The i-th segment of a burst that begins with s. */
static struct segment
nth(struct segment s, unsigned i)
{
	s.seq += i * SIZE;
	s.id = (uint16_t)(s.id + i);
	s.fill = (uint8_t)(s.fill + i * SIZE * 7);
	return s;
}

#endif
