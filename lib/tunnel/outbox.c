/* SPDX-License-Identifier: ISC */
#include "tunnel/outbox.h"

#include "proc/waiter.h"

#include <string.h>

enum {
	PAD = 16,		/* W15 */
	BEYOND = 1436,		/* with all headers more than 1500 */
};

/* ---- sending ---- */

static void
count_frames(struct outbox *o, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		counters_add(o->stat, o->frame[i].verdict, o->frame[i].bytes);
}

static void
note_failures(struct outbox *o)
{
	for (unsigned i = 0; i < o->ntrains; i++) {
		struct peer *p = device_peer(o->device, o->run[i].peer);
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
flush(struct outbox *o, bool keep)
{
	for (unsigned i = 0; i < o->njobs; i += AEAD_BURST)
		aead_seal(o->aead, o->job + i, o->njobs - i < AEAD_BURST ?
		    o->njobs - i : AEAD_BURST);
	if (waiter_is_late(o->at->now)) {
		for (unsigned i = 0; i < o->nframes; i++)
			o->frame[i].verdict = V_LATE;
	} else {
		udp_send(o->udp, o->train, o->ntrains);
		note_failures(o);
	}
	count_frames(o, o->nframes - keep);
	if (keep)
		o->frame[0] = o->frame[o->nframes - 1];
	o->nframes = keep;
	o->njobs = o->ntrains = 0;
	o->used = 0;
}

void
outbox_frame(struct outbox *o, uint8_t class, size_t bytes)
{
	if (o->nframes == OUT_FRAMES)
		flush(o, false);
	o->frame[o->nframes++] = (struct out_frame){ (uint32_t)bytes, class };
}

uint8_t *
outbox_plaintext(struct outbox *o, bool keep)
{
	if (o->njobs == OUT_JOBS || o->ntrains == UDP_TRAIN_MAX ||
	    OUT_ARENA - o->used < o->cut + DATA_OVERHEAD)
		flush(o, keep);
	return o->arena + o->used + sizeof(struct msg_data);
}

/* A packet that is known to be too long for its way, and leaves all the same in
 * fragments, which IPv6 wants from us (P4). */
static bool
is_split(const struct outbox *o, uint16_t peer, size_t n)
{
	return o->paths->peer != NULL && n > o->paths->peer[peer].m.mtu &&
	    !addr_is_v4(&o->paths->peer[peer].remote.addr);
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
put_datagram(struct outbox *o, uint16_t peer, struct outer l, size_t n)
{
	unsigned frame = o->nframes > 0 ? o->nframes - 1 : 0;
	bool split = !l.whole && is_split(o, peer, n - DATA_OVERHEAD);

	if (!joins(o, peer, l, split, n)) {
		o->train[o->ntrains] = (struct udp_out){
			.data = o->arena + o->used, .size = n, .tos = l.tos,
			.hops = l.hops, .split = split,
			.fits = o->paths->peer != NULL &&
			    o->paths->peer[peer].m.phase == PMTU_FOUND,
			.path = device_peer(o->device, peer)->path,
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
size_t
outbox_padded(const struct outbox *o, uint16_t peer, size_t n)
{
	size_t padded = (n + PAD - 1) & ~(size_t)(PAD - 1);

	if (is_split(o, peer, n) && n < BEYOND && BEYOND <= o->cut)
		return BEYOND;
	return padded <= o->mtu && padded <= o->cut &&
	    (o->paths->peer == NULL || padded <= o->paths->peer[peer].m.mtu) ?
	    padded : n;
}

/* Header, padding, and a job for the cipher. */
size_t
outbox_message(struct outbox *o, uint16_t peer, struct session *s,
    struct outer l, size_t n, size_t padded)
{
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
	put_datagram(o, peer, l, padded + DATA_OVERHEAD);
	return padded + DATA_OVERHEAD;
}

void
outbox_flush(struct outbox *o)
{
	flush(o, false);
}
