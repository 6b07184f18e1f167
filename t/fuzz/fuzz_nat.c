/* SPDX-License-Identifier: ISC */
/*
 * The translator under a script of packets, out and in, of two branches' hosts,
 * with time going by.  Whatever is said:
 *   - a checksum changed by RFC 1624 is the one that summing anew gives;
 *   - what left comes back, byte for byte, when its ends are turned round and
 *     it is let in again: un-NAT(NAT(p)) = p;
 *   - no two inside ends ever have one outside end, by a model that only knows
 *     what it has seen;
 *   - bytes of no sense at all change nothing and read nothing behind them;
 *   - what another process left, with any byte of it changed, is adopted
 *     without two flows in one place.
 *
 * Each input is played as it stands, and goes on for some hundred packets that
 * are drawn from it, of few hosts and ports so that most have a flow already:
 * setting up costs more than a packet does.  So one input is many executions.
 * Counted as one, and told at the end, is a packet that was translated, seen to
 * have the right sums and an outside end of its own, translated back, and
 * compared: neither those that were refused nor noise.
 */
#include "fuzz.h"

#include "nat/nat.h"
#include "packet/csum.h"
#include "packet/wire.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	FLOWS = 64, POOL = 2, SITES = 3, MAX = 2048, ROOM = 1 << 20,
	OPS = 200,	/* of an input, at most */
	DRAWN = 256,	/* ... and after it */
};

static struct nat nat;
static struct nat_config cfg;
static struct nat_site site[SITES];
static struct addr pool[2 * POOL];
static uint8_t memory[2][ROOM];
static struct nat_flow flow[2][FLOWS + 1];
static struct nat_run run[2][FLOWS + 1];
static struct nat_owner owner[2][2 * POOL * 8];
static nsec now;

/* The model: who was last seen behind each outside end, and until when it may
 * be so.  What is of another round is nothing. */
enum { SEEN = 4096 };
static struct seen {
	uint64_t round;
	struct addr inside;
	uint32_t where;		/* address, protocol, port */
	uint16_t port;
	nsec until;
} seen[SEEN];
static uint64_t seen_round;
static size_t seen_used;
static uint64_t translated;

struct script {
	const uint8_t *p;
	size_t n;
	uint64_t draw;
};

/* As main.c has it. */
static uint64_t
draw(struct script *s)
{
	uint64_t z = s->draw += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint8_t
take(struct script *s)
{
	if (s->n == 0)
		return 0;
	s->n--;
	return *s->p++;
}

static struct addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return addr_from_v4((const uint8_t[]){ a, b, c, d });
}

static struct addr
v6(uint8_t net, uint8_t host)
{
	return addr_from_v6((const uint8_t[16]){ 0x20, 1, 0x0d, 0xb8, 0, net,
		[15] = host });
}

static void
configure(uint8_t how)
{
	static const enum nat_filter filters[] = { NAT_FILTER_ADDRESS_PORT,
		NAT_FILTER_ADDRESS, NAT_FILTER_INDEPENDENT };

	for (int i = 0; i < POOL; i++) {
		pool[i] = v4(198, 51, 100, (uint8_t)(1 + i));
		pool[POOL + i] = v6(0xf, (uint8_t)(1 + i));
	}
	for (int i = 1; i < SITES; i++)
		site[i] = (struct nat_site){ { { 0, POOL }, { POOL, POOL } } };
	cfg = (struct nat_config){ .pool = pool, .npool = 2 * POOL,
		.site = site, .nsites = SITES, .flows = FLOWS,
		.host_flows = FLOWS / 2, .site_flows = FLOWS, .host_blocks = 2,
		.site_blocks = { 8, 8 }, .block = 8192, .udp = NAT_UDP,
		.icmp = NAT_ICMP, .tcp = NAT_TCP,
		.tcp_transitory = NAT_TRANSITORY,
		.filter = filters[how % 3], .inbound_refresh = how & 4 };
}

static void
start(int half, uint8_t draw)
{
	const struct nat_records rec = { flow[half], run[half], owner[half] };
	const uint8_t key[16] = { draw };

	must(nat_memory(&cfg) <= ROOM);
	must(nat_ports_blocks(&cfg) <= sizeof(owner[0]) / sizeof(*owner[0]));
	memset(memory[half], 0, nat_memory(&cfg));
	memset(flow[half], 0, sizeof(flow[half]));
	memset(run[half], 0, sizeof(run[half]));
	memset(owner[half], 0, sizeof(owner[half]));
	nat_init(&nat, &cfg, &rec, memory[half], key);
	nat.wheel.at = (uint32_t)(now / NSEC_SEC);
}

