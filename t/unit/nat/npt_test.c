/* SPDX-License-Identifier: ISC */
/* NPTv6: the example of RFC 6296, its odd cases, and what must always hold. */
#include "nat/npt.h"

#include "packet/csum.h"
#include "packet/wire.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 200000, SEED = 6296 };

static struct prefix
net(const char *text)
{
	struct prefix p;
	bool host_bits;

	if (!prefix_parse(&p, text, &host_bits) || host_bits)
		abort();
	return p;
}

static struct npt
between(const char *inside, const char *outside)
{
	const struct prefix in = net(inside), out = net(outside);
	struct npt t;

	if (!npt_init(&t, &in, &out))
		abort();
	return t;
}

static struct addr
host(const char *text)
{
	struct addr a;

	if (!addr_parse(&a, text))
		abort();
	return a;
}

/* The address becomes that one, and comes back from it. */
static bool
maps(const struct npt *t, const char *inside, const char *outside)
{
	const struct addr in = host(inside), out = host(outside);
	struct addr a = in;

	if (!npt_map(t, NPT_OUT, &a) || !addr_eq(&a, &out))
		return false;
	return npt_map(t, NPT_IN, &a) && addr_eq(&a, &in);
}

/* Nothing stands for it, and it stays as it is. */
static bool
refuses(const struct npt *t, enum npt_dir dir, const char *text)
{
	const struct addr before = host(text);
	struct addr a = before;

	return !npt_map(t, dir, &a) && addr_eq(&a, &before);
}

static void
test_example(void)
{
	struct npt t = between("fd01:203:405::/48", "2001:db8:1::/48");

	OKF(maps(&t, "fd01:203:405:1::1234", "2001:db8:1:d550::1234"),
	    "RFC 6296 2.1, 3.4: the example, both ways");
	OK(t.adjust[NPT_OUT] == 0xd54f);
	OKF(maps(&t, "fd01:203:405:2ab0::1", "2001:db8:1::1"),
	    "0xffff is written as 0");
	OKF(refuses(&t, NPT_OUT, "fd01:203:405:ffff::1"),
	    "3.2: subnet 0xffff has none");
	OK(refuses(&t, NPT_IN, "2001:db8:1:ffff::1"));
	OKF(refuses(&t, NPT_OUT, "fd01:203:406:1::1"), "another network");
	OK(refuses(&t, NPT_IN, "2001:db8:2:1::1"));
}

static void
test_lengths(void)
{
	struct npt t = between("fd01:203:405::/48", "2001:db8::/44");
	struct npt long56 = between("fd01:203:405:600::/56",
	    "2001:db8:1:200::/56");
	struct npt same = between("2001:db8:1::/48", "2001:db8:1::/48");
	const struct prefix in = net("fd00::/48"), in80 = net("fd00::/80"),
	    out65 = net("2001:db8::/65"), out49 = net("2001:db8::/49");
	struct npt bad;

	OKF(t.net[0].len == 44, "3.1: both of the outside's length");
	OK(npt_has(&t, NPT_OUT, &(struct addr){ { 0xfd, 1, 2, 3, 4, 0xf } }));
	/* the first word of the interface that is not all ones */
	struct addr a = host("fd01:203:405:601:ffff:ffff:1:2");
	struct addr b = a;
	OK(npt_map(&long56, NPT_OUT, &b));
	OKF(memcmp(b.b, host("2001:db8:1:201:ffff:ffff::").b, 12) == 0 &&
	    memcmp(a.b + 14, b.b + 14, 2) == 0 &&
	    memcmp(a.b + 12, b.b + 12, 2) != 0,
	    "3.5: a narrower prefix uses a word of the interface");
	OKF(refuses(&long56, NPT_OUT, "fd01:203:405:601:ffff:ffff:ffff:ffff"),
	    "3.5: an interface of all ones has none");
	OKF(maps(&same, "2001:db8:1:7::9", "2001:db8:1:7::9"),
	    "a network stands for itself");
	OK(!npt_init(&bad, &in80, &out65));
	OKF(!npt_init(&bad, &in, &out49), "inside is no wider than outside");
}

