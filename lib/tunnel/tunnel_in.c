/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_impl.h"

#include "packet/mss.h"

#include <sodium.h>
#include <string.h>

/* ---- to the links ---- */

static void
write_frame(struct frame *f, const struct gro_slot *s, uint8_t class)
{
	uint8_t *at = (uint8_t *)(f + 1);

	*f = (struct frame){ .len = s->bytes, .peer = s->tag, .class = class,
		.vnet = s->vnet };
	for (unsigned i = 0; i < s->npieces; i++) {
		memcpy(at, s->piece[i].iov_base, s->piece[i].iov_len);
		at += s->piece[i].iov_len;
	}
}

static void
put_link(struct tunnel *t, const struct gro_slot *s)
{
	uint8_t class;
	enum sibling c = route_deliver(t, s->tag, &s->ip, &class);
	struct link *l = &t->sibling[c].link;
	struct frame *room = link_room(l);
	bool put = room != NULL;

	if (put) {
		write_frame(room, s, class);
		link_put(l, room);
	} else if (s->bytes <= RING_SHORT) {
		write_frame(t->frame, s, class);
		put = link_slip(l, t->frame);
	}
	counters_add(t->stat, put ? (enum verdict)class : l->fd < 0 ?
	    V_NO_LINK : V_FULL, s->bytes);
}

static void
start_joining(struct tunnel *t)
{
	bool uso = t->uso;

	for (enum sibling c = 0; c < SIBLINGS; c++)
		if (t->sibling[c].link.fd >= 0)
			uso &= (t->sibling[c].link.features & LINK_F_USO) != 0;
	gro_init(&t->in.gro, uso);
}

/* Hands on all that has been put together; the datagrams' buffers are free
 * afterwards. */
static void
hand_on(struct tunnel *t)
{
	struct gro *g = &t->in.gro;

	gro_finish(g);
	for (size_t i = 0; i < g->n; i++)
		if (waiter_is_late(t->at.now))
			counters_add(t->stat, V_LATE, g->slot[i].bytes);
		else if (t->tun >= 0)
			tunnel_put(t, &g->slot[i]);
		else
			put_link(t, &g->slot[i]);
	for (enum sibling c = 0; c < SIBLINGS; c++)
		link_flush(&t->sibling[c].link);
	start_joining(t);
}

/* ---- packets ---- */

static void
join(struct tunnel *t, uint8_t *packet, const struct ip *ip, uint16_t peer)
{
	bool bad = false;

	if (!gro_add(&t->in.gro, packet, ip, peer, &bad)) {
		hand_on(t);
		gro_add(&t->in.gro, packet, ip, peer, &bad);
	}
	t->stat->corrupt += bad;
}

/* A packet that a peer has sent: n bytes with padding. */
static enum verdict
take_packet(struct tunnel *t, const struct in_packet *in, size_t n)
{
	struct ip ip;

	if (n == 0)
		return V_SELF;
	enum verdict v = ip_parse(&ip, in->data, n);
	if (v != V_NEXT)
		return v;
	if (ip.proto == PROTO_ICMP6 && tunnel_probe(t, in->peer, in->data, &ip))
		return V_SELF;
	if (!route_owns(t, in->peer, &ip.src))
		return V_SPOOF;
	int ecn = ecn_decapsulate(ip.tos, in->from->tos);
	if (ecn == ECN_DROP)
		return V_ECN;
	if (ecn != (ip.tos & ECN_MASK)) {
		ecn_set(in->data, ip.version, (uint8_t)ecn);
		ip.tos = (uint8_t)((ip.tos & ~ECN_MASK) | ecn);
	}
	if (t->ways.way != NULL && mss_is_syn(in->data, &ip))
		tunnel_clamp(t, in->peer, in->data, &ip, true);
	join(t, in->data, &ip, in->peer);
	return V_NEXT;
}

