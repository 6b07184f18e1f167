/* SPDX-License-Identifier: ISC */
#include "nat/nat_edit.h"

#include "packet/csum.h"
#include "packet/wire.h"

#include <string.h>

enum {
	ICMP_ECHO = 8, ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3, ICMP_TIME = 11, ICMP_PARAMETER = 12,
	ICMP6_ERROR_LAST = 4, ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129,
	NO_FIELD = 0xff,
};

/* Where a transport header has what is changed. */
static const struct fields {
	uint8_t proto, port[2], csum;
	bool pseudo;		/* its sum covers the addresses */
} fields[] = {
	{ PROTO_TCP, { 0, 2 }, offsetof(struct tcp_hdr, csum), true },
	{ PROTO_UDP, { 0, 2 }, offsetof(struct udp_hdr, csum), true },
	{ PROTO_ICMP, { 4, 4 }, offsetof(struct icmp_hdr, csum), false },
	{ PROTO_ICMP6, { 4, 4 }, offsetof(struct icmp_hdr, csum), true },
	{ .proto = 0 },
};

static const struct fields *
fields_of(uint8_t proto)
{
	const struct fields *f = fields;

	while (f->proto != 0 && f->proto != proto)
		f++;
	return f->proto != 0 ? f : NULL;
}

/* n bytes at `at' become those at `to'; the change, added to delta. */
static uint64_t
replace(uint8_t *at, const void *to, size_t n, uint64_t delta)
{
	delta = csum_change(delta, at, to, n);
	memcpy(at, to, n);
	return delta;
}

static uint64_t
replace16(uint8_t *at, uint16_t v, uint64_t delta)
{
	be16 to = be16_put(v);

	return replace(at, &to, sizeof(to), delta);
}

/* An echo reply may have nothing but zeros in it, and then alone is its sum
 * plus and not minus 0. */
static bool
is_empty(const struct nat_edit *e)
{
	const struct icmp_hdr *h = (const void *)(e->p + e->l4);
	uint8_t any = h->type | h->code;

	for (size_t i = e->l4 + offsetof(struct icmp_hdr, id); i < e->n; i++)
		any |= e->p[i];
	return any == 0;
}

/* A checksum to be completed holds the sum itself, not its complement. */
static uint16_t
new_sum(const struct nat_edit *e, uint16_t old, uint64_t delta)
{
	if (e->partial)
		return (uint16_t)~csum_patch((uint16_t)~old, delta);
	uint16_t sum = csum_patch(old, delta);
	if (sum == 0 && (e->proto == PROTO_UDP ||
	    (e->proto == PROTO_ICMP && is_empty(e))))
		return 0xffff;
	return sum;
}

/* The transport header; `addresses' is the change of the pseudo header. */
static uint64_t
edit_transport(const struct nat_edit *e, enum nat_end end, uint16_t port,
    uint64_t addresses)
{
	const struct fields *f = fields_of(e->proto);
	uint8_t *h = e->p + e->l4;
	size_t n = e->n > e->l4 ? e->n - e->l4 : 0;

	if (f == NULL || n < f->port[end] + 2u)
		return 0;
	uint64_t delta = replace16(h + f->port[end], port, 0);
	if (n < f->csum + 2u)
		return delta;
	uint16_t old = (uint16_t)(h[f->csum] << 8 | h[f->csum + 1]);
	if (old == 0 && e->proto == PROTO_UDP && !e->partial)
		return delta;	/* RFC 768: none */
	uint64_t covered = f->pseudo ? addresses : 0;
	if (!e->partial)	/* else the ports are summed later */
		covered = csum_join(covered, delta);
	return replace16(h + f->csum, new_sum(e, old, covered), delta);
}

uint64_t
nat_edit(const struct nat_edit *e, enum nat_end end, const struct addr *a,
    uint16_t port)
{
	uint64_t delta, addresses;

	if (e->version == 6) {
		struct ip6_hdr *h = (void *)e->p;
		addresses = replace(end == NAT_SRC ? h->src : h->dst, a->b,
		    sizeof(h->src), 0);
		delta = addresses;
	} else {
		struct ip4_hdr *h = (void *)e->p;
		addresses = replace(end == NAT_SRC ? h->src : h->dst,
		    a->b + 12, sizeof(h->src), 0);
		delta = replace16(h->csum.b, csum_patch(be16_get(h->csum),
		    addresses), addresses);
	}
	return csum_join(delta, edit_transport(e, end, port, addresses));
}

