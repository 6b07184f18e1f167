/* SPDX-License-Identifier: ISC */
/* Sharing one pool among branches: RFC 6888, 7422, N1, N2; and what another
 * process left.  By the ids of bh-egress(8)'s table. */
#include "natworld.h"

static struct world w;

static const char *server = "203.0.113.7";

static struct leg
syn(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct leg){ .proto = PROTO_TCP, .src = src, .sport = sport,
		.dst = dst, .dport = dport, .flags = TCP_SYN, .seq = 1 };
}

static struct leg
udp(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct leg){ .proto = PROTO_UDP, .src = src, .sport = sport,
		.dst = dst, .dport = dport, .payload = 10 };
}

static const char *
branch1_host(unsigned i)
{
	static char buf[20];

	snprintf(buf, sizeof(buf), "10.1.%u.%u", i / 250, 1 + i % 250);
	return buf;
}

static unsigned
news(enum nat_news what)
{
	struct nat_event e;
	unsigned n = 0;

	while (nat_news(&w.nat, &e))
		n += e.what == what;
	return n;
}

/* N1, for a client that does what it likes: two never share an outside end. */
static void
test_random(void)
{
	static uint32_t owner[2][65536];	/* by address and port */
	uint32_t x = 2021;
	int shared = 0;

	world_config(&w, 2);
	w.cfg.flows = w.cfg.host_flows = w.cfg.site_flows = 1200000;
	w.cfg.site_blocks[0] = 252;
	w.cfg.host_blocks = 1;
	w.cfg.block = 512;
	world_start(&w);
	memset(owner, 0, sizeof(owner));
	for (int i = 0; i < 1000000; i++) {
		x = x * 1664525 + 1013904223;
		unsigned host = x >> 8 & 127;
		char src[20], dst[20];
		snprintf(src, sizeof(src), "10.%u.0.%u", 1 + host % 2,
		    1 + host / 2);
		snprintf(dst, sizeof(dst), "203.0.%u.%u", x >> 16 & 7,
		    1 + (x >> 20 & 63));
		if (!out(&w, (uint16_t)(1 + host % 2), udp(src,
		    (uint16_t)(2000 + (x >> 10) % 256), dst,
		    (uint16_t)(1 + (x >> 4) % 999))))
			continue;
		uint32_t *o = &owner[w.ip.src.b[15] - 1][w.ip.sport];
		uint32_t end = (host + 1) << 16 | (2000 + (x >> 10) % 256);
		shared += *o != 0 && *o != end;
		*o = end;
	}
	OKF(shared == 0 && w.nat.table.used > 900000,
	    "N1: in 10^6 random tuples (%u flows) no outside end has two "
	    "inside ends", w.nat.table.used);
	world_down(&w);
}

/* The four primitives of CVE-2021-3773: the attacker is a client that shares
 * an outside address with the victim. */
static void
test_shadow(void)
{
	world_up(&w, 1);
	out(&w, 1, syn("10.1.0.5", 40000, server, 443));
	uint16_t victim = w.ip.sport;
	struct addr a = w.ip.src;
	/* 1 and 2: from the very port of the victim, or of a service */
	int hit = 0;
	for (uint32_t p = 1; p < 65536; p++) {
		out(&w, 2, udp("10.2.0.66", (uint16_t)p, server, 443));
		hit += w.ip.sport == victim || w.ip.sport < 1024;
	}
	OKF(hit == 0, "N1: no source port gives an attacker the victim's, or "
	    "one below 1024");
	/* 3: a scan through a mapping of one's own finds nobody else's */
	int open = 0;
	for (uint32_t p = 1024; p < 65536; p++) {
		struct leg l = syn("203.0.113.66", 443, "198.51.100.1",
		    (uint16_t)p);
		open += in(&w, l);
	}
	OKF(open == 0, "N1: a scan of every port from outside opens none");
	/* 4: eviction */
	for (uint32_t i = 0; i < 20000; i++)
		out(&w, 2, syn("10.2.0.66", (uint16_t)(1024 + i % 60000),
		    "203.0.113.67", (uint16_t)(1 + i / 60000)));
	struct leg l = { .proto = PROTO_TCP, .src = server, .sport = 443,
		.dst = text(&a), .dport = victim, .flags = TCP_SYN | TCP_ACK,
		.seq = 5, .ack = 2 };
	OKF(in(&w, l) && is_at(&w.ip.dst, "10.1.0.5"),
	    "N1: a flood evicts nothing: the victim's answer finds it");
	world_down(&w);
}

