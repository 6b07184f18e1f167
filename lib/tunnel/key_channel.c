/* SPDX-License-Identifier: ISC */
#include "tunnel/key_channel.h"

#include <string.h>
#include <unistd.h>

void
key_channel_ask(struct key_channel *k, enum channel_kind kind,
    const struct device_out *o, uint32_t epoch)
{
	k->m.event = (struct channel_event){ .kind = kind, .peer = o->peer,
		.path = o->to, .epoch = epoch };
	/* what cannot be said now is said again when it is due again */
	channel_send(k->fd, &k->m, false);
}

enum verdict
key_channel_hand(struct key_channel *k, const struct udp_in *u,
    const uint8_t *p, size_t n)
{
	if (n > CHANNEL_MESSAGE)
		return V_TYPE;
	if (k->misdirected == CHANNEL_MISDIRECTED_MAX)
		return V_FULL;
	k->misdirected++;
	k->m.event = (struct channel_event){ .kind = CHANNEL_MISDIRECTED,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	if (n > 0)
		memcpy(k->m.event.message, p, n);
	return channel_send(k->fd, &k->m, false) ? V_NEXT : V_FULL;
}

bool
key_channel_receive(struct key_channel *k)
{
	int r = k->passes ? channel_receive_passed(k->fd, &k->m, &k->passed) :
	    channel_receive(k->fd, &k->m, false);

	k->child_died |= r < 0;
	return r > 0;
}

void
key_channel_done(struct key_channel *k)
{
	if (k->passed >= 0)
		close(k->passed);
	k->passed = -1;
}
