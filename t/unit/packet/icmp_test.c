/* SPDX-License-Identifier: ISC */
/* Errors to a sender: sound packets, and to whom none may go. */
#include "test.h"

#include "packet/csum.h"
#include "packet/icmp.h"
#include "packet/wire.h"

#include <string.h>

static uint8_t packet[2000], out[ICMP_ROOM];

static struct ip
make4(uint8_t proto, uint8_t type, uint8_t dst, size_t len)
{
	struct ip4_hdr h = { .vhl = 0x45, .ttl = 9, .proto = proto,
		.len = be16_put((uint16_t)len), .src = { 10, 0, 0, 1 },
		.dst = { dst, 0, 0, 2 } };
	struct ip ip;

	memset(packet, 0, sizeof(packet));
	h.csum = be16_put((uint16_t)~csum_fold(csum_add(0, &h, sizeof(h))));
	memcpy(packet, &h, sizeof(h));
	packet[sizeof(h)] = type;
	if (ip_parse(&ip, packet, len) != (enum verdict)V_NEXT)
		memset(&ip, 0, sizeof(ip));
	return ip;
}

static struct ip
make6(uint8_t next, uint8_t type, uint8_t dst, size_t len)
{
	struct ip6_hdr h = { .flow = be32_put(0x60000000), .next = next,
		.len = be16_put((uint16_t)(len - 40)), .hops = 9,
		.src = { 0xfd, [15] = 1 }, .dst = { dst, [15] = 2 } };
	struct ip ip;

	memset(packet, 0, sizeof(packet));
	memcpy(packet, &h, sizeof(h));
	packet[sizeof(h)] = type;
	if (ip_parse(&ip, packet, len) != (enum verdict)V_NEXT)
		memset(&ip, 0, sizeof(ip));
	return ip;
}

static size_t
answer(enum verdict why, uint16_t mtu, const struct ip *ip)
{
	struct icmp_error e = { .why = why, .mtu = mtu, .from = ip->dst };

	e.from.b[15] = 99;
	return icmp_error(out, &e, packet, ip);
}

static void
test_answer4(void)
{
	struct ip ip = make4(PROTO_UDP, 0, 10, 1400), back;
	size_t n = answer(V_DOWN, 0, &ip);

	OKF(n == 576, "R5 as much as RFC 1812 has room for");
	OK(ip_parse(&back, out, n) == (enum verdict)V_NEXT && back.len == n);
	OK(back.src.b[15] == 99 && addr_eq(&back.dst, &ip.src));
	OKF(back.tos == 0xc0 && back.ttl == 64, "R5 precedence and TTL");
	OK(back.proto == PROTO_ICMP && out[20] == 3 && out[21] == 1);
	OK(csum_fold(csum_add(0, out + 20, n - 20)) == 0xffff);
	OK(memcmp(out + 28, packet, n - 28) == 0);
	ip = make4(PROTO_UDP, 0, 10, 100);
	OKF(answer(V_DOWN, 0, &ip) == 128, "a small packet whole");
}

static void
test_answer6(void)
{
	struct ip ip = make6(PROTO_UDP, 0, 0xfd, 1400), back;
	size_t n = answer(V_DOWN, 0, &ip);

	OKF(n == 1280, "R5 as much as the smallest MTU has room for");
	OK(ip_parse(&back, out, n) == (enum verdict)V_NEXT && back.len == n);
	OK(back.src.b[15] == 99 && addr_eq(&back.dst, &ip.src));
	OK(back.tos == 0xc0 && back.ttl == 64);
	OK(back.proto == PROTO_ICMP6 && out[40] == 1 && out[41] == 3);
	OK(csum_fold(csum_add(csum_pseudo(&back, PROTO_ICMP6, n - 40),
	    out + 40, n - 40)) == 0xffff);
}

