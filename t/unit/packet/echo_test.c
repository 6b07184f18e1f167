/* SPDX-License-Identifier: ISC */
/* Echo: the question as others would write it, and what answers it. */
#include "test.h"

#include "packet.h"
#include "packet/echo.h"
#include "packet/ip.h"

#include <string.h>

static struct echo
question(const char *src, const char *dst)
{
	struct echo e = { .id = 0x1234, .seq = 0xfedc };

	addr_parse(&e.src, src);
	addr_parse(&e.dst, dst);
	return e;
}

static void
test_build(void)
{
	static const uint8_t want4[] = {
		0x45, 0, 0, 36, 0, 0, 0, 0, 64, 1, 0, 0,
		10, 1, 0, 1, 192, 0, 2, 7,
		8, 0, 0, 0, 0x12, 0x34, 0xfe, 0xdc, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t want6[] = {
		0x60, 0, 0, 0, 0, 16, 58, 64,
		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		128, 0, 0, 0, 0x12, 0x34, 0xfe, 0xdc, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	uint8_t out[ECHO_ROOM], want[ECHO_ROOM];

	memset(out, 0xff, sizeof(out));
	struct echo e = question("10.1.0.1", "192.0.2.7");
	memcpy(want, want4, sizeof(want4));
	packet_sum_ip(want);
	wire_put16(want + 22, (uint16_t)~packet_sum(want + 20, 16, 0));
	OKF(echo_build(out, &e) == sizeof(want4) &&
	    memcmp(out, want, sizeof(want4)) == 0, "RFC 792: IPv4");
	memset(out, 0xff, sizeof(out));
	e = question("2001:db8::1", "2001:db8::2");
	memcpy(want, want6, sizeof(want6));
	wire_put16(want + 42, (uint16_t)~packet_sum(want + 40, 16,
	    packet_pseudo(want, PROTO_ICMP6, 16)));
	OKF(echo_build(out, &e) == sizeof(want6) &&
	    memcmp(out, want, sizeof(want6)) == 0, "RFC 4443: IPv6");
}

static void
test_answers(const char *src, const char *dst, uint8_t proto, uint8_t reply)
{
	const struct echo e = question(src, dst);
	const struct ip good = { .src = e.dst, .dst = e.src, .proto = proto,
		.ports = true, .sport = (uint16_t)(reply << 8), .dport = e.id };
	struct ip ip = good;

	OKF(echo_answers(&e, &ip), "%s answers", dst);
	ip.sport |= 3;
	OKF(echo_answers(&e, &ip), "whatever the code");
	ip = good;
	ip.ports = false;
	OKF(!echo_answers(&e, &ip), "not a fragment");
	ip = good;
	ip.proto ^= PROTO_ICMP ^ PROTO_ICMP6;
	OKF(!echo_answers(&e, &ip), "not that of the other family");
	for (unsigned type = 0; type < 256; type++) {
		ip = good;
		ip.sport = (uint16_t)(type << 8);
		if (echo_answers(&e, &ip) != (type == reply))
			OKF(false, "type %u", type);
	}
	ip = good;
	ip.dport++;
	OKF(!echo_answers(&e, &ip), "not to another");
	ip = good;
	ip.src.b[15]++;
	OKF(!echo_answers(&e, &ip), "not from elsewhere");
	ip = good;
	ip.dst.b[15]++;
	OKF(!echo_answers(&e, &ip), "not to elsewhere");
}

int
main(void)
{
	test_build();
	test_answers("10.1.0.1", "192.0.2.7", PROTO_ICMP, 0);
	test_answers("2001:db8::1", "2001:db8::2", PROTO_ICMP6, 129);
	return DONE();
}
