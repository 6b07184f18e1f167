/* SPDX-License-Identifier: ISC */
/* ICMP and fragments through the translator: RFC 5508, and what RFC 4787 and
 * 5382 say of them; by the ids of bh-egress(8)'s table. */
#include "natworld.h"

static struct world w;
static struct addr outside;
static uint16_t id;

static const struct family {
	const char *host, *router, *server, *beyond;
	uint8_t icmp, echo, reply, unreachable, exceeded;
	bool v6;
} families[] = {
	{ "10.1.0.5", "10.1.0.254", "203.0.113.7", "203.0.113.254",
	    PROTO_ICMP, 8, 0, 3, 11, false },
	{ "2001:db8:1::5", "2001:db8:1::254", "2001:db8:9::7",
	    "2001:db8:9::fe", PROTO_ICMP6, 128, 129, 1, 3, true },
}, *fam;

static bool
asks(uint16_t ident, const char *whom)
{
	bool passed = out(&w, 1, (struct leg){ .proto = fam->icmp,
	    .src = fam->host, .sport = ident, .dst = whom,
	    .type = fam->echo, .payload = 40 }) && sums_right(&w);

	outside = w.ip.src;
	id = w.ip.dport;
	return passed;
}

static bool
answers(const char *who)
{
	return in(&w, (struct leg){ .proto = fam->icmp, .src = who,
	    .sport = id, .dst = text(&outside), .type = fam->reply,
	    .payload = 40 }) && sums_right(&w);
}

/* An ICMP error about the packet in w.pk, `quote' bytes of it. */
static void
make_error(const char *src, const char *dst, uint8_t type, uint8_t code,
    size_t quote)
{
	static uint8_t inner[PACKET_MAX];
	size_t hlen = fam->v6 ? 40 : 20;

	if (quote > w.pk.n)
		quote = w.pk.n;
	memcpy(inner, w.pk.b, quote);
	make(&w.pk, &(struct leg){ .proto = fam->icmp, .src = src, .dst = dst,
	    .type = type, .payload = quote });
	w.pk.b[hlen + 1] = code;
	memset(w.pk.b + hlen + 4, 0, 4);
	memcpy(w.pk.b + hlen + 8, inner, quote);
	put_sum(w.pk.b, hlen, w.pk.n, fam->icmp);
}

/* A UDP packet from inside as it leaves, in w.pk; its ends are kept. */
static void
udp_out(void)
{
	out(&w, 1, (struct leg){ .proto = PROTO_UDP, .src = fam->host,
	    .sport = 5000, .dst = fam->server, .dport = 53, .payload = 60 });
	outside = w.ip.src;
	id = w.ip.sport;
}

/* The packet that the error in w.pk quotes. */
static bool
quotes(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	size_t hlen = fam->v6 ? 40 : 20;
	const uint8_t *q = w.pk.b + hlen + 8;
	struct addr a, b;

	if (fam->v6) {
		a = addr_from_v6(q + 8);
		b = addr_from_v6(q + 24);
	} else {
		a = addr_from_v4(q + 12);
		b = addr_from_v4(q + 16);
		if (packet_sum(q, 20, 0) != 0xffff)
			return false;
	}
	return is_at(&a, src) && is_at(&b, dst) &&
	    (q[hlen] << 8 | q[hlen + 1]) == sport &&
	    (q[hlen + 2] << 8 | q[hlen + 3]) == dport;
}

