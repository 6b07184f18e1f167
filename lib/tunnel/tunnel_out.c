/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_impl.h"

#include "packet/icmp.h"
#include "packet/mss.h"
#include "packet/wire.h"
#include "proc/turn.h"

#include <string.h>

enum {
	PAD = 16,		/* W15 */
	BEYOND = 1436,		/* with all headers more than 1500 */
	NESTING = 16,		/* hops that a tunnel in a tunnel costs */
	HOPS = 64,		/* of who is in none */
};

/* A handshake goes unanswered for so long: the peer is down. */
#define PATIENCE (10 * NSEC_SEC)

/* The header around a message, where the default will not do. */
struct outer {
	uint8_t tos, hops;	/* hops: 0, the system's */
	bool whole;		/* never in fragments */
};

/* ---- the outbox ---- */

static void
count_frames(struct tunnel *t, unsigned n)
{
	struct outbox *o = &t->out;

	for (unsigned i = 0; i < n; i++)
		counters_add(t->stat, o->frame[i].verdict, o->frame[i].bytes);
}

static void
take_results(struct tunnel *t)
{
	struct outbox *o = &t->out;

	for (unsigned i = 0; i < o->ntrains; i++) {
		struct peer *p = device_peer(t->device, o->run[i].peer);
		if (o->train[i].moved)
			p->path.local = (struct addr){ { 0 } };
		if (!o->train[i].failed)
			continue;
		for (unsigned f = o->run[i].first; f <= o->run[i].last &&
		    f < o->nframes; f++)
			o->frame[f].verdict = V_SEND;
	}
}

/* Seals and sends.  keep: the last frame is not complete yet, and stays. */
static void
flush(struct tunnel *t, bool keep)
{
	struct outbox *o = &t->out;

	for (unsigned i = 0; i < o->njobs; i += AEAD_BURST)
		aead_seal(t->aead, o->job + i, o->njobs - i < AEAD_BURST ?
		    o->njobs - i : AEAD_BURST);
	if (waiter_is_late(t->at.now)) {
		for (unsigned i = 0; i < o->nframes; i++)
			o->frame[i].verdict = V_LATE;
	} else {
		udp_send(&t->udp, o->train, o->ntrains);
		take_results(t);
	}
	count_frames(t, o->nframes - keep);
	if (keep)
		o->frame[0] = o->frame[o->nframes - 1];
	o->nframes = keep;
	o->njobs = o->ntrains = 0;
	o->used = 0;
}

static void
open_frame(struct tunnel *t, uint8_t class, size_t bytes)
{
	struct outbox *o = &t->out;

	if (o->nframes == OUT_FRAMES)
		flush(t, false);
	o->frame[o->nframes++] = (struct out_frame){ (uint32_t)bytes, class };
}

/* Where the plaintext of the next message is to be written: room for an MTU. */
static uint8_t *
next_plaintext(struct tunnel *t, bool keep)
{
	struct outbox *o = &t->out;

	if (o->njobs == OUT_JOBS || o->ntrains == UDP_TRAIN_MAX ||
	    OUT_ARENA - o->used < t->cut + DATA_OVERHEAD)
		flush(t, keep);
	return o->arena + o->used + sizeof(struct msg_data);
}

/* A packet that is known to be too long for its way, and leaves all the same in
 * fragments, which IPv6 wants from us (P4). */
static bool
is_split(const struct tunnel *t, uint16_t peer, size_t n)
{
	return t->ways.way != NULL && n > t->ways.way[peer].m.mtu &&
	    !addr_is_v4(&t->ways.way[peer].remote.addr);
}

/* A datagram joins the run before it if it looks the same; a shorter one ends
 * the run. */
static bool
joins(const struct outbox *o, uint16_t peer, struct outer l, bool split,
    size_t n)
{
	if (o->ntrains == 0)
		return false;
	const struct udp_out *u = &o->train[o->ntrains - 1];
	unsigned have = o->run[o->ntrains - 1].n;
	return o->run[o->ntrains - 1].peer == peer && u->tos == l.tos &&
	    u->hops == l.hops && u->split == split && n <= u->size &&
	    u->len == have * u->size &&
	    have < UDP_TRAIN_MAX && u->len + n <= UDP_TRAIN_BYTES;
}