static bool
is_echo(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	return ip->version == 4 ?
	    type == ICMP_ECHO || type == ICMP_ECHO_REPLY :
	    type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

/* Not source quench (RFC 6633), not redirect (RFC 1812 5.2.7.2). */
static bool
is_error(const struct ip *ip)
{
	unsigned type = ip->sport >> 8;

	return ip->version == 4 ? type == ICMP_UNREACHABLE ||
	    type == ICMP_TIME || type == ICMP_PARAMETER :
	    type > 0 && type <= ICMP6_ERROR_LAST;
}

bool
nat_translates(const struct ip *ip, bool *error)
{
	bool icmp = ip->proto == (ip->version == 4 ? PROTO_ICMP : PROTO_ICMP6);

	*error = false;
	if (ip->proto == PROTO_TCP || ip->proto == PROTO_UDP)
		return true;
	if (!icmp || ip->frag_off > 0)
		return icmp;
	*error = is_error(ip);
	return *error || is_echo(ip);
}

bool
nat_asks(const struct ip *ip)
{
	return ip->sport >> 8 == (ip->version == 4 ? ICMP_ECHO : ICMP6_ECHO);
}

static bool
quote_ip4(struct nat_quote *q, const uint8_t *p, size_t n)
{
	const struct ip4_hdr *h = (const void *)p;
	size_t hlen = n >= sizeof(*h) ? (h->vhl & 15u) * 4 : 0;

	if (hlen < sizeof(*h) || hlen > n || h->vhl >> 4 != 4 ||
	    (be16_get(h->frag) & IP4_OFFSET) != 0 ||
	    csum_fold(csum_add(0, h, hlen)) != 0xffff)
		return false;
	q->e.l4 = (uint16_t)hlen;
	q->e.proto = h->proto;
	q->src = addr_from_v4(h->src);
	q->dst = addr_from_v4(h->dst);
	return q->e.proto != PROTO_ICMP6;
}

/* A fragment header may stand before the transport header; what other
 * extensions there may be, nobody sends to be translated. */
static bool
quote_ip6(struct nat_quote *q, const uint8_t *p, size_t n)
{
	const struct ip6_hdr *h = (const void *)p;
	const struct ip6_frag *f = (const void *)(h + 1);

	if (n < sizeof(*h) || p[0] >> 4 != 6)
		return false;
	q->e.l4 = sizeof(*h);
	q->e.proto = h->next;
	q->src = addr_from_v6(h->src);
	q->dst = addr_from_v6(h->dst);
	if (h->next == PROTO_FRAGMENT) {
		if (n < sizeof(*h) + sizeof(*f) ||
		    (be16_get(f->off) & IP6_OFFSET) != 0)
			return false;
		q->e.l4 += sizeof(*f);
		q->e.proto = f->next;
	}
	return q->e.proto != PROTO_ICMP && !addr_is_v4(&q->src) &&
	    !addr_is_v4(&q->dst);
}

/* 8 bytes of it is the least that an error quotes (RFC 792). */
static bool
quote_transport(struct nat_quote *q, const uint8_t *h)
{
	const struct tcp_hdr *tcp = (const void *)h;
	const struct icmp_hdr *icmp = (const void *)h;
	struct ip as_if = { .version = q->e.version, .proto = q->e.proto,
		.sport = (uint16_t)(icmp->type << 8 | icmp->code) };
	bool error;

	if (!nat_translates(&as_if, &error) || error)
		return false;
	if (q->e.proto == PROTO_TCP || q->e.proto == PROTO_UDP) {
		q->sport = be16_get(tcp->sport);
		q->dport = be16_get(tcp->dport);
		q->seq = be32_get(tcp->seq);
		return true;
	}
	q->sport = be16_get(icmp->id);
	return true;
}

bool
nat_quote_parse(struct nat_quote *q, uint8_t *p, size_t n, uint8_t version)
{
	*q = (struct nat_quote){ .e = { .p = p, .n = n, .version = version } };
	if (version == 4 ? !quote_ip4(q, p, n) : !quote_ip6(q, p, n))
		return false;
	return n >= q->e.l4 + 8u && quote_transport(q, p + q->e.l4);
}
