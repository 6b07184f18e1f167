/* SPDX-License-Identifier: ISC */
/* What has waited for us while we were kept from running. */
#include "tunnel/tunnel_state.h"

enum { SOCKET_BYTES = 2 * UDP_QUEUE };	/* as the kernel counts them */

static void
drop_datagrams(struct tunnel *t)
{
	size_t bytes = 0, n = 1;

	while (n > 0 && bytes < SOCKET_BYTES) {
		n = udp_recv(&t->udp, t->in.msg);
		for (size_t i = 0; i < n; i++) {
			const struct udp_in *u = &t->in.msg[i];
			for (size_t at = 0; at < u->len; at += u->size)
				counters_add(t->stat, V_LATE,
				    u->len - at < u->size ? u->len - at :
				    u->size);
			bytes += u->len;
		}
	}
	counters_add_unseen(t->stat, V_OVERRUN, udp_overrun(&t->udp));
}

/* As much as a link holds: what comes meanwhile may stay.  A frame without a
 * packet is only a question. */
static void
drop_link(struct tunnel *t, struct link *l)
{
	const uint8_t *body;

	for (size_t n = 0; n < RING_BYTES + RING_THIN_BYTES &&
	    link_pop(l, t->frame, &body); n += frame_room(t->frame->len))
		if (t->frame->len > 0)
			counters_add(t->stat, V_LATE, t->frame->len);
}

void
tunnel_drop_late(struct tunnel *t)
{
	const struct staged *w;

	drop_datagrams(t);
	for (enum sibling c = 0; c < SIBLINGS; c++)
		drop_link(t, &t->sibling[c].link);
	if (t->alone.tun >= 0)
		standalone_drop(&t->alone, t->stat, t->frame);
	while ((w = stage_before(t->out.stage,
	    t->at.now - WAITER_LATE)) != NULL)
		counters_add(t->stat, V_LATE, w->len);
}
