/* SPDX-License-Identifier: ISC */
#ifndef BH_T_NATWORLD_H
#define BH_T_NATWORLD_H

/*
 * A translator with two branches, 10.1/16 and 10.2/16, before a pool of
 * addresses from 198.51.100.1 and 2001:db8:f::1 on, and packets for it.
 * Packets are made and summed by packet.h's reference models.
 */

#include "test.h"

#include "nat/nat.h"
#include "packet.h"

#include <stdlib.h>

enum { OUT_OF_POOL = 16, BRANCHES = 3 };	/* location 0 is the server */

struct world {
	struct nat_config cfg;
	struct nat_site site[BRANCHES];
	struct addr pool[2 * OUT_OF_POOL];
	struct nat_records rec;
	void *mem;
	struct nat nat;
	nsec now;
	struct packet pk;	/* the last one, as it came out */
	struct ip ip;
};

/* A packet, in words. */
struct leg {
	uint8_t proto;
	const char *src;
	uint16_t sport;
	const char *dst;
	uint16_t dport;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t win;		/* 0: 1000 */
	uint8_t scale;		/* of a SYN, + 1; 0: no such option */
	size_t payload;
	uint16_t frag, id;	/* IPv4 */
	uint8_t type;		/* ICMP: with sport as identifier */
	bool nosum;		/* UDP without a checksum */
};

static inline struct addr
at(const char *text)
{
	struct addr a;

	if (!addr_parse(&a, text)) {
		printf("Bail out! no address: %s\n", text);
		exit(1);
	}
	return a;
}

static inline struct addr
add_to(struct addr a, uint32_t n)
{
	for (int i = 15; i >= 12; i--, n >>= 8) {
		n += a.b[i];
		a.b[i] = (uint8_t)n;
	}
	return a;
}

/* npool addresses of each family; what is not set is the default. */
static inline void
world_config(struct world *w, uint16_t npool)
{
	memset(w, 0, sizeof(*w));
	for (uint16_t i = 0; i < npool; i++) {
		w->pool[i] = add_to(at("198.51.100.1"), i);
		w->pool[npool + i] = add_to(at("2001:db8:f::1"), i);
	}
	for (int i = 1; i < BRANCHES; i++)
		w->site[i] = (struct nat_site){ { { 0, npool },
			{ npool, npool } } };
	w->cfg = (struct nat_config){ .pool = w->pool, .npool = 2u * npool,
		.site = w->site, .nsites = BRANCHES, .flows = 4096,
		.host_flows = 4096, .site_flows = 4096, .host_blocks = 64,
		.site_blocks = { 4096, 4096 }, .block = 512, .udp = NAT_UDP,
		.icmp = NAT_ICMP, .tcp = NAT_TCP,
		.tcp_transitory = NAT_TRANSITORY };
	w->now = 1000 * NSEC_SEC;
}

static inline struct nat_records
world_records(const struct nat_config *cfg)
{
	return (struct nat_records){
		.flow = calloc(cfg->flows + 1, sizeof(struct nat_flow)),
		.run = calloc(cfg->flows + 1, sizeof(struct nat_run)),
		.owner = calloc(nat_ports_blocks(cfg) + 1,
		    sizeof(struct nat_owner)) };
}

static inline void
world_start(struct world *w)
{
	static const uint8_t key[16] = "not a secret";

	w->rec = world_records(&w->cfg);
	w->mem = calloc(1, nat_memory(&w->cfg));
	nat_init(&w->nat, &w->cfg, &w->rec, w->mem, key);
	w->nat.wheel.at = (uint32_t)(w->now / NSEC_SEC);
	w->nat.wall = 1700000000;
}

static inline void
world_up(struct world *w, uint16_t npool)
{
	world_config(w, npool);
	world_start(w);
}

static inline void
world_down(struct world *w)
{
	free(w->rec.flow);
	free(w->rec.run);
	free(w->rec.owner);
	free(w->mem);
}

static inline void
world_wait(struct world *w, unsigned seconds)
{
	w->now += seconds * NSEC_SEC;
	while (nat_tick(&w->nat, w->now, NAT_SWEEP))
		;
}

static inline size_t
put_header(struct packet *pk, const struct leg *l, size_t l4len)
{
	struct addr src = at(l->src), dst = at(l->dst);

	if (!addr_is_v4(&src)) {
		struct ip6_hdr *h = (void *)pk->b;
		*h = (struct ip6_hdr){ .flow = be32_put(6u << 28),
			.len = be16_put((uint16_t)l4len), .next = l->proto,
			.hops = 64 };
		memcpy(h->src, src.b, 16);
		memcpy(h->dst, dst.b, 16);
		return sizeof(*h);
	}
	struct ip4_hdr *h = (void *)pk->b;
	*h = (struct ip4_hdr){ .vhl = 0x45, .ttl = 64, .proto = l->proto,
		.id = be16_put(l->id), .frag = be16_put(l->frag),
		.len = be16_put((uint16_t)(sizeof(*h) + l4len)) };
	memcpy(h->src, src.b + 12, 4);
	memcpy(h->dst, dst.b + 12, 4);
	packet_sum_ip(pk->b);
	return sizeof(*h);
}

/* The transport checksum that the packet should have. */
static inline uint16_t
right_sum(const uint8_t *p, size_t l4, size_t n, uint8_t proto)
{
	size_t csum = proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 2;
	uint32_t start = proto == PROTO_ICMP ? 0 :
	    packet_pseudo(p, proto, n - l4);
	uint16_t had = (uint16_t)(p[l4 + csum] << 8 | p[l4 + csum + 1]);
	uint16_t sum = packet_sum(p + l4, n - l4, start);

	/* without what stood there */
	sum = packet_sum((const uint8_t[]){ (uint8_t)(~had >> 8),
	    (uint8_t)~had }, 2, sum);
	sum = (uint16_t)~sum;
	return sum == 0 && proto == PROTO_UDP ? 0xffff : sum;
}