static void
put_datagram(struct tunnel *t, uint16_t peer, struct outer l, size_t n)
{
	struct outbox *o = &t->out;
	unsigned frame = o->nframes > 0 ? o->nframes - 1 : 0;
	bool split = !l.whole && is_split(t, peer, n - DATA_OVERHEAD);

	if (!joins(o, peer, l, split, n)) {
		o->train[o->ntrains] = (struct udp_out){
			.data = o->arena + o->used, .size = n, .tos = l.tos,
			.hops = l.hops, .split = split,
			.fits = t->ways.way != NULL &&
			    t->ways.way[peer].m.phase == PMTU_FOUND,
			.path = device_peer(t->device, peer)->path,
		};
		o->run[o->ntrains].peer = peer;
		o->run[o->ntrains].first = frame;
		o->run[o->ntrains++].n = 0;
	}
	o->train[o->ntrains - 1].len += n;
	o->run[o->ntrains - 1].last = frame;
	o->run[o->ntrains - 1].n++;
	o->used += n;
}

/* What padding would lift to the MTU gets none (W15): its route's own MTU,
 * which we do not see, may be smaller.  And Linux cuts a datagram to IPV6_MTU
 * only if it is longer than its own link takes, so that is what it gets. */
static size_t
with_padding(const struct tunnel *t, uint16_t peer, size_t n)
{
	size_t padded = (n + PAD - 1) & ~(size_t)(PAD - 1);

	if (is_split(t, peer, n) && n < BEYOND && BEYOND <= t->cut)
		return BEYOND;
	return padded <= t->mtu && padded <= t->cut && (t->ways.way == NULL ||
	    padded <= t->ways.way[peer].m.mtu) ? padded : n;
}

/* The n bytes at next_plaintext become a message: header, padding, a job for
 * the cipher.  Its size. */
static size_t
put_message(struct tunnel *t, uint16_t peer, struct session *s,
    struct outer l, size_t n, size_t padded)
{
	struct outbox *o = &t->out;
	uint8_t *at = o->arena + o->used, *text = at + sizeof(struct msg_data);
	struct msg_data m = {
		.type = le32_put(MSG_DATA),
		.receiver = le32_put(s->keys.remote_index),
		.counter = le64_put(s->counter),
	};

	memcpy(at, &m, sizeof(m));
	memset(text + n, 0, padded - n);
	o->job[o->njobs++] = (struct aead_job){ .key = s->keys.send.b,
		.counter = s->counter++, .src = text, .dst = text,
		.n = padded };
	put_datagram(t, peer, l, padded + DATA_OVERHEAD);
	return padded + DATA_OVERHEAD;
}

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
stage_packet(struct tunnel *t, uint16_t peer, struct gso *g, uint8_t class,
    struct outer l)
{
	uint16_t evicted;

	/* cut already: what waits is counted packet by packet when it leaves */
	for (size_t left = gso_segments(g); left > 0; left--) {
		struct staged *s = stage_push(t->stage, peer, t->at.now,
		    &evicted);
		if (evicted > 0)
			counters_add(t->stat, V_STAGED, evicted);
		s->len = (uint16_t)gso_next(g, s->packet);
		s->class = class;
		s->tos = l.tos;
	}
}

static void
send_packet(struct tunnel *t, uint16_t peer, struct session *s, struct gso *g,
    uint8_t class, struct outer l, size_t bytes)
{
	size_t n, sent = 0;

	open_frame(t, class, bytes);
	while ((n = gso_next(g, next_plaintext(t, true))) > 0) {
		if (!session_may_send(s, t->at.now)) {
			t->out.frame[t->out.nframes - 1].verdict = V_EXPIRED;
			break;
		}
		sent += put_message(t, peer, s, l, n,
		    with_padding(t, peer, n));
	}
	device_sent(t->device, peer, s, true, sent, t->at.now);
	tunnel_touch(t, peer);
}

/* In a gateway nobody waits long for a peer that does not answer. */
static bool
is_hopeless(struct tunnel *t, uint16_t peer)
{
	if (t->ways.way == NULL)
		return false;
	nsec *since = &t->ways.way[peer].waiting;
	if (*since == 0)
		*since = t->at.now;
	return t->at.now - *since > PATIENCE;
}

enum verdict
tunnel_send(struct tunnel *t, const struct frame *f, const uint8_t *body,
    const struct ip *ip)
{
	struct gso g;
	enum verdict v = gso_init(&g, &f->vnet, ip, (const uint8_t *)(f + 1),
	    f->len, t->cut);

	if (v != V_NEXT)
		return v;
	g.body = body;
	/* only a device out of our sight sends more than the MTU we know */
	if ((size_t)g.hlen + g.size > t->mtu)
		t->mtu = (size_t)g.hlen + g.size;
	const struct peer *p = device_peer(t->device, f->peer);
	if (p == NULL || p->path.remote.port == 0)
		return V_DOWN;
	if (t->ways.way != NULL &&
	    (v = tunnel_fit(t, f->peer, &g)) != V_NEXT)
		return v;
	struct session *s = device_sender(t->device, f->peer, t->at.now);
	if (s == NULL && is_hopeless(t, f->peer))
		return V_DOWN;
	struct outer l = { .tos = (ip->tos & t->tos_keep) | t->tos_set };
	if (is_message(ip, (const uint8_t *)(f + 1)) && !nest(&l, ip))
		return V_TTL;
	if (s == NULL)
		stage_packet(t, f->peer, &g, f->class, l);
	else
		send_packet(t, f->peer, s, &g, f->class, l, f->len);
	return V_NEXT;
}

