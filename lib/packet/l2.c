/* SPDX-License-Identifier: ISC */
#include "packet/l2.h"

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
ethertype(const uint8_t *p, size_t n, size_t at, size_t hlen, unsigned *type)
{
	if (n < hlen)
		return L2_SHORT;
	*type = get16(p + at);
	while (is_tag(*type)) {
		hlen += VLAN_TAG;
		if (n < hlen)
			return L2_SHORT;
		*type = get16(p + hlen - 2);
	}
	return *type == ETHER_IP4 || *type == ETHER_IP6 ? (int)hlen :
	    L2_NOT_IP;
}

static int
raw(const uint8_t *p, size_t n, unsigned *type)
{
	(void)p, (void)type;
	return n > 0 ? 0 : L2_SHORT;
}

static int
ethernet(const uint8_t *p, size_t n, unsigned *type)
{
	return ethertype(p, n, 12, 14, type);
}

static int
cooked1(const uint8_t *p, size_t n, unsigned *type)
{
	return ethertype(p, n, 14, 16, type);
}

static int
cooked2(const uint8_t *p, size_t n, unsigned *type)
{
	return ethertype(p, n, 0, 20, type);
}

/* Four bytes with an address family, in the byte order and by the numbers of
 * the system that wrote them: 2 everywhere, IPv6 as on Linux, NetBSD and
 * OpenBSD, FreeBSD, macOS. */
static int
loopback(const uint8_t *p, size_t n, unsigned *type)
{
	static const uint8_t family[] = { 2, 10, 24, 28, 30 };

	(void)type;
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
	int (*offset)(const uint8_t *p, size_t n, unsigned *type);
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

static int
offset(int dlt, const uint8_t *p, size_t n, unsigned *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].dlt == dlt)
			return types[i].offset(p, n, type);
	return L2_NOT_IP;
}

int
l2_offset(int dlt, const uint8_t *p, size_t n)
{
	unsigned type;

	return offset(dlt, p, n, &type);
}

const char *
l2_kind(int dlt, const uint8_t *p, size_t n)
{
	static const struct {
		unsigned type;
		const char *name;
	} kinds[] = {
		{ 0x0806, "ARP" }, { 0x8035, "RARP" }, { 0x8137, "IPX" },
		{ 0x8808, "Ethernet flow control" }, { 0x8809, "LACP" },
		{ 0x8847, "MPLS" }, { 0x8848, "MPLS" }, { 0x8863, "PPPoE" },
		{ 0x8864, "PPPoE" }, { 0x888e, "EAPOL" }, { 0x88cc, "LLDP" },
		{ 0x88e5, "MACsec" }, { 0x88f7, "PTP" },
	};
	enum { LENGTH_MAX = 1500 };	/* IEEE 802.3: no type, a length */
	unsigned type = 0;

	offset(dlt, p, n, &type);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].name;
	return type != 0 && type <= LENGTH_MAX ? "LLC (spanning tree, ...)" :
	    "not IP";
}
