/* SPDX-License-Identifier: ISC */
#include "tunnel/sender.h"

#include "packet/wire.h"

#include <string.h>

enum {
	NESTING = 16,		/* hops that a tunnel in a tunnel costs */
	HOPS = 64,		/* of a packet in no tunnel */
};

/* A handshake goes unanswered for so long: the peer is down. */
#define PATIENCE (10 * NSEC_SEC)

/* ---- frames ---- */

/* A datagram of WireGuard's, to be sent through a tunnel itself. */
static bool
is_message(const struct ip *ip, const uint8_t *packet)
{
	const uint8_t *m = packet + ip->l4 + 8;

	return ip->proto == PROTO_UDP && ip->frag_off == 0 &&
	    ip->len >= ip->l4 + 8 + DATA_OVERHEAD &&
	    m[0] >= MSG_INITIATION && m[0] <= MSG_DATA &&
	    m[1] == 0 && m[2] == 0 && m[3] == 0;
}

/* Two tunnels may lead into each other, and neither can see that: what one
 * sends the other sends back, larger each time and in ever more fragments
 * (scenario 13).  So a message starts with fewer hops than the one in it, and
 * the fourth around a packet is the last (RFC 2473 4.1.1).  False: no more. */
static bool
nest(struct outer *l, const struct ip *ip)
{
	unsigned hops = ip->ttl < HOPS ? ip->ttl : HOPS;

	if (hops <= NESTING)
		return false;
	l->hops = (uint8_t)(hops - NESTING);
	return true;
}

static void
stage_packet(struct sender *s, uint16_t peer, struct gso *g, uint8_t class,
    struct outer l)
{
	uint16_t evicted;

	/* cut already: what waits is counted packet by packet when it leaves */
	for (size_t left = gso_segments(g); left > 0; left--) {
		struct staged *w = stage_push(s->stage, peer, s->at->now,
		    &evicted);
		if (evicted > 0)
			counters_add(s->stat, V_STAGED, evicted);
		w->len = (uint16_t)gso_next(g, w->packet);
		w->class = class;
		w->tos = l.tos;
	}
}

static void
send_packet(struct sender *s, uint16_t peer, struct session *session,
    struct gso *g, uint8_t class, struct outer l, size_t bytes)
{
	size_t n, sent = 0;

	outbox_frame(&s->box, class, bytes);
	while ((n = gso_next(g, outbox_plaintext(&s->box, true))) > 0) {
		if (!session_may_send(session, s->at->now)) {
			s->box.frame[s->box.nframes - 1].verdict = V_EXPIRED;
			break;
		}
		sent += outbox_message(&s->box, peer, session, l, n,
		    outbox_padded(&s->box, peer, n));
	}
	device_sent(s->device, peer, session, true, sent, s->at->now);
	touched_add(&s->touched, peer);
}

/* In a gateway nobody waits long for a peer that does not answer. */
static bool
is_hopeless(struct sender *s, uint16_t peer)
{
	if (s->paths.peer == NULL)
		return false;
	nsec *since = &s->paths.peer[peer].waiting;
	if (*since == 0)
		*since = s->at->now;
	return s->at->now - *since > PATIENCE;
}

enum verdict
sender_frame(struct sender *s, const struct frame *f, const uint8_t *body,
    const struct ip *ip)
{
	struct gso g;
	enum verdict v = gso_init(&g, &f->vnet, ip, (const uint8_t *)(f + 1),
	    f->len, s->box.cut);

	if (v != V_NEXT)
		return v;
	g.body = body;
	/* only a device out of our sight sends more than the MTU we know */
	if ((size_t)g.hlen + g.size > s->box.mtu)
		s->box.mtu = (size_t)g.hlen + g.size;
	const struct peer *p = device_peer(s->device, f->peer);
	if (p == NULL || p->path.remote.port == 0)
		return V_DOWN;
	if (s->paths.peer != NULL &&
	    (v = paths_fit(&s->paths, f->peer, &g, s->at->now)) != V_NEXT)
		return v;
	struct session *session = device_sender(s->device, f->peer, s->at->now);
	if (session == NULL && is_hopeless(s, f->peer))
		return V_DOWN;
	struct outer l = { .tos = (ip->tos & s->tos_keep) | s->tos_set };
	if (is_message(ip, (const uint8_t *)(f + 1)) && !nest(&l, ip))
		return V_TTL;
	if (session == NULL)
		stage_packet(s, f->peer, &g, f->class, l);
	else
		send_packet(s, f->peer, session, &g, f->class, l, f->len);
	return V_NEXT;
}

void
sender_flush(struct sender *s)
{
	outbox_flush(&s->box);
}

/* ---- sessions ---- */

/* True if anything was sent. */
static bool
send_staged(struct sender *s, uint16_t peer)
{
	const struct staged *w;
	struct session *session;
	size_t sent = 0;

	while (stage_count(s->stage, peer) > 0 &&
	    (session = device_sender(s->device, peer, s->at->now)) != NULL) {
		w = stage_pop(s->stage, peer);
		outbox_frame(&s->box, w->class, w->len);
		memcpy(outbox_plaintext(&s->box, true), w->packet, w->len);
		sent = outbox_message(&s->box, peer, session,
		    (struct outer){ .tos = w->tos }, w->len,
		    outbox_padded(&s->box, peer, w->len));
		device_sent(s->device, peer, session, true, sent, s->at->now);
	}
	outbox_flush(&s->box);
	touched_add(&s->touched, peer);
	return sent > 0;
}

void
sender_plain(struct sender *s, uint16_t peer, const void *head, size_t hlen,
    size_t n)
{
	struct session *session = device_sender(s->device, peer, s->at->now);

	if (session == NULL)
		return;
	uint8_t *text = outbox_plaintext(&s->box, false);
	memcpy(text, head, hlen);
	memset(text + hlen, 0, n - hlen);
	size_t sent = outbox_message(&s->box, peer, session,
	    (struct outer){ .whole = true }, n, n);
	device_sent(s->device, peer, session, false, sent, s->at->now);
	outbox_flush(&s->box);
	touched_add(&s->touched, peer);
}

void
sender_keepalive(struct sender *s, uint16_t peer)
{
	sender_plain(s, peer, "", 0, 0);
}

void
sender_ready(struct sender *s, uint16_t peer, bool confirm)
{
	struct peer *p = device_peer(s->device, peer);

	p->handshake_wall = s->at->wall;
	s->stat->handshakes++;
	s->stat->peer[peer].handshake_sec = s->at->wall / NSEC_SEC;
	paths_session(&s->paths, peer, &p->path.remote, s->at->now);
	if (!send_staged(s, peer) && confirm)
		sender_keepalive(s, peer);
}