static void
test_queries(void)
{
	world_up(&w, 2);
	OKF(asks(77, fam->server) && answers(fam->server) &&
	    is_at(&w.ip.dst, fam->host) && w.ip.dport == 77,
	    "5508-1: an echo and its reply");
	uint16_t first = id;
	OKF(asks(77, fam->beyond) && id == first && answers(fam->beyond),
	    "5508-1a: one identifier whatever the destination");
	OKF(!answers("203.0.113.99") && !answers(fam->router),
	    "5508-1a: nobody else's reply comes in");
	world_wait(&w, 59);
	OKF(w.nat.table.used == 2, "5508-2: 60 seconds");
	world_wait(&w, 2);
	OKF(w.nat.table.used == 0, "5508-2: no longer, by default");
	OKF(!in(&w, (struct leg){ .proto = fam->icmp, .src = fam->server,
	    .sport = id, .dst = text(&outside), .type = fam->echo }),
	    "5508-11: who asks from outside is not let in");
	static const uint8_t types[] = { 4, 5, 9, 10, 13, 15, 17, 30 };
	int passed = 0;
	for (size_t i = 0; i < sizeof(types) && !fam->v6; i++)
		passed += out(&w, 1, (struct leg){ .proto = fam->icmp,
		    .src = fam->host, .sport = 9, .dst = fam->server,
		    .type = types[i], .payload = 60 });
	OKF(passed == 0, "5508-11: other ICMP is dropped");
	world_down(&w);
	world_config(&w, 2);
	w.cfg.icmp = 90;
	world_start(&w);
	asks(7, fam->server);
	world_wait(&w, 85);
	OKF(w.nat.table.used == 1, "5508-2, 7857-11: configurable");
	world_down(&w);
}

static void
test_query_hairpin(void)
{
	world_up(&w, 2);
	/* both sides ask: then each is what the other may answer */
	asks(1, fam->server);
	struct addr a = outside;
	uint16_t ida = id;
	bool left = out(&w, 2, (struct leg){ .proto = PROTO_UDP,
	    .src = fam->v6 ? "2001:db8:2::5" : "10.2.0.5", .sport = 6,
	    .dst = text(&a), .dport = ida, .payload = 8 });
	OKF(left, "7857-12: what goes to the pool is translated");
	OKF(!in(&w, (struct leg){ .proto = fam->icmp, .src = text(&w.ip.src),
	    .sport = ida, .dst = text(&a), .type = fam->reply }),
	    "7857-12: a hairpinned reply needs a request, too");
	asks(1, text(&w.ip.src));
	OKF(in(&w, (struct leg){ .proto = fam->icmp,
	    .src = text(&w.ip.dst), .sport = id, .dst = text(&a),
	    .type = fam->reply }), "7857-12: with one it passes");
	world_down(&w);
}

/* What a router outside says of what we sent. */
static void
test_error_in(void)
{
	static const size_t quoted[] = { 28, 36, 1000 };
	size_t hlen = fam->v6 ? 40 : 20;

	world_up(&w, 2);
	for (size_t i = 0; i < 3; i++) {
		size_t n = quoted[i] + hlen - 20;
		udp_out();
		make_error(fam->beyond, text(&outside), fam->exceeded, 0, n);
		OKF(in_again(&w) == (enum verdict)V_NEXT && sums_right(&w) &&
		    is_at(&w.ip.dst, fam->host) && is_at(&w.ip.src,
		    fam->beyond) && w.pk.b[hlen] == fam->exceeded &&
		    quotes(fam->host, 5000, fam->server, 53),
		    "5508-4: v%d, %zu bytes quoted: as its sender knew it",
		    fam->v6 ? 6 : 4, n);
	}
	/* with all of it quoted, its own checksum is right again, too */
	OKF((w.pk.b[2 * hlen + 14] << 8 | w.pk.b[2 * hlen + 15]) ==
	    right_sum(w.pk.b + hlen + 8, hlen, w.pk.n - hlen - 8, PROTO_UDP),
	    "5508-4: the quoted checksum is right");
	for (uint8_t code = 0; code < 16; code++) {
		udp_out();
		make_error(fam->beyond, text(&outside), fam->unreachable,
		    code, 200);
		OKF(in_again(&w) == (enum verdict)V_NEXT &&
		    w.pk.b[hlen + 1] == code, "4787-12b, 5508-9: "
		    "unreachable code %u passes as it is", code);
	}
	world_down(&w);
}

