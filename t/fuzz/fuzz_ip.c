/* SPDX-License-Identifier: ISC */
/* ip_parse: reads nothing beyond n (the buffer ends where memory does), and what
 * it says of a sound packet holds together. */
#include "fuzz.h"

#include "packet/csum.h"
#include "packet/ip.h"
#include "packet/wire.h"

#define SOUND ((enum verdict)V_NEXT)

static void
check_sound(const struct ip *ip, const uint8_t *p, size_t n)
{
	must(ip->version == p[0] >> 4);
	must(ip->len <= n && ip->l4 <= ip->len);
	must(ip->l4 >= (ip->version == 4 ? IP4_HLEN : IP6_HLEN));
	must(ip->ttl > 0);
	must(addr_is_v4(&ip->src) == (ip->version == 4));
	must(addr_is_v4(&ip->dst) == (ip->version == 4));
	must(ip->frag || (!ip->more && ip->frag_off == 0));
	must(ip->frag_off % 8 == 0);
	must(ip->frag_off + (ip->len - ip->l4) <= 65535);
	must(!ip->ports || ip->frag_off == 0);
	must(!ip->ports || ip->len - ip->l4 >= 8);
	must(ip->ports || (ip->sport == 0 && ip->dport == 0));
	if (ip->proto == PROTO_TCP && ip->ports)
		must(ip->len - ip->l4 >= 20);
	if (ip->version == 4)
		must(csum_fold(csum_add(0, p, (p[0] & 15u) * 4)) == 0xffff);
}

/* Link padding changes nothing, one byte less makes it short. */
static void
check_length(const struct ip *ip, const uint8_t *p)
{
	struct ip again, shorter;

	must(ip_parse(&again, at_edge(p, ip->len), ip->len) == SOUND);
	must(memcmp(ip, &again, sizeof(again)) == 0);
	must(ip_parse(&shorter, at_edge(p, ip->len - 1u), ip->len - 1u) ==
	    V_SHORT);
}

/* Most inputs fail at the IPv4 checksum otherwise: put the right one in. */
static void
mend(uint8_t *p, size_t n)
{
	size_t hlen = n > 0 ? (p[0] & 15u) * 4 : 0;

	if (n < IP4_HLEN || p[0] >> 4 != 4 || hlen < IP4_HLEN || hlen > n)
		return;
	wire_put16(p + 10, 0);
	wire_put16(p + 10, (uint16_t)~csum_fold(csum_add(0, p, hlen)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t p[65536];
	struct ip ip;

	n = n < sizeof(p) ? n : sizeof(p);
	memcpy(p, data, n);
	for (int round = 0; round < 2; round++) {
		enum verdict v = ip_parse(&ip, at_edge(p, n), n);
		must(v == SOUND || (v > V_INTERNET && v < V_COUNT));
		if (v == SOUND) {
			check_sound(&ip, p, n);
			check_length(&ip, p);
		}
		mend(p, n);
	}

	char name[8];
	uint8_t proto = n > 0 ? data[0] : 0;
	must(ip_proto_parse(ip_proto_name(proto, name)) == proto);
	return 0;
}
