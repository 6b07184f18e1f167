/* SPDX-License-Identifier: ISC */
/*
 * Which of our addresses a peer is answered from (W17, scenarios 19 to 22).
 *
 * That is the one it spoke to.  Where our routes would choose another, there is
 * a reason; but where they chose that one and now choose another, a better way
 * has appeared, and we follow it, also while the peer still speaks to the old
 * one.  The kernel's implementation sees each change of a route; we look once a
 * second, and only for peers that there is traffic with.
 */
#include "tunnel/tunnel_impl.h"

#include "io/source.h"

#define LOOK_EVERY NSEC_SEC

static void
look(struct tunnel *t, struct steer *s)
{
	struct addr usual;

	s->looked = t->at.now;
	if (!source_of(t->routes, &s->remote.addr, t->config.mark, &usual) ||
	    addr_eq(&usual, &s->usual))
		return;
	s->left = s->usual;
	s->usual = usual;
}

void
tunnel_steer(struct tunnel *t, uint16_t peer)
{
	struct peer *p = device_peer(t->device, peer);
	struct steer *s = &t->steer[peer];

	if (!path_has_local(&p->path))
		return;
	if (!endpoint_eq(&s->remote, &p->path.remote))
		*s = (struct steer){ .remote = p->path.remote };
	if (s->looked == 0 || t->at.now - s->looked >= LOOK_EVERY)
		look(t, s);
	if (addr_eq(&s->left, &p->path.local))
		p->path.local = (struct addr){ { 0 } };
}