static void
test_error_state(void)
{
	world_up(&w, 2);
	udp_out();
	uint32_t expires = w.nat.table.flow[1].expires;
	world_wait(&w, 100);
	struct packet sent = w.pk;
	make_error(fam->beyond, text(&outside), fam->unreachable, 3, 200);
	OKF(in_again(&w) == (enum verdict)V_NEXT &&
	    w.nat.table.flow[1].expires == expires && w.nat.table.used == 1,
	    "4787-12, 5382-10, 5508-6: an error ends and refreshes nothing");
	w.pk = sent;
	make_error(fam->v6 ? "2001:db8:77::1" : "192.0.2.77", text(&outside),
	    fam->unreachable, 1, 200);
	OKF(in_again(&w) == (enum verdict)V_NEXT,
	    "4787-12a: no filter by the error's source");
	world_down(&w);
	world_up(&w, 2);
	w.pk = sent;
	make_error(fam->beyond, text(&outside), fam->unreachable, 3, 200);
	OKF(in_again(&w) == V_NAT_ERROR,
	    "5508-4: about no flow: dropped in silence");
	world_down(&w);
}

static void
test_error_sums(void)
{
	size_t hlen = fam->v6 ? 40 : 20;

	world_up(&w, 2);
	udp_out();
	struct packet sent = w.pk;
	make_error(fam->beyond, text(&outside), fam->exceeded, 0, 80);
	w.pk.b[hlen + 2] ^= 1;
	OKF(in_again(&w) == V_NAT_ERROR, "5508-3: a wrong ICMP checksum");
	w.pk = sent;
	if (!fam->v6) {
		w.pk.b[10] ^= 1;
		make_error(fam->beyond, text(&outside), fam->exceeded, 0, 80);
		OKF(in_again(&w) == V_NAT_ERROR,
		    "5508-3a: a wrong checksum in the quoted IP header");
		/* four options of no meaning in the quoted packet */
		w.pk = sent;
		memmove(w.pk.b + 24, w.pk.b + 20, w.pk.n - 20);
		memset(w.pk.b + 20, 1, 4);
		w.pk.b[0] = 0x46;
		w.pk.n += 4;
		packet_sum_ip(w.pk.b);
		make_error(fam->beyond, text(&outside), fam->exceeded, 0, 80);
		OKF(in_again(&w) == (enum verdict)V_NEXT &&
		    is_at(&w.ip.dst, fam->host),
		    "5508-3b: options in the quoted IP header are skipped");
	}
	w.pk = sent;
	w.pk.b[hlen + 6] ^= 1;
	make_error(fam->beyond, text(&outside), fam->exceeded, 0, 80);
	OKF(in_again(&w) == (enum verdict)V_NEXT,
	    "5508-3c: the quoted transport checksum is not looked at");
	/* 128 bytes quoted, an extension of RFC 4884 behind them */
	w.pk = sent;
	make_error(fam->beyond, text(&outside), fam->exceeded, 0, 1000);
	memset(w.pk.b + w.pk.n, 0, 60);
	w.pk.n += 60;
	if (fam->v6)
		((struct ip6_hdr *)w.pk.b)->len =
		    be16_put((uint16_t)(w.pk.n - 40));
	else
		((struct ip4_hdr *)w.pk.b)->len = be16_put((uint16_t)w.pk.n);
	if (!fam->v6)
		packet_sum_ip(w.pk.b);
	put_sum(w.pk.b, hlen, w.pk.n, fam->icmp);
	OKF(in_again(&w) == (enum verdict)V_NEXT && sums_right(&w),
	    "5508-3d: what stands behind the quoted packet is left alone");
	world_down(&w);
}

/* A branch's router says of a packet that came in: not here. */
static void
test_error_out(void)
{
	world_up(&w, 2);
	udp_out();
	in(&w, (struct leg){ .proto = PROTO_UDP, .src = fam->server,
	    .sport = 53, .dst = text(&outside), .dport = id, .payload = 30 });
	make_error(fam->router, fam->server, fam->exceeded, 0, 100);
	OKF(out_again(&w, 1) == (enum verdict)V_NEXT && sums_right(&w) &&
	    addr_eq(&w.ip.src, &outside) &&
	    quotes(fam->server, 53, text(&outside), id),
	    "5508-5: v%d: as the outside knew it, from our address",
	    fam->v6 ? 6 : 4);
	make(&w.pk, &(struct leg){ .proto = PROTO_UDP, .src = fam->server,
	    .sport = 99, .dst = fam->host, .dport = 5000, .payload = 30 });
	make_error(fam->router, fam->server, fam->exceeded, 0, 100);
	OKF(out_again(&w, 1) == V_NAT_ERROR,
	    "5508-5: about no flow: dropped");
	world_down(&w);
}