static struct addr
random_addr(void)
{
	struct addr a;

	for (size_t i = 0; i < sizeof(a.b); i++)
		a.b[i] = (uint8_t)(random() >> 8);
	/* all ones and zeros are where the odd cases are */
	for (size_t i = 0; i < sizeof(a.b); i += 2)
		if (random() % 4 == 0)
			memset(a.b + i, random() % 2 == 0 ? 0xff : 0, 2);
	return a;
}

static struct prefix
random_net(uint8_t len)
{
	struct prefix p = { random_addr(), len };

	p.addr.b[0] = 0x20 | (p.addr.b[0] & 0x1f);
	for (unsigned bit = len; bit < 128; bit++)
		p.addr.b[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return p;
}

static uint16_t
sum(const struct addr *a)
{
	uint16_t s = csum_fold(csum_add(0, a->b, sizeof(a->b)));

	return s == 0xffff ? 0 : s;
}

static void
test_always(void)
{
	unsigned lost = 0, other = 0, changed = 0, outside = 0;

	srandom(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		uint8_t len = (uint8_t)(8 + random() % (NPT_LEN_MAX - 7));
		struct prefix in = random_net(len), out = random_net(len);
		struct npt t;
		npt_init(&t, &in, &out);
		struct addr a = random_addr(), b;
		memcpy(a.b, in.addr.b, len / 8);
		if (len % 8 != 0)
			a.b[len / 8] = (uint8_t)(in.addr.b[len / 8] |
			    (a.b[len / 8] & 0xff >> len % 8));
		b = a;
		if (!npt_map(&t, NPT_OUT, &b)) {
			lost++;
			continue;
		}
		changed += sum(&a) != sum(&b);
		outside += !prefix_has(&out, &b);
		other += !npt_map(&t, NPT_IN, &b) || !addr_eq(&a, &b);
	}
	OKF(changed == 0, "checksum-neutral, %d random pairs", (int)ROUNDS);
	OKF(outside == 0, "what left is of the outside network");
	OKF(other == 0, "out and in again is the same");
	OKF(lost > 0 && lost < ROUNDS / 3, "%u had none", lost);
}

/* An ICMPv6 error that quotes a packet, checksum and all. */
static size_t
error_packet(uint8_t *p, const char *src, const char *dst, const char *qsrc,
    const char *qdst)
{
	struct ip6_hdr h = { .flow = be32_put(0x60000000), .hops = 60,
		.next = PROTO_ICMP6, .len = be16_put(8 + 40 + 8) };
	struct ip6_hdr q = { .flow = be32_put(0x60000000), .hops = 1,
		.next = PROTO_UDP, .len = be16_put(8) };
	struct icmp_hdr e = { .type = 3 };
	struct ip ip = { .version = 6, .src = host(src), .dst = host(dst) };

	memcpy(h.src, host(src).b, 16);
	memcpy(h.dst, host(dst).b, 16);
	memcpy(q.src, host(qsrc).b, 16);
	memcpy(q.dst, host(qdst).b, 16);
	memset(p, 0, 104);
	memcpy(p, &h, 40);
	memcpy(p + 40, &e, 8);
	memcpy(p + 48, &q, 40);
	wire_put16(p + 42, (uint16_t)~csum_fold(csum_add(csum_pseudo(&ip,
	    PROTO_ICMP6, 56), p + 40, 56)));
	return 96 + 8;
}

static bool
is(const uint8_t *at, const char *text)
{
	return memcmp(at, host(text).b, 16) == 0;
}

static void
test_error(void)
{
	struct npt t = between("fd01:203:405::/48", "2001:db8:1::/48");
	uint8_t p[104];
	struct ip ip;
	size_t n = error_packet(p, "2001:db8:ffff::1", "2001:db8:1:d550::1234",
	    "2001:db8:1:d550::1234", "2001:db8:7::7");

	n = 40 + 56;
	OK(ip_parse(&ip, p, n) == (enum verdict)V_NEXT);
	OK(npt_packet(&t, NPT_IN, p, &ip));
	OKF(is(p + 24, "fd01:203:405:1::1234") &&
	    is(p + 56, "fd01:203:405:1::1234") &&
	    is(p + 72, "2001:db8:7::7"), "5508-4: in, and what it quotes");
	OK(addr_eq(&ip.dst, &(struct addr){ { 0xfd, 1, 2, 3, 4, 5, 0, 1,
	    [14] = 0x12, 0x34 } }));
	OKF(csum_fold(csum_add(csum_pseudo(&ip, PROTO_ICMP6, 56), p + 40, 56))
	    == 0xffff, "its checksum holds");
	error_packet(p, "fd01:203:405:9::1", "2001:db8:7::7",
	    "2001:db8:7::7", "fd01:203:405:1::1234");
	ip_parse(&ip, p, n);
	OK(npt_packet(&t, NPT_OUT, p, &ip));
	OKF(is(p + 72, "2001:db8:1:d550::1234") && !is(p + 8,
	    "fd01:203:405:9::1"), "5508-5: out, of a branch's router");
	OKF(csum_fold(csum_add(csum_pseudo(&ip, PROTO_ICMP6, 56), p + 40, 56))
	    == 0xffff, "its checksum holds");
	error_packet(p, "fd01:203:405:ffff::1", "2001:db8:7::7",
	    "2001:db8:7::7", "fd01:203:405:1::1234");
	ip_parse(&ip, p, n);
	OKF(!npt_packet(&t, NPT_OUT, p, &ip) && is(p + 72,
	    "fd01:203:405:1::1234"), "a source without one: all stays");
}

/* What is an error, and long enough to quote an address. */
static void
test_quotes(void)
{
	static const struct {
		const char *what;
		uint8_t type, first;	/* of the message, of what it quotes */
		uint16_t len;
		bool changed;
	} rows[] = {
		{ "an error", 1, 0x60, 48, true },
		{ "the last error", 127, 0x60, 48, true },
		{ "an echo", 128, 0x60, 48, false },
		{ "type 0", 0, 0x60, 48, false },
		{ "a header cut short", 1, 0x60, 47, false },
		{ "another version", 1, 0x40, 48, false },
		{ "version and class", 1, 0x6f, 48, true },
		{ "a long one", 1, 0x60, 56, true },
	};
	struct npt t = between("fd01:203:405::/48", "2001:db8:1::/48");
	uint8_t p[104];
	struct ip ip;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		error_packet(p, "2001:db8:ffff::1", "2001:db8:1:d550::1234",
		    "2001:db8:1:d550::1234", "2001:db8:7::7");
		p[40] = rows[i].type;
		p[48] = rows[i].first;
		wire_put16(p + 4, rows[i].len);
		ip_parse(&ip, p, sizeof(p));
		OKF(npt_packet(&t, NPT_IN, p, &ip) && is(p + 56,
		    "fd01:203:405:1::1234") == rows[i].changed,
		    "5508-4: %s", rows[i].what);
	}
	ip.frag_off = 8;
	error_packet(p, "2001:db8:ffff::1", "2001:db8:1:d550::1234",
	    "2001:db8:1:d550::1234", "2001:db8:7::7");
	OKF(npt_packet(&t, NPT_IN, p, &ip) && !is(p + 56,
	    "fd01:203:405:1::1234"), "5508-4: a later fragment quotes nothing");
}

int
main(void)
{
	test_example();
	test_lengths();
	test_always();
	test_error();
	test_quotes();
	return DONE();
}
