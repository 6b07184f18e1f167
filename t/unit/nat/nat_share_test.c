/* SPDX-License-Identifier: ISC */
/* Clients that share the pool: what one of them does costs the others nothing,
 * and no outside end is two clients'. */
#include "natworld.h"

static struct world w;

static const char *server = "203.0.113.7";

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
	OKF(n == 100 && news(&w, NAT_OVER_QUOTA) == 100,
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
	OKF(news(&w, NAT_NEAR_FULL) == 1, "6888-10: told once that 80 %% is used");
	struct leg l = udp("10.2.0.5", 1, server, 80);
	make(&w.pk, &l);
	v = out_again(&w, 2);
	OKF(v == V_NAT_FULL && w.nat.table.used == 1000 &&
	    news(&w, NAT_NO_PORT) == 1,
	    "6888-11: a full table refuses, and removes nothing");
	OKF(is_at(&w.ip.src, "10.2.0.5"),
	    "5508-8: the packet is as it was, for the error that quotes it");
	world_down(&w);
	world_config(&w, 1);
	w.site[2].range[0].n = 0;
	world_start(&w);
	make(&w.pk, &l);
	OKF(out_again(&w, 2) == V_NAT_REFUSED,
	    "5508-8: no pool for it: refused, with a reason of its own");
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

int
main(void)
{
	test_random();
	test_shadow();
	test_pairing();
	test_quotas();
	test_flood();
	test_full();
	test_spread();
	test_ids();
	return DONE();
}
