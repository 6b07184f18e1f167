/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_impl.h"

bool
route_may_send(const struct tunnel *t, enum sibling c, uint16_t peer,
    uint8_t class)
{
	if (peer >= t->policy.nsites)
		return false;
	const struct policy_site *s = &t->policy.site[peer];
	if (class == V_PARTNER)
		return c == SIBLING_CLASSIFY && s->partner;
	if (class == V_INTERNET)
		return c == SIBLING_CLASSIFY ? s->server : s->client;
	return false;
}

bool
route_owns(const struct tunnel *t, uint16_t peer, const struct addr *src)
{
	if (t->tun >= 0)
		return allowed_owner(t->allowed, src) == peer;
	uint32_t place = lpm_lookup(t->policy.where, src);

	/* what no location claims is the Internet, behind our server */
	if (place == LPM_NONE)
		return t->policy.site[peer].server;
	return PLACE_LOC(place) == peer;
}

enum sibling
route_deliver(const struct tunnel *t, uint16_t peer, const struct ip *ip,
    uint8_t *class)
{
	uint32_t to = lpm_lookup(t->policy.where, &ip->dst);
	bool here = to != LPM_NONE && PLACE_LOC(to) == t->policy.self;

	if (t->policy.site[peer].client && !here) {
		*class = V_INTERNET;
		return SIBLING_EGRESS;
	}
	*class = lpm_lookup(t->policy.where, &ip->src) == LPM_NONE ?
	    V_INTERNET : V_PARTNER;
	return SIBLING_CLASSIFY;
}
