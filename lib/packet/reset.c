/* SPDX-License-Identifier: ISC */
#include "packet/reset.h"

#include "packet/csum.h"
#include "packet/icmp.h"
#include "packet/wire.h"

#include <string.h>

enum { HOPS = 64, TCP_HLEN = sizeof(struct tcp_hdr) };

static const struct tcp_hdr *
segment_of(const struct ip *ip, const uint8_t *packet)
{
	return (const void *)(packet + ip->l4);
}

bool
reset_may_answer(const struct ip *ip, const uint8_t *packet)
{
	return ip->proto == PROTO_TCP && ip->ports && !ip->frag &&
	    (segment_of(ip, packet)->flags & (TCP_SYN | TCP_RST)) == 0 &&
	    icmp_may_answer(ip);
}

/* The sequence numbers that a segment takes: its data, and a FIN. */
static uint32_t
length_of(const struct ip *ip, const struct tcp_hdr *h)
{
	size_t hlen = (h->off >> 4) * 4u, n = (size_t)(ip->len - ip->l4);

	return (uint32_t)(n > hlen ? n - hlen : 0) +
	    ((h->flags & TCP_FIN) != 0);
}

/* Where the sender would take it. */
static struct tcp_hdr
answer_to(const struct ip *ip, const struct tcp_hdr *h)
{
	struct tcp_hdr r = { .sport = h->dport, .dport = h->sport,
		.off = TCP_HLEN / 4 << 4, .flags = TCP_RST };

	if ((h->flags & TCP_ACK) != 0) {
		r.seq = h->ack;
	} else {
		r.flags |= TCP_ACK;
		r.ack = be32_put(be32_get(h->seq) + length_of(ip, h));
	}
	return r;
}

static size_t
put_ip(uint8_t *out, const struct ip *back)
{
	struct ip6_hdr h6 = { .flow = be32_put(6u << 28), .hops = HOPS,
		.next = PROTO_TCP, .len = be16_put(TCP_HLEN) };
	struct ip4_hdr h4 = { .vhl = 0x45, .ttl = HOPS, .proto = PROTO_TCP,
		.frag = be16_put(IP4_DF),
		.len = be16_put(IP4_HLEN + TCP_HLEN) };

	if (back->version == 6) {
		memcpy(h6.src, back->src.b, sizeof(h6.src));
		memcpy(h6.dst, back->dst.b, sizeof(h6.dst));
		memcpy(out, &h6, sizeof(h6));
		return sizeof(h6);
	}
	memcpy(h4.src, back->src.b + 12, sizeof(h4.src));
	memcpy(h4.dst, back->dst.b + 12, sizeof(h4.dst));
	h4.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h4, sizeof(h4))));
	memcpy(out, &h4, sizeof(h4));
	return sizeof(h4);
}

size_t
reset_build(uint8_t out[static RESET_ROOM], const struct ip *ip,
    const uint8_t *packet)
{
	const struct ip back = { .version = ip->version, .src = ip->dst,
		.dst = ip->src };
	struct tcp_hdr r = answer_to(ip, segment_of(ip, packet));
	size_t hlen = put_ip(out, &back);

	r.csum = be16_put((uint16_t)~csum_fold(csum_add(csum_pseudo(&back,
	    PROTO_TCP, TCP_HLEN), &r, TCP_HLEN)));
	memcpy(out + hlen, &r, TCP_HLEN);
	return hlen + TCP_HLEN;
}
