/* SPDX-License-Identifier: ISC */
#include "wg/peer.h"

/* Data was sent; what answers comes within this time, be it a keepalive. */
#define SILENCE (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT)

struct session *
peer_sender(const struct peer *p, nsec now)
{
	struct session *s = p->current;

	return s != NULL && session_may_send(s, now) ? s : NULL;
}

struct session *
peer_session(struct peer *p, uint32_t local_index)
{
	/* the others are far apart, and mostly idle */
	if (p->current != NULL && p->current->keys.local_index == local_index)
		return p->current;
	for (int i = 0; i < PEER_SESSIONS; i++)
		if (p->session[i].born != 0 &&
		    p->session[i].keys.local_index == local_index)
			return &p->session[i];
	return NULL;
}

/* A response of ours that was never confirmed was lost, and its initiator has
 * begun anew: the new session takes that place. */
struct session *
peer_slot(struct peer *p, bool initiator)
{
	struct session *oldest = NULL;

	if (!initiator && p->next != NULL)
		return p->next;
	for (struct session *s = p->session; s < p->session + PEER_SESSIONS;
	    s++)
		if (s != p->current && s != p->next &&
		    (oldest == NULL || s->born < oldest->born))
			oldest = s;
	return oldest;
}

void
peer_install(struct peer *p, struct session *s)
{
	if (s->keys.initiator) {
		p->current = s;
		p->next = NULL;
	} else {
		p->next = s;
	}
}

bool
peer_confirm(struct peer *p, const struct session *s)
{
	if (s != p->next)
		return false;
	p->current = p->next;
	p->next = NULL;
	return true;
}

void
peer_set(struct peer *p, struct timers *q, enum peer_timer k, nsec due)
{
	p->due[k] = due;
	/* a deadline that moves away leaves the node where it is: waking up
	 * once for nothing is cheaper than sorting for each packet */
	if (due != 0 && (p->timer.at == 0 || due < p->timer.due))
		timers_set(q, &p->timer, due);
}

enum peer_timer
peer_expired(struct peer *p, struct timers *q, nsec now)
{
	nsec first = 0;

	for (enum peer_timer k = 0; k < PEER_TIMERS; k++) {
		nsec due = p->due[k];
		if (due != 0 && due <= now) {
			p->due[k] = 0;
			return k;
		}
		if (due != 0 && (first == 0 || due < first))
			first = due;
	}
	timers_set(q, &p->timer, first);
	return PEER_TIMERS;
}

/* Authenticated packets in either direction keep a NAT's mapping open. */
static void
set_persistent(struct peer *p, struct timers *q, nsec now)
{
	if (p->persistent != 0)
		peer_set(p, q, PT_PERSISTENT, now + p->persistent);
}

void
peer_on_sent(struct peer *p, struct timers *q, bool data, nsec now)
{
	p->due[PT_KEEPALIVE] = 0;
	set_persistent(p, q, now);
	if (data && p->due[PT_SILENCE] == 0)
		peer_set(p, q, PT_SILENCE, now + SILENCE + p->jitter);
}

void
peer_on_received(struct peer *p, struct timers *q, bool data, nsec now)
{
	p->due[PT_SILENCE] = 0;
	set_persistent(p, q, now);
	if (data && p->due[PT_KEEPALIVE] == 0)
		peer_set(p, q, PT_KEEPALIVE, now + KEEPALIVE_TIMEOUT);
}

void
peer_on_initiation_sent(struct peer *p, struct timers *q, nsec now)
{
	p->handshake_sent = now;
	peer_set(p, q, PT_INITIATE, now + REKEY_TIMEOUT + p->jitter);
}

void
peer_on_session(struct peer *p, struct timers *q, nsec now)
{
	if (p->due[PT_ERASE] == 0)
		peer_set(p, q, PT_ERASE, now + 3 * REJECT_AFTER_TIME);
}

void
peer_on_confirmed(struct peer *p)
{
	p->due[PT_INITIATE] = 0;
	p->trying_since = 0;
	p->last_minute = false;
}

void
peer_want(struct peer *p, struct timers *q, nsec now)
{
	p->trying_since = now;
	if (p->due[PT_INITIATE] != 0)
		return;
	nsec earliest = p->handshake_sent + REKEY_TIMEOUT;
	if (p->handshake_sent == 0 || earliest < now)
		earliest = now;
	peer_set(p, q, PT_INITIATE, earliest);
}

void
peer_refresh(struct peer *p, struct timers *q, const struct session *s,
    bool sent, nsec now)
{
	if (sent ? !session_stale_sending(s, now) :
	    p->last_minute || !session_stale_receiving(s, now))
		return;
	p->last_minute |= !sent;
	peer_want(p, q, now);
}
