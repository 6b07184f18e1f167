/* SPDX-License-Identifier: ISC */
/* Fragments through the translator: in order, out of order, too many.  By the
 * ids of bh-egress(8)'s table. */
#include "natworld.h"

static struct world w;

static const char *host = "10.1.0.5", *server = "203.0.113.7";

/* A fragment of a UDP datagram: the first has the header, the last one of
 * three no MF. */
static struct leg
piece(const char *src, uint16_t sport, const char *dst, uint16_t dport,
    unsigned i, uint16_t id)
{
	return (struct leg){ .proto = PROTO_UDP, .src = src, .sport = sport,
		.dst = dst, .dport = dport, .id = id,
		.payload = i == 0 ? 992 : 1000,
		.frag = (uint16_t)((i < 2 ? IP4_MF : 0) | i * 125) };
}

static enum verdict
out_piece(unsigned i, uint16_t id)
{
	struct leg l = piece(host, 5000, server, 53, i, id);

	make(&w.pk, &l);
	return out_again(&w, 1);
}

static uint16_t
id_of(const struct packet *pk)
{
	return be16_get(((const struct ip4_hdr *)pk->b)->id);
}

static const enum verdict passed = (enum verdict)V_NEXT;

static void
test_order(void)
{
	world_up(&w, 2);
	OKF(out_piece(0, 7) == passed && !is_at(&w.ip.src, host),
	    "4787-14: a first fragment is translated");
	uint16_t id = id_of(&w.pk);
	struct addr a = w.ip.src;
	OKF(out_piece(1, 7) == passed && addr_eq(&w.ip.src, &a) &&
	    id_of(&w.pk) == id && out_piece(2, 7) == passed &&
	    id_of(&w.pk) == id, "4787-14: those behind it likewise");
	OKF(w.ip.frag_off == 2000 && !w.ip.more && w.ip.len == 1020,
	    "4787-13a: nothing else of them changes");
	OKF(out_piece(0, 8) == passed && id_of(&w.pk) != id,
	    "7857-10: another datagram has another id");
	world_down(&w);
}

static void
test_disorder(void)
{
	static uint8_t held[NAT_HELD_MAX];
	uint16_t from;
	size_t n, got = 0;

	world_up(&w, 2);
	OKF(out_piece(2, 7) == V_NAT_HELD && out_piece(1, 7) == V_NAT_HELD,
	    "4787-14: later fragments wait for the first");
	OKF(nat_released(&w.nat, held, &from, false, w.now) == 0,
	    "4787-14: as long as there is none");
	out_piece(0, 7);
	struct addr a = w.ip.src;
	uint16_t id = id_of(&w.pk);
	while ((n = nat_released(&w.nat, held, &from, false, w.now)) > 0) {
		memcpy(w.pk.b, held, n);
		w.pk.n = n;
		got += from == 1 && out_again(&w, from) == passed &&
		    addr_eq(&w.ip.src, &a) && id_of(&w.pk) == id;
	}
	OKF(got == 2, "4787-14: and go after it");
	out_piece(1, 9);
	w.now += 2 * NSEC_SEC;
	out_piece(0, 9);
	OKF(nat_released(&w.nat, held, &from, false, w.now) == 0,
	    "N5: but not for longer than a second");
	world_down(&w);
}

static void
test_inward(void)
{
	static uint8_t held[NAT_HELD_MAX];
	uint16_t from;

	world_up(&w, 2);
	struct leg l = { .proto = PROTO_UDP, .src = host, .sport = 5000,
		.dst = server, .dport = 53, .payload = 9 };
	out(&w, 1, l);
	struct addr a = w.ip.src;
	uint16_t port = w.ip.sport;
	l = piece(server, 53, text(&a), port, 1, 70);
	make(&w.pk, &l);
	OKF(in_again(&w) == V_NAT_HELD, "4787-14: inward, they wait as well");
	l = piece(server, 53, text(&a), port, 0, 70);
	OKF(in(&w, l) && is_at(&w.ip.dst, host) && w.ip.dport == 5000,
	    "4787-14: the first finds its host");
	size_t n = nat_released(&w.nat, held, &from, true, w.now);
	memcpy(w.pk.b, held, n);
	w.pk.n = n;
	OKF(n == 1020 && in_again(&w) == passed && is_at(&w.ip.dst, host) &&
	    w.ip.frag_off == 1000, "4787-14: and then those that waited");
	l = piece("203.0.113.8", 53, text(&a), port, 0, 71);
	OKF(!in(&w, l), "4787-14: a first one that is not let in");
	l = piece("203.0.113.8", 53, text(&a), port, 1, 71);
	make(&w.pk, &l);
	OKF(in_again(&w) == V_NAT_HELD &&
	    nat_released(&w.nat, held, &from, true, w.now) == 0,
	    "N5: lets none behind it in");
	world_down(&w);
}