/* ---- packets ---- */

static size_t
sum_at(uint8_t proto)
{
	return proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 2;
}

static uint16_t
sum_of(const uint8_t *p, const struct ip *ip)
{
	size_t n = (size_t)(ip->len - ip->l4), at = ip->l4 + sum_at(ip->proto);
	uint64_t sum = ip->proto == PROTO_ICMP ? 0 :
	    csum_pseudo(ip, ip->proto, n);

	sum = csum_add(sum, p + ip->l4, at - ip->l4);
	uint16_t v = (uint16_t)~csum_fold(csum_join(sum, csum_add(0,
	    p + at + 2, ip->len - at - 2)));
	return v == 0 && ip->proto == PROTO_UDP ? 0xffff : v;
}

static void
put_sums(uint8_t *p, size_t n)
{
	struct ip ip;

	if (p[0] >> 4 == 4) {
		wire_put16(p + 10, 0);
		wire_put16(p + 10, (uint16_t)~csum_fold(csum_add(0, p, 20)));
	}
	must(ip_parse(&ip, p, n) == (enum verdict)V_NEXT);
	wire_put16(p + ip.l4 + sum_at(ip.proto), sum_of(p, &ip));
}

static void
check_sums(const uint8_t *p, size_t n)
{
	struct ip ip;

	must(ip_parse(&ip, p, n) == (enum verdict)V_NEXT);
	size_t at = ip.l4 + sum_at(ip.proto);
	must((p[at] << 8 | p[at + 1]) == sum_of(p, &ip));
}

static size_t
put_ip(uint8_t *p, const struct addr *src, const struct addr *dst,
    uint8_t proto, size_t len)
{
	if (!addr_is_v4(src)) {
		struct ip6_hdr *h = (void *)p;
		*h = (struct ip6_hdr){ .flow = be32_put(6u << 28),
			.len = be16_put((uint16_t)len), .next = proto,
			.hops = 9 };
		memcpy(h->src, src->b, 16);
		memcpy(h->dst, dst->b, 16);
		return sizeof(*h);
	}
	struct ip4_hdr *h = (void *)p;
	*h = (struct ip4_hdr){ .vhl = 0x45, .ttl = 9, .proto = proto,
		.frag = be16_put(IP4_DF),
		.len = be16_put((uint16_t)(sizeof(*h) + len)) };
	memcpy(h->src, src->b + 12, 4);
	memcpy(h->dst, dst->b + 12, 4);
	return sizeof(*h);
}

/* What a packet of an inside host is made of. */
struct recipe {
	uint8_t how, host, sport, dport, whom, fill, flags, seq, ack;
};

static struct recipe
read_recipe(struct script *s)
{
	struct recipe r = { take(s), take(s), take(s), take(s), take(s),
		take(s), TCP_SYN, 0, 0 };

	if (r.how % 3 == 0) {
		r.flags = r.fill & 0x80 ? take(s) : TCP_SYN;
		r.seq = take(s);
		r.ack = take(s);
	}
	return r;
}

/* One of a few flows. */
static struct recipe
draw_recipe(struct script *s)
{
	uint64_t v = draw(s);

	return (struct recipe){ .how = (uint8_t)(v % 3 | (v & 0x40)),
		.host = v >> 8 & 3, .sport = v >> 16 & 1, .dport = 7,
		.whom = (v >> 24 & 7) == 0, .fill = (uint8_t)(v >> 32),
		.flags = v >> 40 & 3 ? TCP_SYN : (v >> 48) & 0x1f,
		.seq = (uint8_t)(v >> 56) };
}

