/* SPDX-License-Identifier: ISC */
/* The translator and UDP: RFC 4787, by the ids of bh-egress(8)'s table. */
#include "natworld.h"

static struct world w;

#define UDP(s, sp, d, dp) \
	((struct leg){ .proto = PROTO_UDP, .src = s, .sport = sp, .dst = d, \
	    .dport = dp, .payload = 20 })

static const char *host = "10.1.0.5", *other = "10.2.0.5";
static const char *server = "203.0.113.7", *server2 = "203.0.113.8";

/* Sends, and gives the outside port; 0: refused. */
static uint16_t
mapped(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return out(&w, src[3] == '1' ? 1 : 2, UDP(src, sport, dst, dport)) ?
	    w.ip.sport : 0;
}

static void
test_mapping(void)
{
	world_up(&w, 4);
	uint16_t a = mapped(host, 5000, server, 53);
	struct addr outside = w.ip.src;
	OKF(a != 0 && sums_right(&w), "4787-1, 6888-1: a packet leaves, sums right");
	OKF(mapped(host, 5000, server2, 53) == a &&
	    addr_eq(&w.ip.src, &outside) && mapped(host, 5000, server, 99) ==
	    a, "4787-1: the same port and address whatever the destination");
	int same = 0;
	for (uint16_t i = 0; i < 100; i++) {
		uint16_t p = mapped(host, (uint16_t)(6000 + i), server, 53);
		same += p != 0 && addr_eq(&w.ip.src, &outside);
	}
	OKF(same == 100, "4787-2: one host, one outside address");
	world_down(&w);
}

/* 3: two flows of two hosts never share a tuple; 11: tightness changes
 * nothing but that there is none. */
static void
test_no_overloading(void)
{
	static uint8_t taken[65536];
	int clash = 0, low = 0, got = 0;

	world_config(&w, 1);
	w.cfg.site_blocks[0] = w.cfg.host_blocks = 100;
	w.cfg.flows = w.cfg.host_flows = w.cfg.site_flows = 70000;
	world_start(&w);
	memset(taken, 0, sizeof(taken));
	for (unsigned i = 0; i < 140; i++)
		for (uint16_t s = 0; s < 512; s++) {
			char src[20];
			snprintf(src, sizeof(src), "10.%u.1.%u", 1 + i % 2, i);
			uint16_t p = mapped(src, (uint16_t)(2000 + s), server,
			    80);
			got += p != 0;
			clash += p != 0 && taken[p]++;
			low += p != 0 && p < 1024;
		}
	OKF(got == 64512, "4787-11: all %d ports are used, then no more", got);
	OKF(clash == 0, "4787-3, 7857-3: no outside port has two hosts");
	OKF(low == 0, "4787-3a: 1024 and above stay there");
	uint16_t p = mapped("10.1.1.0", 2000, server2, 9);
	OKF(p >= 1024 && taken[p] == 1,
	    "4787-11: a full pool changes no mapping and no filter");
	OKF(!in(&w, UDP(server2, 10, "198.51.100.1", p)) &&
	    in(&w, UDP(server2, 9, "198.51.100.1", p)),
	    "4787-11: ... and who may answer is as before");
	world_down(&w);
}

static void
test_parity(void)
{
	int kept = 0;

	world_up(&w, 4);
	for (uint16_t i = 0; i < 200; i++)
		kept += mapped(host, (uint16_t)(7000 + i), server, 53) % 2 ==
		    i % 2;
	OKF(kept == 200, "4787-4, 7857-8: parity is kept");
	world_down(&w);
}

