/* SPDX-License-Identifier: ISC */
/* What is published: a port or a whole address that always leads inside. */
#include "natworld.h"

static struct world w;

static const char *server = "203.0.113.7";

static void
test_static(void)
{
	static struct prefix friends = { .len = 120 };
	struct nat_static rules[] = {
		{ .proto = PROTO_TCP, .outside_first = 443,
		    .outside_last = 445, .inside_first = 8443,
		    .from = &friends, .nfrom = 1 },
		{ .proto = 0, .outside_last = 65535 },
	};

	friends.addr = at("203.0.113.0");
	world_config(&w, 2);
	rules[0].outside = at("198.51.100.1");
	rules[0].inside = at("10.1.0.20");
	rules[1].outside = at("198.51.100.77");
	rules[1].inside = at("10.1.0.30");
	w.cfg.statics = rules;
	w.cfg.nstatics = 2;
	world_start(&w);
	OKF(in(&w, syn(server, 999, "198.51.100.1", 444)) &&
	    is_at(&w.ip.dst, "10.1.0.20") && w.ip.dport == 8444 &&
	    sums_right(&w) && w.nat.table.used == 0,
	    "6888-9: a published port leads inside, and makes no state");
	OKF(!in(&w, syn("203.0.114.7", 999, "198.51.100.1", 444)) &&
	    !in(&w, syn(server, 999, "198.51.100.1", 446)),
	    "6888-9: not from elsewhere, not another port");
	struct leg back = { .proto = PROTO_TCP, .src = "10.1.0.20",
		.sport = 8444, .dst = server, .dport = 999,
		.flags = TCP_SYN | TCP_ACK, .seq = 9, .ack = 2 };
	OKF(out(&w, 1, back) && is_at(&w.ip.src, "198.51.100.1") &&
	    w.ip.sport == 444 && w.nat.table.used == 1 && sums_right(&w),
	    "6888-9: the answer comes from the published port");
	back.flags = TCP_RST | TCP_ACK;
	back.dport = 998;
	OKF(out(&w, 1, back) && w.ip.sport == 444 && w.nat.table.used == 1,
	    "6888-9: a refusal does, too, and makes no state");
	OKF(out(&w, 1, udp("10.1.0.30", 53, server, 53)) &&
	    is_at(&w.ip.src, "198.51.100.77") && w.ip.sport == 53 &&
	    in(&w, udp(server, 1, "198.51.100.77", 7)) &&
	    is_at(&w.ip.dst, "10.1.0.30") && w.ip.dport == 7,
	    "6888-9: a whole address is one host's, both ways");
	/* it has no block: its flows alone are why it is known */
	struct addr whole = at("10.1.0.30");
	world_wait(&w, w.cfg.udp / 2);
	out(&w, 1, udp("10.1.0.30", 53, server, 54));
	world_wait(&w, w.cfg.udp / 2 + 2);
	uint32_t h = nat_host_find(&w.nat.ports, &whole);
	OKF(h != 0 && w.nat.ports.host[h].flows == 1,
	    "6888-9: its host is known as long as it has a flow");
	int taken = 0;
	for (uint32_t i = 0; i < 3000; i++)
		taken += out(&w, 1, syn(branch1_host(i % 200), (uint16_t)(2000
		    + i), server, 80)) && w.ip.sport < 1024;
	OKF(taken == 0, "6888-9: nobody gets a published port");
	world_down(&w);
}

/* Of an address nearly all of whose TCP ports are published, and beside one
 * that is published whole. */
static void
test_static_in_pool(void)
{
	struct nat_static rules[] = {
		{ .proto = PROTO_TCP, .outside_first = 1100,
		    .outside_last = 65000, .inside_first = 1100 },
		{ .proto = 0, .outside_last = 65535 },
	};
	unsigned got = 0, published = 0, other = 0, below = 0;

	world_config(&w, 2);
	rules[0].outside = at("198.51.100.1");
	rules[0].inside = at("10.1.0.20");
	rules[1].outside = at("198.51.100.2");
	rules[1].inside = at("10.1.0.30");
	w.cfg.statics = rules;
	w.cfg.nstatics = 2;
	w.cfg.host_blocks = 200;
	world_start(&w);
	for (uint16_t i = 0; i < 700; i++) {
		if (!out(&w, 1, syn("10.1.0.5", (uint16_t)(3000 + i), server,
		    80)))
			continue;
		got++;
		published += w.ip.sport >= 1100 && w.ip.sport <= 65000;
		below += w.ip.sport < 1100;
		other += !is_at(&w.ip.src, "198.51.100.1");
	}
	/* 1024 to 1099 and 65001 to 65535 */
	OKF(got <= 76 + 535 && got > 500 && below > 50,
	    "6888-9: what is not published is given away (%u ports)", got);
	OKF(published == 0 && other == 0,
	    "6888-9: a published port is nobody else's mapping");
	for (uint16_t i = 0; i < 100; i++)
		published += out(&w, 1, udp("10.1.0.6", (uint16_t)(3000 + i),
		    server, 80)) && w.ip.sport >= 1100 && w.ip.sport <= 65000;
	OKF(published > 50, "6888-9: but its number is, of another protocol");
	for (unsigned i = 0; i < 100; i++)
		other += out(&w, 1, udp(branch1_host(100 + i), 53, server,
		    80)) && is_at(&w.ip.src, "198.51.100.2");
	OKF(other == 0, "6888-9: nobody else is at a whole address");
	world_down(&w);
}

int
main(void)
{
	test_static();
	test_static_in_pool();
	return DONE();
}
