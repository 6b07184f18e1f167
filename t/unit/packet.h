/* SPDX-License-Identifier: ISC */
#ifndef BH_T_PACKET_H
#define BH_T_PACKET_H

/* Packets for tests, benchmarks and fuzz targets: written field by field and
 * summed by a reference model of packet/csum, so that no code vouches for itself. */

#include "base/bytes.h"
#include "packet/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PACKET_MAX = 65535 };

struct packet {
	size_t n;
	uint8_t b[PACKET_MAX + 1];
};

/* What differs between the segments of a flow, and between flows. */
struct segment {
	bool v6;
	uint8_t proto;		/* PROTO_TCP or PROTO_UDP */
	uint8_t ttl, tos;
	uint16_t id, frag;	/* IPv4 */
	uint32_t label;		/* IPv6 */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t win;
	uint8_t options;	/* bytes of TCP options, a multiple of 4 */
	size_t payload;
	uint8_t fill;		/* first byte of the payload */
};

static inline uint16_t
packet_sum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Sum of addresses, protocol and length, as RFC 9293 3.1 has them. */
static inline uint16_t
packet_pseudo(const uint8_t *p, uint8_t proto, size_t len)
{
	bool v6 = p[0] >> 4 == 6;

	return packet_sum(p + (v6 ? 8 : 12), v6 ? 32 : 8,
	    proto + (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff));
}

/* Writes the IPv4 header checksum again. */
static inline void
packet_sum_ip(uint8_t *p)
{
	struct ip4_hdr *h = (void *)p;

	h->csum = be16_put(0);
	h->csum = be16_put((uint16_t)~packet_sum(p, (p[0] & 15u) * 4, 0));
}

/* Writes the TCP or UDP checksum again; l4 is where that header is. */
static inline void
packet_sum_l4(uint8_t *p, size_t l4, size_t n, uint8_t proto)
{
	uint8_t *at = p + l4 + (proto == PROTO_TCP ? 16 : 6);

	wire_put16(at, 0);
	uint16_t sum = (uint16_t)~packet_sum(p + l4, n - l4,
	    packet_pseudo(p, proto, n - l4));
	wire_put16(at, sum == 0 && proto == PROTO_UDP ? 0xffff : sum);
}

static inline size_t
packet_ip(uint8_t *p, const struct segment *s, size_t l4len)
{
	static const uint8_t src[16] = { 0x20, 1, 0x0d, 0xb8, 1, [15] = 1 };
	static const uint8_t dst[16] = { 0x20, 1, 0x0d, 0xb8, 2, [15] = 2 };

	if (s->v6) {
		struct ip6_hdr *h = (void *)p;
		*h = (struct ip6_hdr){
			.flow = be32_put(6u << 28 | (uint32_t)s->tos << 20 |
			    (s->label & 0xfffff)),
			.len = be16_put((uint16_t)l4len),
			.next = s->proto, .hops = s->ttl,
		};
		memcpy(h->src, src, 16);
		memcpy(h->dst, dst, 16);
		return sizeof(*h);
	}
	struct ip4_hdr *h = (void *)p;
	*h = (struct ip4_hdr){
		.vhl = 0x45, .tos = s->tos,
		.len = be16_put((uint16_t)(sizeof(*h) + l4len)),
		.id = be16_put(s->id), .frag = be16_put(s->frag),
		.ttl = s->ttl, .proto = s->proto,
		.src = { 10, 1, 0, 1 }, .dst = { 192, 0, 2, 7 },
	};
	packet_sum_ip(p);
	return sizeof(*h);
}

static inline size_t
packet_l4(uint8_t *p, const struct segment *s)
{
	if (s->proto == PROTO_UDP) {
		*(struct udp_hdr *)p = (struct udp_hdr){
			be16_put(s->sport), be16_put(s->dport),
			be16_put((uint16_t)(sizeof(struct udp_hdr) +
			    s->payload)), be16_put(0)
		};
		return sizeof(struct udp_hdr);
	}
	*(struct tcp_hdr *)p = (struct tcp_hdr){
		.sport = be16_put(s->sport), .dport = be16_put(s->dport),
		.seq = be32_put(s->seq), .ack = be32_put(s->ack),
		.off = (uint8_t)((20 + s->options) / 4 << 4),
		.flags = s->flags, .win = be16_put(s->win),
	};
	for (size_t i = 0; i < s->options; i++)
		p[20 + i] = 1;	/* no-operation */
	return 20u + s->options;
}

/* A whole packet with right checksums. */
static inline void
packet_make(struct packet *pk, const struct segment *s)
{
	size_t l4len = (s->proto == PROTO_UDP ? 8u : 20u + s->options) +
	    s->payload;
	size_t l4 = packet_ip(pk->b, s, l4len);
	size_t n = l4 + packet_l4(pk->b + l4, s);

	for (size_t i = 0; i < s->payload; i++)
		pk->b[n + i] = (uint8_t)(s->fill + i * 7);
	pk->n = n + s->payload;
	packet_sum_l4(pk->b, l4, pk->n, s->proto);
}

#endif
