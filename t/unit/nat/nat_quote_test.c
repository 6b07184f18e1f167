/* SPDX-License-Identifier: ISC */
/* Which ICMP is translated, and which quoted packets an error may hold. */
#include "natworld.h"

#include "nat/nat_edit.h"


/* The types of RFC 792, 4443 and 5508 that are queries, and those that are
 * errors of a packet. */
static void
test_types(void)
{
	unsigned wrong = 0;

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned type = 0; type < 256; type++) {
			struct ip ip = { .version = v6 ? 6 : 4,
				.proto = v6 ? PROTO_ICMP6 : PROTO_ICMP,
				.sport = (uint16_t)(type << 8 | 0x5a) };
			bool asks = type == (v6 ? 128 : 8);
			bool query = asks || type == (v6 ? 129 : 0);
			bool speaks = v6 ? type >= 1 && type <= 4 :
			    type == 3 || type == 11 || type == 12;
			bool error, other;
			wrong += nat_translates(&ip, &error) !=
			    (query || speaks) || error != speaks ||
			    nat_asks(&ip) != asks;
			/* a later fragment says no type */
			ip.frag_off = 8;
			wrong += !nat_translates(&ip, &error) || error;
			ip.proto = v6 ? PROTO_ICMP : PROTO_ICMP6;
			wrong += nat_translates(&ip, &other) || other;
		}
	OKF(wrong == 0, "of all types, echo and errors of packets");
}

static struct packet quoted;

static bool
parses(struct nat_quote *q, size_t n, uint8_t version)
{
	return nat_quote_parse(q, quoted.b, n, version);
}

static void
quote(const struct leg *l)
{
	make(&quoted, l);
}

static void
test_quotes(void)
{
	static const struct leg rows[] = {
		{ .proto = PROTO_TCP, .src = "10.1.0.5", .sport = 5000,
		    .dst = "203.0.113.7", .dport = 80, .seq = 77 },
		{ .proto = PROTO_UDP, .src = "10.1.0.5", .sport = 5000,
		    .dst = "203.0.113.7", .dport = 53 },
		{ .proto = PROTO_ICMP, .src = "10.1.0.5", .sport = 5000,
		    .dst = "203.0.113.7", .type = 8 },
		{ .proto = PROTO_TCP, .src = "2001:db8:1::5", .sport = 5000,
		    .dst = "2001:db8:9::7", .dport = 80, .seq = 77 },
		{ .proto = PROTO_UDP, .src = "2001:db8:1::5", .sport = 5000,
		    .dst = "2001:db8:9::7", .dport = 53 },
		{ .proto = PROTO_ICMP6, .src = "2001:db8:1::5",
		    .sport = 5000, .dst = "2001:db8:9::7", .type = 128 },
	};
	struct nat_quote q;

	for (size_t i = 0; i < 6; i++) {
		const struct leg *l = &rows[i];
		uint8_t version = i < 3 ? 4 : 6;
		size_t l4 = i < 3 ? 20 : 40;
		bool icmp = l->type != 0;
		quote(l);
		OKF(parses(&q, l4 + 8, version) && is_at(&q.src, l->src) &&
		    is_at(&q.dst, l->dst) && q.sport == 5000 &&
		    (icmp || q.dport == l->dport) && q.e.proto == l->proto &&
		    q.e.l4 == l4 && (l->proto != PROTO_TCP || q.seq == 77),
		    "5508-4: IPv%d, protocol %d", version, l->proto);
		OKF(!parses(&q, l4 + 7, version) && !parses(&q, l4 - 1,
		    version) && !parses(&q, 0, version),
		    "5508-4: eight bytes of transport are the least");
		OKF(!parses(&q, l4 + 8, version == 4 ? 6 : 4),
		    "5508-4: of the error's own version");
		quoted.b[0] ^= 0x30;
		packet_sum_ip(quoted.b);
		OKF(!parses(&q, l4 + 8, version), "5508-4: and of a version");
	}
}

/* Changes a byte of an IPv4 quote, perhaps with its sum. */
static bool
survives4(size_t at, uint8_t to, bool summed)
{
	struct nat_quote q;

	quote(&(struct leg){ .proto = PROTO_UDP, .src = "10.1.0.5",
	    .dst = "203.0.113.7", .sport = 5000, .dport = 53,
	    .payload = 40 });
	quoted.b[at] = to;
	if (summed) {
		struct ip4_hdr *h = (void *)quoted.b;
		h->csum = be16_put(0);
		h->csum = be16_put((uint16_t)~packet_sum(quoted.b,
		    (quoted.b[0] & 15u) * 4, 0));
	}
	return parses(&q, 60, 4);
}

static bool
survives6(size_t at, uint8_t to)
{
	struct nat_quote q;

	quote(&(struct leg){ .proto = PROTO_UDP, .src = "2001:db8:1::5",
	    .dst = "2001:db8:9::7", .sport = 5000, .dport = 53,
	    .payload = 40 });
	/* a fragment header before it */
	memmove(quoted.b + 48, quoted.b + 40, 48);
	memset(quoted.b + 40, 0, 8);
	quoted.b[6] = PROTO_FRAGMENT;
	quoted.b[40] = PROTO_UDP;
	quoted.b[at] = to;
	return parses(&q, 80, 6) && q.e.l4 == 48;
}

static void
test_broken(void)
{
	OK(survives4(0, 0x45, true) && survives4(0, 0x46, true));
	OK(survives4(0, 0x4d, true) && !survives4(0, 0x44, true));
	OK(!survives4(0, 0x4f, false) && !survives4(0, 0x40, true));
	OK(survives4(6, 0x20, true) && survives4(6, 0x40, true));
	OK(!survives4(6, 0x10, true) && !survives4(7, 1, true));
	OK(!survives4(8, 1, false) && !survives4(10, 9, false));
	OK(!survives4(9, PROTO_ICMP6, true) && !survives4(9, 47, true) &&
	    survives4(9, PROTO_TCP, true));
	OK(survives6(40, PROTO_UDP) && survives6(43, 1) && survives6(43, 7));
	OK(!survives6(42, 1) && !survives6(43, 8));
	OK(!survives6(40, PROTO_ICMP) && !survives6(40, PROTO_FRAGMENT));
	/* ::ffff:0:0/96 is no address of IPv6 */
	struct nat_quote q;
	survives6(40, PROTO_UDP);
	OK(!parses(&q, 47, 6) && !parses(&q, 55, 6) && parses(&q, 56, 6));
	memcpy(quoted.b + 8, at("192.0.2.1").b, 16);
	OK(!parses(&q, 80, 6));
	survives6(40, PROTO_UDP);
	memcpy(quoted.b + 24, at("192.0.2.1").b, 16);
	OK(!parses(&q, 80, 6));
	/* of an error there is no error */
	quote(&(struct leg){ .proto = PROTO_ICMP, .src = "10.1.0.5",
	    .dst = "203.0.113.7", .type = 3, .payload = 40 });
	OK(!parses(&q, 60, 4));
}

int
main(void)
{
	test_types();
	test_quotes();
	test_broken();
	return DONE();
}
