/* SPDX-License-Identifier: ISC */
/* Blocks of ports: they rest before somebody else has them, are logged, and are
 * the host's own where they are computed (RFC 7422). */
#include "natworld.h"

static struct world w;

static const char *server = "203.0.113.7";

static void
test_rest(void)
{
	world_config(&w, 1);
	w.cfg.block = 8192;	/* seven blocks */
	w.cfg.site_blocks[0] = 7;
	world_start(&w);
	for (unsigned h = 0; h < 7; h++)
		out(&w, 1, udp(branch1_host(h), 5, server, 80));
	struct leg l = udp("10.2.0.5", 1, server, 80);
	OKF(!out(&w, 2, l), "6888-8: all blocks are taken");
	world_wait(&w, 301);
	OKF(w.nat.table.used == 0 && !out(&w, 2, l),
	    "6888-8: freed, they rest");
	world_wait(&w, 118);
	OKF(!out(&w, 2, l), "6888-8: for 120 seconds");
	world_wait(&w, 3);
	OKF(out(&w, 2, l), "6888-8: then another host may have one");
	world_down(&w);
}

/* The attack: a ping a second and a half by ever other hosts, each of which
 * takes a block for 60 seconds and leaves it to rest for 120. */
static void
test_rest_counts(void)
{
	unsigned most = 0, refused = 0, asked = 0;

	world_config(&w, 1);	/* 126 blocks */
	w.cfg.shared = w.site[1];
	w.cfg.site_blocks[0] = 126 / 2;
	world_start(&w);
	for (unsigned i = 0; i < 400; i++) {
		out(&w, 1, (struct leg){ .proto = PROTO_ICMP,
		    .src = branch1_host(i), .sport = 7, .dst = server,
		    .type = 8 });
		if (i % 2 != 0)
			world_wait(&w, 3);
		if (w.nat.ports.used > most)
			most = w.nat.ports.used;
		if (i % 20 != 19)
			continue;
		char src[20];
		snprintf(src, sizeof(src), "10.2.0.%u", i / 20);
		asked++;
		refused += !out(&w, 2, syn(src, 1, server, 80));
	}
	OKF(most <= 63 + 20 && refused == 0, "H1, N8: blocks at rest count for "
	    "the location: %u of 126 taken, %u of %u of the other refused",
	    most, refused, asked);
	world_wait(&w, 1000);
	world_wait(&w, 121);
	OKF(w.nat.ports.used == 0 && w.nat.ports.site_blocks[1][0] == 0 &&
	    w.nat.ports.site_blocks[2][0] == 0, "H1: and are given back");
	world_down(&w);
}

static void
test_rest_host(void)
{
	unsigned n = 0;

	world_config(&w, 4);
	w.cfg.block = 64;
	w.cfg.host_blocks = 2;
	world_start(&w);
	for (uint16_t i = 0; i < 128; i++)
		n += out(&w, 1, udp("10.1.0.5", (uint16_t)(2000 + i), server,
		    80));
	world_wait(&w, 301);
	OKF(n == 128 && w.nat.table.used == 0 && w.nat.ports.used == 2,
	    "H1b: a host has its two blocks, and leaves them");
	for (n = 0; n < 300; n++)
		if (!out(&w, 1, udp("10.1.0.5", (uint16_t)(3000 + n), server,
		    80)))
			break;
	OKF(n == 128 && w.nat.ports.used == 2,
	    "H1b: it has the same two again, and no third");
	world_down(&w);
}

/* One is refused a thousand flows at once: what others take is still told. */
static void
test_events(void)
{
	struct nat_event e;
	unsigned taken = 0;

	world_config(&w, 4);
	w.cfg.host_flows = 1;
	world_start(&w);
	for (uint16_t i = 0; i < 3000; i++)
		out(&w, 1, syn("10.1.0.5", (uint16_t)(1024 + i), server, 80));
	for (unsigned h = 0; h < 300; h++) {
		char src[20];
		snprintf(src, sizeof(src), "10.2.%u.%u", h / 200, h % 200);
		out(&w, 2, syn(src, 5, server, 80));
	}
	while (nat_news(&w.nat, &e))
		taken += e.what == NAT_TAKEN;
	OKF(taken == 301 && w.nat.lost == 0, "F24c: complaints take no line "
	    "from who has which port (%u)", taken);
	world_down(&w);
}

/* How often a process wakes that sees no packet. */
static unsigned
wakes(unsigned seconds)
{
	nsec end = w.now + seconds * NSEC_SEC, due;
	unsigned n = 0;

	while ((due = nat_due(&w.nat)) != 0 && due <= end) {
		w.now = due > w.now ? due : w.now;
		while (nat_tick(&w.nat, w.now, NAT_SWEEP))
			;
		n++;
	}
	w.now = end;
	return n;
}

/* A packet, and what its wake-up has to do besides. */
static void
leave(struct leg l)
{
	out(&w, 1, l);
	world_wait(&w, 0);
}

static void
test_idle(void)
{
	world_up(&w, 1);
	OKF(wakes(86400) == 0, "F39: without a flow nothing is ever due");
	leave(udp("10.1.0.5", 5, server, 80));
	OKF(wakes(299) == 0 && w.nat.table.used == 1 && wakes(1) == 1 &&
	    w.nat.table.used == 0, "F39: one flow: when it ends");
	OKF(wakes(119) == 0 && wakes(1) == 1 && w.nat.ports.used == 0,
	    "F39: and when its block has rested");
	OKF(wakes(86400) == 0, "F39: then nothing");
	for (unsigned i = 0; i < 200; i++) {
		out(&w, 1, udp("10.1.0.5", 5, server, 80));
		world_wait(&w, 5);
	}
	unsigned n = wakes(300);
	OKF(n <= 3 && w.nat.table.used == 0, "F39: one that was refreshed: "
	    "%u times", n);
	for (uint16_t i = 0; i < 3000; i++)
		out(&w, 1, udp("10.1.0.5", (uint16_t)(5000 + i), server, 80));
	w.now += 5000 * NSEC_SEC;	/* longer than the wheel is */
	leave(syn("10.1.0.5", 5, server, 80));
	n = wakes(8000);
	OKF(n <= 20 && w.nat.table.used == 0 && w.nat.ports.used == 0,
	    "F39: after a long sleep all that is over ends (%u)", n);
	world_down(&w);
}

