/* SPDX-License-Identifier: ISC */
#include "net/icmp.h"

#include "net/csum.h"
#include "net/wire.h"

#include <stdbool.h>
#include <string.h>

enum {
	QUOTE4 = 576 - IP4_HLEN - 8,	/* RFC 1812 4.3.2.3 */
	QUOTE6 = ICMP_ROOM - IP6_HLEN - 8,
	HOPS = 64,
};

/* All but echo and the like: what is itself an error. */
static bool
is_error(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	if (ip->proto == PROTO_ICMP)
		return !ip->ports || type == 3 || type == 4 || type == 5 ||
		    type == 11 || type == 12;
	return ip->proto == PROTO_ICMP6 && (!ip->ports || type < 128);
}

/* Nobody, many, or all: not one sender or one destination. */
static bool
is_one(const struct addr *a)
{
	static const struct addr none;

	if (addr_is_v4(a))
		return a->b[12] != 0 && a->b[12] < 224;
	return !addr_eq(a, &none) && a->b[0] != 0xff;
}

static size_t
put_icmp(uint8_t *out, struct icmp_hdr h, const uint8_t *packet, size_t quote,
    uint64_t sum)
{
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), packet, quote);
	sum = csum_add(sum, out, sizeof(h) + quote);
	wire_put16(out + offsetof(struct icmp_hdr, csum),
	    (uint16_t)~csum_fold(sum));
	return sizeof(h) + quote;
}

static size_t
unreachable4(uint8_t *out, const uint8_t *packet, const struct ip *ip)
{
	size_t quote = ip->len < QUOTE4 ? ip->len : QUOTE4;
	size_t n = put_icmp(out + IP4_HLEN,
	    (struct icmp_hdr){ .type = 3, .code = 1 }, packet, quote, 0);
	struct ip4_hdr h = { .vhl = 0x45, .tos = 0xc0, .ttl = HOPS,
		.proto = PROTO_ICMP,
		.len = be16_put((uint16_t)(IP4_HLEN + n)) };

	memcpy(h.src, ip->dst.b + 12, 4);
	memcpy(h.dst, ip->src.b + 12, 4);
	h.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h, sizeof(h))));
	memcpy(out, &h, sizeof(h));
	return IP4_HLEN + n;
}

static size_t
unreachable6(uint8_t *out, const uint8_t *packet, const struct ip *ip)
{
	size_t quote = ip->len < QUOTE6 ? ip->len : QUOTE6;
	struct ip back = { .version = 6, .src = ip->dst, .dst = ip->src };
	uint64_t sum = csum_pseudo(&back, PROTO_ICMP6,
	    sizeof(struct icmp_hdr) + quote);
	size_t n = put_icmp(out + IP6_HLEN,
	    (struct icmp_hdr){ .type = 1, .code = 3 }, packet, quote, sum);
	struct ip6_hdr h = { .flow = be32_put(0x60000000), .hops = HOPS,
		.next = PROTO_ICMP6, .len = be16_put((uint16_t)n) };

	memcpy(h.src, ip->dst.b, sizeof(h.src));
	memcpy(h.dst, ip->src.b, sizeof(h.dst));
	memcpy(out, &h, sizeof(h));
	return IP6_HLEN + n;
}

size_t
icmp_unreachable(uint8_t *out, const uint8_t *packet, const struct ip *ip)
{
	if (ip->frag_off != 0 || is_error(ip) || !is_one(&ip->src) ||
	    !is_one(&ip->dst))
		return 0;
	return ip->version == 4 ? unreachable4(out, packet, ip) :
	    unreachable6(out, packet, ip);
}
