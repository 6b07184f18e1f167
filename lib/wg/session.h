/* SPDX-License-Identifier: ISC */
#ifndef BH_SESSION_H
#define BH_SESSION_H

/* The transport keys of one handshake, and what limits their use
 * (whitepaper 5.4.6, 6.1). */

#include "wg/noise.h"
#include "wg/replay.h"

#include <stdbool.h>

struct session {
	struct noise_keys keys;
	nsec born;		/* 0: empty */
	uint64_t counter;	/* of the next message sent */
	struct replay replay;	/* of messages received */
};

void session_start(struct session *s, const struct noise_keys *k, nsec now);
void session_wipe(struct session *s);

static inline bool
session_alive(const struct session *s, nsec now)
{
	return s->born != 0 && now - s->born < REJECT_AFTER_TIME;
}

/* W9: no message after 180 s, nor after 2^64 - 2^13 - 1 of them. */
bool session_may_send(const struct session *s, nsec now);

/* W9: time for another handshake, asked after sending or after receiving.  By
 * time only the initiator acts, so that the two do not both try. */
bool session_stale_sending(const struct session *s, nsec now);
bool session_stale_receiving(const struct session *s, nsec now);

#endif