/* One sender may not take the room of all; nothing grows. */
static void
test_flood(void)
{
	unsigned mine = 0;

	world_up(&w, 2);
	for (uint32_t i = 0; i < 1000000; i++) {
		struct leg l = piece("10.2.0.66", 1, server, 53, 1,
		    (uint16_t)i);
		if (i < 70000) {
			make(&w.pk, &l);
			mine += out_again(&w, 2) == V_NAT_HELD;
		} else {	/* the same bytes with another id */
			wire_put16(w.pk.b + 4, (uint16_t)i);
			packet_sum_ip(w.pk.b);
			mine += out_again(&w, 2) == V_NAT_HELD;
		}
	}
	OKF(mine == NAT_HELD_EACH && w.nat.frags.held == NAT_HELD_EACH,
	    "4787-14a, N5: of 10^6 fragments without a first %u wait", mine);
	OKF(w.nat.table.used == 0, "4787-14a: they make no flow");
	OKF(out_piece(1, 7) == V_NAT_HELD && out_piece(0, 7) == passed,
	    "N5: another location's fragments still have room");
	OKF(out_piece(0, 8) == passed && out_piece(1, 8) == passed,
	    "N5: and those in order need none");
	struct leg l = piece(host, 5000, server, 53, 1, 99);
	l.payload = 4000;
	make(&w.pk, &l);
	OKF(out_again(&w, 1) == V_NAT_FRAGMENT,
	    "4787-14a: one that is larger than any link's does not wait");
	world_down(&w);
}

/* Nobody outside knows which datagrams share a set. */
static void
test_key(void)
{
	static const uint8_t key[16] = "not a secret";	/* natworld.h */

	world_up(&w, 1);
	OKF(memcmp(w.nat.frags.key, key, 16) == 0 &&
	    memcmp(w.nat.ids.key, key, 16) == 0 &&
	    memcmp(w.nat.table.key, key, 16) == 0 &&
	    memcmp(w.nat.ports.key, key, 16) == 0,
	    "what is hashed is keyed: fragments, too");
	world_down(&w);
}

static struct ip
datagram(unsigned part, uint32_t i)
{
	struct ip ip = { .version = 4, .proto = PROTO_UDP,
		.src = at("10.1.0.5"), .dst = at("203.0.113.7") };

	if (part == 0)
		ip.frag_id = i;
	else if (part == 1)
		ip.src.b[15] = (uint8_t)i;
	else if (part == 2)
		ip.dst.b[15] = (uint8_t)i;
	else
		ip.proto = (uint8_t)i;
	return ip;
}

/* Many datagrams at once that differ in one of these do not displace one
 * another; of very many, no place stays empty. */
static void
test_many(void)
{
	static const char *const what[] = { "ids", "sources", "destinations",
		"protocols" };
	struct addr to = at("198.51.100.1");
	unsigned used = 0;

	for (unsigned part = 0; part < 4; part++) {
		unsigned found = 0;
		world_up(&w, 1);
		for (uint32_t i = 0; i < 128; i++) {
			struct ip ip = datagram(part, i % 64);
			if (i < 64)
				nat_frag_learn(&w.nat.frags, &ip, &to,
				    (uint16_t)i, w.now);
			else
				found += nat_frag_find(&w.nat.frags, &ip,
				    w.now) != NULL;
		}
		OKF(found == 64, "4787-14: datagrams of 64 %s: %u", what[part],
		    found);
		world_down(&w);
	}
	world_up(&w, 1);
	for (uint32_t i = 0; i < 8 * NAT_FRAG_SETS * NAT_FRAG_WAYS; i++) {
		struct ip ip = datagram(0, i);
		nat_frag_learn(&w.nat.frags, &ip, &to, 1, w.now + i);
	}
	for (unsigned i = 0; i < NAT_FRAG_SETS * NAT_FRAG_WAYS; i++)
		used += w.nat.frags.datagram[i / NAT_FRAG_WAYS]
		    [i % NAT_FRAG_WAYS].known;
	OKF(used == NAT_FRAG_SETS * NAT_FRAG_WAYS, "4787-14: all places are "
	    "used: %u", used);
	world_down(&w);
}

int
main(void)
{
	test_many();
	test_key();
	test_order();
	test_disorder();
	test_inward();
	test_flood();
	return DONE();
}