/* The packet; its location. */
static uint16_t
make(const struct recipe *r, uint8_t *p, size_t *n)
{
	uint8_t net = (uint8_t)(1 + (r->host & 1)), kind = r->how % 3;
	bool six = r->how & 0x40;
	struct addr src = six ? v6(net, r->host % 8) : v4(10, net, 0, r->host % 8);
	struct addr dst = six ? v6(9, r->whom % 8) :
	    v4(203, 0, 113, r->whom % 8);
	uint8_t proto = kind == 0 ? PROTO_TCP : kind == 1 ? PROTO_UDP :
	    six ? PROTO_ICMP6 : PROTO_ICMP;
	size_t hlen = kind == 0 ? 20 : 8, payload = r->fill % 32;
	size_t l4 = put_ip(p, &src, &dst, proto, hlen + payload);
	uint8_t *h = p + l4;

	memset(h, 0, hlen);
	wire_put16(h, (uint16_t)(1 + r->sport));
	wire_put16(h + 2, (uint16_t)(1 + r->dport));
	if (kind == 0) {
		h[12] = 5 << 4;
		h[13] = r->flags;
		h[4] = r->seq;
		h[8] = r->ack;
	} else if (kind == 1) {
		wire_put16(h + 4, (uint16_t)(hlen + payload));
	} else {
		h[0] = six ? 128 : 8;
		h[1] = 0;
		wire_put16(h + 4, r->sport);
	}
	for (size_t i = 0; i < payload; i++)
		h[hlen + i] = (uint8_t)(r->fill * i + r->whom);
	*n = l4 + hlen + payload;
	put_sums(p, *n);
	return net;
}

/* ---- properties ---- */

static int
pool_index(const struct addr *a)
{
	for (int i = 0; i < 2 * POOL; i++)
		if (addr_eq(&pool[i], a))
			return i;
	must(false);
	return -1;
}

/* A flow that was lost frees its port before the model thinks so; then it is
 * begun anew. */
static void
forget(void)
{
	seen_round++;
	seen_used = 0;
}

static struct seen *
seen_at(uint32_t where)
{
	uint32_t i = where * 0x9e3779b1u % SEEN;

	if (seen_used > SEEN / 2)
		forget();
	while (seen[i].round == seen_round && seen[i].where != where)
		i = (i + 1) % SEEN;
	if (seen[i].round != seen_round) {
		seen[i] = (struct seen){ .round = seen_round, .where = where };
		seen_used++;
	}
	return &seen[i];
}

/* Nobody else may have been seen there while it can still be his. */
static void
see(const struct ip *before, const struct ip *after)
{
	unsigned kind = before->proto == PROTO_TCP ? 0 :
	    before->proto == PROTO_UDP ? 1 : 2;
	bool icmp = kind == 2;
	uint16_t in = icmp ? before->dport : before->sport;
	uint16_t out = icmp ? after->dport : after->sport;
	struct seen *s = seen_at((uint32_t)pool_index(&after->src) << 18 |
	    kind << 16 | out);

	must(out >= NAT_PORT_FIRST);
	must(s->until <= now || (addr_eq(&s->inside, &before->src) &&
	    s->port == in));
	s->inside = before->src;
	s->port = in;
	/* not each segment keeps a connection alive (RFC 7857 2.2, 7) */
	if (kind != 0 || s->until <= now)
		s->until = now + (icmp ? NAT_ICMP : kind == 1 ? NAT_UDP :
		    NAT_TRANSITORY) * NSEC_SEC;
}

static void
turn_round(uint8_t *p, const struct ip *ip)
{
	size_t at = ip->version == 4 ? 12 : 8, n = ip->version == 4 ? 4 : 16;
	uint8_t keep[16];

	memcpy(keep, p + at, n);
	memmove(p + at, p + at + n, n);
	memcpy(p + at + n, keep, n);
	if (ip->proto == PROTO_ICMP || ip->proto == PROTO_ICMP6) {
		p[ip->l4] = ip->proto == PROTO_ICMP ? 0 : 129;
	} else {
		memcpy(keep, p + ip->l4, 2);
		memmove(p + ip->l4, p + ip->l4 + 2, 2);
		memcpy(p + ip->l4 + 2, keep, 2);
	}
	put_sums(p, ip->len);
}

/* What left, turned round and let in, is what came, turned round. */
static void
come_back(const uint8_t *sent, const uint8_t *left, size_t n)
{
	static uint8_t want[MAX], back[MAX];
	struct nat_way way;
	struct ip ip;

	memcpy(want, sent, n);
	must(ip_parse(&ip, want, n) == (enum verdict)V_NEXT);
	turn_round(want, &ip);
	memcpy(back, left, n);
	must(ip_parse(&ip, back, n) == (enum verdict)V_NEXT);
	turn_round(back, &ip);
	uint8_t *got = at_edge(back, n);
	must(ip_parse(&ip, got, n) == (enum verdict)V_NEXT);
	struct nat_packet pk = { got, &ip, NULL, 0xffff };
	must(nat_inbound(&nat, &pk, &way, now) == (enum verdict)V_NEXT);
	nat_deliver(&nat, &pk, &way, now);
	must(memcmp(want, got, n) == 0);
	translated++;
}

