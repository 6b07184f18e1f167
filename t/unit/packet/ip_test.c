/* SPDX-License-Identifier: ISC */
/* Parsing: each field of both families, and each reason to refuse a packet. */
#include "test.h"

#include "edge.h"
#include "packet.h"
#include "packet/ip.h"

#include <stdlib.h>
#include <string.h>

#define SOUND ((enum verdict)V_NEXT)
static struct packet pk;
static struct ip ip;

static enum verdict
parse_n(size_t n)
{
	return ip_parse(&ip, edge_copy(pk.b, n), n);
}

static enum verdict
parse(void)
{
	return parse_n(pk.n);
}

static const struct segment tcp4 = {
	.proto = PROTO_TCP, .ttl = 64, .tos = 0xb8, .id = 0x1234,
	.frag = IP4_DF, .sport = 40000, .dport = 443, .flags = TCP_ACK,
	.payload = 100,
};
static const struct segment udp6 = {
	.v6 = true, .proto = PROTO_UDP, .ttl = 63, .tos = 0x03,
	.label = 0xfffff, .sport = 5353, .dport = 53, .payload = 30,
};

static void
test_plain(void)
{
	char s[ADDR_STRLEN];

	packet_make(&pk, &tcp4);
	OK(parse() == SOUND);
	OK(ip.version == 4 && ip.len == 140 && ip.l4 == 20);
	OK(ip.proto == PROTO_TCP && ip.ttl == 64 && ip.tos == 0xb8);
	OK(ip.ports && ip.sport == 40000 && ip.dport == 443);
	OK(!ip.frag && !ip.more && ip.frag_off == 0 && ip.frag_id == 0x1234);
	OK(strcmp(addr_format(&ip.src, s), "10.1.0.1") == 0);
	OK(strcmp(addr_format(&ip.dst, s), "192.0.2.7") == 0);

	packet_make(&pk, &udp6);
	OK(parse() == SOUND);
	OK(ip.version == 6 && ip.len == 78 && ip.l4 == 40);
	OK(ip.proto == PROTO_UDP && ip.ttl == 63 && ip.tos == 0x03);
	OK(ip.ports && ip.sport == 5353 && ip.dport == 53 && !ip.frag);
	OK(strcmp(addr_format(&ip.src, s), "2001:db8:100::1") == 0);
}

/* Every shorter piece of a packet is short, link padding does no harm. */
static void
test_lengths(void)
{
	static const struct segment *const seg[] = { &tcp4, &udp6 };

	for (size_t i = 0; i < 2; i++) {
		packet_make(&pk, seg[i]);
		size_t wrong = 0, n = pk.n;
		for (size_t cut = 0; cut < n; cut++)
			wrong += parse_n(cut) != V_SHORT;
		OKF(wrong == 0, "others W11: each of %zu cuts is short", n);
		OK(parse_n(n + 18) == SOUND && ip.len == n);
	}
}

/* One change to a sound TCP packet over IPv4, and what comes of it. */
static void
test_v4_refused(void)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		bool sum;	/* again, so that only the change is wrong */
		enum verdict want;
	} t[] = {
		{ "version 5", 0, 0x55, true, V_VERSION },
		{ "version 0", 0, 0x05, true, V_VERSION },
		{ "header of 16 bytes", 0, 0x44, false, V_HEADER },
		{ "length below the header", 3, 19, true, V_HEADER },
		{ "length above what is there", 3, 141, true, V_SHORT },
		{ "length that cuts the TCP header", 3, 39, true, V_SHORT },
		{ "checksum", 10, 0, false, V_CHECKSUM },
		{ "TTL 0", 8, 0, true, V_TTL },
		{ "TTL 1", 8, 1, true, SOUND },
		{ "ESP", 9, 50, true, SOUND },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		packet_make(&pk, &tcp4);
		pk.b[t[i].at] = t[i].value;
		if (t[i].at == 3)
			pk.b[2] = 0;
		if (t[i].sum)
			packet_sum_ip(pk.b);
		OKF(parse() == t[i].want, "R1 IPv4: %s", t[i].what);
	}
}

