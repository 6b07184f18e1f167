/* SPDX-License-Identifier: ISC */
#include "packet/gso.h"

#include "packet/csum.h"

#include <string.h>

/* Cutting.  The virtio-net header comes from another program: nothing of it is
 * believed that the packet itself does not bear out. */

static const enum verdict sound = (enum verdict)V_NEXT;

enum {
	UNIT = 8,		/* of what fragments hold */
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_COPIED = 0x80,
};

/* What a kind of super-packet must be, and where its checksum is. */
static const struct kind {
	uint8_t type, version, proto;	/* version 0: either */
	uint8_t csum_offset;
} kinds[] = {
	{ VNET_GSO_TCP4, 4, PROTO_TCP, offsetof(struct tcp_hdr, csum) },
	{ VNET_GSO_TCP6, 6, PROTO_TCP, offsetof(struct tcp_hdr, csum) },
	{ VNET_GSO_UDP, 0, PROTO_UDP, offsetof(struct udp_hdr, csum) },
};

static const struct kind *
find_kind(uint8_t type, const struct ip *ip)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *k = &kinds[i];

		if (k->type == type && k->proto == ip->proto &&
		    (k->version == 0 || k->version == ip->version))
			return k;
	}
	return NULL;
}

/* Bytes of the transport header by its own account; 0 if that is nonsense. */
static size_t
transport_len(const struct ip *ip, const uint8_t *pkt)
{
	const struct tcp_hdr *h = (const void *)(pkt + ip->l4);

	if (ip->proto == PROTO_UDP)
		return sizeof(struct udp_hdr);
	size_t len = (h->off >> 4) * 4u;
	return len >= sizeof(*h) && ip->l4 + len <= ip->len ? len : 0;
}

static enum verdict
open_super(struct gso *g, const struct vnet *v, size_t mtu)
{
	const struct ip *ip = &g->ip;
	const struct kind *k = find_kind(g->type, ip);

	if (k == NULL || !ip->ports || ip->frag || v->gso_size == 0)
		return V_OFFLOAD;
	if ((v->flags & VNET_NEEDS_CSUM) == 0 || v->csum_start != ip->l4 ||
	    v->csum_offset != k->csum_offset)
		return V_OFFLOAD;
	size_t l4len = transport_len(ip, g->pkt);
	if (l4len == 0)
		return V_OFFLOAD;

	g->hlen = (uint16_t)(ip->l4 + l4len);
	g->len = (size_t)(ip->len - g->hlen);
	g->size = v->gso_size;
	if (g->size > g->len)
		g->size = (uint16_t)g->len;
	g->csum_at = (uint16_t)(ip->l4 + k->csum_offset);
	g->id_step = ip->version == 4 ? gso_id_step((const void *)g->pkt) : 0;
	return (size_t)g->hlen + g->size <= mtu ? sound : V_OFFLOAD;
}

/* May this sum be completed?  It must lie behind the IP header, which has been
 * judged already, and where TCP and UDP have it. */
static bool
sum_is_sound(const struct ip *ip, const struct vnet *v)
{
	if (ip->frag || v->csum_start < ip->l4 ||
	    (size_t)v->csum_start + v->csum_offset + 2 > ip->len)
		return false;
	if (v->csum_start > ip->l4)
		return true;
	if (ip->proto == PROTO_TCP)
		return v->csum_offset == offsetof(struct tcp_hdr, csum);
	if (ip->proto == PROTO_UDP)
		return v->csum_offset == offsetof(struct udp_hdr, csum);
	return true;
}

/* One segment: what is summed counts as its payload. */
static enum verdict
open_plain(struct gso *g, const struct vnet *v, size_t mtu)
{
	const struct ip *ip = &g->ip;

	if (ip->len > mtu)
		return V_TOO_BIG;
	g->hlen = ip->len;
	if ((v->flags & VNET_NEEDS_CSUM) == 0)
		return sound;
	if (!sum_is_sound(ip, v))
		return V_OFFLOAD;
	g->hlen = v->csum_start;
	g->len = (size_t)(ip->len - g->hlen);
	g->size = (uint16_t)g->len;
	g->csum_at = (uint16_t)(v->csum_start + v->csum_offset);
	return sound;
}

