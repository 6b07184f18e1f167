/* SPDX-License-Identifier: ISC */
/* TCP through the translator: RFC 5382, 7857, N7; by the ids of bh-egress(8)'s
 * table. */
#include "natworld.h"

static struct world w;
static struct addr outside;
static uint16_t port;

static const char *host = "10.1.0.5", *server = "203.0.113.7";

enum { S = TCP_SYN, A = TCP_ACK, F = TCP_FIN, R = TCP_RST };

/* A segment of the connection between host:5000 and server:80. */
static bool
sends(uint8_t flags, uint32_t seq, uint32_t ack, size_t payload)
{
	bool passed = out(&w, 1, (struct leg){ .proto = PROTO_TCP,
	    .src = host, .sport = 5000, .dst = server, .dport = 80,
	    .flags = flags, .seq = seq, .ack = ack, .payload = payload });

	if (passed) {
		outside = w.ip.src;
		port = w.ip.sport;
	}
	return passed && sums_right(&w);
}

static bool
gets(uint8_t flags, uint32_t seq, uint32_t ack, size_t payload)
{
	return in(&w, (struct leg){ .proto = PROTO_TCP, .src = server,
	    .sport = 80, .dst = text(&outside), .dport = port,
	    .flags = flags, .seq = seq, .ack = ack, .payload = payload }) &&
	    sums_right(&w) && is_at(&w.ip.dst, host) && w.ip.dport == 5000;
}

static void
up(void)
{
	world_up(&w, 2);
}

/* Three packets, and a connection. */
static void
opened(void)
{
	up();
	sends(S, 1000, 0, 0);
	gets(S | A, 7000, 1001, 0);
	sends(A, 1001, 7001, 0);
}

/* Seconds until the flow is forgotten, if nothing is said. */
static unsigned
lives(void)
{
	unsigned n = 0;

	for (; w.nat.table.used > 0 && n < 100000; n += 10)
		world_wait(&w, 10);
	return n;
}

static bool
lives_about(unsigned seconds)
{
	unsigned n = lives();

	return n >= seconds && n <= seconds + 10;
}

static void
test_sequences(void)
{
	opened();
	OKF(w.nat.table.used == 1, "5382-2: the usual three packets");
	OKF(sends(A, 1001, 7001, 100) && gets(A, 7001, 1101, 500) &&
	    sends(F | A, 1101, 7501, 0) && gets(F | A, 7501, 1102, 0) &&
	    sends(A, 1102, 7502, 0), "5382-2: data and an end");
	world_down(&w);

	up();
	OKF(sends(S, 1000, 0, 0) && gets(S, 7000, 0, 0) &&
	    sends(S | A, 1000, 7001, 0) && gets(S | A, 7000, 1001, 0),
	    "5382-2: simultaneous open");
	OKF(lives_about(NAT_TCP), "5382-2: ... is a connection");
	world_down(&w);

	up();
	OKF(!sends(A, 1000, 1, 10) && !sends(S | A, 1000, 1, 0) &&
	    !sends(R, 1000, 0, 0) && !sends(F | A, 1, 1, 0) &&
	    w.nat.table.used == 0, "5382-2: only SYN begins a flow");
	world_down(&w);
}

static void
test_mapping(void)
{
	int same = 0;

	up();
	sends(S, 1, 0, 0);
	uint16_t first = port;
	for (uint16_t i = 0; i < 50; i++) {
		struct leg l = { .proto = PROTO_TCP, .src = host,
			.sport = 5000, .dst = "203.0.113.8",
			.dport = (uint16_t)(100 + i), .flags = S };
		same += out(&w, 1, l) && w.ip.sport == first &&
		    addr_eq(&w.ip.src, &outside);
	}
	OKF(same == 50, "5382-1: endpoint-independent mapping");
	struct leg u = { .proto = PROTO_UDP, .src = host, .sport = 5000,
		.dst = server, .dport = 80 };
	OKF(out(&w, 1, u) && addr_eq(&w.ip.src, &outside) &&
	    !in(&w, (struct leg){ .proto = PROTO_UDP, .src = "203.0.113.8",
	    .sport = 100, .dst = text(&outside), .dport = w.ip.sport }),
	    "7857-5, 7857-6: UDP has a mapping and a filter of its own");
	world_down(&w);
}

/* What was sent before anybody answered lies within the largest window there is
 * without scaling, and one octet. */