/* Puts options (a multiple of 4 bytes) behind the IPv4 header. */
static void
add_options(const void *opt, size_t n)
{
	packet_make(&pk, &tcp4);
	memmove(pk.b + 20 + n, pk.b + 20, pk.n - 20);
	memcpy(pk.b + 20, opt, n);
	pk.n += n;
	pk.b[0] += (uint8_t)(n / 4);
	pk.b[3] += (uint8_t)n;
	packet_sum_ip(pk.b);
}

static void
test_v4_options(void)
{
	static const struct {
		const char *what;
		uint8_t opt[8];
		enum verdict want;
	} t[] = {
		{ "router alert", { 148, 4, 0, 0, 1, 1, 1, 0 }, SOUND },
		{ "unknown", { 77, 8 }, SOUND },
		{ "loose source route", { 131, 7, 4, 1, 2, 3, 4 }, V_OPTIONS },
		{ "strict source route", { 1, 137, 7, 4 }, V_OPTIONS },
		{ "source route after the end", { 0, 131, 7 }, SOUND },
		{ "length 1", { 77, 1 }, V_HEADER },
		{ "length beyond the header", { 1, 77, 8 }, V_HEADER },
		{ "no length", { 1, 1, 1, 1, 1, 1, 1, 77 }, V_HEADER },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		add_options(t[i].opt, 8);
		pk.b[28] = pk.b[29] = 0;	/* would end them */
		OKF(parse() == t[i].want, "IPv4 option: %s (R11)", t[i].what);
	}
	add_options("\x94\x04\0\0", 4);
	OK(parse() == SOUND && ip.l4 == 24 && ip.dport == 443);
}

static void
set_fragment4(uint16_t frag)
{
	packet_make(&pk, &tcp4);
	((struct ip4_hdr *)(void *)pk.b)->frag = be16_put(frag);
	packet_sum_ip(pk.b);
}

static void
test_v4_fragments(void)
{
	set_fragment4(IP4_MF);
	OK(parse() == SOUND && ip.frag && ip.more && ip.frag_off == 0);
	OK(ip.ports && ip.dport == 443);
	set_fragment4(185);
	OK(parse() == SOUND && ip.frag && !ip.more && ip.frag_off == 1480);
	OK(!ip.ports && ip.dport == 0);
	set_fragment4(0x1fff);
	OK(parse() == V_HEADER);	/* would end beyond 65535 */

	set_fragment4(IP4_MF);		/* first, but half a TCP header */
	pk.b[3] = 28;
	packet_sum_ip(pk.b);
	OK(parse() == V_FRAGMENT);	/* RFC 1858 3 */
	pk.b[3] = 29;
	packet_sum_ip(pk.b);
	OK(parse() == V_HEADER);	/* not a multiple of 8 */
	set_fragment4(1);
	OK(parse() == V_FRAGMENT);	/* RFC 3128 */
	set_fragment4(2);
	OK(parse() == V_FRAGMENT);
	set_fragment4(3);
	OK(parse() == SOUND);
}

static void
test_icmp(void)
{
	static const uint8_t echo[8] = { 8, 0, 0, 0, 0xab, 0xcd, 0, 1 };

	packet_make(&pk, &tcp4);
	pk.b[9] = PROTO_ICMP;
	packet_sum_ip(pk.b);
	memcpy(pk.b + 20, echo, 8);
	OK(parse() == SOUND && ip.ports);
	OK(ip.sport == 0x0800 && ip.dport == 0xabcd);
	memcpy(pk.b + 20, "\x03\x04", 2);	/* fragmentation needed */
	OK(parse() == SOUND && ip.sport == 0x0304 && ip.dport == 0);
	pk.b[3] = 27;
	packet_sum_ip(pk.b);
	OK(parse() == V_SHORT);

	packet_make(&pk, &udp6);
	pk.b[6] = PROTO_ICMP6;
	memcpy(pk.b + 40, echo, 8);
	pk.b[40] = 129;
	OK(parse() == SOUND && ip.sport == 0x8100 && ip.dport == 0xabcd);
	pk.b[40] = 2;				/* too big */
	OK(parse() == SOUND && ip.sport == 0x0200 && ip.dport == 0);
	pk.b[6] = PROTO_ICMP;			/* not of this family */
	OK(parse() == SOUND && !ip.ports && ip.proto == PROTO_ICMP);
}

