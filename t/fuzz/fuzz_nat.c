/* SPDX-License-Identifier: ISC */
/*
 * The translator under a script of packets, out and in, of two branches' hosts,
 * with time going by.  Whatever is said:
 *   - a checksum changed by RFC 1624 is the one that summing anew gives;
 *   - what left comes back, byte for byte, when its ends are turned round and
 *     it is let in again: un-NAT(NAT(p)) = p;
 *   - no two inside ends ever have one outside end, by a twin that only knows
 *     what it has seen;
 *   - bytes of no sense at all change nothing and read nothing behind them;
 *   - what another process left, with any byte of it changed, is adopted
 *     without two flows in one place.
 */
#include "fuzz.h"

#include "net/csum.h"
#include "net/nat.h"
#include "net/wire.h"

enum { FLOWS = 48, POOL = 2, SITES = 3, MAX = 2048, ROOM = 1 << 20 };

static struct nat nat;
static struct nat_config cfg;
static struct nat_site site[SITES];
static struct addr pool[2 * POOL];
static uint8_t memory[2][ROOM];
static struct nat_flow flow[2][FLOWS + 1];
static struct nat_run run[2][FLOWS + 1];
static struct nat_owner owner[2][2 * POOL * 8];
static nsec now;

/* The twin: who was last seen behind each outside end, and until when it may
 * be so. */
static struct seen {
	struct addr inside;
	uint16_t port;
	nsec until;
} seen[POOL * 2][3][65536];
static struct {
	struct seen *s;
} touched[512];
static size_t ntouched;

struct script {
	const uint8_t *p;
	size_t n;
};

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
		.site_blocks = 8, .block = 8192, .udp = NAT_UDP,
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

/* A packet of an inside host as the script has it; its location. */
static uint16_t
make(struct script *s, uint8_t *p, size_t *n)
{
	uint8_t how = take(s), host = take(s), sport = take(s);
	uint8_t dport = take(s), whom = take(s), fill = take(s);
	uint8_t net = (uint8_t)(1 + (host & 1)), kind = how % 3;
	bool six = how & 0x40;
	struct addr src = six ? v6(net, host % 8) : v4(10, net, 0, host % 8);
	struct addr dst = six ? v6(9, whom % 8) : v4(203, 0, 113, whom % 8);
	uint8_t proto = kind == 0 ? PROTO_TCP : kind == 1 ? PROTO_UDP :
	    six ? PROTO_ICMP6 : PROTO_ICMP;
	size_t hlen = kind == 0 ? 20 : 8, payload = fill % 32;
	size_t l4 = put_ip(p, &src, &dst, proto, hlen + payload);
	uint8_t *h = p + l4;

	memset(h, 0, hlen);
	wire_put16(h, (uint16_t)(1 + sport));
	wire_put16(h + 2, (uint16_t)(1 + dport));
	if (kind == 0) {
		h[12] = 5 << 4;
		h[13] = fill & 0x80 ? take(s) : TCP_SYN;
		h[4] = take(s);
		h[8] = take(s);
	} else if (kind == 1) {
		wire_put16(h + 4, (uint16_t)(hlen + payload));
	} else {
		h[0] = six ? 128 : 8;
		h[1] = 0;
		wire_put16(h + 4, sport);
	}
	for (size_t i = 0; i < payload; i++)
		h[hlen + i] = (uint8_t)(fill * i + whom);
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

/* Nobody else may have been seen there while it can still be his. */
static void
see(const struct ip *before, const struct ip *after)
{
	unsigned kind = before->proto == PROTO_TCP ? 0 :
	    before->proto == PROTO_UDP ? 1 : 2;
	bool icmp = kind == 2;
	uint16_t in = icmp ? before->dport : before->sport;
	uint16_t out = icmp ? after->dport : after->sport;
	struct seen *s = &seen[pool_index(&after->src)][kind][out];

	must(out >= NAT_PORT_FIRST);
	must(s->until <= now || (addr_eq(&s->inside, &before->src) &&
	    s->port == in));
	if (s->until == 0 && ntouched < 512)
		touched[ntouched++].s = s;
	*s = (struct seen){ before->src, in, now + (icmp ? NAT_ICMP :
	    kind == 1 ? NAT_UDP : NAT_TRANSITORY) * NSEC_SEC };
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
	static uint8_t want[MAX], got[MAX];
	struct nat_way way;
	struct ip ip;

	memcpy(want, sent, n);
	must(ip_parse(&ip, want, n) == (enum verdict)V_NEXT);
	turn_round(want, &ip);
	memcpy(got, left, n);
	must(ip_parse(&ip, got, n) == (enum verdict)V_NEXT);
	turn_round(got, &ip);
	must(ip_parse(&ip, got, n) == (enum verdict)V_NEXT);
	struct nat_packet pk = { got, &ip, NULL, 0xffff };
	must(nat_inbound(&nat, &pk, &way, now) == (enum verdict)V_NEXT);
	nat_deliver(&nat, &pk, &way, now);
	must(memcmp(want, got, n) == 0);
}

static void
send_out(struct script *s, bool turned)
{
	static uint8_t p[MAX], sent[MAX];
	struct ip before, after;
	size_t n;
	uint16_t from = make(s, p, &n);

	memcpy(sent, p, n);
	must(ip_parse(&before, p, n) == (enum verdict)V_NEXT);
	struct nat_packet pk = { p, &before, NULL, from };
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
send_error(struct script *s)
{
	static uint8_t p[MAX], q[MAX], quote[MAX];
	struct ip ip;
	struct nat_way way;
	size_t n, icmp;
	uint16_t from = make(s, q, &n);

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
	for (size_t i = 0; i < ntouched; i++)
		touched[i].s->until = 0;
	ntouched = 0;
	now = 1000 * NSEC_SEC;
	configure(how);
	start(0, how);
}

/* A flow that was lost, or a connection that was reset, frees its port before
 * the twin thinks so; then it is begun anew. */
static void
forget(void)
{
	for (size_t i = 0; i < ntouched; i++)
		touched[i].s->until = 0;
	ntouched = 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct script s = { data, n };
	int half = 0;

	reset(take(&s));
	for (int i = 0; s.n > 0 && i < 200; i++) {
		uint8_t op = take(&s);
		switch (op % 8) {
		case 0:
			now += (nsec)take(&s) * NSEC_SEC;
			nat_tick(&nat, now, 1 + op);
			break;
		case 1:
			send_noise(&s, op & 8);
			break;
		case 2:
			send_error(&s);
			break;
		case 3:
			if (op < 32) {
				die_and_adopt(&s, &half);
				forget();
				break;
			}
			/* fall through */
		default:
			send_out(&s, op & 8);
		}
		must(nat.table.used <= FLOWS);
	}
	return 0;
}
