/* SPDX-License-Identifier: ISC */
#include "wg/session.h"

#include <sodium.h>

/* The responder's session is older than the initiator's by the time that its
 * response took: what the initiator sends must still be good there. */
#define SEND_MARGIN NSEC_SEC

/* When an initiator that only receives asks for new keys: early enough for one
 * handshake to get lost. */
#define REKEY_RECEIVING \
	(REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT)

void
session_start(struct session *s, const struct noise_keys *k, nsec now)
{
	s->keys = *k;
	s->born = now;
	s->counter = 0;
	replay_init(&s->replay);
}

void
session_wipe(struct session *s)
{
	sodium_memzero(s, sizeof(*s));
}

bool
session_may_send(const struct session *s, nsec now)
{
	nsec margin = s->keys.initiator ? SEND_MARGIN : 0;

	return session_alive(s, now + margin) &&
	    s->counter < REJECT_AFTER_MESSAGES;
}

bool
session_stale_sending(const struct session *s, nsec now)
{
	return s->counter >= REKEY_AFTER_MESSAGES ||
	    (s->keys.initiator && now - s->born >= REKEY_AFTER_TIME);
}

bool
session_stale_receiving(const struct session *s, nsec now)
{
	return s->keys.initiator && now - s->born >= REKEY_RECEIVING;
}