enum verdict
gso_init(struct gso *g, const struct vnet *v, const struct ip *ip,
    const uint8_t *pkt, size_t n, size_t mtu)
{
	*g = (struct gso){
		.pkt = pkt, .body = pkt, .ip = *ip,
		.type = v->gso_type & (uint8_t)~VNET_GSO_ECN,
	};
	if (ip->len > n)
		return V_SHORT;
	if (v->gso_type == VNET_GSO_NONE)
		return open_plain(g, v, mtu);
	return open_super(g, v, mtu);
}

bool
gso_fragment(struct gso *g, size_t mtu)
{
	const struct ip4_hdr *h = (const void *)g->pkt;
	const uint16_t l4 = g->ip.l4;

	if (g->ip.version != 4 || (be16_get(h->frag) & IP4_DF) != 0 ||
	    (g->type != VNET_GSO_NONE && g->type != VNET_GSO_UDP) ||
	    mtu < (size_t)l4 + UNIT)
		return false;
	g->piece = (uint16_t)((mtu - l4) & ~(size_t)(UNIT - 1));
	if (g->csum_at + 2 > l4 + g->piece)	/* the first is to have it */
		return false;
	if (g->type == VNET_GSO_NONE) {
		g->sum_from = g->hlen;
		g->hlen = l4;
		g->len = g->size = (uint16_t)(g->ip.len - l4);
	}
	return true;
}

/* For a datagram with n bytes of payload. */
static size_t
pieces(const struct gso *g, size_t n)
{
	n += (size_t)(g->hlen - g->ip.l4);
	return g->piece == 0 ? 1 : (n + g->piece - 1) / g->piece;
}

size_t
gso_segments(const struct gso *g)
{
	if (g->len <= g->size)
		return pieces(g, g->len);
	size_t last = g->len % g->size;
	return g->len / g->size * pieces(g, g->size) +
	    (last > 0 ? pieces(g, last) : 0);
}

/* 0 would mean "no sum" to UDP (RFC 768), bare or in a tunnel; to TCP it is a
 * sum like any other. */
static void
put_sum(const struct gso *g, uint8_t *out, uint64_t sum)
{
	uint16_t v = (uint16_t)~csum_fold(sum);

	if (v == 0 && g->ip.proto != PROTO_TCP)
		v = 0xffff;
	wire_put16(out + g->csum_at, v);
}

static void
patch_ip(const struct gso *g, uint8_t *out, size_t n)
{
	if (g->ip.version == 6) {
		struct ip6_hdr *h = (void *)out;
		h->len = be16_put((uint16_t)(n - sizeof(*h)));
		return;
	}
	struct ip4_hdr *h = (void *)out;
	h->len = be16_put((uint16_t)n);
	h->id = be16_put((uint16_t)(be16_get(h->id) + g->seg * g->id_step));
	h->csum = be16_put(0);
	h->csum = be16_put((uint16_t)~csum_fold(csum_add(0, h,
	    (h->vhl & 15u) * 4)));
}

/* RFC 9293 3.4 for the sequence number; what ends a burst stands on its last
 * segment, and CWR, which is said once (RFC 3168 6.1.2), on its first. */
static void
patch_tcp(const struct gso *g, struct tcp_hdr *h, bool last)
{
	h->seq = be32_put(be32_get(h->seq) + (uint32_t)g->done);
	h->csum = be16_put(0);
	if (!last)
		h->flags &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (g->seg > 0)
		h->flags &= (uint8_t)~TCP_CWR;
}

static void
patch_udp(struct udp_hdr *h, size_t len)
{
	h->len = be16_put((uint16_t)len);
	h->csum = be16_put(0);
}

/* Copies the next n bytes of payload and returns the sum over all that the
 * checksum covers. */