static void
test_pairing(void)
{
	int moved = 0;

	world_config(&w, 8);
	w.cfg.host_blocks = 3;
	world_start(&w);
	for (unsigned h = 0; h < 40; h++) {
		struct addr first = { { 0 } };
		for (unsigned i = 0; i < 600; i++) {
			if (!out(&w, 1, syn(branch1_host(h), (uint16_t)(2000 +
			    i), server, 80)))
				break;
			if (i == 0)
				first = w.ip.src;
			moved += !addr_eq(&first, &w.ip.src);
		}
		world_wait(&w, 300);
	}
	OKF(moved == 0, "6888-2, 7857-4: with two blocks, still one address");
	world_down(&w);

	world_config(&w, 2);
	w.pool[1] = at("192.0.2.200");	/* not beside the first */
	w.cfg.site_blocks[0] = 252;
	w.cfg.flows = w.cfg.site_flows = 100000;
	world_start(&w);
	bool seen[2] = { false };
	for (unsigned h = 0; h < 60; h++)
		if (out(&w, 1, syn(branch1_host(h), 9, server, 80)))
			seen[is_at(&w.ip.src, "192.0.2.200")] = true;
	OKF(seen[0] && seen[1], "6888-3: a pool of scattered addresses");
	world_down(&w);
}

static void
test_quotas(void)
{
	unsigned n = 0;

	world_config(&w, 4);
	w.cfg.host_flows = 100;
	w.cfg.site_flows = 250;
	world_start(&w);
	for (uint16_t i = 0; i < 200; i++)
		n += out(&w, 1, syn("10.1.0.5", (uint16_t)(2000 + i), server,
		    80));
	OKF(n == 100 && news(NAT_OVER_QUOTA) == 100,
	    "6888-4: a host has its quota, and is told of");
	for (unsigned h = 6; h < 20; h++)
		for (uint16_t i = 0; i < 100; i++)
			n += out(&w, 1, syn(branch1_host(h), (uint16_t)(2000 +
			    i), server, 80));
	OKF(n == 250, "6888-4: a location has its quota");
	OKF(out(&w, 2, syn("10.2.0.5", 1, server, 80)),
	    "6888-5: which is not the other's");
	world_down(&w);

	world_config(&w, 1);
	w.cfg.host_blocks = 2;
	world_start(&w);
	n = 0;
	for (uint16_t i = 0; i < 2000; i++)
		n += out(&w, 1, udp("10.1.0.5", (uint16_t)(2000 + i), server,
		    80));
	OKF(n == 1024, "6888-4: and so many blocks of ports");
	world_down(&w);
}

/* G24-G26: one opens 10^6 flows, the other goes on. */
static void
test_flood(void)
{
	unsigned lost = 0, refused = 0, n = 0;

	world_config(&w, 4);
	w.cfg.flows = 40000;
	w.cfg.host_flows = 4096;
	w.cfg.site_flows = 20000;
	w.cfg.site_blocks[0] = 252;
	world_start(&w);
	for (uint16_t i = 0; i < 1000; i++)
		out(&w, 2, syn("10.2.0.5", (uint16_t)(2000 + i), server, 80));
	for (uint32_t i = 0; i < 1000000; i++) {
		out(&w, 1, syn(branch1_host(i % 500), (uint16_t)(1024 + i /
		    500), server, 80));
		if (i % 1000 == 0)
			refused += !out(&w, 2, syn("10.2.0.6",
			    (uint16_t)(2000 + n++), server, 80));
	}
	for (uint16_t i = 0; i < 1000; i++)
		lost += !out(&w, 2, syn("10.2.0.5", (uint16_t)(2000 + i),
		    server, 80));
	OKF(lost == 0, "N2, G25: 10^6 flows of one cost the other none of "
	    "1000 that it had");
	OKF(refused == 0, "N2, G26: and none of %u new ones", n);
	OKF(w.nat.table.used <= 22000, "6888-5: nor more memory than its part");
	world_down(&w);
}

