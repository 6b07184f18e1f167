/* SPDX-License-Identifier: ISC */
#include "packet/gso.h"

#include "packet/csum.h"

#include <string.h>

/*
 * Joining.  The rules are those of the kernel's receive offload, and then some,
 * since what was joined here is cut again by somebody else: every byte of a
 * packet that is not kept must follow from those that are.  So the fields that
 * gso.c computes must be as it would compute them, and all others equal.
 *
 * Order within a flow is kept because only the flow's latest slot may grow.
 * That slot is found by a hash of the flow; when two flows share a hash they
 * take it from each other, and are merely joined less.
 */

static const uint8_t TCP_ALONE = TCP_SYN | TCP_RST | TCP_URG;
static const uint8_t TCP_ENDS = TCP_FIN | TCP_PSH;

enum sum { SUM_NONE, SUM_RIGHT, SUM_WRONG };

/* A UDP datagram may be shorter than the packet; nothing is said of one that
 * is, nor of one without a checksum. */
static bool
has_sum(const uint8_t *pkt, const struct ip *ip)
{
	const struct udp_hdr *h = (const void *)(pkt + ip->l4);

	if (ip->frag || !ip->ports)
		return false;
	if (ip->proto == PROTO_UDP)
		return be16_get(h->csum) != 0 &&
		    be16_get(h->len) == ip->len - ip->l4;
	return ip->proto == PROTO_TCP;
}

static enum sum
check_sum(const uint8_t *pkt, const struct ip *ip)
{
	if (!has_sum(pkt, ip))
		return SUM_NONE;
	size_t len = (size_t)(ip->len - ip->l4);
	uint64_t sum = csum_pseudo(ip, ip->proto, len);
	sum = csum_add(sum, pkt + ip->l4, len);
	return csum_fold(sum) == 0xffff ? SUM_RIGHT : SUM_WRONG;
}

/* All ones is as right a sum as zero, but not the one that cutting gives. */
static bool
network_fits(const uint8_t *pkt, const struct ip *ip)
{
	const struct ip4_hdr *h = (const void *)pkt;

	if (ip->version == 6)
		return ip->l4 == sizeof(struct ip6_hdr);
	return ip->l4 == sizeof(*h) && be16_get(h->csum) != 0xffff;
}

/* Header bytes of a packet that may be joined with others, or 0. */
static size_t
joinable(const struct gro *g, const uint8_t *pkt, const struct ip *ip)
{
	const struct tcp_hdr *h = (const void *)(pkt + ip->l4);
	size_t len = ip->l4 + sizeof(struct udp_hdr);

	if (!network_fits(pkt, ip))
		return 0;
	if (ip->proto == PROTO_TCP) {
		len = ip->l4 + (h->off >> 4) * 4u;
		if (len < ip->l4 + sizeof(*h) || (h->flags & TCP_ALONE) != 0 ||
		    be16_get(h->csum) == 0xffff)
			return 0;
	} else if (!g->udp) {
		return 0;
	}
	return len < ip->len ? len : 0;
}

static size_t
flow_hash(const struct ip *ip, uint16_t tag)
{
	uint64_t a[2], b[2];

	memcpy(a, &ip->src, sizeof(a));
	memcpy(b, &ip->dst, sizeof(b));
	uint64_t h = a[0] ^ a[1] ^ (b[0] + b[1]) * 3;
	h ^= (uint64_t)ip->sport << 48 | (uint64_t)ip->dport << 32 |
	    (uint64_t)ip->proto << 16 | tag;
	return (size_t)(h * 0x9e3779b97f4a7c15 >> 56);
}

static bool
same_flow(const struct gro_slot *s, const struct ip *ip, uint16_t tag)
{
	return s->tag == tag && s->ip.version == ip->version &&
	    s->ip.proto == ip->proto && s->ip.sport == ip->sport &&
	    s->ip.dport == ip->dport && addr_eq(&s->ip.src, &ip->src) &&
	    addr_eq(&s->ip.dst, &ip->dst);
}

