/* SPDX-License-Identifier: ISC */
#include "packet/l2.h"

#include "test.h"

#include <pcap/dlt.h>
#include <string.h>

static const struct {
	const char *name;
	int dlt, want;
	size_t n;
	uint8_t b[32];
} row[] = {
	{ "raw", DLT_RAW, 0, 1, { 0x45 } },
	{ "raw, empty", DLT_RAW, L2_SHORT, 0, { 0 } },
	{ "Ethernet, IPv4", DLT_EN10MB, 14, 14, { [12] = 8, 0 } },
	{ "Ethernet, IPv6", DLT_EN10MB, 14, 14, { [12] = 0x86, 0xdd } },
	{ "Ethernet, ARP", DLT_EN10MB, L2_NOT_IP, 14, { [12] = 8, 6 } },
	{ "Ethernet, a length", DLT_EN10MB, L2_NOT_IP, 14, { [13] = 40 } },
	{ "Ethernet, cut", DLT_EN10MB, L2_SHORT, 13, { [12] = 8 } },
	{ "VLAN", DLT_EN10MB, 18, 18, { [12] = 0x81, 0, 0, 7, 8, 0 } },
	{ "VLAN, cut", DLT_EN10MB, L2_SHORT, 17, { [12] = 0x81, 0, 0, 7, 8 } },
	{ "VLAN, ARP", DLT_EN10MB, L2_NOT_IP, 18,
	    { [12] = 0x81, 0, 0, 7, 8, 6 } },
	{ "two VLANs", DLT_EN10MB, 22, 22,
	    { [12] = 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x86, 0xdd } },
	{ "two VLANs, cut", DLT_EN10MB, L2_SHORT, 21,
	    { [12] = 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x86 } },
	{ "cooked 1", DLT_LINUX_SLL, 16, 16, { [14] = 8, 0 } },
	{ "cooked 1, cut", DLT_LINUX_SLL, L2_SHORT, 15, { [14] = 8 } },
	{ "cooked 1, VLAN", DLT_LINUX_SLL, 20, 20,
	    { [14] = 0x81, 0, 0, 7, 0x86, 0xdd } },
	{ "cooked 2", DLT_LINUX_SLL2, 20, 20, { 0x86, 0xdd } },
	{ "cooked 2, VLAN", DLT_LINUX_SLL2, 24, 24,
	    { 0x81, 0, [20] = 0, 7, 8, 0 } },
	{ "cooked 2, cut", DLT_LINUX_SLL2, L2_SHORT, 19, { 8, 0 } },
	{ "loopback, little-endian IPv4", DLT_NULL, 4, 4, { 2 } },
	{ "loopback, big-endian IPv4", DLT_NULL, 4, 4, { [3] = 2 } },
	{ "loopback, macOS IPv6", DLT_NULL, 4, 4, { 30 } },
	{ "loopback, OpenBSD IPv6", DLT_LOOP, 4, 4, { [3] = 24 } },
	{ "loopback, something else", DLT_NULL, L2_NOT_IP, 4, { 7 } },
	{ "loopback, both halves", DLT_NULL, L2_NOT_IP, 4, { 2, 0, 0, 2 } },
	{ "loopback, cut", DLT_NULL, L2_SHORT, 3, { 2 } },
	{ "an unknown link type", DLT_IEEE802_11, L2_NOT_IP, 32, { 0 } },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		OKF(l2_offset(row[i].dlt, row[i].b, row[i].n) == row[i].want,
		    "%s", row[i].name);
	OK(l2_known(DLT_RAW));
	OK(!l2_known(DLT_IEEE802_11));
	return DONE();
}
