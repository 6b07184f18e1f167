/* SPDX-License-Identifier: ISC */
/* P8: what a SYN asks for is lowered to what a tunnel takes. */
#include "test.h"

#include "edge.h"
#include "packet/csum.h"
#include "packet/mss.h"

#include <string.h>

static uint8_t packet[100];
static struct ip ip;

/* A SYN with these options, n bytes, a multiple of 4. */
static void
make(bool v6, uint8_t flags, const uint8_t *option, size_t n)
{
	size_t l4 = v6 ? 40 : 20, len = l4 + 20 + n;
	struct tcp_hdr t = { .sport = be16_put(1234), .dport = be16_put(80),
		.off = (uint8_t)((20 + n) / 4 << 4), .flags = flags };

	memset(packet, 0, sizeof(packet));
	if (v6) {
		struct ip6_hdr h = { .flow = be32_put(0x60000000), .hops = 9,
			.next = PROTO_TCP,
			.len = be16_put((uint16_t)(20 + n)),
			.src = { 0x20, 1 }, .dst = { 0x20, 2 } };
		memcpy(packet, &h, sizeof(h));
	} else {
		struct ip4_hdr h = { .vhl = 0x45, .ttl = 9, .proto = PROTO_TCP,
			.len = be16_put((uint16_t)len),
			.src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 } };
		h.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h, 20)));
		memcpy(packet, &h, sizeof(h));
	}
	memcpy(packet + l4, &t, sizeof(t));
	memcpy(packet + l4 + 20, option, n);
	OK(ip_parse(&ip, packet, len) == (enum verdict)V_NEXT);
	wire_put16(packet + l4 + 16, (uint16_t)~csum_fold(csum_add(
	    csum_pseudo(&ip, PROTO_TCP, 20 + n), packet + l4, 20 + n)));
}

static bool
sum_is_right(void)
{
	size_t n = (size_t)(ip.len - ip.l4);

	return csum_fold(csum_add(csum_pseudo(&ip, PROTO_TCP, n),
	    packet + ip.l4, n)) == 0xffff;
}

static unsigned
value(size_t at)
{
	return (unsigned)(packet[ip.l4 + 20 + at] << 8 |
	    packet[ip.l4 + 21 + at]);
}

static void
test_lowers(bool v6)
{
	static const uint8_t even[] = { 2, 4, 5, 180 };
	static const uint8_t odd[] = { 1, 2, 4, 5, 180, 3, 3, 7 };
	unsigned head = v6 ? 60 : 40;

	for (unsigned mtu = 1281; mtu < 1500; mtu++) {
		unsigned most = mtu - head < 1460 ? mtu - head : 1460;
		make(v6, TCP_SYN, even, sizeof(even));
		mss_clamp(packet, &ip, (uint16_t)mtu, true);
		bool ok = value(2) == most && sum_is_right();
		make(v6, TCP_SYN | TCP_ACK, odd, sizeof(odd));
		mss_clamp(packet, &ip, (uint16_t)mtu, true);
		OKF(ok && value(3) == most && sum_is_right(),
		    "P8 IPv%c, mtu %u: %u", v6 ? '6' : '4', mtu, most);
	}
	make(v6, TCP_SYN, even, sizeof(even));
	mss_clamp(packet, &ip, 300, true);
	OKF(value(2) == (v6 ? 1220 : 536), "P8 never below the least");
	make(v6, TCP_SYN, even, sizeof(even));
	uint8_t csum[2];
	memcpy(csum, packet + ip.l4 + 16, 2);
	mss_clamp(packet, &ip, 1300, false);
	OKF(value(2) == 1300 - head && memcmp(csum, packet + ip.l4 + 16,
	    2) == 0, "a sum that is to be completed is left alone");
}

static void
test_leaves_alone(void)
{
	static const uint8_t bad[][8] = {
		{ 2, 3, 5, 180 }, { 2, 5, 5, 180, 0 }, { 8, 40, 2, 4 },
		{ 8, 0, 2, 4, 5, 180 }, { 0, 2, 4, 5, 180 },
		{ 1, 1, 1, 1, 1, 1, 1, 2 }, { 3, 3, 7, 1 },
		{ 8, 1, 2, 4, 5, 180 }, { 1, 1, 1, 1, 2, 5, 5, 180 },
		{ 1, 1, 1, 1, 8, 5, 2, 4 }, { 1, 1, 1, 1, 1, 2, 4, 5 },
		{ 2, 6, 5, 180, 5, 180, 1, 1 }, { 3, 8, 2, 4, 5, 180 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		make(false, TCP_SYN, bad[i], 8);
		uint8_t *p = edge_copy(packet, ip.len);
		mss_clamp(p, &ip, 1000, true);
		OKF(memcmp(p, packet, ip.len) == 0,
		    "options that hold none: %zu", i);
	}
	make(false, TCP_SYN, bad[0], 8);
	packet[ip.l4 + 12] = 0xf0;	/* longer than the packet */
	mss_clamp(packet, &ip, 1000, true);
	make(false, TCP_ACK, bad[0], 8);
	OK(!mss_is_syn(packet, &ip));
	make(false, TCP_SYN, bad[0], 8);
	OK(mss_is_syn(packet, &ip));
	ip.ports = false;
	OKF(!mss_is_syn(packet, &ip), "a later fragment is none");
}

/* Wherever it stands behind others that are sound. */
static void
test_finds(void)
{
	static const uint8_t good[][8] = {
		{ 2, 4, 5, 180, 8, 0 }, { 4, 2, 2, 4, 5, 180, 0, 9 },
		{ 1, 1, 1, 1, 2, 4, 5, 180 }, { 3, 3, 7, 1, 2, 4, 5, 180 },
		{ 8, 4, 2, 4, 2, 4, 5, 180 }, { 1, 2, 4, 5, 180, 2, 9, 9 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		make(false, TCP_SYN, good[i], 8);
		mss_clamp(packet, &ip, 1000, true);
		OKF(memmem(packet + ip.l4 + 20, 8, "\2\4\3\xc0", 4) != NULL &&
		    sum_is_right(), "options that hold one: %zu", i);
	}
	/* a header that ends before the option, or before itself */
	make(false, TCP_SYN, good[2], 8);
	for (int words = 0; words < 7; words++) {
		packet[ip.l4 + 12] = (uint8_t)(words << 4);
		mss_clamp(packet, &ip, 1000, false);
		OKF(value(6) == 1460, "a header of %d words has none", words);
	}
	packet[ip.l4 + 12] = 7 << 4;
	mss_clamp(packet, &ip, 1000, false);
	OK(value(6) == 960);
	make(false, TCP_SYN, good[2], 8);
	mss_clamp(packet, &ip, 1500, false);
	OKF(value(6) == 1460, "never raised");
	mss_clamp(packet, &ip, 40 + 536, false);
	OKF(value(6) == 536, "to the least");
	make(false, TCP_SYN, good[2], 8);
	mss_clamp(packet, &ip, 39, false);
	OKF(value(6) == 536, "though nothing fits");
}

int
main(void)
{
	test_lowers(false);
	test_lowers(true);
	test_leaves_alone();
	test_finds();
	return DONE();
}
