/* SPDX-License-Identifier: ISC */
/* What the keeper of the keys says, and what it is asked for. */
#include "tunnel/tunnel_impl.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 64 };	/* before packets have their turn */

/* ---- saying ---- */

void
tunnel_ask(struct tunnel *t, uint32_t kind, const struct device_out *o)
{
	t->word.event = (struct seam_event){ .kind = kind, .peer = o->peer,
		.path = o->to,
		.epoch = device_peer(t->device, o->peer)->epoch };
	/* what cannot be said now is said again when it is due again */
	seam_send(t->seam, &t->word, false);
}

enum verdict
tunnel_stray(struct tunnel *t, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	if (n > SEAM_MESSAGE)
		return V_TYPE;
	if (t->in.strays == SEAM_STRAYS)
		return V_FULL;
	t->in.strays++;
	t->word.event = (struct seam_event){ .kind = SEAM_STRAY,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	if (n > 0)
		memcpy(t->word.event.message, p, n);
	return seam_send(t->seam, &t->word, false) ? V_NEXT : V_FULL;
}

/* ---- hearing ---- */

static void
begin(struct tunnel *t, const struct seam_event *e)
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
take(struct tunnel *t, union seam *m)
{
	/* what follows may need t->word, which this is in */
	struct seam_event e;

	switch (m->kind) {
	case SEAM_BEGIN:
		e = m->event;
		noise_keys_wipe(&m->event.keys);
		begin(t, &e);
		noise_keys_wipe(&e.keys);
		break;
	case SEAM_STRAY:
		e = m->event;
		tunnel_in_stray(t, &e);
		break;
	default:
		/* it waits for this, and hears us meanwhile: there will be
		 * room */
		if (m->kind < SEAM_FIRST && tunnel_config(t, &m->note))
			seam_send(t->seam, m, true);
	}
}

void
tunnel_hear(struct tunnel *t)
{
	int r = 1;

	for (int i = 0; i < WORDS && r > 0; i++) {
		r = t->tun < 0 ? seam_take(t->seam, &t->word, false) :
		    seam_take_passed(t->seam, &t->word, &t->passed);
		if (r > 0)
			take(t, &t->word);
		if (t->passed >= 0)
			close(t->passed);	/* for nothing */
		t->passed = -1;
	}
	t->widowed |= r < 0;
}
