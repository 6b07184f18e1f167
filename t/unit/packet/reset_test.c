/* SPDX-License-Identifier: ISC */
/* Resets: for which segments, and that the sender's TCP takes them. */
#include "natworld.h"

#include "packet/reset.h"

static struct packet pk;
static uint8_t out_[RESET_ROOM];
static struct ip ip, back;

static const struct tcp_hdr *
answers(struct leg l)
{
	make(&pk, &l);
	if (ip_parse(&ip, pk.b, pk.n) != (enum verdict)V_NEXT ||
	    !reset_may_answer(&ip, pk.b))
		return NULL;
	size_t n = reset_build(out_, &ip, pk.b);
	if (ip_parse(&back, out_, n) != (enum verdict)V_NEXT || back.len != n)
		return NULL;
	return (const void *)(out_ + back.l4);
}

/* Nothing is in its header that nobody has set. */
static bool
is_bare(void)
{
	return back.version == 4 ? out_[0] == 0x45 && out_[4] == 0 &&
	    out_[5] == 0 && out_[6] == IP4_DF >> 8 && out_[7] == 0 :
	    memcmp(out_, "\x60\0\0\0\0\x14", 6) == 0;
}

static bool
is_right(const struct leg *l)
{
	const struct tcp_hdr *h = (const void *)(out_ + back.l4);

	return is_at(&back.src, l->dst) && is_at(&back.dst, l->src) &&
	    back.sport == l->dport && back.dport == l->sport &&
	    back.ttl == 64 && back.tos == 0 && !back.frag &&
	    h->off == 5 << 4 && be16_get(h->win) == 0 &&
	    be16_get(h->urg) == 0 && is_bare() && be16_get(h->csum) == right_sum(out_, back.l4,
	    back.len, PROTO_TCP);
}

static void
test_numbers(const char *src, const char *dst)
{
	static const struct {
		uint8_t flags;
		size_t payload;
		uint32_t seq, ack;	/* of the answer */
		uint8_t said;
	} rows[] = {
		{ TCP_ACK, 0, 77, 0, TCP_RST },
		{ TCP_ACK, 500, 77, 0, TCP_RST },
		{ TCP_ACK | TCP_FIN, 3, 77, 0, TCP_RST },
		{ 0, 10, 0, 1010, TCP_RST | TCP_ACK },
		{ TCP_FIN, 10, 0, 1011, TCP_RST | TCP_ACK },
		{ TCP_FIN, 0, 0, 1001, TCP_RST | TCP_ACK },
		{ TCP_PSH | TCP_URG, 0, 0, 1000, TCP_RST | TCP_ACK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct leg l = { .proto = PROTO_TCP, .src = src, .dst = dst,
			.sport = 5000, .dport = 80, .seq = 1000, .ack = 77,
			.flags = rows[i].flags, .payload = rows[i].payload };
		const struct tcp_hdr *h = answers(l);
		OKF(h != NULL && h->flags == rows[i].said &&
		    be32_get(h->seq) == rows[i].seq &&
		    be32_get(h->ack) == rows[i].ack && is_right(&l),
		    "F15, RFC 9293 3.10.7.1: %s, flags %#x, %zu bytes", src,
		    rows[i].flags, rows[i].payload);
	}
}

static void
test_silence(void)
{
	struct leg l = { .proto = PROTO_TCP, .src = "10.1.0.5",
		.dst = "203.0.113.7", .sport = 5000, .dport = 80,
		.flags = TCP_ACK };
	const char *many[] = { "224.0.0.1", "255.255.255.255", "127.0.0.1" };

	l.flags = TCP_SYN;
	OKF(answers(l) == NULL, "F15: no SYN");
	l.flags = TCP_SYN | TCP_ACK;
	OKF(answers(l) == NULL, "F15: no SYN ACK");
	l.flags = TCP_RST | TCP_ACK;
	OKF(answers(l) == NULL, "F15: never a RST");
	l.flags = TCP_ACK;
	l.frag = IP4_MF;
	OKF(answers(l) == NULL, "F15: no fragment");
	l.frag = 0;
	for (size_t i = 0; i < 3; i++) {
		l.dst = many[i];
		OKF(answers(l) == NULL, "F15: nothing to %s", many[i]);
	}
	l.dst = "203.0.113.7";
	l.proto = PROTO_UDP;
	OKF(answers(l) == NULL, "F15: UDP has none");
}

int
main(void)
{
	test_numbers("10.1.0.5", "203.0.113.7");
	test_numbers("2001:db8:1::5", "2001:db8:9::7");
	test_silence();
	return DONE();
}
