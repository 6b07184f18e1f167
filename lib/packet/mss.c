/* SPDX-License-Identifier: ISC */
#include "packet/mss.h"

#include "packet/csum.h"

#include <string.h>

enum {
	OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, MSS_LEN = 4,
	TCP_HLEN = 20,
	LEAST4 = 536, LEAST6 = 1220,
};

static uint16_t
largest(const struct ip *ip, uint16_t mtu)
{
	unsigned head = TCP_HLEN + (ip->version == 4 ? IP4_HLEN : IP6_HLEN);
	unsigned least = ip->version == 4 ? LEAST4 : LEAST6;

	return (uint16_t)(mtu < head + least ? least : mtu - head);
}

/* The option's value, two bytes, or NULL. */
static uint8_t *
find_mss(uint8_t *p, size_t n)
{
	while (n > 0 && *p != OPT_END) {
		size_t len = 1;

		if (*p != OPT_NOP) {
			if (n < 2 || p[1] < 2 || p[1] > n)
				return NULL;
			if (p[0] == OPT_MSS)
				return p[1] == MSS_LEN ? p + 2 : NULL;
			len = p[1];
		}
		p += len;
		n -= len;
	}
	return NULL;
}

/* Bytes at an odd place stand in two words of the sum, the other way round. */
static void
keep_sum(struct tcp_hdr *h, bool odd, const uint8_t *from, const uint8_t *to)
{
	const uint8_t old[] = { from[odd], from[!odd] };
	const uint8_t new[] = { to[odd], to[!odd] };

	h->csum = be16_put(csum_patch(be16_get(h->csum),
	    csum_change(0, old, new, sizeof(old))));
}

void
mss_clamp(uint8_t *packet, const struct ip *ip, uint16_t mtu, bool sum)
{
	struct tcp_hdr *h = (void *)(packet + ip->l4);
	size_t hlen = (h->off >> 4) * 4u;
	uint16_t most = largest(ip, mtu);

	if (hlen < sizeof(*h) || ip->l4 + hlen > ip->len)
		return;
	uint8_t *at = find_mss((uint8_t *)(h + 1), hlen - sizeof(*h));
	if (at == NULL)
		return;
	const uint8_t was[] = { at[0], at[1] };
	if ((was[0] << 8 | was[1]) <= most)
		return;
	wire_put16(at, most);
	if (sum)
		keep_sum(h, (at - (uint8_t *)h) % 2 != 0, was, at);
}