static void
test_error_hairpin(void)
{
	world_config(&w, 2);
	w.cfg.filter = NAT_FILTER_INDEPENDENT;
	world_start(&w);
	udp_out();
	struct addr a = outside;
	uint16_t ida = id;
	out(&w, 2, (struct leg){ .proto = PROTO_UDP,
	    .src = fam->v6 ? "2001:db8:2::5" : "10.2.0.5", .sport = 6000,
	    .dst = text(&a), .dport = ida, .payload = 40 });
	struct addr caller = w.ip.src;
	in_again(&w);
	/* the called host refuses: out, and in again to the caller */
	make_error(fam->host, text(&caller), fam->unreachable, 3, 200);
	OKF(out_again(&w, 1) == (enum verdict)V_NEXT &&
	    in_again(&w) == (enum verdict)V_NEXT && sums_right(&w) &&
	    is_at(&w.ip.dst, fam->v6 ? "2001:db8:2::5" : "10.2.0.5") &&
	    quotes(fam->v6 ? "2001:db8:2::5" : "10.2.0.5", 6000, text(&a),
	    ida), "5508-7: an error about a hairpin finds the caller");
	world_down(&w);
}

/* RFC 5927: whoever cannot see the connection cannot guess what is under
 * way. */
static void
test_forged(void)
{
	struct leg l = { .proto = PROTO_TCP, .src = fam->host, .sport = 5000,
		.dst = fam->server, .dport = 80, .flags = TCP_SYN,
		.seq = 1000 };
	int passed = 0;

	world_up(&w, 2);
	out(&w, 1, l);
	outside = w.ip.src;
	id = w.ip.sport;
	in(&w, (struct leg){ .proto = PROTO_TCP, .src = fam->server,
	    .sport = 80, .dst = text(&outside), .dport = id,
	    .flags = TCP_SYN | TCP_ACK, .seq = 7000, .ack = 1001 });
	l.flags = TCP_ACK;
	l.seq = 1001;
	l.ack = 7001;
	l.payload = 500;
	out(&w, 1, l);
	struct packet sent = w.pk;
	make_error(fam->beyond, text(&outside), fam->unreachable, 1, 100);
	OKF(in_again(&w) == (enum verdict)V_NEXT,
	    "5382-9: an error about bytes under way is translated");
	uint32_t seq = 12345;
	for (int i = 0; i < 20000; i++) {
		size_t at = fam->v6 ? 44 : 24;	/* of the sequence number */
		seq = seq * 1664525 + 1013904223;
		if (seq - 1001 <= 500)
			continue;
		w.pk = (struct packet){ .n = 60 };
		memcpy(w.pk.b, sent.b, 60);
		w.pk.b[at] = (uint8_t)(seq >> 24);
		w.pk.b[at + 1] = (uint8_t)(seq >> 16);
		w.pk.b[at + 2] = (uint8_t)(seq >> 8);
		w.pk.b[at + 3] = (uint8_t)seq;
		make_error(fam->beyond, text(&outside), fam->unreachable, 1,
		    60);
		passed += in_again(&w) != V_NAT_ERROR;
	}
	OKF(passed == 0, "N6, 5927: of 20000 forged errors none passes");
	world_down(&w);
}

/* An error that one branch makes up about what was sent to a host: by whom, to
 * whom. */
static enum verdict
tells(uint16_t from, const char *src, const char *dst, const struct leg *of)
{
	make(&w.pk, of);
	make_error(src, dst, fam->unreachable, fam->v6 ? 4 : 3, 100);
	return out_again(&w, from);
}