/* All of the header that is ours, but the checksums. */
static void
test_headers(void)
{
	struct ip ip = make4(PROTO_UDP, 0, 10, 60);
	static const uint8_t want4[] = { 0x45, 0xc0, 0, 88, 0, 0, 0, 0, 64, 1 };
	static const uint8_t want6[] = { 0x6c, 0, 0, 0, 0, 108, 58, 64 };

	OK(answer(V_DOWN, 7, &ip) == 88 && memcmp(out, want4,
	    sizeof(want4)) == 0 && csum_fold(csum_add(0, out, 20)) == 0xffff);
	OKF(memcmp(out + 24, "\0\0\0\0", 4) == 0, "no MTU unless it is too big");
	ip = make6(PROTO_UDP, 0, 0xfd, 100);
	OK(answer(V_DOWN, 7, &ip) == 148 && memcmp(out, want6,
	    sizeof(want6)) == 0 && memcmp(out + 44, "\0\0\0\0", 4) == 0 &&
	    memcmp(out + 48, packet, 100) == 0);
	for (size_t n = 547; n < 550; n++) {
		ip = make4(PROTO_UDP, 0, 10, n);
		OKF(answer(V_DOWN, 0, &ip) == (n < 548 ? 28 + n : 576),
		    "R5 %zu bytes as far as there is room", n);
		ip = make6(PROTO_UDP, 0, 0xfd, n + 684);
		OKF(answer(V_DOWN, 0, &ip) == (n < 548 ? 48 + n + 684 : 1280),
		    "R5 %zu bytes as far as there is room", n + 684);
	}
}

static void
test_too_big(void)
{
	struct ip ip = make4(PROTO_UDP, 0, 10, 1400);

	answer(V_TOO_BIG, 1064, &ip);
	OKF(out[20] == 3 && out[21] == 4 && out[26] == 1064 >> 8 &&
	    out[27] == (1064 & 255), "P3 the MTU of the next hop");
	answer(V_TOO_BIG, 20, &ip);
	OKF(out[26] == 0 && out[27] == 68, "P3 never below 68");
	ip = make6(PROTO_UDP, 0, 0xfd, 1400);
	answer(V_TOO_BIG, 1340, &ip);
	OK(out[40] == 2 && out[41] == 0 && out[44] == 0 && out[45] == 0 &&
	    out[46] == 1340 >> 8 && out[47] == (1340 & 255));
	answer(V_TOO_BIG, 1064, &ip);
	OKF(out[46] == 5 && out[47] == 0, "P3 never below 1280");
}

/* R7: written down by hand from RFC 1812 5.2.7.1 and RFC 4443 3.1. */
static void
test_codes(void)
{
	static const struct {
		enum verdict v;
		uint8_t t4, c4, t6, c6;
	} want[] = {
		{ V_TTL, 11, 0, 3, 0 },		/* time exceeded in transit */
		{ V_PRIVATE, 3, 0, 1, 0 },	/* no route */
		{ V_SPECIAL, 3, 0, 1, 0 },
		{ V_LINKLOCAL, 3, 0, 1, 0 },
		{ V_NO_ROLE, 3, 0, 1, 0 },
		{ V_NO_SERVER, 3, 0, 1, 0 },
		{ V_DOWN, 3, 1, 1, 3 },		/* host, address */
		{ V_NO_PEER, 3, 1, 1, 3 },
		{ V_TOO_BIG, 3, 4, 2, 0 },
		{ V_INTERNAL, 3, 13, 1, 1 },	/* administratively */
		{ V_ELSEWHERE, 3, 13, 1, 1 },
		{ V_NOT_PARTNER, 3, 13, 1, 1 },
		{ V_ENDPOINT, 3, 13, 1, 1 },
		{ V_EXCLUDED, 3, 13, 1, 5 },	/* source policy */
	};
	static const enum verdict silent[] = { V_SHORT, V_VERSION, V_HEADER,
		V_CHECKSUM, V_MAPPED, V_OPTIONS, V_OFFLOAD, V_MARTIAN,
		V_MULTICAST, V_SOURCE, V_SPOOF, V_PEER, V_STAGED, V_FULL,
		V_SEND, V_NO_LINK, V_INTERNET, V_SELF };

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct ip ip = make4(PROTO_UDP, 0, 10, 100);
		answer(want[i].v, 1400, &ip);
		bool ok = out[20] == want[i].t4 && out[21] == want[i].c4;
		ip = make6(PROTO_UDP, 0, 0xfd, 100);
		answer(want[i].v, 1400, &ip);
		OKF(ok && out[40] == want[i].t6 && out[41] == want[i].c6 &&
		    icmp_speaks(want[i].v), "R7 %s", verdict_name(want[i].v));
	}
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		OKF(!icmp_speaks(silent[i]), "R1 R9 nothing is said of %s",
		    verdict_name(silent[i]));
}