static void
test_lifetime(void)
{
	world_up(&w, 4);
	uint16_t a = mapped(host, 5000, server, 53);
	struct addr outside = w.ip.src;
	world_wait(&w, 299);
	OKF(in(&w, UDP(server, 53, text(&outside), a)),
	    "4787-5: five minutes idle, and it lives");
	world_wait(&w, 2);
	OKF(!in(&w, UDP(server, 53, text(&outside), a)) &&
	    w.nat.table.used == 0, "4787-5: then not; what came in did not "
	    "refresh it (7857-7)");
	a = mapped(host, 5000, server, 53);
	outside = w.ip.src;
	for (int i = 0; i < 5; i++) {
		world_wait(&w, 250);
		mapped(host, 5000, server, 53);
	}
	OKF(in(&w, UDP(server, 53, text(&outside), a)),
	    "4787-6: what goes out refreshes it");
	world_down(&w);

	world_config(&w, 1);
	w.cfg.inbound_refresh = true;
	w.cfg.udp = 150;
	world_start(&w);
	a = mapped(host, 5000, server, 53);
	int alive = 0;
	for (int i = 0; i < 5; i++) {
		world_wait(&w, 140);
		alive += in(&w, UDP(server, 53, "198.51.100.1", a));
	}
	OKF(alive == 5, "7857-7: with nat-refresh = both, what comes in, too");
	world_wait(&w, 151);
	OKF(w.nat.table.used == 0, "4787-5: another time by configuration");
	world_down(&w);
}

/* What each kind of filter lets in: the same port, another port of the same
 * address, another address. */