static void
test_full(void)
{
	enum verdict v;

	world_config(&w, 1);
	w.cfg.flows = w.cfg.site_flows = w.cfg.host_flows = 1000;
	world_start(&w);
	for (uint16_t i = 0; i < 1000; i++)
		out(&w, 1, udp("10.1.0.5", (uint16_t)(2000 + i), server, 80));
	OKF(news(NAT_NEAR_FULL) == 1, "6888-10: told once that 80 %% is used");
	struct leg l = udp("10.2.0.5", 1, server, 80);
	make(&w.pk, &l);
	v = out_again(&w, 2);
	OKF(v == V_NAT_FULL && w.nat.table.used == 1000 &&
	    news(NAT_NO_PORT) == 1,
	    "6888-11: a full table refuses, and removes nothing");
	OKF(is_at(&w.ip.src, "10.2.0.5"),
	    "5508-8: the packet is as it was, for the error that quotes it");
	world_down(&w);
	world_config(&w, 1);
	w.site[2].part[0].n = 0;
	world_start(&w);
	make(&w.pk, &l);
	OKF(out_again(&w, 2) == V_NAT_REFUSED,
	    "5508-8: no pool for it: refused, with a reason of its own");
	world_down(&w);
}

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

/* 16 hosts, 16 addresses: chance alone leaves a third of them empty, and puts
 * three or four hosts on one. */
