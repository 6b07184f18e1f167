/* SPDX-License-Identifier: ISC */
/* Frames from a link are sent to their peers. */
#include "tunnel/tunnel_state.h"

#include "packet/icmp.h"
#include "packet/mss.h"
#include "proc/turn.h"

#include <string.h>

/* Back to the gate that it came from, to tell its sender (bh-link(5)). */
static void
give_back(struct tunnel *t, enum sibling c, const struct frame *f,
    const uint8_t *body, enum verdict why, const struct ip *ip)
{
	struct frame *back = link_room(&t->sibling[c].link);

	if (back == NULL)
		return;
	*back = (struct frame){ .len = f->len, .peer = f->peer,
		.class = (uint8_t)why };
	if (why == V_TOO_BIG)
		back->mtu = paths_mtu(&t->out.paths, f->peer, ip);
	memcpy(back + 1, body, f->len);
	link_put(&t->sibling[c].link, back);
	link_flush(&t->sibling[c].link);
}

/* V_NEXT if somebody else has counted it or will. */
static enum verdict
handle_frame(struct tunnel *t, enum sibling c, struct frame *f,
    const uint8_t *body)
{
	uint8_t *packet = (uint8_t *)(f + 1);
	struct ip ip;

	if (!route_may_send(&t->policy, c, f->peer, f->class))
		return V_PEER;
	if (f->len == 0) {
		device_want(t->device, f->peer, t->at.now);
		return V_NEXT;
	}
	enum verdict v = ip_parse(&ip, packet, f->len);
	if (v != V_NEXT)
		return v;
	if (f->vnet.gso_type == VNET_GSO_NONE && mss_is_syn(packet, &ip))
		paths_clamp(&t->out.paths, f->peer, packet, &ip,
		    (f->vnet.flags & VNET_NEEDS_CSUM) == 0);
	v = sender_frame(&t->out, f, body, &ip);
	if (v != V_NEXT && icmp_speaks(v) && icmp_may_answer(&ip))
		give_back(t, c, f, body, v, &ip);
	return v;
}

bool
tunnel_out(struct tunnel *t, enum sibling c)
{
	struct link *l = &t->sibling[c].link;
	struct turn turn = { 0 };
	const uint8_t *body;

	while (!turn_is_over(&turn) && link_pop(l, t->frame, &body)) {
		turn_count(&turn, t->frame->len);
		enum verdict v = handle_frame(t, c, t->frame, body);
		if (v != V_NEXT)
			counters_add(t->stat, v, t->frame->len);
	}
	sender_flush(&t->out);
	return turn_is_over(&turn);
}