static uint64_t
cut_super(const struct gso *g, uint8_t *out, size_t n)
{
	size_t len = g->hlen + n, l4 = g->ip.l4;
	uint64_t sum = csum_pseudo(&g->ip, g->ip.proto, len - l4);

	sum = csum_copy(sum, out + g->hlen, g->body + g->hlen + g->done, n);
	patch_ip(g, out, len);
	if (g->ip.proto == PROTO_TCP)
		patch_tcp(g, (void *)(out + l4), g->done + n == g->len);
	else
		patch_udp((void *)(out + l4), len - l4);
	return csum_add(sum, out + l4, g->hlen - l4);
}

/* The first fragment, with n of a datagram's `whole' bytes of payload; it has
 * the sum over all. */
static size_t
cut_first(const struct gso *g, uint8_t *out, size_t n, size_t whole)
{
	const uint8_t *payload = g->body + g->hlen + g->done;
	size_t l4len = (size_t)(g->hlen - g->ip.l4);

	memcpy(out, g->pkt, g->hlen);
	memcpy(out + g->hlen, payload, n);
	if (g->type == VNET_GSO_UDP) {
		patch_udp((void *)(out + g->ip.l4), l4len + whole);
		put_sum(g, out, csum_add(csum_add(csum_pseudo(&g->ip,
		    g->ip.proto, l4len + whole), out + g->ip.l4, l4len),
		    payload, whole));
	} else if (g->csum_at != 0)
		put_sum(g, out, csum_add(0, g->body + g->sum_from,
		    (size_t)(g->ip.len - g->sum_from)));
	return g->ip.l4;
}

/* What later fragments begin with: the header without the options that are for
 * the first alone (RFC 791 3.1: the copied flag).  ip_parse has found their
 * lengths sound. */
static size_t
put_later(const struct gso *g, uint8_t *out)
{
	const uint8_t *o = g->pkt + IP4_HLEN, *end = g->pkt + g->ip.l4;
	size_t n = IP4_HLEN;

	memcpy(out, g->pkt, n);
	for (size_t len; o < end && *o != OPT_END; o += len) {
		len = *o == OPT_NOP ? 1 : o[1];
		if ((*o & OPT_COPIED) == 0)
			continue;
		memcpy(out + n, o, len);
		n += len;
	}
	for (; n % 4 != 0; n++)
		out[n] = OPT_END;
	out[0] = (uint8_t)(0x40 | n / 4);
	return n;
}

/* The next fragment of the datagram that has n bytes of payload.  All but its
 * last end at a multiple of 8; what is a fragment already goes on from where
 * it begins. */
static size_t
cut_fragment(struct gso *g, uint8_t *out, size_t n)
{
	struct ip4_hdr *h = (void *)out;
	size_t l4len = (size_t)(g->hlen - g->ip.l4), left = l4len + n - g->off;
	size_t take = left < g->piece ? left : g->piece, hlen;

	if (g->off == 0)
		hlen = cut_first(g, out, take - l4len, n);
	else {
		hlen = put_later(g, out);
		memcpy(out + hlen, g->body + g->hlen + g->done + g->off -
		    l4len, take);
	}
	h->frag = be16_put((uint16_t)((be16_get(h->frag) + g->off / UNIT) |
	    (take < left ? IP4_MF : 0)));
	patch_ip(g, out, hlen + take);
	g->off = (uint16_t)(take < left ? g->off + take : 0);
	return hlen + take;
}

size_t
gso_next(struct gso *g, uint8_t *out)
{
	size_t left = g->len - g->done;
	size_t n = left < g->size ? left : g->size;
	size_t len = g->hlen + n;

	if (g->seg > 0 && left == 0)
		return 0;
	if (g->piece != 0)
		len = cut_fragment(g, out, n);
	else {
		memcpy(out, g->pkt, g->hlen);
		if (g->csum_at != 0)
			put_sum(g, out, g->type == VNET_GSO_NONE ?
			    csum_copy(0, out + g->hlen, g->body + g->hlen, n) :
			    cut_super(g, out, n));
	}
	if (g->off == 0) {
		g->done += n;
		g->seg++;
	}
	return len;
}
