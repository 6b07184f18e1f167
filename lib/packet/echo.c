/* SPDX-License-Identifier: ISC */
#include "packet/echo.h"

#include "packet/csum.h"
#include "packet/wire.h"

#include <string.h>

enum { ASK4 = 8, REPLY4 = 0, ASK6 = 128, REPLY6 = 129, HOPS = 64, DATA = 8 };

static size_t
put_header(uint8_t *out, const struct ip *ip, size_t n)
{
	struct ip4_hdr h4 = { .vhl = 0x45, .ttl = HOPS, .proto = ip->proto,
		.len = be16_put((uint16_t)(IP4_HLEN + n)) };
	struct ip6_hdr h6 = { .flow = be32_put(0x60000000), .hops = HOPS,
		.next = ip->proto, .len = be16_put((uint16_t)n) };

	if (ip->version == 6) {
		memcpy(h6.src, ip->src.b, sizeof(h6.src));
		memcpy(h6.dst, ip->dst.b, sizeof(h6.dst));
		memcpy(out, &h6, sizeof(h6));
		return sizeof(h6);
	}
	memcpy(h4.src, ip->src.b + 12, 4);
	memcpy(h4.dst, ip->dst.b + 12, 4);
	h4.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h4,
	    sizeof(h4))));
	memcpy(out, &h4, sizeof(h4));
	return sizeof(h4);
}

size_t
echo_build(uint8_t out[static ECHO_ROOM], const struct echo *e)
{
	bool v4 = addr_is_v4(&e->src);
	struct ip ip = { .src = e->src, .dst = e->dst, .version = v4 ? 4 : 6,
		.proto = v4 ? PROTO_ICMP : PROTO_ICMP6 };
	struct icmp_hdr h = { .type = v4 ? ASK4 : ASK6,
		.id = be16_put(e->id), .seq = be16_put(e->seq) };
	size_t n = sizeof(h) + DATA, at = put_header(out, &ip, n);

	memset(out + at, 0, n);
	memcpy(out + at, &h, sizeof(h));
	uint64_t sum = v4 ? 0 : csum_pseudo(&ip, PROTO_ICMP6, n);
	wire_put16(out + at + offsetof(struct icmp_hdr, csum),
	    (uint16_t)~csum_fold(csum_add(sum, out + at, n)));
	return at + n;
}

bool
echo_answers(const struct echo *e, const struct ip *ip)
{
	bool v4 = addr_is_v4(&e->src);

	return ip->ports && ip->proto == (v4 ? PROTO_ICMP : PROTO_ICMP6) &&
	    ip->sport >> 8 == (v4 ? REPLY4 : REPLY6) && ip->dport == e->id &&
	    addr_eq(&ip->src, &e->dst) && addr_eq(&ip->dst, &e->src);
}