static void
test_v6_refused(void)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	packet_make(&pk, &udp6);
	pk.b[7] = 0;
	OK(parse() == V_TTL);
	packet_make(&pk, &udp6);
	memcpy(pk.b + 8, mapped, 12);
	OK(parse() == V_MAPPED);
	packet_make(&pk, &udp6);
	memcpy(pk.b + 24, mapped, 12);
	OK(parse() == V_MAPPED);
	packet_make(&pk, &udp6);
	pk.b[5]++;
	OK(parse() == V_SHORT);

	packet_make(&pk, &udp6);
	memset(pk.b + 4, 0xff, 2);
	pk.n = 40 + 65535;
	static struct { struct packet pk; uint8_t more[64]; } big;
	memcpy(&big.pk, &pk, sizeof(pk));
	OK(ip_parse(&ip, big.pk.b, 40 + 65535) == V_TOO_BIG);
}

/* Puts n bytes of extension headers, the first of type `next', before the UDP
 * header. */
static void
add_headers(uint8_t next, const void *h, size_t n)
{
	packet_make(&pk, &udp6);
	memmove(pk.b + 40 + n, pk.b + 40, pk.n - 40);
	memcpy(pk.b + 40, h, n);
	pk.n += n;
	pk.b[6] = next;
	((struct ip6_hdr *)(void *)pk.b)->len = be16_put((uint16_t)(pk.n - 40));
}

static void
test_v6_headers(void)
{
	static const struct {
		const char *what;
		uint8_t next;
		size_t n;
		uint8_t h[32];
		enum verdict want;
	} t[] = {
		{ "hop-by-hop", 0, 8, { 17 }, SOUND },
		{ "destination options of 16", 60, 16, { 17, 1 }, SOUND },
		{ "routing, type 2", 43, 8, { 17, 0, 2 }, SOUND },
		{ "routing, type 0 (RFC 5095)", 43, 8, { 17 }, V_OPTIONS },
		{ "authentication", 51, 24, { 17, 4 }, SOUND },
		{ "atomic fragment (RFC 6946)", 44, 8, { 17 }, SOUND },
		{ "two of them", 0, 16, { 60, 0, 0, 0, 0, 0, 0, 0, 17 },
		    SOUND },
		{ "hop-by-hop not first", 60, 16,
		    { 0, 0, 0, 0, 0, 0, 0, 0, 17 }, V_HEADER },
		{ "fragment in a fragment", 44, 16,
		    { 44, 0, 0, 0, 0, 0, 0, 0, 17 }, V_HEADER },
		{ "longer than the packet", 60, 8, { 17, 200 }, V_SHORT },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		add_headers(t[i].next, t[i].h, t[i].n);
		enum verdict v = parse();
		OKF(v == t[i].want && (v != SOUND ||
		    (ip.ports && ip.dport == 53 && ip.l4 == 40 + t[i].n)),
		    "IPv6 header: %s (R12)", t[i].what);
	}
}

/* Exactly so many extension headers, and no more. */
static void
test_v6_bound(void)
{
	uint8_t h[(IP6_MAX_HEADERS + 1) * 8] = { 0 };

	for (size_t i = 0; i < sizeof(h); i += 8)
		h[i] = PROTO_DSTOPTS;
	h[sizeof(h) - 16] = PROTO_UDP;
	add_headers(PROTO_DSTOPTS, h, sizeof(h) - 8);
	OK(parse() == SOUND && ip.ports);
	h[sizeof(h) - 16] = PROTO_DSTOPTS;
	h[sizeof(h) - 8] = PROTO_UDP;
	add_headers(PROTO_DSTOPTS, h, sizeof(h));
	OK(parse() == V_OPTIONS);
}

