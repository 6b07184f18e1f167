/* SPDX-License-Identifier: ISC */
/* What is fetched ahead of a burst is what its packets are looked up by. */
#include "natworld.h"

static struct world w;

static uint64_t
key_hash(const struct leg *l, enum nat_dir dir)
{
	bool icmp = l->proto == PROTO_ICMP || l->proto == PROTO_ICMP6;
	bool outward = dir == NAT_OUTWARD;
	struct nat_key k = { .proto = l->proto,
		.local = at(outward ? l->src : l->dst),
		.remote = at(outward ? l->dst : l->src),
		.local_port = icmp || outward ? l->sport : l->dport,
		.remote_port = icmp ? 0 : outward ? l->dport : l->sport };

	return nat_table_hash(&w.nat.table, outward ? NAT_OUT : NAT_IN, &k);
}

static void
test_foreseen(void)
{
	static const char *const end[2][2] = { { "10.1.0.5", "203.0.113.7" },
		{ "2001:db8:1::5", "2001:db8:9::7" } };
	static const uint8_t protos[2][3] = {
		{ PROTO_TCP, PROTO_UDP, PROTO_ICMP },
		{ PROTO_TCP, PROTO_UDP, PROTO_ICMP6 } };

	for (unsigned i = 0; i < 12; i++) {
		unsigned v6 = i / 6;
		enum nat_dir dir = i / 3 % 2 == 0 ? NAT_OUTWARD : NAT_INWARD;
		size_t least = (v6 ? 40 : 20) + 8;
		struct leg l = { .proto = protos[v6][i % 3], .payload = 40,
			.src = end[v6][0], .sport = 0x1234,
			.dst = end[v6][1], .dport = 0x5678 };
		make(&w.pk, &l);
		OKF(nat_foresee(&w.nat, dir, w.pk.b, least) ==
		    key_hash(&l, dir) && nat_foresee(&w.nat, dir, w.pk.b,
		    least - 1) == 0, "IPv%d, protocol %d, %s",
		    v6 ? 6 : 4, l.proto, dir == NAT_OUTWARD ? "out" : "in");
	}
}

static void
test_refused(void)
{
	struct leg l = { .proto = PROTO_UDP, .src = "10.1.0.5",
		.dst = "203.0.113.7", .sport = 1, .dport = 2, .payload = 40 };

	make(&w.pk, &l);
	w.pk.b[0] = 0x46;
	OKF(nat_foresee(&w.nat, NAT_OUTWARD, w.pk.b, w.pk.n) == 0,
	    "options are not gone through");
	OKF(nat_foresee(&w.nat, NAT_OUTWARD, w.pk.b, 0) == 0,
	    "nothing is nobody's");
	nat_fetch(&w.nat, NAT_OUTWARD, 0);
}

static void
test_large(void)
{
	for (uint16_t i = 0; i < 2048; i++) {
		if (i == 2047)
			OKF(!nat_is_large(&w.nat), "2047 flows are few");
		out(&w, 1, (struct leg){ .proto = PROTO_UDP,
		    .src = "10.1.0.5", .dst = "203.0.113.7",
		    .sport = (uint16_t)(5000 + i), .dport = 53 });
	}
	OKF(nat_is_large(&w.nat), "2048 are not");
}

int
main(void)
{
	world_up(&w, 1);
	test_foreseen();
	test_refused();
	test_large();
	world_down(&w);
	return DONE();
}
