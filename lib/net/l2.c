/* SPDX-License-Identifier: ISC */
#include "net/l2.h"

#include <pcap/dlt.h>

enum {
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN = 0x8100,	/* IEEE 802.1Q */
	ETHER_QINQ = 0x88a8,	/* IEEE 802.1ad */
	ETHER_QINQ_OLD = 0x9100,
	VLAN_TAG = 4,
};

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static bool
is_tag(unsigned type)
{
	return type == ETHER_VLAN || type == ETHER_QINQ ||
	    type == ETHER_QINQ_OLD;
}

/* The type is at `at' of a header of hlen bytes; after a tag the next type is
 * the last thing in it. */
static int
ethertype(const uint8_t *p, size_t n, size_t at, size_t hlen)
{
	if (n < hlen)
		return L2_SHORT;
	unsigned type = get16(p + at);
	while (is_tag(type)) {
		hlen += VLAN_TAG;
		if (n < hlen)
			return L2_SHORT;
		type = get16(p + hlen - 2);
	}
	return type == ETHER_IP4 || type == ETHER_IP6 ? (int)hlen : L2_NOT_IP;
}

static int
raw(const uint8_t *p, size_t n)
{
	(void)p;
	return n > 0 ? 0 : L2_SHORT;
}

static int
ethernet(const uint8_t *p, size_t n)
{
	return ethertype(p, n, 12, 14);
}

static int
cooked1(const uint8_t *p, size_t n)
{
	return ethertype(p, n, 14, 16);
}

static int
cooked2(const uint8_t *p, size_t n)
{
	return ethertype(p, n, 0, 20);
}

/* Four bytes with an address family, in the byte order and by the numbers of
 * the system that wrote them: 2 everywhere, IPv6 as on Linux, NetBSD and
 * OpenBSD, FreeBSD, macOS. */
static int
loopback(const uint8_t *p, size_t n)
{
	static const uint8_t family[] = { 2, 10, 24, 28, 30 };

	if (n < 4)
		return L2_SHORT;
	unsigned big = get16(p + 2), little = (unsigned)(p[1] << 8 | p[0]);
	unsigned v = get16(p) == 0 ? big : big == 0 ? little : 0;
	for (size_t i = 0; i < sizeof(family); i++)
		if (v == family[i])
			return 4;
	return L2_NOT_IP;
}

static const struct {
	int dlt;
	int (*offset)(const uint8_t *p, size_t n);
} types[] = {
	{ DLT_EN10MB, ethernet },
	{ DLT_RAW, raw },
	{ DLT_IPV4, raw },
	{ DLT_IPV6, raw },
	{ DLT_LINUX_SLL, cooked1 },
	{ DLT_LINUX_SLL2, cooked2 },
	{ DLT_NULL, loopback },
	{ DLT_LOOP, loopback },
};

bool
l2_known(int dlt)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].dlt == dlt)
			return true;
	return false;
}

int
l2_offset(int dlt, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].dlt == dlt)
			return types[i].offset(p, n);
	return L2_NOT_IP;
}
