/* SPDX-License-Identifier: ISC */
/* Handshakes, and what the data processes want of them. */
#include "tunnel/keys_process.h"

#include "wg/index.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { HANDSHAKE_TOS = 0x88 };	/* AF41 (W20) */

_Noreturn void
keys_end(void)
{
	_exit(0);
}

/* ---- counters ---- */

/* Before anything is sent: what a stamp was good for once it is not again. */
static void
publish(struct key_process *k, uint16_t peer)
{
	const struct identity *id = device_identity(k->device, peer);

	if (id == NULL)
		return;
	struct counters_peer *c = &k->stat->peer[peer];
	c->rx_bytes = id->rx_bytes;
	c->tx_bytes = id->tx_bytes;
	stampfile_note(k->stamps, k->device, peer);
}

/* ---- randomness ---- */

/* Fresh bytes for one step, to be wiped; drawn for many at a time. */
static uint8_t *
draw(struct key_process *k)
{
	if (k->nrandom == 0) {
		randombytes_buf(k->random, sizeof(k->random));
		k->nrandom = sizeof(k->random);
	}
	k->nrandom -= DEVICE_RANDOM;
	return k->random + k->nrandom;
}

/* ---- sending ---- */

static void
flush(struct key_process *k)
{
	udp_send(&k->udp, k->out, k->nout);
	k->nout = 0;
}

static void
put(struct key_process *k, const struct device_out *o)
{
	if (k->nout == UDP_TRAIN_MAX)
		flush(k);
	memcpy(k->message[k->nout], o->msg, o->n);
	k->out[k->nout] = (struct udp_out){ .data = k->message[k->nout],
		.len = o->n, .size = o->n, .path = o->to,
		.tos = HANDSHAKE_TOS };
	k->nout++;
}

/* ---- handshakes ---- */

static unsigned
worker_of(const struct key_process *k, uint16_t peer)
{
	return device_identity(k->device, peer)->worker;
}

/* Hands a session to its worker, before anything of it is on the wire. */
static bool
hand_over(struct key_process *k, struct device_out *o)
{
	k->word.event = (struct channel_event){ .kind = CHANNEL_BEGIN,
		.peer = o->peer, .path = o->to, .keys = o->keys,
		.epoch = device_identity(k->device, o->peer)->epoch };
	noise_keys_wipe(&o->keys);
	return channel_send(k->channel[worker_of(k, o->peer)], &k->word,
	    false);
}

static enum verdict
handle_handshake(struct key_process *k, const struct path *from,
    const uint8_t *p, size_t n)
{
	uint8_t *random = draw(k);
	struct device_out o;

	enum verdict v = device_handshake(k->device, &k->at, random, p, n,
	    from, &o);
	sodium_memzero(random, DEVICE_RANDOM);
	k->bothered |= v != V_SELF;
	publish(k, o.peer);
	if (o.begin && !hand_over(k, &o))
		return V_FULL;
	if (o.todo == DEVICE_SEND)
		put(k, &o);
	return v;
}

static unsigned
whose_data(const struct key_process *k, const uint8_t *p, size_t n)
{
	const struct msg_data *m = (const void *)p;

	return n < sizeof(*m) ? 0 :
	    index_worker(le32_get(m->receiver), k->workers);
}

/* The kernel gave us a data message, behind a handshake.  Its worker counts
 * it. */
static enum verdict
pass_on(struct key_process *k, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	if (n > CHANNEL_MESSAGE || k->misdirected == CHANNEL_MISDIRECTED_MAX)
		return V_FULL;
	k->misdirected++;
	k->word.event = (struct channel_event){ .kind = CHANNEL_MISDIRECTED,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	memcpy(k->word.event.message, p, n);
	return channel_send(k->channel[whose_data(k, p, n)], &k->word, false) ?
	    V_NEXT : V_FULL;
}

static void
handle_datagram(struct key_process *k, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	static const le32 data = { { MSG_DATA } };
	bool is_data = n >= sizeof(data) && memcmp(p, &data, sizeof(data)) == 0;
	enum verdict v = is_data ? pass_on(k, u, p, n) :
	    handle_handshake(k, &u->path, p, n);

	if (v != V_NEXT)
		counters_add(k->stat, v, n);
}

bool
keys_receive(struct key_process *k)
{
	size_t n = udp_recv(&k->udp, k->in);
	struct udp_datagram d = { 0 };

	k->misdirected = 0;
	while (udp_next(&d, k->in, n))
		handle_datagram(k, d.of, d.p, d.n);
	counters_add_unseen(k->stat, V_OVERRUN, udp_overrun(&k->udp));
	flush(k);
	return n == UDP_BATCH;
}

/* ---- the data process ---- */

static void
initiate(struct key_process *k, const struct channel_event *e)
{
	uint8_t *random = draw(k);
	struct device_out o;

	if (device_initiate(k->device, e->peer, &e->path, &k->at, random, &o))
		put(k, &o);
	sodium_memzero(random, DEVICE_RANDOM);
	publish(k, e->peer);
	flush(k);
}

static void
handle_misdirected(struct key_process *k, const struct channel_event *e)
{
	const struct udp_in u = { .path = e->path, .tos = e->tos };

	handle_datagram(k, &u, e->message, e->n);
	flush(k);
}

void
keys_dispatch(struct key_process *k, unsigned worker, union channel_message *m)
{
	/* what is made of it may need k->word, which it is in */
	struct channel_event e = m->event;
	const struct identity *id = device_identity(k->device, e.peer);
	bool known = id != NULL && id->epoch == e.epoch &&
	    worker_of(k, e.peer) == worker;

	if (m->kind == CHANNEL_INITIATE && known)
		initiate(k, &e);
	else if (m->kind == CHANNEL_FORGET && known)
		device_forget(k->device, e.peer);
	else if (m->kind == CHANNEL_MISDIRECTED)
		handle_misdirected(k, &e);
}
