/* SPDX-License-Identifier: ISC */
/* Packets that are joined: what comes of a burst, what is left alone, and that
 * cutting gives back what was joined. */
#include "test.h"

#include "bursts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOUND ((enum verdict)V_NEXT)

static struct joincut jc;

static void
give(struct segment s, uint16_t tag)
{
	packet_make(&pk, &s);
	joincut_add(&jc, pk.b, pk.n, tag);
}

/* Supers that came of what was given; -1 if cutting does not give it back. */
static int
joined(void)
{
	const char *wrong = joincut_check(&jc);

	if (wrong != NULL)
		printf("# %s\n", wrong);
	joincut_free(&jc);
	return wrong == NULL ? (int)jc.supers : -1;
}

static const struct segment *const bursts[] = { &tcp4, &tcp6, &udp4, &udp6 };

static void
test_join(void)
{
	jc.udp = true;
	for (size_t k = 0; k < 4; k++) {
		for (unsigned i = 0; i < 10; i++)
			give(nth(*bursts[k], i), 1);
		OKF(joined() == 1, "burst %zu: ten become one", k);
		for (unsigned i = 0; i < 130; i++)
			give(nth(*bursts[k], i), 1);
		OKF(joined() == 3, "burst %zu: bounded by 65535 bytes and by "
		    "%d pieces", k, GRO_PIECES);
	}
	for (unsigned i = 0; i < 40; i++)
		for (size_t k = 0; k < 4; k++)
			give(nth(*bursts[k], i), 1);
	OK(joined() == 4);
	jc.udp = false;
	for (unsigned i = 0; i < 4; i++)
		give(nth(udp4, i), 1);
	OK(joined() == 0);
	jc.udp = true;
}

/* The super-packet itself: headers and what the virtio-net header says. */
static void
test_join_headers(void)
{
	static struct gro g;
	static struct packet in[3];
	struct ip ip;
	bool bad = true;

	gro_init(&g, true);
	for (unsigned i = 0; i < 3; i++) {
		struct segment s = nth(tcp4, i);
		s.flags |= i == 0 ? TCP_CWR : i == 2 ? TCP_PSH : 0;
		s.payload = i == 2 ? 500 : SIZE;
		packet_make(&in[i], &s);
		ip_parse(&ip, in[i].b, in[i].n);
		gro_add(&g, in[i].b, &ip, 3, &bad);
	}
	gro_finish(&g);
	OK(!bad && g.n == 1 && g.slot[0].npieces == 3 && g.slot[0].tag == 3);
	OK(g.slot[0].bytes == 52 + 2500 && g.slot[0].ip.len == 52 + 2500);
	OK(g.slot[0].vnet.flags == VNET_NEEDS_CSUM);
	OK(g.slot[0].vnet.gso_type == (VNET_GSO_TCP4 | VNET_GSO_ECN));
	OK(g.slot[0].vnet.gso_size == SIZE && g.slot[0].vnet.hdr_len == 52);
	OK(g.slot[0].vnet.csum_start == 20 && g.slot[0].vnet.csum_offset == 16);

	struct segment s = tcp4;
	s.payload = 2500;
	s.flags |= TCP_CWR | TCP_PSH;
	packet_make(&want, &s);
	wire_put16(want.b + 36,
	    packet_pseudo(want.b, PROTO_TCP, want.n - 20));
	OK(memcmp(want.b, in[0].b, 52 + SIZE) == 0);
}

