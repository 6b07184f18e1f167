/* SPDX-License-Identifier: ISC */
#include "tunnel/route.h"

#include "io/source.h"

#define LOOK_EVERY NSEC_SEC

/* ---- packets ---- */

bool
route_may_send(const struct policy *pol, enum sibling c, uint16_t peer,
    uint8_t class)
{
	if (peer >= pol->nsites)
		return false;
	const struct policy_site *s = &pol->site[peer];
	if (class == V_PARTNER)
		return c == SIBLING_CLASSIFY && s->partner;
	if (class == V_INTERNET)
		return c == SIBLING_CLASSIFY ? s->server : s->client;
	return false;
}

bool
route_owns(const struct policy *pol, uint16_t peer, const struct addr *src)
{
	uint32_t place = lpm_lookup(pol->where, src);

	/* what no location claims is the Internet, behind our server */
	if (place == LPM_NONE)
		return pol->site[peer].server;
	return PLACE_LOC(place) == peer;
}

enum sibling
route_deliver(const struct policy *pol, uint16_t peer, const struct ip *ip,
    uint8_t *class)
{
	uint32_t to = lpm_lookup(pol->where, &ip->dst);
	bool here = to != LPM_NONE && PLACE_LOC(to) == pol->self;

	if (pol->site[peer].client && !here) {
		*class = V_INTERNET;
		return SIBLING_EGRESS;
	}
	*class = lpm_lookup(pol->where, &ip->src) == LPM_NONE ?
	    V_INTERNET : V_PARTNER;
	return SIBLING_CLASSIFY;
}

/* ---- source addresses ---- */

/*
 * Which of our addresses a peer is answered from (W17, scenarios 19 to 22).
 *
 * That is the one it spoke to.  Where our routes would choose another, there is
 * a reason; but where they chose that one and now choose another, a better path
 * has appeared, and we follow it, also while the peer still speaks to the old
 * address.  The kernel's implementation sees each change of a route; we look
 * once a second, and only for peers that there is traffic with.
 */
static void
look(const struct route_sources *all, struct route_source *s, nsec now)
{
	struct addr usual;

	s->looked = now;
	if (!source_of(all->fd, &s->remote.addr, all->mark, &usual) ||
	    addr_eq(&usual, &s->usual))
		return;
	s->left = s->usual;
	s->usual = usual;
}

void
route_choose_source(struct route_sources *all, uint16_t i, struct peer *p,
    nsec now)
{
	struct route_source *s = &all->peer[i];

	if (!path_has_local(&p->path))
		return;
	if (!endpoint_eq(&s->remote, &p->path.remote))
		*s = (struct route_source){ .remote = p->path.remote };
	if (s->looked == 0 || now - s->looked >= LOOK_EVERY)
		look(all, s, now);
	if (addr_eq(&s->left, &p->path.local))
		p->path.local = (struct addr){ { 0 } };
}