static bool
may(struct ip ip)
{
	return icmp_may_answer(&ip);
}

static bool
may_from(struct ip ip, uint8_t first)
{
	ip.src.b[12] = first;
	return icmp_may_answer(&ip);
}

static void
test_silence(void)
{
	OKF(may(make4(PROTO_ICMP, 8, 10, 84)), "an echo is answered");
	for (uint8_t type = 3; type <= 12; type++)
		OKF(may(make4(PROTO_ICMP, type, 10, 84)) == !(type <= 5 ||
		    type > 10), "R4 type %u", type);
	OKF(!may(make4(PROTO_UDP, 0, 224, 84)), "R4 multicast");
	OKF(!may(make4(PROTO_UDP, 0, 255, 84)), "R4 broadcast");
	OKF(!may_from(make4(PROTO_UDP, 0, 10, 84), 0), "R4 from 0/8");
	OKF(!may_from(make4(PROTO_UDP, 0, 10, 84), 127), "R4 from 127/8");
	OKF(!may_from(make4(PROTO_UDP, 0, 10, 84), 224), "R4 from 224/4");
	OKF(!may_from(make4(PROTO_UDP, 0, 10, 84), 240), "R4 from class E");
	OK(may(make6(PROTO_ICMP6, 128, 0xfd, 100)));
	OKF(!may(make6(PROTO_ICMP6, 1, 0xfd, 100)), "R4 ICMPv6 error");
	OKF(!may(make6(PROTO_ICMP6, 127, 0xfd, 100)), "R4 unknown error");
	OKF(!may(make6(PROTO_ICMP6, 137, 0xfd, 100)), "R4 redirect");
	OKF(!may(make6(PROTO_UDP, 0, 0xff, 100)), "R4 IPv6 multicast");
	struct ip ip = make4(PROTO_UDP, 0, 10, 84);
	ip.frag_off = 8;
	OKF(!may(ip), "R4 a later fragment");
	ip = make6(PROTO_UDP, 0, 0xfd, 84);
	memset(&ip.src, 0, sizeof(ip.src));
	OKF(!may(ip), "R4 from nobody");
	ip.src.b[15] = 1;
	OKF(!may(ip), "R4 from ourselves");
	ip.src.b[15] = 2;
	OK(may(ip));
	ip.src.b[0] = 0xff;
	OKF(!may(ip), "R4 from many");
	OK(may_from(make4(PROTO_UDP, 0, 10, 84), 126) &&
	    may_from(make4(PROTO_UDP, 0, 10, 84), 128) &&
	    may_from(make4(PROTO_UDP, 0, 10, 84), 1) &&
	    may_from(make4(PROTO_UDP, 0, 10, 84), 223));
	/* a fragment of an error, of which nobody sees that it is one */
	ip = make4(PROTO_ICMP, 8, 10, 84);
	ip.ports = false;
	OKF(!may(ip), "R4 ICMP of which the type is not there");
	ip = make6(PROTO_ICMP6, 128, 0xfd, 84);
	ip.ports = false;
	OKF(!may(ip), "R4 nor that of ICMPv6");
}

int
main(void)
{
	test_answer4();
	test_answer6();
	test_headers();
	test_too_big();
	test_codes();
	test_silence();
	return DONE();
}
