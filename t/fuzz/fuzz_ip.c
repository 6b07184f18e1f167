/* SPDX-License-Identifier: ISC */
/* ip_parse: reads nothing beyond n (the buffer is exactly that large), and what
 * it says of a sound packet holds together. */
#include "net/csum.h"
#include "net/ip.h"
#include "net/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SOUND ((enum verdict)V_NEXT)

static void
must(bool holds)
{
	if (!holds)
		abort();
}

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
	uint8_t *exact = malloc(ip->len);

	memcpy(exact, p, ip->len);
	must(ip_parse(&again, exact, ip->len) == SOUND);
	must(memcmp(ip, &again, sizeof(again)) == 0);
	must(ip_parse(&shorter, exact, ip->len - 1u) == V_SHORT);
	free(exact);
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
	uint8_t *p = malloc(n + (n == 0));
	struct ip ip;

	memcpy(p, data, n);
	for (int round = 0; round < 2; round++) {
		enum verdict v = ip_parse(&ip, p, n);
		must(v == SOUND || (v > V_INTERNET && v < V_COUNT));
		if (v == SOUND) {
			check_sound(&ip, p, n);
			check_length(&ip, p);
		}
		mend(p, n);
	}
	free(p);

	char name[8];
	uint8_t proto = n > 0 ? data[0] : 0;
	must(ip_proto_parse(ip_proto_name(proto, name)) == proto);
	return 0;
}