static void
send_out(const struct recipe *r, bool turned)
{
	static uint8_t sent[MAX];
	struct ip before, after;
	size_t n;
	uint16_t from = make(r, sent, &n);
	uint8_t *p = at_edge(sent, n);

	must(ip_parse(&before, p, n) == (enum verdict)V_NEXT);
	struct nat_packet pk = { p, &before, NULL, from };
	nat_fetch(&nat, NAT_OUTWARD, nat_foresee(&nat, NAT_OUTWARD, p, n));
	if (nat_outbound(&nat, &pk, now) != (enum verdict)V_NEXT) {
		must(memcmp(p, sent, n) == 0);	/* as it was */
		return;
	}
	check_sums(p, n);
	must(ip_parse(&after, p, n) == (enum verdict)V_NEXT);
	must(addr_eq(&before.dst, &after.dst));
	see(&before, &after);
	/* a reset leaves no flow by which an answer could come */
	if (turned && (before.proto != PROTO_TCP ||
	    (p[before.l4 + 13] & TCP_RST) == 0))
		come_back(sent, p, n);
}

/* Anything: bytes of the script as a packet, mended so that they get past
 * ip_parse, or not. */
static void
send_noise(struct script *s, bool out)
{
	static uint8_t p[MAX];
	struct nat_way way;
	struct ip ip;
	size_t n = take(s);

	n = n < s->n ? n : s->n;
	memcpy(p, s->p, n);
	s->p += n;
	s->n -= n;
	if (n >= 20 && p[0] >> 4 == 4) {
		p[0] = 0x45;
		wire_put16(p + 2, (uint16_t)n);
		wire_put16(p + 10, 0);
		wire_put16(p + 10, (uint16_t)~csum_fold(csum_add(0, p, 20)));
	}
	uint8_t *q = at_edge(p, n);
	enum nat_dir dir = out ? NAT_OUTWARD : NAT_INWARD;
	nat_fetch(&nat, dir, nat_foresee(&nat, dir, q, n));
	if (ip_parse(&ip, q, n) != (enum verdict)V_NEXT)
		return;
	struct nat_packet pk = { q, &ip, NULL, 1 };
	if (out)
		nat_outbound(&nat, &pk, now);
	else if (nat_inbound(&nat, &pk, &way, now) == (enum verdict)V_NEXT)
		nat_deliver(&nat, &pk, &way, now);
	uint16_t from;
	static uint8_t held[NAT_HELD_MAX];
	while (nat_released(&nat, held, &from, !out, now) > 0)
		;
}

/* The last packet that left is quoted by an error of somebody on its way. */
static void
send_error(const struct recipe *r)
{
	static uint8_t p[MAX], q[MAX], quote[MAX];
	struct ip ip;
	struct nat_way way;
	size_t n, icmp;
	uint16_t from = make(r, q, &n);

	memcpy(quote, q, n);
	must(ip_parse(&ip, q, n) == (enum verdict)V_NEXT);
	struct nat_packet pk = { q, &ip, NULL, from };
	if (nat_outbound(&nat, &pk, now) != (enum verdict)V_NEXT)
		return;
	struct ip left;
	must(ip_parse(&left, q, n) == (enum verdict)V_NEXT);
	see(&ip, &left);
	bool six = left.version == 6;
	struct addr router = six ? v6(9, 200) : v4(203, 0, 113, 200);
	icmp = put_ip(p, &router, &left.src, six ? PROTO_ICMP6 : PROTO_ICMP,
	    8 + n);
	memset(p + icmp, 0, 8);
	p[icmp] = six ? 3 : 11;
	memcpy(p + icmp + 8, q, n);
	put_sums(p, icmp + 8 + n);
	must(ip_parse(&ip, p, icmp + 8 + n) == (enum verdict)V_NEXT);
	pk = (struct nat_packet){ p, &ip, NULL, 0xffff };
	if (nat_inbound(&nat, &pk, &way, now) != (enum verdict)V_NEXT) {
		must(left.proto == PROTO_TCP);	/* nothing is under way */
		return;
	}
	nat_deliver(&nat, &pk, &way, now);
	check_sums(p, icmp + 8 + n);
	must(memcmp(p + icmp + 8, quote, n) == 0);	/* as it was sent */
	translated++;
}