/* Whoever speaks of another branch's flow would learn its outside end. */
static void
test_forged_out(void)
{
	const char *evil = fam->v6 ? "2001:db8:2::66" : "10.2.0.66";
	const char *his = fam->v6 ? "2001:db8:66::1" : "203.0.113.66";
	const enum verdict passes = (enum verdict)V_NEXT;
	struct leg l = { .proto = PROTO_UDP, .src = fam->server, .sport = 53,
		.dst = fam->host, .dport = 5000, .payload = 30 };

	world_up(&w, 2);
	udp_out();
	OKF(tells(2, evil, fam->server, &l) == V_NAT_ERROR &&
	    tells(2, evil, his, &l) == V_NAT_ERROR,
	    "H2, N6: v%d: no branch speaks of another's flow", fam->v6 ? 6 : 4);
	OKF(tells(1, fam->router, his, &l) == V_NAT_ERROR,
	    "H2b: nor of its own to any but who sent it");
	OKF(tells(1, fam->router, fam->server, &l) == passes,
	    "H2: its own router does");
	world_wait(&w, 301);
	OKF(tells(1, fam->router, fam->server, &l) == V_NAT_ERROR,
	    "H2: until it is over");
	/* outside: to whom it says that he sent this */
	udp_out();
	struct packet sent = w.pk;
	make_error(fam->beyond, text(&outside), fam->unreachable, 1, 200);
	bool passed = in_again(&w) == passes;
	w.pk = sent;
	struct addr other = outside;
	other.b[15] ^= 3;	/* the pool's other one */
	make_error(fam->beyond, text(&other), fam->unreachable, 1, 200);
	OKF(passed && in_again(&w) == V_NAT_ERROR,
	    "H2d: from outside only to the end that it quotes");
	world_down(&w);

	world_up(&w, 2);
	l = (struct leg){ .proto = PROTO_TCP, .src = fam->host, .sport = 5000,
		.dst = fam->server, .dport = 80, .flags = TCP_SYN,
		.seq = 1000 };
	out(&w, 1, l);
	l = (struct leg){ .proto = PROTO_TCP, .src = fam->server, .sport = 80,
		.dst = text(&w.ip.src), .dport = w.ip.sport,
		.flags = TCP_SYN | TCP_ACK, .seq = 7000, .ack = 1001 };
	in(&w, l);
	l.dst = fam->host;
	l.dport = 5000;
	l.flags = TCP_ACK;
	int wrong = 0;
	uint32_t seq = 4711;
	for (int i = 0; i < 20000; i++) {
		seq = seq * 1664525 + 1013904223;
		l.seq = seq;
		wrong += tells(1, fam->router, fam->server, &l) !=
		    V_NAT_ERROR;
	}
	l.seq = 7000;
	OKF(wrong == 0 && tells(1, fam->router, fam->server, &l) == passes,
	    "H2c, 5927: of TCP only bytes under way");
	world_down(&w);
}

/* Of what is published no flow need be there. */
static void
test_forged_static(void)
{
	struct nat_static rule = { .proto = PROTO_UDP, .outside_first = 53,
		.outside_last = 53, .inside_first = 5000,
		.inside = at(fam->host), .site = 1 };
	struct leg l = { .proto = PROTO_UDP, .src = fam->server, .sport = 99,
		.dst = fam->host, .dport = 5000, .payload = 30 };

	world_config(&w, 2);
	rule.outside = w.pool[fam->v6 ? 2 : 0];
	w.cfg.statics = &rule;
	w.cfg.nstatics = 1;
	world_start(&w);
	OKF(tells(1, fam->router, fam->server, &l) ==
	    (enum verdict)V_NEXT, "H2: about what is published");
	OKF(tells(2, fam->v6 ? "2001:db8:2::66" : "10.2.0.66", fam->server,
	    &l) == V_NAT_ERROR, "H2: by its own location only");
	world_down(&w);
}

int
main(void)
{
	for (size_t i = 0; i < 2; i++) {
		fam = &families[i];
		test_queries();
		test_query_hairpin();
		test_error_in();
		test_error_state();
		test_error_sums();
		test_error_out();
		test_error_hairpin();
		test_forged();
		test_forged_out();
		test_forged_static();
	}
	return DONE();
}