/* What ends a super-packet, and what never begins one. */
static void
test_join_refused(void)
{
	static const struct {
		const char *what;
		size_t at;	/* byte of struct segment to change */
		uint8_t flip;
	} t[] = {
		{ "another TTL", offsetof(struct segment, ttl), 1 },
		{ "another TOS", offsetof(struct segment, tos), 1 },
		{ "a gap in the ids", offsetof(struct segment, id), 0x40 },
		{ "a gap in the sequence", offsetof(struct segment, seq), 1 },
		{ "another ack", offsetof(struct segment, ack), 1 },
		{ "another window", offsetof(struct segment, win), 1 },
		{ "SYN", offsetof(struct segment, flags), TCP_SYN },
		{ "RST", offsetof(struct segment, flags), TCP_RST },
		{ "URG", offsetof(struct segment, flags), TCP_URG },
		{ "ECE", offsetof(struct segment, flags), TCP_ECE },
		{ "CWR", offsetof(struct segment, flags), TCP_CWR },
		{ "other options", offsetof(struct segment, options), 4 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct segment s = nth(tcp4, 1);
		((uint8_t *)&s)[t[i].at] ^= t[i].flip;
		give(tcp4, 1);
		give(s, 1);
		OKF(joined() == 0, "not joined: %s", t[i].what);
	}
	struct segment s = nth(tcp6, 1);
	s.label++;
	give(tcp6, 1);
	give(s, 1);
	OK(joined() == 0);
	give(tcp4, 1);
	give(nth(tcp4, 1), 2);
	OK(joined() == 0);		/* another tag: another peer */
}

/* Flags of two segments in a row, on the first and on the second. */
static void
test_join_flags(void)
{
	static const struct {
		const char *what;
		uint8_t first, second;
		int supers;
	} t[] = {
		{ "SYN on both", TCP_SYN, TCP_SYN, 0 },
		{ "RST on both", TCP_RST, TCP_RST, 0 },
		{ "URG on both", TCP_URG, TCP_URG, 0 },
		{ "ECE on both", TCP_ECE, TCP_ECE, 1 },
		{ "CWR on the first", TCP_CWR, 0, 1 },
		{ "CWR on both", TCP_CWR, TCP_CWR, 0 },
		{ "FIN on the first", TCP_FIN, 0, 0 },
		{ "FIN on both", TCP_FIN, TCP_FIN, 0 },
		{ "FIN on the last", 0, TCP_FIN, 1 },
		{ "PSH on the first", TCP_PSH, 0, 0 },
		{ "PSH on the last", 0, TCP_PSH, 1 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct segment a = tcp4, b = nth(tcp4, 1);
		a.flags |= t[i].first;
		b.flags |= t[i].second;
		give(a, 1);
		give(b, 1);
		OKF(joined() == t[i].supers, "%s: %s", t[i].what,
		    t[i].supers > 0 ? "one" : "two");
	}
}

/* The second of two packets that would be joined, with one byte changed and
 * the checksums right for it. */
static void
test_join_bytes(void)
{
	static const struct {
		const char *what;
		const struct segment *first;
		size_t at;
		uint8_t flip;
	} t[] = {
		{ "an option's value", &tcp4, 20 + 20, 2 },
		{ "a reserved bit", &tcp4, 20 + 12, 1 },
		{ "the urgent pointer", &tcp4, 20 + 19, 1 },
		{ "DF", &tcp4, 6, IP4_DF >> 8 },
		{ "the hop limit", &tcp6, 7, 1 },
		{ "the source", &tcp6, 23, 1 },
		{ "the destination", &udp4, 19, 1 },
		{ "the other port", &udp6, 43, 1 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct segment s = nth(*t[i].first, 1);
		give(*t[i].first, 1);
		packet_make(&pk, &s);
		pk.b[t[i].at] ^= t[i].flip;
		if (!s.v6)
			packet_sum_ip(pk.b);
		packet_sum_l4(pk.b, s.v6 ? 40 : 20, pk.n, s.proto);
		joincut_add(&jc, pk.b, pk.n, 1);
		OKF(joined() == 0, "not joined: %s differs", t[i].what);
	}
}

/* Flows that share a hash (there are 256) are still told apart. */
static void
test_join_hash(void)
{
	int wrong = 0;

	for (uint16_t other = 2; other < 1500; other++) {
		struct segment s = nth(tcp4, 1);
		give(tcp4, 1);
		give(s, other);
		wrong += joined() != 0;
		s.sport = other;
		give(tcp4, 1);
		give(s, 1);
		wrong += joined() != 0;
	}
	OKF(wrong == 0, "no other tag or port is joined");
}

/* Headers between the first and the transport header are not compared, so
 * nothing that has them is joined. */
static void
test_join_extensions(void)
{
	static const uint8_t option[8] = { PROTO_TCP };

	for (unsigned i = 0; i < 2; i++) {
		struct segment s = nth(tcp4, i);
		packet_make(&pk, &s);
		memmove(pk.b + 24, pk.b + 20, pk.n - 20);
		memset(pk.b + 20, 1, 4);	/* no operation */
		pk.b[0] = 0x46;
		pk.n += 4;
		wire_put16(pk.b + 2, (uint16_t)pk.n);
		packet_sum_ip(pk.b);
		joincut_add(&jc, pk.b, pk.n, 1);
	}
	OK(jc.n == 2 && joined() == 0 && jc.bad == 0);
	for (unsigned i = 0; i < 2; i++) {
		struct segment s = nth(tcp6, i);
		packet_make(&pk, &s);
		memmove(pk.b + 48, pk.b + 40, pk.n - 40);
		memcpy(pk.b + 40, option, 8);
		pk.b[6] = PROTO_DSTOPTS;
		pk.n += 8;
		wire_put16(pk.b + 4, (uint16_t)(pk.n - 40));
		joincut_add(&jc, pk.b, pk.n, 1);
	}
	OK(jc.n == 2 && joined() == 0 && jc.bad == 0);
}

/* The sum in `field' is 0: write it as all ones, which is right as well, but
 * not what cutting would write. */
static bool
give_ones(const struct segment *s, size_t field)
{
	packet_make(&pk, s);
	if (pk.b[field] != 0 || pk.b[field + 1] != 0)
		return false;
	memset(pk.b + field, 0xff, 2);
	joincut_add(&jc, pk.b, pk.n, 1);
	give(nth(*s, 1), 1);
	return true;
}

static void
test_join_ones(void)
{
	struct segment s = tcp4;

	s.payload = SIZE;
	for (s.id = 1; !give_ones(&s, 10) && s.id != 0; s.id++)
		continue;
	OK(jc.n == 2 && joined() == 0 && jc.bad == 0);
	for (s.id = 1, s.win = 1; !give_ones(&s, 36) && s.win != 0; s.win++)
		continue;
	OK(jc.n == 2 && joined() == 0 && jc.bad == 0);
}

/* 46 segments of 1400 bytes fit into 65535, one more does not. */
static void
test_join_bytes_bound(void)
{
	struct segment s = tcp6;

	s.payload = 1400;
	for (unsigned i = 0; i < 50; i++, s.seq += 1400)
		give(s, 1);
	OK(joined() == 2);
}

/* A flow stays in order whatever stands between its segments. */
static void
test_join_order(void)
{
	struct segment ack = nth(tcp4, 1), psh = nth(tcp6, 1);

	ack.payload = 0;
	give(tcp4, 1);
	give(ack, 1);
	give(nth(tcp4, 1), 1);
	OK(joined() == 0);

	psh.flags |= TCP_PSH;
	for (unsigned i = 0; i < 4; i++)
		give(i == 1 ? psh : nth(tcp6, i), 1);
	OK(joined() == 2);

	struct segment small = nth(tcp4, 1), next = nth(tcp4, 2);
	small.payload = 10;
	next.seq = small.seq + 10;
	give(tcp4, 1);
	give(small, 1);
	give(next, 1);
	OK(joined() == 1);
}

/* RFC 6864: all ids zero with DF is what some senders do. */
static void
test_join_ids(void)
{
	for (unsigned k = 0; k < 3; k++) {
		struct segment s = tcp4;
		s.id = k == 1 ? 5 : 0;
		s.frag = k == 2 ? 0 : IP4_DF;
		for (unsigned i = 0; i < 3; i++) {
			struct segment one = nth(s, i);
			one.id = s.id;
			give(one, 1);
		}
		OKF(joined() == (k == 0 ? 1 : 0), "id stays %u, DF %d", s.id,
		    k != 2);
	}
}

/* W23: what was broken inside arrives as broken as it was, and is counted. */
static void
test_join_bad(void)
{
	for (unsigned i = 0; i < 3; i++) {
		struct segment s = nth(tcp4, i);
		packet_make(&pk, &s);
		pk.b[pk.n - 1] ^= i == 1;
		joincut_add(&jc, pk.b, pk.n, 1);
	}
	OKF(joined() == 0 && jc.bad == 1,
	    "W23: a wrong checksum arrives as it was, and is counted");

	struct ip ip;
	bool bad;
	static struct gro g;
	gro_init(&g, true);
	packet_make(&pk, &udp4);
	ip_parse(&ip, pk.b, pk.n);
	gro_add(&g, pk.b, &ip, 0, &bad);
	OK(!bad && g.slot[0].vnet.flags == VNET_DATA_VALID);
	pk.b[26] = pk.b[27] = 0;		/* no checksum */
	gro_add(&g, pk.b, &ip, 0, &bad);
	OK(!bad && g.slot[1].vnet.flags == 0 && g.n == 2);
	pk.b[26] = 1;
	gro_add(&g, pk.b, &ip, 0, &bad);
	OK(bad && g.slot[2].vnet.flags == 0 && g.n == 3);
	pk.b[25]--;				/* shorter than the packet */
	gro_add(&g, pk.b, &ip, 0, &bad);
	OK(!bad && g.slot[3].vnet.flags == 0 && g.n == 4);
}

/* More flows than slots: full is said, and nothing is lost. */
static void
test_join_full(void)
{
	for (unsigned i = 0; i < 2; i++)
		for (uint16_t flow = 0; flow < 100; flow++) {
			struct segment s = nth(tcp4, i);
			s.sport = flow;
			give(s, 1);
		}
	OK(joined() >= 0);
}

/* Streams of which nobody knows what they hold. */
static void
test_join_random(void)
{
	const unsigned seed = 9293;
	size_t supers = 0;
	int wrong = 0;

	srand(seed);
	for (int round = 0; round < 300; round++) {
		struct segment s[4] = { tcp4, tcp6, udp4, udp6 };
		for (int i = 0; i < 100; i++) {
			struct segment *f = &s[rand() % 4];
			f->flags = rand() % 8 ? TCP_ACK : (uint8_t)rand();
			f->payload = rand() % 8 ? 100 : (size_t)rand() % 101;
			give(*f, (uint16_t)(rand() % 16 == 0));
			f->seq += (uint32_t)f->payload;
			f->id += rand() % 8 ? 1 : 0;
		}
		int n = joined();
		wrong += n < 0;
		supers += n > 0 ? (size_t)n : 0;
	}
	OKF(wrong == 0 && supers > 1000, "300 streams come out as they went "
	    "in, seed %u, %zu super-packets", seed, supers);
}

int
main(void)
{
	test_join();
	test_join_headers();
	test_join_refused();
	test_join_flags();
	test_join_bytes();
	test_join_hash();
	test_join_extensions();
	test_join_ones();
	test_join_bytes_bound();
	test_join_order();
	test_join_ids();
	test_join_bad();
	test_join_full();
	test_join_random();
	return DONE();
}