static bool
network_follows(const struct gro_slot *s, const uint8_t *pkt)
{
	const uint8_t *first = s->piece[0].iov_base;
	const struct ip4_hdr *a4 = (const void *)first, *b4 = (const void *)pkt;
	const struct ip6_hdr *a6 = (const void *)first, *b6 = (const void *)pkt;

	if (s->ip.version == 6)
		return memcmp(&a6->flow, &b6->flow, sizeof(a6->flow)) == 0 &&
		    a6->hops == b6->hops;
	return a4->tos == b4->tos && a4->ttl == b4->ttl &&
	    be16_get(a4->frag) == be16_get(b4->frag) &&
	    be16_get(b4->id) == s->next_id;
}

/* ENDS may be set on the last, CWR on the first; options, timestamps among
 * them, are equal to the bit. */
static bool
tcp_follows(const struct gro_slot *s, const uint8_t *pkt)
{
	const uint8_t *first = s->piece[0].iov_base;
	const struct tcp_hdr *a = (const void *)(first + s->ip.l4);
	const struct tcp_hdr *b = (const void *)(pkt + s->ip.l4);
	size_t options = s->hlen - s->ip.l4 - sizeof(*a);

	return be32_get(b->seq) == s->next_seq && a->off == b->off &&
	    (a->flags & ~TCP_CWR) == (b->flags & ~TCP_ENDS) &&
	    memcmp(&a->ack, &b->ack, sizeof(a->ack)) == 0 &&
	    memcmp(&a->win, &b->win, sizeof(a->win)) == 0 &&
	    memcmp(&a->urg, &b->urg, sizeof(a->urg)) == 0 &&
	    memcmp(a + 1, b + 1, options) == 0;
}

static bool
follows(const struct gro_slot *s, const uint8_t *pkt, const struct ip *ip,
    uint16_t tag, size_t hlen)
{
	size_t payload = ip->len - hlen;

	return s->open && hlen == s->hlen && payload <= s->size &&
	    s->bytes + payload <= UINT16_MAX && same_flow(s, ip, tag) &&
	    network_follows(s, pkt) &&
	    (ip->proto == PROTO_UDP || tcp_follows(s, pkt));
}

/* After a packet of n bytes of payload with these TCP flags. */
static void
advance(struct gro_slot *s, size_t n, uint8_t flags)
{
	s->next_seq += (uint32_t)n;
	s->next_id += s->id_step;
	if (n < s->size || (flags & TCP_ENDS) != 0 || s->npieces == GRO_PIECES)
		s->open = false;
}

static uint8_t
tcp_flags(const uint8_t *pkt, const struct ip *ip)
{
	const struct tcp_hdr *h = (const void *)(pkt + ip->l4);

	return ip->proto == PROTO_TCP ? h->flags : 0;
}

static void
append(struct gro_slot *s, uint8_t *pkt, const struct ip *ip)
{
	size_t n = (size_t)(ip->len - s->hlen);
	uint8_t flags = tcp_flags(pkt, ip);

	s->piece[s->npieces++] = (struct iovec){ pkt + s->hlen, n };
	s->bytes += (uint32_t)n;
	if (ip->proto == PROTO_TCP) {
		uint8_t *first = s->piece[0].iov_base;
		struct tcp_hdr *h = (void *)(first + s->ip.l4);
		h->flags |= flags & TCP_ENDS;
	}
	advance(s, n, flags);
}

/* hlen 0: it stays alone. */
static void
begin(struct gro_slot *s, uint8_t *pkt, const struct ip *ip, uint16_t tag,
    size_t hlen)
{
	const struct ip4_hdr *v4 = (const void *)pkt;
	const struct tcp_hdr *tcp = (const void *)(pkt + ip->l4);

	s->vnet = (struct vnet){ 0 };
	s->ip = *ip;
	s->tag = tag;
	s->bytes = ip->len;
	s->npieces = 1;
	s->piece[0] = (struct iovec){ pkt, ip->len };
	s->hlen = (uint16_t)hlen;
	s->open = hlen > 0;
	if (!s->open)
		return;
	s->size = (uint16_t)(ip->len - hlen);
	s->next_id = ip->version == 4 ? be16_get(v4->id) : 0;
	s->id_step = ip->version == 4 ? gso_id_step(v4) : 0;
	s->next_seq = ip->proto == PROTO_TCP ? be32_get(tcp->seq) : 0;
	advance(s, s->size, tcp_flags(pkt, ip));
}

