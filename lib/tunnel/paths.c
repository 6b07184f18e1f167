/* SPDX-License-Identifier: ISC */
#include "tunnel/paths.h"

#include "packet/mss.h"
#include "packet/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
	OVER4 = 60, OVER6 = 80,	/* IP, UDP, WireGuard */
	MIN6 = 1280,		/* every IPv6 path takes that (RFC 8200 5) */
};

static struct addr
link_address(const struct key *k)
{
	struct addr a = { .b = { 0xfe, 0x80 } };

	memcpy(a.b + 8, k->b, 8);
	return a;
}

bool
paths_init(struct paths *p, const struct conf *cf, size_t self)
{
	p->n = cf->nlocations;
	p->peer = calloc(p->n, sizeof(*p->peer));
	p->queue.heap = calloc(p->n, sizeof(*p->queue.heap));
	if (p->peer == NULL || p->queue.heap == NULL)
		return false;
	p->search = cf->location[self].mtu_auto;
	p->max = cf->location[self].mtu;
	p->self = link_address(&cf->location[self].public_key);
	for (size_t i = 0; i < p->n; i++) {
		p->peer[i].addr = link_address(&cf->location[i].public_key);
		p->peer[i].m.mtu = p->max;
	}
	return true;
}

/* ---- time ---- */

void
paths_schedule(struct paths *p, uint16_t peer)
{
	timers_set(&p->queue, &p->peer[peer].timer, p->peer[peer].m.due);
}

nsec
paths_due(const struct paths *p)
{
	const struct timer *first = timers_first(&p->queue);

	return first != NULL ? first->due : 0;
}

void
paths_begin(struct paths *p, uint16_t peer, const struct endpoint *remote,
    nsec now)
{
	uint16_t over = addr_is_v4(&remote->addr) ? OVER4 : OVER6;
	struct peer_path *w = &p->peer[peer];

	w->remote = *remote;
	pmtu_begin(&w->m, (uint16_t)(p->max - (over - OVER4)), over, now);
}

void
paths_session(struct paths *p, uint16_t peer, const struct endpoint *remote,
    nsec now)
{
	if (p->peer == NULL)
		return;
	struct peer_path *w = &p->peer[peer];
	w->waiting = 0;
	if (!p->search)
		return;
	if (w->m.phase != PMTU_OFF && endpoint_eq(&w->remote, remote))
		return;
	paths_begin(p, peer, remote, now);
	paths_schedule(p, peer);
}

/* ---- packets ---- */

uint16_t
paths_mtu(const struct paths *p, uint16_t peer, const struct ip *ip)
{
	uint16_t mtu = p->peer[peer].m.mtu;

	return ip->version == 6 && mtu < MIN6 ? MIN6 : mtu;
}

enum verdict
paths_fit(struct paths *p, uint16_t peer, struct gso *g, nsec now)
{
	struct peer_path *w = &p->peer[peer];
	size_t size = (size_t)g->hlen + g->size;

	if (pmtu_sent(&w->m, size)) {
		pmtu_wake(&w->m, now);
		paths_schedule(p, peer);
	}
	if (size <= w->m.mtu)
		return V_NEXT;
	size_t most = paths_mtu(p, peer, &g->ip);
	if (size <= most)
		return V_NEXT;
	if (g->type == VNET_GSO_NONE || g->ip.proto != PROTO_TCP ||
	    g->hlen >= most)
		return gso_fragment(g, most) ? V_NEXT : V_TOO_BIG;
	g->size = (uint16_t)(most - g->hlen);
	return V_NEXT;
}

void
paths_clamp(const struct paths *p, uint16_t peer, uint8_t *packet,
    const struct ip *ip, bool sum)
{
	mss_clamp(packet, ip, p->peer[peer].m.mtu, sum);
}
