/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_state.h"

#include "packet/mss.h"
#include "tunnel/probe.h"

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
	enum sibling c = route_deliver(&t->policy, s->tag, &s->ip, &class);
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
	bool uso = t->alone.uso;

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
		else if (t->alone.tun >= 0)
			standalone_put(&t->alone, t->stat, &g->slot[i],
			    t->at.now);
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

/* May the peer send a packet from there (W16)? */
static bool
owns(const struct tunnel *t, uint16_t peer, const struct addr *src)
{
	return t->alone.tun >= 0 ?
	    allowed_owner(t->alone.allowed, src) == peer :
	    route_owns(&t->policy, peer, src);
}

/* A packet that a peer has sent: n bytes with padding. */
static enum verdict
handle_packet(struct tunnel *t, const struct in_packet *in, size_t n)
{
	struct ip ip;

	if (n == 0)
		return V_SELF;
	enum verdict v = ip_parse(&ip, in->data, n);
	if (v != V_NEXT)
		return v;
	if (ip.proto == PROTO_ICMP6 && probe_handle(&t->out, in->peer,
	    in->data, &ip))
		return V_SELF;
	if (!owns(t, in->peer, &ip.src))
		return V_SPOOF;
	int ecn = ecn_decapsulate(ip.tos, in->from->tos);
	if (ecn == ECN_DROP)
		return V_ECN;
	if (ecn != (ip.tos & ECN_MASK)) {
		ecn_set(in->data, ip.version, (uint8_t)ecn);
		ip.tos = (uint8_t)((ip.tos & ~ECN_MASK) | ecn);
	}
	if (t->out.paths.peer != NULL && mss_is_syn(in->data, &ip))
		paths_clamp(&t->out.paths, in->peer, in->data, &ip, true);
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
	touched_add(&t->out.touched, in->peer);
	if (ready)
		sender_ready(&t->out, in->peer, false);
	return handle_packet(t, in, job->n);
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

/* Collects a data message in the next place of the inbox. */
static enum verdict
collect(struct tunnel *t, const struct udp_in *u, uint8_t *p, size_t n)
{
	struct inbox *in = &t->in;
	struct in_packet *k = &in->packet[in->n];
	struct msg_data m;

	if (n < DATA_OVERHEAD)
		return V_TYPE;
	memcpy(&m, p, sizeof(m));
	enum verdict v = device_receiver(t->device, le32_get(m.receiver),
	    t->at.now, &k->session, &k->peer);
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

static enum verdict
handle_datagram(struct tunnel *t, const struct udp_in *u, uint8_t *p, size_t n)
{
	static const le32 data = { { MSG_DATA } };
	bool is_data = n >= sizeof(data) && memcmp(p, &data, sizeof(data)) == 0;

	return is_data ? collect(t, u, p, n) :
	    key_channel_hand(&t->keys, u, p, n);
}

static void
receive_batch(struct tunnel *t)
{
	struct inbox *in = &t->in;

	in->nmsg = udp_recv(&t->udp, in->msg);
	in->next = (struct udp_datagram){ 0 };
	in->asked = false;
	t->keys.misdirected = 0;
	start_joining(t);
}

/* False: it is of a session that nobody knows.  Once a batch that is worth the
 * question whether the key process has said something. */
static bool
handle_next(struct tunnel *t)
{
	const struct udp_datagram *d = &t->in.next;
	enum verdict v = handle_datagram(t, d->of, d->p, d->n);

	if (v == V_INDEX && !t->in.asked)
		return false;
	if (v != V_NEXT)
		counters_add(t->stat, v, d->n);
	return true;
}

enum in_state
tunnel_in(struct tunnel *t)
{
	struct inbox *in = &t->in;

	if (!in->held)
		receive_batch(t);
	while (in->held || udp_next(&in->next, in->msg, in->nmsg)) {
		in->held = !handle_next(t);
		if (!in->held)
			continue;
		in->asked = true;
		/* what is said may replace a session that a collected message
		 * is for */
		open_collected(t);
		return IN_ASK;
	}
	open_collected(t);
	hand_on(t);
	counters_add_unseen(t->stat, V_OVERRUN, udp_overrun(&t->udp));
	return t->udp.more ? IN_MORE : IN_DRY;
}

void
tunnel_in_misdirected(struct tunnel *t, struct channel_event *e)
{
	const struct udp_in u = { .path = e->path, .tos = e->tos };

	/* between two batches, or within one that has been opened so far */
	if (t->in.gro.n == 0)
		start_joining(t);
	enum verdict v = handle_datagram(t, &u, e->message, e->n);
	if (v != V_NEXT)
		counters_add(t->stat, v, e->n);
	open_collected(t);
	hand_on(t);
}