static inline void
put_sum(uint8_t *p, size_t l4, size_t n, uint8_t proto)
{
	size_t csum = proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 2;

	wire_put16(p + l4 + csum, 0);
	uint16_t sum = (uint16_t)~packet_sum(p + l4, n - l4,
	    proto == PROTO_ICMP ? 0 : packet_pseudo(p, proto, n - l4));
	wire_put16(p + l4 + csum, sum == 0 && proto == PROTO_UDP ? 0xffff :
	    sum);
}

static inline void
make(struct packet *pk, const struct leg *l)
{
	bool later = (l->frag & IP4_OFFSET) != 0;
	size_t options = l->scale != 0 ? 4 : 0;
	size_t hlen = later ? 0 : l->proto == PROTO_TCP ? 20 + options : 8;
	size_t l4 = put_header(pk, l, hlen + l->payload);
	uint8_t *h = pk->b + l4;

	pk->n = l4 + hlen + l->payload;
	for (size_t i = 0; i < l->payload; i++)
		h[hlen + i] = (uint8_t)(i * 7 + 1);
	if (later)
		return;
	if (l->proto == PROTO_TCP)
		*(struct tcp_hdr *)(void *)h = (struct tcp_hdr){
			be16_put(l->sport), be16_put(l->dport),
			be32_put(l->seq), be32_put(l->ack),
			(uint8_t)(hlen / 4 << 4), l->flags,
			be16_put(l->win != 0 ? l->win : 1000), be16_put(0),
			be16_put(0) };
	else if (l->proto == PROTO_UDP)
		*(struct udp_hdr *)(void *)h = (struct udp_hdr){
			be16_put(l->sport), be16_put(l->dport),
			be16_put((uint16_t)(8 + l->payload)), be16_put(0) };
	else
		*(struct icmp_hdr *)(void *)h = (struct icmp_hdr){
			.type = l->type, .id = be16_put(l->sport),
			.seq = be16_put(7) };
	if (options != 0)
		memcpy(h + 20, (const uint8_t[]){ 1, 3, 3,
		    (uint8_t)(l->scale - 1) }, options);
	if (!l->nosum)
		put_sum(pk->b, l4, pk->n, l->proto);
}

static inline struct leg
syn(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct leg){ .proto = PROTO_TCP, .src = src, .sport = sport,
		.dst = dst, .dport = dport, .flags = TCP_SYN, .seq = 1 };
}

static inline struct leg
udp(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct leg){ .proto = PROTO_UDP, .src = src, .sport = sport,
		.dst = dst, .dport = dport, .payload = 10 };
}

static inline const char *
branch1_host(unsigned i)
{
	static char buf[20];

	snprintf(buf, sizeof(buf), "10.1.%u.%u", i / 250, 1 + i % 250);
	return buf;
}

static inline unsigned
news(struct world *w, enum nat_news what)
{
	struct nat_event e;
	unsigned n = 0;

	while (nat_news(&w->nat, &e))
		n += e.what == what;
	return n;
}

/* Parses what is in w->pk and sends it out; w->ip is what came of it. */
static inline enum verdict
out_again(struct world *w, uint16_t from)
{
	struct nat_packet p = { w->pk.b, &w->ip, NULL, from };
	struct ip ip;
	enum verdict v = ip_parse(&ip, w->pk.b, w->pk.n);

	p.ip = &ip;
	if (v == (enum verdict)V_NEXT)
		v = nat_outbound(&w->nat, &p, w->now);
	if (ip_parse(&w->ip, w->pk.b, w->pk.n) != (enum verdict)V_NEXT)
		return V_HEADER;
	return v;
}

static inline enum verdict
in_again(struct world *w)
{
	struct nat_way way;
	struct ip ip;
	struct nat_packet p = { w->pk.b, &ip, NULL, 0xffff };
	enum verdict v = ip_parse(&ip, w->pk.b, w->pk.n);

	if (v == (enum verdict)V_NEXT)
		v = nat_inbound(&w->nat, &p, &way, w->now);
	if (v == (enum verdict)V_NEXT)
		nat_deliver(&w->nat, &p, &way, w->now);
	if (ip_parse(&w->ip, w->pk.b, w->pk.n) != (enum verdict)V_NEXT)
		return V_HEADER;
	return v;
}

static inline bool
out(struct world *w, uint16_t from, struct leg l)
{
	make(&w->pk, &l);
	return out_again(w, from) == (enum verdict)V_NEXT;
}

static inline bool
in(struct world *w, struct leg l)
{
	make(&w->pk, &l);
	return in_again(w) == (enum verdict)V_NEXT;
}

/* Every checksum of the last packet is what summing anew gives. */
static inline bool
sums_right(const struct world *w)
{
	const uint8_t *p = w->pk.b;
	size_t l4 = w->ip.l4, csum = w->ip.proto == PROTO_TCP ? 16 :
	    w->ip.proto == PROTO_UDP ? 6 : 2;

	return w->ip.frag ||
	    (p[l4 + csum] << 8 | p[l4 + csum + 1]) ==
	    right_sum(p, l4, w->ip.len, w->ip.proto);
}

static inline bool
is_at(const struct addr *a, const char *text)
{
	struct addr b = at(text);

	return addr_eq(a, &b);
}

static inline const char *
text(const struct addr *a)
{
	static char buf[4][ADDR_STRLEN];
	static int turn;

	return addr_format(a, buf[turn++ % 4]);
}

#endif