static enum verdict
finish_packet(struct tunnel *t, const struct in_packet *in,
    const struct aead_job *job)
{
	bool ready;

	if (!job->ok)
		return V_AUTH;
	enum verdict v = device_received(t->device, in->peer, in->session,
	    in->counter, job->n, &in->from->path, t->at.now, &ready);
	if (v != V_NEXT)
		return v;
	tunnel_touch(t, in->peer);
	if (ready)
		tunnel_ready(t, in->peer, false);
	return take_packet(t, in, job->n);
}

/* Opens all data messages that have been collected. */
static void
open_collected(struct tunnel *t)
{
	struct inbox *in = &t->in;

	if (in->n > 0)
		aead_open_burst(t->aead, in->job, in->n);
	for (unsigned i = 0; i < in->n; i++) {
		enum verdict v = finish_packet(t, &in->packet[i], &in->job[i]);
		if (v != V_NEXT)
			counters_add(t->stat, v, in->job[i].n);
	}
	in->n = 0;
}

/* ---- datagrams ---- */

/* Takes the next place of the inbox for a packet of that session.  One that we
 * do not know may have come about only now: the key process has said so before
 * the first packet of it could be on its way. */
static struct in_packet *
find_session(struct tunnel *t, uint32_t index, enum verdict *v)
{
	struct in_packet *k = &t->in.packet[t->in.n];

	*v = device_receiver(t->device, index, t->at.now, &k->session,
	    &k->peer);
	if (*v != V_INDEX || t->in.heard)
		return k;
	t->in.heard = true;
	/* it may replace a session that a collected message is for */
	open_collected(t);
	tunnel_hear(t);
	k = &t->in.packet[t->in.n];
	*v = device_receiver(t->device, index, t->at.now, &k->session,
	    &k->peer);
	return k;
}

static enum verdict
take_data(struct tunnel *t, const struct udp_in *u, uint8_t *p, size_t n)
{
	struct inbox *in = &t->in;
	struct msg_data m;
	enum verdict v;

	if (n < DATA_OVERHEAD)
		return V_TYPE;
	memcpy(&m, p, sizeof(m));
	struct in_packet *k = find_session(t, le32_get(m.receiver), &v);
	if (v != V_NEXT)
		return v;
	k->from = u;
	k->data = p + sizeof(m);
	k->counter = le64_get(m.counter);
	in->job[in->n] = (struct aead_job){
		.key = k->session->keys.receive.b, .counter = k->counter,
		.src = k->data, .dst = k->data, .n = n - DATA_OVERHEAD };
	if (++in->n == AEAD_BURST)
		open_collected(t);
	return V_NEXT;
}

static void
take_datagram(struct tunnel *t, const struct udp_in *u, uint8_t *p, size_t n)
{
	static const le32 data = { { MSG_DATA } };
	bool is_data = n >= sizeof(data) && memcmp(p, &data, sizeof(data)) == 0;
	enum verdict v = is_data ? take_data(t, u, p, n) :
	    tunnel_misdirected(t, u, p, n);

	if (v != V_NEXT)
		counters_add(t->stat, v, n);
}

bool
tunnel_in(struct tunnel *t)
{
	size_t n = udp_recv(&t->udp, t->in.msg);
	struct udp_datagram d = { 0 };

	start_joining(t);
	t->in.heard = false;
	t->in.misdirected = 0;
	while (udp_next(&d, t->in.msg, n))
		take_datagram(t, d.of, d.p, d.n);
	open_collected(t);
	hand_on(t);
	counters_add_unseen(t->stat, V_OVERRUN, udp_overrun(&t->udp));
	return t->udp.more;
}

void
tunnel_in_misdirected(struct tunnel *t, struct channel_event *e)
{
	const struct udp_in u = { .path = e->path, .tos = e->tos };

	/* between two bursts, or within one that has been opened so far */
	if (t->in.gro.n == 0)
		start_joining(t);
	t->in.heard = true;
	take_datagram(t, &u, e->message, e->n);
	open_collected(t);
	hand_on(t);
}