static void
test_log(void)
{
	struct nat_event e;
	unsigned taken = 0, freed = 0;

	world_up(&w, 2);
	for (uint16_t i = 0; i < 500; i++) {
		char dst[20];
		snprintf(dst, sizeof(dst), "203.0.113.%u", 1 + i % 200);
		out(&w, 1, syn("10.1.0.5", (uint16_t)(3000 + i), dst, 80));
	}
	struct nat_event was;
	bool right = nat_news(&w.nat, &e) && e.what == NAT_TAKEN &&
	    is_at(&e.host, "10.1.0.5") && e.site == 1 && e.wall ==
	    1700000000 + 1000;
	OKF(right && !nat_news(&w.nat, &e),
	    "6888-14, 6888-s4: 500 flows are one line: subscriber, block, time");
	uint16_t pool, first, last;
	nat_block_range(&w.nat.ports, e.block, &pool, &first, &last);
	OKF(addr_eq(&w.pool[pool], &w.ip.src) && w.ip.sport >= first &&
	    w.ip.sport <= last && last - first == 511,
	    "6888-12: address and ports, no destination");
	was = e;
	world_wait(&w, 300);
	while (nat_news(&w.nat, &e)) {
		taken += e.what == NAT_TAKEN;
		freed += e.what == NAT_FREED && e.block == was.block &&
		    e.site == was.site && addr_eq(&e.host, &was.host);
	}
	OKF(taken == 0 && freed == 1, "6888-14: and one when it is given back");
	world_down(&w);
}

/* How hard ports are to guess: within a block of 512, all are used, and the
 * next one does not follow from the last. */
static void
test_guess(void)
{
	unsigned seen[512] = { 0 }, used = 0, next = 0;
	uint16_t last = 0;

	world_config(&w, 1);
	w.cfg.host_blocks = 1;
	world_start(&w);
	for (int round = 0; round < 20; round++) {
		for (uint16_t i = 0; i < 100; i++) {
			out(&w, 1, syn("10.1.0.5", (uint16_t)(3000 + i),
			    server, 80));
			seen[w.ip.sport % 512]++;
			next += w.ip.sport == last + 1;
			last = w.ip.sport;
		}
		world_wait(&w, 300);
	}
	for (int i = 0; i < 512; i++)
		used += seen[i] != 0;
	OKF(used > 480 && next < 100, "6888-15, 7857-9: ports of a block are "
	    "drawn at random (%u used, %u followed)", used, next);
	int full = 0;
	for (uint16_t i = 0; i < 512; i++)
		full += out(&w, 1, syn("10.1.0.5", (uint16_t)(3000 + i),
		    server, 80));
	OKF(full == 512, "6888-13: and all of them are used");
	world_down(&w);
}

static void
test_fixed(void)
{
	static struct nat_span span[2];
	static uint8_t had[2][1024];
	int wrong = 0, twice = 0;

	memset(had, 0, sizeof(had));
	span[0] = (struct nat_span){ at("10.1.0.0"), 256, 0, 1 };
	span[1] = (struct nat_span){ at("10.2.0.0"), 128, 256, 2 };
	world_config(&w, 2);
	w.cfg.span = span;
	w.cfg.nspans = 2;
	w.cfg.nfixed = 384;
	w.cfg.fixed = (struct nat_range){ 0, 2 };
	w.cfg.block = 256;	/* 252 blocks an address */
	w.cfg.flows = w.cfg.site_flows = 65536;
	world_start(&w);
	for (unsigned h = 0; h < 384; h++) {
		char src[20];
		snprintf(src, sizeof(src), "10.%u.0.%u", h < 256 ? 1 : 2,
		    h % 256);
		out(&w, h < 256 ? 1 : 2, syn(src, 5000, server, 80));
		unsigned pool = w.ip.src.b[15] - 1u;
		unsigned block = (w.ip.sport - 1024u) / 256;
		wrong += pool != h % 2 || block != h / 2;
		twice += had[pool][block]++;
	}
	OKF(wrong == 0 && twice == 0,
	    "7422: each host has its own block, computed both ways");
	/* more than the block holds: the rest, which is logged */
	struct nat_event e;
	while (nat_news(&w.nat, &e))
		;
	for (uint16_t i = 0; i < 400; i++)
		out(&w, 1, syn("10.1.0.7", (uint16_t)(6000 + i), server, 80));
	bool told = nat_news(&w.nat, &e) && e.what == NAT_TAKEN &&
	    is_at(&e.host, "10.1.0.7");
	OKF(told && e.block % 252 >= 192, "7422: what it needs beyond that "
	    "comes from the blocks that are left");
	world_wait(&w, 300);
	out(&w, 1, syn("10.1.0.7", 5001, server, 80));
	OKF((w.ip.sport - 1024u) / 256 == 7 / 2,
	    "7422: the own block does not rest");
	world_down(&w);
}

int
main(void)
{
	test_rest();
	test_rest_counts();
	test_rest_host();
	test_events();
	test_idle();
	test_log();
	test_guess();
	test_fixed();
	return DONE();
}
