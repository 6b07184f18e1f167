/* SPDX-License-Identifier: ISC */
/*
 * What fits on the way to each peer of a gateway (packet/pmtu.h), and what is
 * done with what does not (RFC 4459): a TCP super-packet is cut smaller, a
 * packet that may be fragmented is, IPv6 of up to 1280 bytes travels in
 * fragments of the datagram, and all else goes back to where it came from,
 * whose gate tells the sender.
 *
 * A probe is an ICMPv6 echo request in the tunnel, between two link-local
 * addresses that follow from the public keys of both ends.  bh-tunnel answers
 * it by itself; another implementation drops it, since no peer may own
 * link-local addresses, and is taken for deaf.
 */
#include "tunnel/tunnel_impl.h"

#include "packet/csum.h"
#include "packet/mss.h"

#include <stdlib.h>
#include <string.h>

enum {
	ECHO = 128, REPLY = 129,
	HEAD = 48,		/* IPv6 and ICMPv6 */
	OVER4 = 60, OVER6 = 80,	/* IP, UDP, WireGuard */
	MIN6 = 1280,		/* every IPv6 path takes that (RFC 8200 5) */
};

struct echo {
	struct ip6_hdr ip;
	struct icmp_hdr icmp;
};
static_assert(sizeof(struct echo) == HEAD, "no gaps");

static const nsec never;

/* ---- opening ---- */

static struct addr
link_address(const struct key *k)
{
	struct addr a = { .b = { 0xfe, 0x80 } };

	memcpy(a.b + 8, k->b, 8);
	return a;
}

bool
ways_open(struct ways *w, const struct conf *cf, size_t self)
{
	w->n = cf->nlocations;
	w->way = calloc(w->n, sizeof(*w->way));
	w->queue.heap = calloc(w->n, sizeof(*w->queue.heap));
	if (w->way == NULL || w->queue.heap == NULL)
		return false;
	w->search = cf->location[self].mtu_auto;
	w->max = cf->location[self].mtu;
	w->self = link_address(&cf->location[self].public_key);
	for (size_t i = 0; i < w->n; i++) {
		w->way[i].addr = link_address(&cf->location[i].public_key);
		w->way[i].m.mtu = w->max;
	}
	return true;
}

/* ---- probes ---- */

static void
send_echo(struct tunnel *t, uint16_t peer, uint8_t type, uint16_t round,
    uint16_t asked, size_t size)
{
	const struct addr *src = &t->ways.self, *dst = &t->ways.way[peer].addr;
	struct echo e = {
		.ip = { .flow = be32_put(0x60000000), .next = PROTO_ICMP6,
		    .len = be16_put((uint16_t)(size - sizeof(e.ip))),
		    .hops = UINT8_MAX },
		.icmp = { .type = type, .id = be16_put(round),
		    .seq = be16_put(asked) },
	};
	const struct ip ip = { .version = 6, .src = *src, .dst = *dst };

	memcpy(e.ip.src, src->b, sizeof(e.ip.src));
	memcpy(e.ip.dst, dst->b, sizeof(e.ip.dst));
	/* what follows is zeros */
	e.icmp.csum = be16_put((uint16_t)~csum_fold(csum_add(csum_pseudo(&ip,
	    PROTO_ICMP6, size - sizeof(e.ip)), &e.icmp, sizeof(e.icmp))));
	tunnel_plain(t, peer, &e, sizeof(e), size);
}

bool
tunnel_probe(struct tunnel *t, uint16_t peer, const uint8_t *packet,
    const struct ip *ip)
{
	const struct echo *e = (const void *)packet;

	if (t->ways.way == NULL || !addr_eq(&ip->dst, &t->ways.self) ||
	    !addr_eq(&ip->src, &t->ways.way[peer].addr) ||
	    ip->l4 != sizeof(e->ip) || !ip->ports)
		return false;
	struct way *w = &t->ways.way[peer];
	uint16_t round = be16_get(e->icmp.id), size = be16_get(e->icmp.seq);
	if (e->icmp.type == ECHO) {
		/* as short as an answer may be: the way back is another */
		send_echo(t, peer, REPLY, round, size, PMTU_TINY);
	} else if (e->icmp.type == REPLY) {
		pmtu_heard(&w->m, round, size, t->at.now);
		timers_set(&t->ways.queue, &w->timer, w->m.due);
	}
	return true;
}

