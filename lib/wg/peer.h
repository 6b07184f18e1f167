/* SPDX-License-Identifier: ISC */
#ifndef BH_PEER_H
#define BH_PEER_H

/*
 * One peer as the data process knows it: where it is, its
 * sessions and its deadlines.
 *
 * Sessions.  `current' is the one we send with.  `next' is one in which we
 * were the responder and have heard nothing yet: we may not send with it, and
 * the first packet that authenticates makes it the current one.  All others
 * only receive, for packets still under way, and make room oldest first (W10,
 * W11).  The whitepaper has one slot of this third kind; we have two, so that
 * nothing is lost when both sides begin a handshake at once: each then holds
 * its own new session, the other's new session, and the old one.
 */

#include "base/path.h"
#include "wg/session.h"
#include "wg/timers.h"

#include <stdbool.h>
#include <stdint.h>

enum { PEER_SESSIONS = 4, PEER_HOMES = 4 };

/* What can become due (whitepaper 6; W7, W8, W13, W14). */
enum peer_timer {
	PT_INITIATE,	/* send a handshake initiation, again perhaps */
	PT_KEEPALIVE,	/* we have received, and sent nothing since */
	PT_SILENCE,	/* we have sent data, and heard nothing since */
	PT_ERASE,	/* a session is old enough for its keys to go */
	PT_PERSISTENT,	/* keep a NAT's mapping open */
	PEER_TIMERS
};

struct peer {
	/* what each packet needs comes first, and the sessions last */
	struct timer timer;		/* due no later than any of these */
	nsec due[PEER_TIMERS];		/* 0: not set */
	struct session *current, *next;	/* or NULL */
	uint64_t rx_bytes, tx_bytes;	/* of data messages */
	uint64_t handshake_wall;	/* the caller's: when peer_ready was
					 * last, by the clock on the wall */
	nsec persistent;		/* interval; 0: off */
	nsec trying_since;		/* 0: no handshake wanted */
	struct path path;		/* where it is, so far as known */
	bool unanswered;		/* as the last initiation of ours is */
	bool last_minute;		/* asked for new keys on receiving */
	bool used;
	uint8_t nhomes;
	uint8_t turn;			/* who is asked next: 0 at `path', or
					 * at which home, beginning with 1 */
	uint32_t epoch;			/* how often its number was given */
	nsec handshake_sent;		/* the last one, of either kind */
	nsec jitter;			/* another for each handshake */
	struct endpoint home[PEER_HOMES];	/* where it should be */
	struct session session[PEER_SESSIONS];
};

/* The session to send with, or NULL. */
struct session *peer_sender(const struct peer *p, nsec now);
/* The session of that local index that may still receive, or NULL. */
struct session *peer_session(struct peer *p, uint32_t local_index);
/* The slot that a new session is to take; what is in it is no longer needed. */
struct session *peer_slot(struct peer *p, bool initiator);
/* Puts a started session to use. */
void peer_install(struct peer *p, struct session *s);
/* A packet authenticated in this session: true if that confirmed it, so that
 * we may send now. */
bool peer_confirm(struct peer *p, const struct session *s);

/* What happened, for the deadlines. */
void peer_on_sent(struct peer *p, struct timers *q, bool data, nsec now);
void peer_on_received(struct peer *p, struct timers *q, bool data, nsec now);
void peer_on_initiation_sent(struct peer *p, struct timers *q, nsec now);
void peer_on_session(struct peer *p, struct timers *q, nsec now);
void peer_on_confirmed(struct peer *p);
/* Somebody wants to send: try for another 90 s (W7). */
void peer_want(struct peer *p, struct timers *q, nsec now);
/* The same, if the keys are getting old: asked after sending and, once in the
 * life of a session, after receiving (W9). */
void peer_refresh(struct peer *p, struct timers *q, const struct session *s,
    bool sent, nsec now);

void peer_set(struct peer *p, struct timers *q, enum peer_timer k, nsec due);
/* Takes one deadline that has passed; PEER_TIMERS if there is none, and the
 * node is queued for the next one. */
enum peer_timer peer_expired(struct peer *p, struct timers *q, nsec now);

#endif