void
gro_init(struct gro *g, bool udp)
{
	g->n = 0;
	g->udp = udp;
	memset(g->recent, 0, sizeof(g->recent));
}

bool
gro_add(struct gro *g, uint8_t *pkt, const struct ip *ip, uint16_t tag,
    bool *bad)
{
	enum sum sum = check_sum(pkt, ip);
	size_t hlen = sum == SUM_RIGHT ? joinable(g, pkt, ip) : 0;
	uint8_t *recent = &g->recent[flow_hash(ip, tag)];

	*bad = sum == SUM_WRONG;
	if (hlen > 0 && *recent > 0 &&
	    follows(&g->slot[*recent - 1], pkt, ip, tag, hlen)) {
		append(&g->slot[*recent - 1], pkt, ip);
		return true;
	}
	if (g->n == GRO_SLOTS)
		return false;
	struct gro_slot *s = &g->slot[g->n++];
	begin(s, pkt, ip, tag, hlen);
	if (sum == SUM_RIGHT)
		s->vnet.flags = VNET_DATA_VALID;
	*recent = (uint8_t)g->n;
	return true;
}

static void
finish_ip(const struct gro_slot *s, uint8_t *p)
{
	struct ip4_hdr *v4 = (void *)p;
	struct ip6_hdr *v6 = (void *)p;

	if (s->ip.version == 6) {
		v6->len = be16_put((uint16_t)(s->bytes - sizeof(*v6)));
		return;
	}
	v4->len = be16_put((uint16_t)s->bytes);
	v4->csum = be16_put(0);
	v4->csum = be16_put((uint16_t)~csum_fold(csum_add(0, v4,
	    sizeof(*v4))));
}

/* The checksum field gets the sum of the pseudo header, and whoever completes
 * it needs no more than the virtio-net header (VIRTIO 1.2 5.1.6.2). */
static void
finish_tcp(struct gro_slot *s, uint8_t *p, be16 sum)
{
	struct tcp_hdr *h = (void *)(p + s->ip.l4);

	h->csum = sum;
	s->vnet.csum_offset = offsetof(struct tcp_hdr, csum);
	s->vnet.gso_type = s->ip.version == 4 ? VNET_GSO_TCP4 : VNET_GSO_TCP6;
	if ((h->flags & TCP_CWR) != 0)
		s->vnet.gso_type |= VNET_GSO_ECN;
}

static void
finish_udp(struct gro_slot *s, uint8_t *p, be16 sum)
{
	struct udp_hdr *h = (void *)(p + s->ip.l4);

	h->len = be16_put((uint16_t)(s->bytes - s->ip.l4));
	h->csum = sum;
	s->vnet.csum_offset = offsetof(struct udp_hdr, csum);
	s->vnet.gso_type = VNET_GSO_UDP;
}

static void
finish_super(struct gro_slot *s)
{
	uint8_t *p = s->piece[0].iov_base;
	be16 sum = be16_put(csum_fold(csum_pseudo(&s->ip, s->ip.proto,
	    s->bytes - s->ip.l4)));

	s->vnet = (struct vnet){
		.flags = VNET_NEEDS_CSUM, .hdr_len = s->hlen,
		.gso_size = s->size, .csum_start = s->ip.l4,
	};
	s->ip.len = (uint16_t)s->bytes;
	finish_ip(s, p);
	if (s->ip.proto == PROTO_TCP)
		finish_tcp(s, p, sum);
	else
		finish_udp(s, p, sum);
}

void
gro_finish(struct gro *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->slot[i].npieces > 1)
			finish_super(&g->slot[i]);
}