static void
test_spread(void)
{
	static const uint8_t keys[][16] = { "one", "two", "three", "four",
		"five", "six", "seven", "eight", "nine", "ten" };
	unsigned most = 0, taken = 0, crowded = 0, again = 0;

	for (size_t k = 0; k < 10; k++) {
		world_config(&w, 16);
		w.rec = world_records(&w.cfg);
		w.mem = calloc(1, nat_memory(&w.cfg));
		nat_init(&w.nat, &w.cfg, &w.rec, w.mem, keys[k]);
		unsigned on[16] = { 0 };
		for (unsigned h = 0; h < 16; h++) {
			out(&w, 1, udp(branch1_host(h), 5, server, 80));
			struct addr first = w.ip.src;
			on[first.b[15] - 1]++;
			again += out(&w, 1, udp(branch1_host(h), 9, server,
			    80)) && addr_eq(&w.ip.src, &first);
		}
		for (unsigned i = 0; i < 16; i++) {
			taken += on[i] > 0;
			crowded += on[i] > 2;
			most = on[i] > most ? on[i] : most;
		}
		world_down(&w);
	}
	OKF(most <= 3 && taken >= 115 && crowded <= 4, "F36: 16 hosts on %u.%u "
	    "of 16 addresses, at most %u on one (more than two: %u of 160)",
	    taken / 10, taken % 10, most, crowded);
	OKF(again == 160, "F36, 4787-2: each keeps its own");
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

static uint16_t
id_of(uint16_t from, const char *src, const char *dst)
{
	out(&w, from, udp(src, 5, dst, 80));
	return (uint16_t)(w.pk.b[4] << 8 | w.pk.b[5]);
}

/* Packets of two branches: one counts its own identifications, and would know
 * how many the other has sent meanwhile. */
static void
test_ids(void)
{
	static bool seen[65536];
	unsigned twice = 0, told = 0, plain = 0;

	world_up(&w, 1);
	for (unsigned i = 0; i < 65536; i++) {
		uint16_t id = id_of(1, "10.1.0.5", server);
		twice += seen[id];
		seen[id] = true;
	}
	OKF(twice == 0, "H4, N9: 65536 datagrams to one host, no identification "
	    "twice");
	for (unsigned i = 0; i < 1000; i++) {
		uint16_t before = id_of(1, "10.1.0.6", "203.0.113.66");
		for (unsigned k = 0; k < i % 5; k++)
			id_of(2, "10.2.0.5", server);
		uint16_t after = id_of(1, "10.1.0.6", "203.0.113.66");
		told += after == (uint16_t)(before + 1 + i % 5);
		plain += (uint16_t)(after - before) < 256;
	}
	OKF(told < 5 && plain < 20, "H4: nothing follows from them about "
	    "others' packets (%u, %u of 1000)", told, plain);
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

/* ---- deterministic (RFC 7422) ---- */

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
	w.cfg.fixed = (struct nat_part){ 0, 2 };
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

/* ---- what another process left ---- */

static int
whose(const void *arg, const struct addr *inside)
{
	(void)arg;
	return inside->b[13] == 1 ? 1 : inside->b[13] == 2 ? 2 : -1;
}

static struct nat_legacy
legacy(const struct world *old)
{
	return (struct nat_legacy){ .rec = old->rec, .flows = old->cfg.flows,
		.pool = old->pool, .npool = old->cfg.npool,
		.block = old->cfg.block, .place = whose };
}

static void
test_adopt(void)
{
	static struct world old;
	struct { struct addr a; uint16_t p; } end[300];
	int kept = 0, back = 0;

	world_up(&w, 2);
	for (uint16_t i = 0; i < 300; i++) {
		out(&w, 1, udp(branch1_host(i % 30), (uint16_t)(3000 + i),
		    server, 80));
		end[i].a = w.ip.src;
		end[i].p = w.ip.sport;
	}
	old = w;
	world_config(&w, 2);
	w.cfg.flows = 8192;	/* a larger one */
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 300, "state: all flows go on");
	unsigned counted = 0;
	for (uint32_t h = 1; h < w.nat.ports.host_fresh; h++)
		counted += w.nat.ports.host[h].flows == 10 &&
		    w.nat.ports.host[h].nblocks == 1 &&
		    w.nat.ports.host[h].site == 1;
	OKF(counted == 30 && w.nat.site_flows[1] == 300 &&
	    w.nat.site_flows[2] == 0 && w.nat.ports.used == 30 &&
	    w.nat.ports.site_blocks[1][0] == 30,
	    "state: counted for host and location as before");
	for (uint16_t i = 0; i < 300; i++)
		back += in(&w, udp(server, 80, text(&end[i].a), end[i].p)) &&
		    w.ip.dport == 3000 + i;
	for (uint16_t i = 0; i < 300; i++)
		kept += out(&w, 1, udp(branch1_host(i % 30), (uint16_t)(3000 +
		    i), server, 80)) && w.ip.sport == end[i].p &&
		    addr_eq(&w.ip.src, &end[i].a);
	OKF(kept == 300 && back == 300 && w.nat.table.used == 300,
	    "state: both ways, by the same outside ends");
	world_wait(&w, 301);
	OKF(w.nat.table.used == 0 && w.nat.ports.used > 0,
	    "state: and end when they should");
	world_wait(&w, 121);
	OKF(w.nat.ports.used == 0, "state: as do their blocks");
	world_down(&w);
	world_down(&old);
}

/* A record that is torn, or changed in any of its bytes, is not believed; the
 * others are. */
static void
test_torn(void)
{
	static struct world old;
	int wrong = 0;

	world_up(&w, 1);
	for (uint16_t i = 0; i < 3; i++)
		out(&w, 1, udp(branch1_host(i), 3000, server, 80));
	old = w;
	struct nat_flow saved = old.rec.flow[2];
	size_t n = offsetof(struct nat_flow, seal);
	for (size_t at = 0; at <= n; at++)
		for (uint8_t bit = 0; bit < 8; bit++) {
			((uint8_t *)&old.rec.flow[2])[at] ^=
			    (uint8_t)(1u << bit);
			world_config(&w, 1);
			world_start(&w);
			struct nat_legacy l = legacy(&old);
			wrong += nat_adopt(&w.nat, &l, w.now) != 2;
			world_down(&w);
			old.rec.flow[2] = saved;
		}
	OKF(wrong == 0, "state: of 480 changed records none is taken over");
	for (size_t half = 0; half < n; half += 4) {
		memset((uint8_t *)&old.rec.flow[2] + half, 0, n - half);
		world_config(&w, 1);
		world_start(&w);
		struct nat_legacy l = legacy(&old);
		wrong += nat_adopt(&w.nat, &l, w.now) != 2;
		world_down(&w);
		old.rec.flow[2] = saved;
	}
	OKF(wrong == 0, "state: nor is half of one");
	/* sealed, but against the configuration that is there now */
	world_config(&w, 1);
	w.pool[0] = at("198.51.100.200");
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	l.pool = old.pool;
	OKF(nat_adopt(&w.nat, &l, w.now) == 0 && w.nat.table.used == 0 &&
	    w.nat.ports.used == 0, "4787-7: an address that is not in "
	    "the pool any more ends its flows");
	world_down(&w);
	/* two hosts that claim one port: the file was made up */
	old.rec.flow[2].outside_port = old.rec.flow[1].outside_port;
	old.rec.flow[2].outside = old.rec.flow[1].outside;
	old.rec.flow[2].seal = nat_table_seal(&old.rec.flow[2]);
	world_config(&w, 1);
	world_start(&w);
	l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 2,
	    "state: nor is a port that another host has");
	world_down(&w);
	world_down(&old);
}

/* What is sealed and whole, but cannot be: by what is done to the second of
 * two flows of one host. */
