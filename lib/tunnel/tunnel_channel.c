/* SPDX-License-Identifier: ISC */
/* What the key process says, and what it is asked for. */
#include "tunnel/tunnel_impl.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 64 };	/* before packets have their turn */

/* ---- saying ---- */

void
tunnel_ask(struct tunnel *t, uint32_t kind, const struct device_out *o)
{
	t->word.event = (struct channel_event){ .kind = kind, .peer = o->peer,
		.path = o->to,
		.epoch = device_peer(t->device, o->peer)->epoch };
	/* what cannot be said now is said again when it is due again */
	channel_send(t->channel, &t->word, false);
}

enum verdict
tunnel_misdirected(struct tunnel *t, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	if (n > CHANNEL_MESSAGE)
		return V_TYPE;
	if (t->in.misdirected == CHANNEL_MISDIRECTED_MAX)
		return V_FULL;
	t->in.misdirected++;
	t->word.event = (struct channel_event){ .kind = CHANNEL_MISDIRECTED,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	if (n > 0)
		memcpy(t->word.event.message, p, n);
	return channel_send(t->channel, &t->word, false) ? V_NEXT : V_FULL;
}

/* ---- hearing ---- */

static void
begin(struct tunnel *t, const struct channel_event *e)
{
	const struct peer *p = device_peer(t->device, e->peer);

	/* somebody else has that number by now; and 0 is no index */
	if (p == NULL || p->epoch != e->epoch || e->keys.local_index == 0)
		return;
	device_begin(t->device, e->peer, &e->keys, &e->path, t->at.now);
	tunnel_touch(t, e->peer);
	if (e->keys.initiator)
		tunnel_ready(t, e->peer, true);
}

static void
take(struct tunnel *t, union channel_message *m)
{
	/* what follows may need t->word, which this is in */
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
			channel_send(t->channel, m, true);
	}
}

void
tunnel_hear(struct tunnel *t)
{
	int r = 1;

	for (int i = 0; i < WORDS && r > 0; i++) {
		r = t->tun < 0 ? channel_receive(t->channel, &t->word, false) :
		    channel_receive_passed(t->channel, &t->word, &t->passed);
		if (r > 0)
			take(t, &t->word);
		if (t->passed >= 0)
			close(t->passed);	/* for nothing */
		t->passed = -1;
	}
	t->child_died |= r < 0;
}