void
tunnel_flush(struct tunnel *t)
{
	flush(t, false);
}

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
		back->mtu = tunnel_fits(t, f->peer, ip);
	memcpy(back + 1, body, f->len);
	link_put(&t->sibling[c].link, back);
	link_flush(&t->sibling[c].link);
}

/* V_NEXT if somebody else has counted it or will. */
static enum verdict
take_frame(struct tunnel *t, enum sibling c, struct frame *f,
    const uint8_t *body)
{
	uint8_t *packet = (uint8_t *)(f + 1);
	struct ip ip;

	if (!route_may_send(t, c, f->peer, f->class))
		return V_PEER;
	if (f->len == 0) {
		device_want(t->device, f->peer, t->at.now);
		return V_NEXT;
	}
	enum verdict v = ip_parse(&ip, packet, f->len);
	if (v != V_NEXT)
		return v;
	if (f->vnet.gso_type == VNET_GSO_NONE && mss_is_syn(packet, &ip))
		tunnel_clamp(t, f->peer, packet, &ip,
		    (f->vnet.flags & VNET_NEEDS_CSUM) == 0);
	v = tunnel_send(t, f, body, &ip);
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
		enum verdict v = take_frame(t, c, t->frame, body);
		if (v != V_NEXT)
			counters_add(t->stat, v, t->frame->len);
	}
	flush(t, false);
	return turn_is_over(&turn);
}

/* ---- what the device asks for ---- */

/* True if anything was sent. */
static bool
send_staged(struct tunnel *t, uint16_t peer)
{
	const struct staged *w;
	struct session *s;
	size_t sent = 0;

	while (stage_count(t->stage, peer) > 0 &&
	    (s = device_sender(t->device, peer, t->at.now)) != NULL) {
		w = stage_pop(t->stage, peer);
		open_frame(t, w->class, w->len);
		memcpy(next_plaintext(t, true), w->packet, w->len);
		sent = put_message(t, peer, s, (struct outer){ .tos = w->tos },
		    w->len, with_padding(t, peer, w->len));
		device_sent(t->device, peer, s, true, sent, t->at.now);
	}
	flush(t, false);
	tunnel_touch(t, peer);
	return sent > 0;
}

void
tunnel_plain(struct tunnel *t, uint16_t peer, const void *head, size_t hlen,
    size_t n)
{
	struct session *s = device_sender(t->device, peer, t->at.now);

	if (s == NULL)
		return;
	uint8_t *text = next_plaintext(t, false);
	memcpy(text, head, hlen);
	memset(text + hlen, 0, n - hlen);
	size_t sent = put_message(t, peer, s, (struct outer){ .whole = true },
	    n, n);
	device_sent(t->device, peer, s, false, sent, t->at.now);
	flush(t, false);
	tunnel_touch(t, peer);
}

void
tunnel_keepalive(struct tunnel *t, uint16_t peer)
{
	tunnel_plain(t, peer, "", 0, 0);
}

void
tunnel_ready(struct tunnel *t, uint16_t peer, bool confirm)
{
	t->stat->handshakes++;
	device_peer(t->device, peer)->handshake_wall = t->at.wall;
	t->stat->peer[peer].handshake_sec = t->at.wall / NSEC_SEC;
	tunnel_probe_ready(t, peer);
	if (!send_staged(t, peer) && confirm)
		tunnel_keepalive(t, peer);
}

void
tunnel_do(struct tunnel *t, const struct device_out *o)
{
	switch (o->todo) {
	case DEVICE_NOTHING:
	case DEVICE_SEND:	/* of the key process */
	case DEVICE_READY:
		break;
	case DEVICE_KEEPALIVE:
		tunnel_keepalive(t, o->peer);
		break;
	case DEVICE_INITIATE:
		tunnel_ask(t, CHANNEL_INITIATE, o);
		if (o->lost)
			tunnel_lost(t, o->peer);
		break;
	case DEVICE_FORGET:
		tunnel_ask(t, CHANNEL_FORGET, o);
		break;
	}
}