static void
test_under_way(void)
{
	const struct nat_run r = { .tcp = NAT_TCP_SYN << NAT_OUTWARD,
		.end = { [NAT_OUTWARD] = 100000 } };
	static const struct {
		uint32_t seq;
		bool is;
	} row[] = {
		{ 100001, false }, { 100000, true }, { 100000 - 65536, true },
		{ 100000 - 65537, false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		OKF(nat_tcp_under_way(&r, row[i].seq, NAT_OUTWARD) ==
		    row[i].is, "5927: sequence number %u", row[i].seq);
	OK(!nat_tcp_under_way(&r, 0, NAT_INWARD));
}

static void
test_overload(void)
{
	static uint8_t taken[65536];
	int clash = 0, n = 0;

	world_config(&w, 1);
	w.cfg.host_blocks = w.cfg.site_blocks[0] = 200;
	w.cfg.flows = w.cfg.host_flows = w.cfg.site_flows = 70000;
	world_start(&w);
	for (unsigned i = 0; i < 3; i++)
		for (uint32_t p = 1024; p < 24000; p++) {
			char src[20];
			snprintf(src, sizeof(src), "10.1.0.%u", i);
			struct leg l = { .proto = PROTO_TCP, .src = src,
				.sport = (uint16_t)p, .dst = server,
				.dport = 80, .flags = S };
			if (!out(&w, 1, l))
				continue;
			n++;
			clash += taken[w.ip.sport]++ != 0;
		}
	OKF(n > 64000 && clash == 0,
	    "5382-7: %d ports in use, none twice", n);
	world_down(&w);
}

static void
test_filter(void)
{
	up();
	sends(S, 1000, 0, 0);
	struct leg l = { .proto = PROTO_TCP, .src = "203.0.113.8",
		.sport = 80, .dst = text(&outside), .dport = port,
		.flags = S, .seq = 1 };
	OKF(!in(&w, l), "5382-3: address-port: nobody else comes in");
	OKF(!in(&w, l), "5382-4: an unsolicited SYN gets no answer, ever");
	l.src = host;
	l.dst = "203.0.113.8";
	l.sport = 5000;
	l.dport = 80;
	OKF(out(&w, 1, l) && in(&w, (struct leg){ .proto = PROTO_TCP,
	    .src = "203.0.113.8", .sport = 80, .dst = text(&outside),
	    .dport = port, .flags = S }),
	    "5382-4: once inside has asked, too, it comes in");
	world_down(&w);

	world_config(&w, 1);
	w.cfg.filter = NAT_FILTER_INDEPENDENT;
	world_start(&w);
	sends(S, 1000, 0, 0);
	OKF(in(&w, (struct leg){ .proto = PROTO_TCP, .src = "203.0.113.8",
	    .sport = 99, .dst = "198.51.100.1", .dport = port, .flags = S,
	    .seq = 70 }), "5382-3: endpoint-independent: anybody does");
	OKF(out(&w, 1, (struct leg){ .proto = PROTO_TCP, .src = host,
	    .sport = 5000, .dst = "203.0.113.8", .dport = 99, .flags = S | A,
	    .seq = 5, .ack = 71 }) && w.ip.sport == port &&
	    w.nat.table.used == 2, "5382-3: ... and is answered, which is a "
	    "flow from then on");
	OKF(lives_about(NAT_TCP), "5382-5: as a connection");
	world_down(&w);
}

static void
test_times(void)
{
	up();
	sends(S, 1000, 0, 0);
	OKF(lives_about(NAT_TRANSITORY), "5382-5: opening: 4 minutes");
	world_down(&w);
	opened();
	OKF(lives_about(NAT_TCP), "5382-5: open: 2 hours and 4 minutes");
	world_down(&w);
	opened();
	sends(F | A, 1001, 7001, 0);
	OKF(lives_about(NAT_TRANSITORY), "7857-2.1: half closed: 4 minutes");
	world_down(&w);
	opened();
	world_wait(&w, 7000);
	gets(A, 7001, 1001, 0);
	world_wait(&w, 500);
	OKF(w.nat.table.used == 0,
	    "7857-7: what comes in does not keep a connection alive");
	world_down(&w);
}

/* A reset ends a connection only where the next byte is due. */
static void
test_reset(void)
{
	static const struct {
		uint32_t seq, ack;
		uint8_t flags;
		bool ends;
		const char *what;
	} rows[] = {
		{ 7001, 1001, R | A, true, "where the next byte is due" },
		{ 7001, 0, R, true, "the same without ACK" },
		{ 7002, 1001, R | A, false, "one past it" },
		{ 7000, 1001, R | A, false, "one before it" },
		{ 0, 1001, R | A, false, "zero" },
		{ 7001 + 500, 1001, R | A, false, "in the window" },
		{ 7001 + (1u << 31), 1001, R | A, false, "far away" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		opened();
		OKF(gets(rows[i].flags, rows[i].seq, rows[i].ack, 0),
		    "7857-2.2: RST %s is translated", rows[i].what);
		OKF(lives_about(rows[i].ends ? NAT_TRANSITORY : NAT_TCP),
		    "N7: RST %s: %s", rows[i].what, rows[i].ends ?
		    "4 minutes are left" : "changes nothing");
		world_down(&w);
	}
	opened();
	gets(R | A, 7001, 1001, 0);
	sends(A, 1001, 7001, 10);
	OKF(lives_about(NAT_TCP), "7857-2.2: and if more comes, it goes on");
	world_down(&w);
	opened();
	sends(A, 1001, 7001, 600);
	sends(R | A, 1601, 7001, 0);
	OKF(lives_about(NAT_TRANSITORY), "7857-2.2: a RST of inside, after "
	    "data nobody has acknowledged");
	world_down(&w);
	up();
	sends(S, 1000, 0, 0);
	world_wait(&w, 200);
	gets(R | A, 0, 1001, 0);
	OKF(lives_about(NAT_TRANSITORY),
	    "7857-2.2: a refusal of our SYN");
	world_down(&w);
}

/* What is forged is believed only where the ends would: in the window. */
static void
test_window(void)
{
	static const struct {
		uint32_t seq;
		size_t payload;
		bool ends;
		const char *what;
	} rows[] = {
		{ 7001, 0, true, "where the next byte is due" },
		{ 7001 + 900, 100, true, "at the window's end" },
		{ 7001 + 1000, 0, true, "at the window's edge" },
		{ 7001 + 1001, 0, false, "past it" },
		{ 7001 + 900, 101, false, "past it with its data" },
		{ 7001 + 100000, 0, false, "far past it" },
		{ 7001 + (1u << 30), 0, false, "a quarter of the space away" },
		{ 7000, 0, false, "before it" },
		{ 7001 - 100000, 0, false, "long before it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		opened();
		OKF(gets(F | A, rows[i].seq, 1001, rows[i].payload),
		    "H4b: FIN %s is translated", rows[i].what);
		OKF(lives_about(rows[i].ends ? NAT_TRANSITORY : NAT_TCP),
		    "H4b, N7: FIN %s: %s", rows[i].what, rows[i].ends ?
		    "4 minutes are left" : "changes nothing");
		world_down(&w);
	}
	opened();
	gets(A, 7001 + 50000, 1001, 10);
	gets(R | A, 7001 + 50010, 1001, 0);
	gets(F | A, 7001 + 50010, 1001, 0);
	OKF(lives_about(NAT_TCP),
	    "H4b: nor do bytes that nobody may send make a place for an end");
	world_down(&w);
	opened();
	gets(A, 7001 + 500, 1001, 500);		/* before what is lost */
	gets(F | A, 8001, 1001, 0);
	OKF(lives_about(NAT_TRANSITORY), "H4b: out of order, a FIN counts");
	world_down(&w);
}

/* Both SYNs have the option: inside announces windows in units of 128. */
static void
scaled(uint8_t out_scale, uint8_t in_scale)
{
	up();
	struct leg l = { .proto = PROTO_TCP, .src = host, .sport = 5000,
		.dst = server, .dport = 80, .flags = S, .seq = 1000,
		.win = 64000, .scale = out_scale };
	out(&w, 1, l);
	outside = w.ip.src;
	port = w.ip.sport;
	in(&w, (struct leg){ .proto = PROTO_TCP, .src = server, .sport = 80,
	    .dst = text(&outside), .dport = port, .flags = S | A, .seq = 7000,
	    .ack = 1001, .scale = in_scale });
	sends(A, 1001, 7001, 0);
}

static void
test_scale(void)
{
	scaled(1 + 7, 1 + 2);
	gets(F | A, 7001 + 128001, 1001, 0);
	OKF(lives_about(NAT_TCP), "H4b: a scaled window has an end");
	world_down(&w);
	scaled(1 + 7, 1 + 2);
	gets(A, 7001 + 127000, 1001, 1000);
	gets(F | A, 7001 + 128000, 1001, 0);
	OKF(lives_about(NAT_TRANSITORY), "H4b: and all of it is one");
	world_down(&w);
	scaled(1 + 7, 0);
	gets(F | A, 7001 + 1001, 1001, 0);
	OKF(lives_about(NAT_TCP), "H4b: one side's option alone scales none");
	world_down(&w);
	/* a window that shrinks: what was let in may be under way */
	scaled(1 + 7, 1 + 2);
	out(&w, 1, (struct leg){ .proto = PROTO_TCP, .src = host,
	    .sport = 5000, .dst = server, .dport = 80, .flags = A,
	    .seq = 1001, .ack = 7001, .win = 1 });
	gets(F | A, 7001 + 128000, 1001, 0);
	OKF(lives_about(NAT_TRANSITORY), "H4b: the edge never goes back");
	world_down(&w);
	/* what goes on for long is alive to its end */
	scaled(1 + 7, 1 + 2);
	uint32_t at = 7001;
	for (int i = 0; i < 20000; i++, at += 60000) {
		gets(A, at, 1001, 60000);
		sends(A, 1001, at + 60000, 0);
	}
	OKF(lives_about(NAT_TCP), "H4b: 1.2 GB pass, and it is alive");
	world_down(&w);
}

static void
test_syn(void)
{
	opened();
	gets(S, 99999, 0, 0);
	gets(S | A, 5, 77, 0);
	sends(S, 424242, 0, 0);
	OKF(lives_about(NAT_TCP),
	    "N7: SYN on an open connection changes nothing");
	world_down(&w);
	opened();
	sends(F | A, 1001, 7001, 0);
	gets(F | A, 7001, 1002, 0);
	sends(A, 1002, 7002, 0);
	sends(S, 90000, 0, 0);
	OKF(gets(S | A, 50000, 90001, 0) && sends(A, 90001, 50001, 0) &&
	    lives_about(NAT_TCP), "N7: one that was over may begin again");
	world_down(&w);
	up();
	sends(S, 1000, 0, 0);
	gets(S | A, 7000, 4711, 0);	/* to something that was not said */
	OKF(lives_about(NAT_TRANSITORY),
	    "N7: SYN-ACK with a wrong number opens nothing");
	world_down(&w);
	opened();
	gets(A, 7001 + 3000000000u, 1001, 100);
	gets(F | A, 7001 + 1800000000u, 1001, 0);
	OKF(lives_about(NAT_TCP), "N7: FIN out of every window closes nothing");
	world_down(&w);
}

static void
test_hairpin(void)
{
	world_config(&w, 2);
	w.cfg.filter = NAT_FILTER_INDEPENDENT;
	world_start(&w);
	sends(S, 1, 0, 0);
	struct leg l = { .proto = PROTO_TCP, .src = "10.2.0.9",
		.sport = 6000, .dst = text(&outside), .dport = port,
		.flags = S };
	bool left = out(&w, 2, l);
	struct addr caller = w.ip.src;
	uint16_t from = w.ip.sport;
	OKF(left && in_again(&w) == (enum verdict)V_NEXT &&
	    is_at(&w.ip.dst, host) && w.ip.dport == 5000 && sums_right(&w),
	    "5382-8: hairpin");
	OKF(addr_eq(&w.ip.src, &caller) && w.ip.sport == from &&
	    !is_at(&caller, "10.2.0.9"), "5382-8a: from the outside address");
	world_down(&w);
}

/* What looks like FTP's PORT is bytes like any other. */
static void
test_no_alg(void)
{
	opened();
	OKF(sends(A, 1001, 7001, 26) && w.nat.table.used == 1,
	    "5382-6: no ALG, FTP included");
	world_down(&w);
}

/* A super-packet whose checksum the kernel completes later. */
static void
test_partial(void)
{
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP4,
		.gso_size = 1400, .csum_start = 20, .csum_offset = 16 };
	struct leg l = { .proto = PROTO_TCP, .src = host, .sport = 5000,
		.dst = server, .dport = 80, .flags = A, .seq = 1001,
		.ack = 7001, .payload = 50000 };
	struct ip ip;

	opened();
	make(&w.pk, &l);
	wire_put16(w.pk.b + 36, packet_pseudo(w.pk.b, PROTO_TCP,
	    w.pk.n - 20));
	ip_parse(&ip, w.pk.b, w.pk.n);
	struct nat_packet p = { w.pk.b, &ip, &v, 1 };
	OKF(nat_outbound(&w.nat, &p, w.now) == (enum verdict)V_NEXT,
	    "super: a super-packet is one packet");
	uint16_t sum = (uint16_t)(w.pk.b[36] << 8 | w.pk.b[37]);
	OKF(sum == packet_pseudo(w.pk.b, PROTO_TCP, w.pk.n - 20),
	    "super: its checksum is that of the new pseudo header");
	v.csum_offset = 6;
	OKF(nat_outbound(&w.nat, &p, w.now) == V_OFFLOAD,
	    "super: a sum somewhere else is refused");
	world_down(&w);
}

int
main(void)
{
	test_sequences();
	test_mapping();
	test_under_way();
	test_overload();
	test_filter();
	test_times();
	test_reset();
	test_window();
	test_scale();
	test_syn();
	test_hairpin();
	test_no_alg();
	test_partial();
	return DONE();
}