static int
whose(const void *arg, const struct addr *inside)
{
	uint8_t net = addr_is_v4(inside) ? inside->b[13] : inside->b[5];

	(void)arg;
	return net == 1 || net == 2 ? net : -1;
}

static bool
same_flow(const struct nat_flow *a, const struct nat_flow *b)
{
	return a->seal == b->seal &&
	    memcmp(a, b, offsetof(struct nat_flow, seal)) == 0;
}

/* What was taken over is what was there, each once. */
static void
check_adopted(const struct nat_flow *before, int half)
{
	for (size_t i = 1; i <= FLOWS; i++) {
		const struct nat_flow *f = &flow[half][i];
		size_t n = 0;
		for (size_t k = 1; k <= FLOWS && f->seal != 0; k++)
			n += same_flow(f, &before[k]);
		must(f->seal == 0 || n == 1);
	}
}

/* The process dies; some byte of what it left is another now, or none: then
 * nothing may be missing. */
static void
die_and_adopt(struct script *s, int *half)
{
	static struct nat_flow before[FLOWS + 1];
	const struct nat_records rec = { flow[*half], run[*half],
		owner[*half] };
	size_t at = (size_t)(take(s) << 8 | take(s)) % sizeof(flow[0]);
	uint8_t x = take(s), y = take(s), draw = take(s);
	size_t alive = 0;

	memcpy(before, flow[*half], sizeof(before));
	for (size_t i = 1; i <= FLOWS; i++)
		alive += before[i].seal != 0 &&
		    before[i].expires > now / NSEC_SEC &&
		    whose(NULL, &before[i].inside) >= 0;
	x = x & 1 ? x : 0;
	y = x != 0 ? y : 0;
	((uint8_t *)flow[*half])[at] ^= x;
	((uint8_t *)owner[*half])[at % sizeof(owner[0])] ^= y;
	*half = !*half;
	start(*half, draw);
	struct nat_legacy old = { rec, FLOWS, pool, 2 * POOL, cfg.block,
		whose, NULL };
	size_t got = nat_adopt(&nat, &old, now);
	must(got == nat.table.used && (x != 0 || got == alive));
	check_adopted(before, *half);
}

static void
reset(uint8_t how)
{
	forget();
	now = 1000 * NSEC_SEC;
	configure(how);
	start(0, how);
}

static void
pass_time(uint8_t seconds, unsigned budget)
{
	now += (nsec)seconds * NSEC_SEC;
	nat_tick(&nat, now, budget);
}

static void
play(struct script *s)
{
	struct recipe r;
	int half = 0;

	for (int i = 0; s->n > 0 && i < OPS; i++) {
		uint8_t op = take(s);
		switch (op % 8) {
		case 0:
			pass_time(take(s), 1u + op);
			break;
		case 1:
			send_noise(s, op & 8);
			break;
		case 3:
			if (op < 32) {
				die_and_adopt(s, &half);
				forget();
				break;
			}
			/* fall through */
		default:
			r = read_recipe(s);
			if (op % 8 == 2)
				send_error(&r);
			else
				send_out(&r, op & 8);
		}
		must(nat.table.used <= FLOWS);
	}
}

static void
go_on(struct script *s)
{
	for (int i = 0; i < DRAWN; i++) {
		uint64_t v = draw(s);
		struct recipe r = draw_recipe(s);
		if (v % 64 == 0)
			pass_time((uint8_t)(v >> 8), 1 + (v >> 16 & 0xff));
		if (v >> 24 & 15)
			send_out(&r, true);
		else
			send_error(&r);
		must(nat.table.used <= FLOWS);
	}
}

static void
tell(void)
{
	fprintf(stderr, "stat::translated: %" PRIu64 "\n", translated);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct script s = { data, n, n };

	if (seen_round == 0)
		atexit(tell);
	for (size_t i = 0; i < n; i++)
		s.draw = (s.draw ^ data[i]) * 0x100000001b3;
	reset(take(&s));
	play(&s);
	go_on(&s);
	return 0;
}