static void
test_filtering(void)
{
	static const struct {
		enum nat_filter filter;
		bool same, port, address;
		const char *name;
	} rows[] = {
		{ NAT_FILTER_ADDRESS_PORT, true, false, false, "address-port" },
		{ NAT_FILTER_ADDRESS, true, true, false, "address" },
		{ NAT_FILTER_INDEPENDENT, true, true, true,
		    "endpoint-independent" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		world_config(&w, 1);
		w.cfg.filter = rows[i].filter;
		world_start(&w);
		uint16_t a = mapped(host, 5000, server, 53);
		uint32_t used = w.nat.table.used;
		OKF(in(&w, UDP(server, 53, "198.51.100.1", a)) ==
		    rows[i].same && is_at(&w.ip.dst, host) &&
		    w.ip.dport == 5000 && sums_right(&w),
		    "4787-8: %s: the same port", rows[i].name);
		OKF(in(&w, UDP(server, 54, "198.51.100.1", a)) ==
		    rows[i].port, "4787-8: %s: another port", rows[i].name);
		OKF(in(&w, UDP(server2, 53, "198.51.100.1", a)) ==
		    rows[i].address, "4787-8: %s: another address",
		    rows[i].name);
		OKF(w.nat.table.used == used,
		    "6888-5, 6888-7: %s: nothing from outside makes state",
		    rows[i].name);
		world_wait(&w, 301);
		OKF(w.nat.table.used == 0 &&
		    !in(&w, UDP(server, 53, "198.51.100.1", a)),
		    "4787-5: %s: all ends together", rows[i].name);
		world_down(&w);
	}
}

/* The kernel routes what is for the pool back to us, so hairpinning is both
 * ways, one after the other. */
static void
test_hairpin(void)
{
	world_config(&w, 4);
	w.cfg.filter = NAT_FILTER_INDEPENDENT;
	world_start(&w);
	uint16_t a = mapped(host, 5000, server, 53);
	struct addr outside = w.ip.src;
	uint16_t b = mapped(other, 6000, text(&outside), a);
	struct addr caller = w.ip.src;
	OKF(b != 0 && in_again(&w) == (enum verdict)V_NEXT &&
	    is_at(&w.ip.dst, host) && w.ip.dport == 5000 && sums_right(&w),
	    "4787-9: a host reaches another by its outside address");
	OKF(addr_eq(&w.ip.src, &caller) && w.ip.sport == b,
	    "4787-9a: who sees the caller's outside address and port");
	world_down(&w);
}

static void
test_sums(void)
{
	struct leg l = UDP(host, 5000, server, 53);
	int wrong = 0;

	world_up(&w, 4);
	l.nosum = true;
	OKF(out(&w, 1, l) && w.pk.b[26] == 0 && w.pk.b[27] == 0,
	    "4787-10: a UDP checksum of zero stays zero");
	/* every value that a checksum may have */
	for (uint32_t i = 0; i < 65536; i++) {
		l = UDP(host, 5000, server, 53);
		make(&w.pk, &l);
		wire_put16(w.pk.b + 28, (uint16_t)i);
		put_sum(w.pk.b, 20, w.pk.n, PROTO_UDP);
		wrong += out_again(&w, 1) != (enum verdict)V_NEXT ||
		    !sums_right(&w);
	}
	OKF(wrong == 0, "1624: incremental is recomputed, for all sums");
	world_down(&w);
}

/* A payload that looks like SIP, FTP or H.323 is not looked at (N3). */
static void
test_no_alg(void)
{
	static const char sip[] = "INVITE sip:b@x SIP/2.0\r\nContact: "
	    "<sip:a@10.1.0.5:5060>\r\n";
	struct leg l = UDP(host, 5060, server, 5060);

	world_up(&w, 1);
	l.payload = sizeof(sip);
	make(&w.pk, &l);
	memcpy(w.pk.b + 28, sip, sizeof(sip));
	put_sum(w.pk.b, 20, w.pk.n, PROTO_UDP);
	OKF(out_again(&w, 1) == (enum verdict)V_NEXT &&
	    memcmp(w.pk.b + 28, sip, sizeof(sip)) == 0 &&
	    w.nat.table.used == 1, "4787-10, N3: no ALG: the payload is as it "
	    "was, and one flow is all there is");
	int open = 0;
	for (uint32_t port = 1; port < 65536; port++)
		open += in(&w, UDP(server2, 5060, "198.51.100.1",
		    (uint16_t)port));
	OKF(open == 0, "N3: no port opened for anybody else");
	world_down(&w);
}

/* N4: protocol numbers, both families, both ways. */
static void
test_protocols(void)
{
	int wrong = 0;

	world_up(&w, 1);
	for (unsigned proto = 0; proto < 256; proto++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct leg l = { .proto = (uint8_t)proto,
				.src = v6 ? "2001:db8:1::5" : host,
				.dst = v6 ? "2001:db8:9::7" : server,
				.sport = 5000, .dport = 53, .flags = TCP_SYN,
				.payload = 40, .type = v6 ? 128 : 8 };
			bool may = proto == PROTO_TCP || proto == PROTO_UDP ||
			    proto == (v6 ? PROTO_ICMP6 : PROTO_ICMP);
			/* extension headers are no protocols */
			if (v6 && (proto == PROTO_HOPOPTS || proto ==
			    PROTO_ROUTING || proto == PROTO_FRAGMENT ||
			    proto == PROTO_AH || proto == PROTO_DSTOPTS))
				continue;
			wrong += out(&w, 1, l) != may;
			wrong += !may && in(&w, l);
		}
	OKF(wrong == 0, "N4: of 256 protocols only TCP, UDP and ICMP pass");
	world_down(&w);
}

static void
test_ids(void)
{
	struct leg l = UDP(host, 5000, server, 53);
	int same = 0;
	uint16_t last = 0;

	world_up(&w, 1);
	for (int i = 0; i < 100; i++) {
		l.id = 77;
		out(&w, 1, l);
		uint16_t id = be16_get(((struct ip4_hdr *)w.pk.b)->id);
		same += i > 0 && id == last;
		last = id;
	}
	OKF(same == 0, "7857-10: datagrams that may be fragmented get ids of "
	    "their own");
	l.frag = IP4_DF;
	out(&w, 1, l);
	OKF(be16_get(((struct ip4_hdr *)w.pk.b)->id) == 77,
	    "7857-10: others keep what they have");
	world_down(&w);
}

int
main(void)
{
	test_mapping();
	test_no_overloading();
	test_parity();
	test_lifetime();
	test_filtering();
	test_hairpin();
	test_sums();
	test_no_alg();
	test_protocols();
	test_ids();
	return DONE();
}
