/* SPDX-License-Identifier: ISC */
/* What the processes beside this one say, and what becomes due. */
#include "tunnel/tunnel_state.h"

#include "base/die.h"
#include "tunnel/probe.h"

#include <sodium.h>
#include <unistd.h>

enum { WORDS = 64 };	/* before packets have their turn */

/* ---- the key process ---- */

static void
begin(struct tunnel *t, const struct channel_event *e)
{
	const struct peer *p = device_peer(t->device, e->peer);

	/* somebody else has that number by now; and 0 is no index */
	if (p == NULL || p->epoch != e->epoch || e->keys.local_index == 0)
		return;
	device_begin(t->device, e->peer, &e->keys, &e->path, t->at.now);
	touched_add(&t->out.touched, e->peer);
	if (e->keys.initiator)
		sender_ready(&t->out, e->peer, true);
}

static void
dispatch(struct tunnel *t, union channel_message *m)
{
	/* what follows may need the place that this is in */
	struct channel_event e;

	switch (m->kind) {
	case CHANNEL_BEGIN:
		e = m->event;
		noise_keys_wipe(&m->event.keys);
		begin(t, &e);
		noise_keys_wipe(&e.keys);
		break;
	case CHANNEL_MISDIRECTED:
		e = m->event;
		tunnel_in_misdirected(t, &e);
		break;
	default:
		/* it waits for this, and hears us meanwhile: there will be
		 * room */
		if (m->kind < CHANNEL_FIRST && tunnel_config(t, &m->note))
			channel_send(t->keys.fd, m, true);
	}
}

void
tunnel_hear(struct tunnel *t)
{
	bool more = true;

	for (int i = 0; i < WORDS && more; i++) {
		more = key_channel_receive(&t->keys);
		if (more)
			dispatch(t, &t->keys.m);
		key_channel_done(&t->keys);
	}
}

/* ---- the names process ---- */

/* The process is believed as far as the addresses of a name go: the peer there
 * has to prove who it is.  Endpoints that are no names are not its business,
 * nor is any port. */
static void
handle_names(struct tunnel *t, const struct names_word *w)
{
	if (device_peer(t->device, w->peer) == NULL ||
	    t->names.port[w->peer] == 0)
		return;
	for (unsigned i = 0; i < w->n; i++)
		if (!endpoint_is_host(&w->at[i]) ||
		    w->at[i].port != t->names.port[w->peer])
			return;
	device_set_homes(t->device, w->peer, w->at, w->n, t->at.now);
	touched_add(&t->out.touched, w->peer);
}

void
tunnel_hear_names(struct tunnel *t)
{
	struct names_word w;
	int r = 1;

	for (int i = 0; i < WORDS &&
	    (r = names_receive(t->names.fd, &w)) > 0; i++)
		handle_names(t, &w);
	if (r >= 0)
		return;
	warnx("names are not resolved any more: that process is gone");
	t->stat->helpers_lost++;
	close(t->names.fd);
	t->names.fd = -1;
}

/* ---- deadlines ---- */

static void
ask(struct tunnel *t, enum channel_kind kind, const struct device_out *o)
{
	key_channel_ask(&t->keys, kind, o,
	    device_peer(t->device, o->peer)->epoch);
}

static void
act(struct tunnel *t, const struct device_out *o)
{
	switch (o->todo) {
	case DEVICE_NOTHING:
	case DEVICE_SEND:	/* of the key process */
	case DEVICE_READY:
		break;
	case DEVICE_KEEPALIVE:
		sender_keepalive(&t->out, o->peer);
		break;
	case DEVICE_INITIATE:
		ask(t, CHANNEL_INITIATE, o);
		/* perhaps its name stands for something else by now */
		if (o->lost && t->names.fd >= 0)
			names_ask(t->names.fd, o->peer);
		break;
	case DEVICE_FORGET:
		ask(t, CHANNEL_FORGET, o);
		break;
	}
}

void
tunnel_tick(struct tunnel *t)
{
	uint8_t random[DEVICE_RANDOM];
	const struct staged *w;
	struct device_out o;
	nsec due;

	while ((due = device_due(t->device)) != 0 && due <= t->at.now) {
		randombytes_buf(random, sizeof(random));
		if (device_tick(t->device, &t->at, random, &o))
			act(t, &o);
	}
	sodium_memzero(random, sizeof(random));
	probe_tick(&t->out);
	while ((w = stage_expired(t->out.stage, t->at.now)) != NULL)
		counters_add(t->stat, V_DOWN, w->len);
}
