/* SPDX-License-Identifier: ISC */
#include "packet/icmp.h"

#include "packet/csum.h"
#include "packet/wire.h"

#include <string.h>

enum {
	ROOM4 = 576,
	HOPS = 64,
	TOS = 0xc0,		/* RFC 1812 4.3.2.5: internetwork control */
	MTU_MIN4 = 68,		/* RFC 791 */
	MTU_MIN6 = 1280,	/* RFC 8200 5 */

	UNREACHABLE = 3, QUENCH = 4, REDIRECT = 5, EXCEEDED = 11,
	PARAMETER = 12,
	INFORMATIONAL6 = 128,	/* the first type that is no error */
	REDIRECT6 = 137,
};

static const struct says {
	uint8_t type4, code4, type6, code6;
} table[V_COUNT] = {
#define X(verdict, t4, c4, t6, c6) [verdict] = { t4, c4, t6, c6 },
	ICMP_SAYS(X)
#undef X
};

bool
icmp_speaks(enum verdict why)
{
	return table[why].type4 != 0;
}

static bool
is_error(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	if (ip->proto == PROTO_ICMP)
		return !ip->ports || type == UNREACHABLE || type == QUENCH ||
		    type == REDIRECT || type == EXCEEDED || type == PARAMETER;
	return ip->proto == PROTO_ICMP6 &&
	    (!ip->ports || type < INFORMATIONAL6 || type == REDIRECT6);
}

/* Nobody, many, all, or this host: not one sender or one destination. */
static bool
is_one(const struct addr *a)
{
	static const struct addr none, loopback = { .b[15] = 1 };

	if (addr_is_v4(a))
		return a->b[12] != 0 && a->b[12] != 127 && a->b[12] < 224;
	return !addr_eq(a, &none) && !addr_eq(a, &loopback) && a->b[0] != 0xff;
}

bool
icmp_may_answer(const struct ip *ip)
{
	return ip->frag_off == 0 && !is_error(ip) && is_one(&ip->src) &&
	    is_one(&ip->dst);
}

/* The message behind an IP header; sum is that of its pseudo header. */
static size_t
put_message(uint8_t *out, struct icmp_hdr h, const uint8_t *packet,
    size_t quote, uint64_t sum)
{
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), packet, quote);
	sum = csum_add(sum, out, sizeof(h) + quote);
	wire_put16(out + offsetof(struct icmp_hdr, csum),
	    (uint16_t)~csum_fold(sum));
	return sizeof(h) + quote;
}

/* How much of the packet fits behind hlen bytes of IP header. */
static size_t
quoted(const struct ip *ip, size_t hlen, size_t room)
{
	room -= hlen + sizeof(struct icmp_hdr);
	return ip->len < room ? ip->len : room;
}

/* Both families have the MTU in the last two of the header's eight bytes. */
static be16
mtu_field(const struct icmp_error *e, unsigned least)
{
	if (e->why != V_TOO_BIG)
		return be16_put(0);
	return be16_put(e->mtu < least ? (uint16_t)least : e->mtu);
}

static size_t
error4(uint8_t *out, const struct icmp_error *e, const uint8_t *packet,
    const struct ip *ip)
{
	const struct icmp_hdr icmp = { .type = table[e->why].type4,
		.code = table[e->why].code4, .seq = mtu_field(e, MTU_MIN4) };
	size_t n = put_message(out + IP4_HLEN, icmp, packet,
	    quoted(ip, IP4_HLEN, ROOM4), 0);
	struct ip4_hdr h = { .vhl = 0x45, .tos = TOS, .ttl = HOPS,
		.proto = PROTO_ICMP,
		.len = be16_put((uint16_t)(IP4_HLEN + n)) };

	memcpy(h.src, e->from.b + 12, sizeof(h.src));
	memcpy(h.dst, ip->src.b + 12, sizeof(h.dst));
	h.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h, sizeof(h))));
	memcpy(out, &h, sizeof(h));
	return IP4_HLEN + n;
}

static size_t
error6(uint8_t *out, const struct icmp_error *e, const uint8_t *packet,
    const struct ip *ip)
{
	const struct icmp_hdr icmp = { .type = table[e->why].type6,
		.code = table[e->why].code6, .seq = mtu_field(e, MTU_MIN6) };
	size_t quote = quoted(ip, IP6_HLEN, ICMP_ROOM);
	const struct ip back = { .version = 6, .src = e->from, .dst = ip->src };
	size_t n = put_message(out + IP6_HLEN, icmp, packet, quote,
	    csum_pseudo(&back, PROTO_ICMP6, sizeof(icmp) + quote));
	struct ip6_hdr h = { .flow = be32_put(0x60000000 | TOS << 20),
		.hops = HOPS, .next = PROTO_ICMP6,
		.len = be16_put((uint16_t)n) };

	memcpy(h.src, e->from.b, sizeof(h.src));
	memcpy(h.dst, ip->src.b, sizeof(h.dst));
	memcpy(out, &h, sizeof(h));
	return IP6_HLEN + n;
}

size_t
icmp_error(uint8_t *out, const struct icmp_error *e, const uint8_t *packet,
    const struct ip *ip)
{
	return ip->version == 4 ? error4(out, e, packet, ip) :
	    error6(out, e, packet, ip);
}