static void
begin(struct tunnel *t, struct way *w, const struct endpoint *remote)
{
	uint16_t over = addr_is_v4(&remote->addr) ? OVER4 : OVER6;

	w->remote = *remote;
	pmtu_begin(&w->m, (uint16_t)(t->ways.max - (over - OVER4)), over,
	    t->at.now);
}

/* A new session: the peer may be somewhere else. */
void
tunnel_probe_ready(struct tunnel *t, uint16_t peer)
{
	const struct peer *p = device_peer(t->device, peer);

	if (t->ways.way == NULL)
		return;
	struct way *w = &t->ways.way[peer];
	w->waiting = 0;
	if (!t->ways.search)
		return;
	if (w->m.phase != PMTU_OFF && endpoint_eq(&w->remote, &p->path.remote))
		return;
	begin(t, w, &p->path.remote);
	timers_set(&t->ways.queue, &w->timer, w->m.due);
}

static void
step(struct tunnel *t, struct way *w)
{
	uint16_t peer = (uint16_t)(w - t->ways.way), size[PMTU_ASK + 1];
	const struct peer *p = device_peer(t->device, peer);

	if (p != NULL && !endpoint_eq(&w->remote, &p->path.remote))
		begin(t, w, &p->path.remote);
	size_t n = pmtu_step(&w->m, t->at.now, size);
	timers_set(&t->ways.queue, &w->timer, w->m.due);
	if (n == 0)
		return;
	udp_whole(&t->udp, true);
	for (size_t i = 0; i < n; i++)
		send_echo(t, peer, ECHO, w->m.round, size[i], size[i]);
	udp_whole(&t->udp, false);
}

nsec
tunnel_probe_due(const struct tunnel *t)
{
	const struct timer *first = timers_first(&t->ways.queue);

	return first != NULL ? first->due : never;
}

void
tunnel_probe_tick(struct tunnel *t)
{
	struct timer *first;

	while ((first = timers_first(&t->ways.queue)) != NULL &&
	    first->due <= t->at.now)
		step(t, (struct way *)((uint8_t *)first -
		    offsetof(struct way, timer)));
}

/* ---- packets ---- */

uint16_t
tunnel_fits(const struct tunnel *t, uint16_t peer, const struct ip *ip)
{
	uint16_t mtu = t->ways.way[peer].m.mtu;

	return ip->version == 6 && mtu < MIN6 ? MIN6 : mtu;
}

enum verdict
tunnel_fit(struct tunnel *t, uint16_t peer, struct gso *g)
{
	struct way *w = &t->ways.way[peer];
	size_t size = (size_t)g->hlen + g->size;

	if (pmtu_sent(&w->m, size)) {
		pmtu_wake(&w->m, t->at.now);
		timers_set(&t->ways.queue, &w->timer, w->m.due);
	}
	if (size <= w->m.mtu)
		return V_NEXT;
	size_t most = tunnel_fits(t, peer, &g->ip);
	if (size <= most)
		return V_NEXT;
	if (g->type == VNET_GSO_NONE || g->ip.proto != PROTO_TCP ||
	    g->hlen >= most)
		return gso_fragment(g, most) ? V_NEXT : V_TOO_BIG;
	g->size = (uint16_t)(most - g->hlen);
	return V_NEXT;
}

void
tunnel_clamp(const struct tunnel *t, uint16_t peer, uint8_t *packet,
    const struct ip *ip, bool sum)
{
	mss_clamp(packet, ip, t->ways.way[peer].m.mtu, sum);
}
