/* SPDX-License-Identifier: ISC */
/* Errors to a sender: sound packets, and to whom none may go. */
#include "test.h"

#include "net/csum.h"
#include "net/icmp.h"
#include "net/wire.h"

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

static void
test_answer4(void)
{
	struct ip ip = make4(PROTO_UDP, 0, 10, 1400), back;
	size_t n = icmp_unreachable(out, packet, &ip);

	OKF(n == 576, "as much as RFC 1812 has room for");
	OK(ip_parse(&back, out, n) == (enum verdict)V_NEXT && back.len == n);
	OK(addr_eq(&back.src, &ip.dst) && addr_eq(&back.dst, &ip.src));
	OK(back.proto == PROTO_ICMP && out[20] == 3 && out[21] == 1);
	OK(csum_fold(csum_add(0, out + 20, n - 20)) == 0xffff);
	OK(memcmp(out + 28, packet, n - 28) == 0);
}

static void
test_answer6(void)
{
	struct ip ip = make6(PROTO_UDP, 0, 0xfd, 1400), back;
	size_t n = icmp_unreachable(out, packet, &ip);

	OKF(n == 1280, "as much as the smallest MTU has room for");
	OK(ip_parse(&back, out, n) == (enum verdict)V_NEXT && back.len == n);
	OK(addr_eq(&back.src, &ip.dst) && addr_eq(&back.dst, &ip.src));
	OK(back.proto == PROTO_ICMP6 && out[40] == 1 && out[41] == 3);
	OK(csum_fold(csum_add(csum_pseudo(&back, PROTO_ICMP6, n - 40),
	    out + 40, n - 40)) == 0xffff);
}

static size_t
answer(struct ip ip)
{
	return icmp_unreachable(out, packet, &ip);
}

static void
test_silence(void)
{
	OKF(answer(make4(PROTO_ICMP, 8, 10, 84)) > 0, "an echo is answered");
	OKF(answer(make4(PROTO_ICMP, 3, 10, 84)) == 0, "an error is not");
	OKF(answer(make4(PROTO_UDP, 0, 224, 84)) == 0, "nor multicast");
	OKF(answer(make4(PROTO_UDP, 0, 255, 84)) == 0, "nor broadcast");
	OK(answer(make6(PROTO_ICMP6, 128, 0xfd, 100)) > 0);
	OK(answer(make6(PROTO_ICMP6, 1, 0xfd, 100)) == 0);
	OK(answer(make6(PROTO_UDP, 0, 0xff, 100)) == 0);
	struct ip ip = make4(PROTO_UDP, 0, 10, 84);
	ip.frag_off = 8;
	OKF(answer(ip) == 0, "nor a later fragment");
}

int
main(void)
{
	test_answer4();
	test_answer6();
	test_silence();
	return DONE();
}