static void
made_up(struct nat_flow *f, const struct nat_flow *first, int how, uint32_t s)
{
	switch (how) {
	case 0: f->proto = 50; break;
	case 1: f->proto = PROTO_ICMP6; break;
	case 2: f->outside = at("2001:db8:f::1"); break;
	case 3: f->remote = at("2001:db8::7"); break;
	case 4: f->inside = at("2001:db8:1::5"); break;
	case 5: f->remote_port = 0; break;
	case 6: f->kind |= NAT_PERMIT; break;
	case 7: f->kind |= 4; break;
	case 8: f->kind |= NAT_STATIC; break;
	case 9: f->expires = s; break;
	case 10: f->expires = s + 8 * 86400 + 1; break;
	case 11: f->inside = at("10.9.0.5"); break;
	case 12: f->inside = at("10.1.0.77"); break;
	case 13: f->outside_port ^= 1024; break;
	case 14: f->outside_port = 1023; break;
	case 15: *f = *first; break;
	case 16: f->inside_port = first->inside_port; f->remote_port++; break;
	/* and what can be */
	case 17: f->expires = s + 1; break;
	case 18: f->expires = s + 8 * 86400; break;
	case 19: f->remote_port++; break;
	}
}
enum { IMPOSSIBLE = 17, POSSIBLE = 3 };

static void
test_made_up(void)
{
	static struct world old;
	uint32_t s;

	world_up(&w, 1);
	out(&w, 1, udp("10.1.0.5", 3000, server, 80));
	out(&w, 1, udp("10.1.0.5", 3001, server, 80));
	old = w;
	s = (uint32_t)(old.now / NSEC_SEC);
	const struct nat_flow saved = old.rec.flow[2];
	for (int how = 0; how < IMPOSSIBLE + POSSIBLE; how++) {
		old.rec.flow[2] = saved;
		made_up(&old.rec.flow[2], &old.rec.flow[1], how, s);
		old.rec.flow[2].seal = nat_table_seal(&old.rec.flow[2]);
		world_config(&w, 1);
		world_start(&w);
		struct nat_legacy l = legacy(&old);
		size_t want = how < IMPOSSIBLE ? 1 : 2;
		OKF(nat_adopt(&w.nat, &l, w.now) == want &&
		    w.nat.table.used == want && w.nat.site_flows[1] == want,
		    "state: flow %d is %s", how, want == 1 ? "made up" :
		    "possible");
		world_down(&w);
	}
	/* alone, of a host whose block it is not */
	old.rec.flow[2].seal = 0;
	old.rec.flow[1].inside = at("10.1.0.77");
	old.rec.flow[1].seal = nat_table_seal(&old.rec.flow[1]);
	world_config(&w, 1);
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 0 && w.nat.site_flows[1] == 0,
	    "state: nor has a host another's block");
	world_down(&w);
	world_down(&old);
}

/* A process that takes over knows whose quota rests. */
static void
test_rest_adopted(void)
{
	static struct world old;
	struct nat_legacy l;

	world_config(&w, 1);
	world_start(&w);
	for (unsigned h = 0; h < 5; h++)
		out(&w, 1, udp(branch1_host(h), 5, server, 80));
	world_wait(&w, 301);
	old = w;
	world_config(&w, 1);
	w.cfg.shared = w.site[1];
	w.now = old.now;
	world_start(&w);
	l = legacy(&old);
	nat_adopt(&w.nat, &l, w.now);
	OKF(w.nat.ports.used == 5 && w.nat.ports.site_blocks[1][0] == 5,
	    "H1c: after a restart, too, they count for the location");
	struct addr was = old.pool[0];
	OKF(out(&w, 1, udp(branch1_host(2), 5, server, 80)) &&
	    addr_eq(&w.ip.src, &was) && w.nat.ports.used == 5,
	    "H1c: and its host has its own again");
	world_wait(&w, 600);
	world_wait(&w, 121);
	OKF(w.nat.ports.used == 0 && w.nat.ports.site_blocks[1][0] == 0,
	    "H1c: until they have rested");
	world_down(&w);
	world_down(&old);
}

int
main(void)
{
	test_random();
	test_shadow();
	test_pairing();
	test_quotas();
	test_flood();
	test_full();
	test_rest();
	test_rest_counts();
	test_rest_host();
	test_spread();
	test_events();
	test_ids();
	test_idle();
	test_log();
	test_guess();
	test_static();
	test_static_in_pool();
	test_fixed();
	test_adopt();
	test_torn();
	test_made_up();
	test_rest_adopted();
	return DONE();
}