static void
test_v6_fragments(void)
{
	uint8_t h[8] = { PROTO_UDP, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef };

	add_headers(PROTO_FRAGMENT, h, 8);
	((struct ip6_hdr *)(void *)pk.b)->len = be16_put(8 + 8);
	OK(parse() == SOUND && ip.frag && ip.more && ip.frag_off == 0);
	OK(ip.ports && ip.dport == 53 && ip.frag_id == 0xdeadbeef);
	OK(ip.frag_len == 8);
	h[2] = 0x05, h[3] = 0xa8;
	add_headers(PROTO_FRAGMENT, h, 8);
	OK(parse() == SOUND && ip.frag && !ip.more && ip.frag_off == 1448);
	OK(!ip.ports && ip.proto == PROTO_UDP && ip.l4 == 48);
	h[2] = 0xff, h[3] = 0xf8;
	add_headers(PROTO_FRAGMENT, h, 8);
	OK(parse() == V_HEADER);
	h[0] = PROTO_DSTOPTS, h[2] = 0, h[3] = 8;	/* a later one's data */
	add_headers(PROTO_FRAGMENT, h, 8);
	OK(parse() == SOUND && ip.proto == PROTO_DSTOPTS && !ip.ports);
	h[0] = PROTO_UDP, h[2] = 0, h[3] = 1;
	add_headers(PROTO_FRAGMENT, h, 8);
	((struct ip6_hdr *)(void *)pk.b)->len = be16_put(8 + 7);
	OK(parse() == V_HEADER);
	((struct ip6_hdr *)(void *)pk.b)->len = be16_put(8);
	OK(parse() == V_FRAGMENT);		/* RFC 7112 */
}

/* As if it had been made so: every TTL, both families. */
static void
test_step_back(void)
{
	static struct packet want;
	struct segment s4 = tcp4, s6 = udp6;
	int good = 0;

	for (int ttl = 1; ttl < 256; ttl++) {
		s4.ttl = s6.ttl = (uint8_t)ttl;
		packet_make(&pk, &s4);
		ip_step_back(pk.b);
		s4.ttl = (uint8_t)(ttl < 255 ? ttl + 1 : ttl);
		packet_make(&want, &s4);
		good += memcmp(pk.b, want.b, pk.n) == 0;
		packet_make(&pk, &s6);
		ip_step_back(pk.b);
		s6.ttl = s4.ttl;
		packet_make(&want, &s6);
		good += memcmp(pk.b, want.b, pk.n) == 0;
	}
	OKF(good == 510, "R2 R3: a step back is as if it had not been taken");
}

static void
test_names(void)
{
	char buf[8];

	OK(strcmp(ip_proto_name(6, buf), "tcp") == 0);
	OK(strcmp(ip_proto_name(58, buf), "icmp6") == 0);
	OK(strcmp(ip_proto_name(255, buf), "255") == 0);
	OK(ip_proto_parse("udp") == 17 && ip_proto_parse("icmp") == 1);
	OK(ip_proto_parse("icmp6") == 58 && ip_proto_parse("ipv6-icmp") == 58);
	OK(ip_proto_parse("0") == 0 && ip_proto_parse("255") == 255);
	OK(ip_proto_parse("256") == -1 && ip_proto_parse("") == -1);
	OK(ip_proto_parse("6x") == -1 && ip_proto_parse("-1") == -1);
	OK(ip_proto_parse("99999999999999999999999") == -1);
}

int
main(void)
{
	test_plain();
	test_lengths();
	test_v4_refused();
	test_v4_options();
	test_v4_fragments();
	test_icmp();
	test_v6_refused();
	test_v6_headers();
	test_v6_bound();
	test_v6_fragments();
	test_step_back();
	test_names();
	return DONE();
}
