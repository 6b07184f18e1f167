/* SPDX-License-Identifier: ISC */
#ifndef BH_SERVERS_H
#define BH_SERVERS_H

/*
 * Which of its servers a client uses: a pure function of what was asked, what
 * was answered, and time.
 *
 * Every packet that is sent to a server asks it, since WireGuard answers what
 * it gets within ten seconds; and so do questions of our own, by which the
 * servers are known that are not in use.  A server that leaves a question
 * without answer for long is down.  A server that is back is used again as
 * `failback' says, or at once if no other answers.
 *
 * A probe that no server answers says nothing of any of them: what it asks may
 * be silent itself.  So a server is down by a probe only if another has had an
 * answer since, or if its tunnel is silent as well.
 */

#include "base/clock.h"
#include "conf/conf.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SERVERS_TICK_MS = 500,		/* how often they are looked at */
	SERVERS_SECONDS = 15,		/* without an answer: down */
	SERVERS_PROBE_SECONDS = 4,	/* ... of a probe */
};

#define SERVERS_NEVER UINT64_MAX	/* a hold without end */

enum server_state {
	SERVER_USED,		/* Internet traffic goes there */
	SERVER_READY,		/* it answers, and others are preferred */
	SERVER_HELD,		/* it is back, and not used again yet */
	SERVER_DOWN,		/* it does not answer */
};

struct server {
	uint16_t peer;		/* location */
	uint64_t salt;
	bool down, held;
	nsec asked;		/* since when a question has no answer; 0 */
	nsec said;		/* our last question of its own; 0 */
	nsec heard;		/* the last answer; 0 */
	nsec alive;		/* of its tunnel, with a probe; 0 */
	nsec back;		/* when it came back */
	uint64_t seen;		/* what was last known of its answers */
};

struct servers {
	struct server s[POLICY_SERVERS_MAX];	/* the preferred first */
	unsigned n;
	bool balance;
	bool probing;		/* questions are packets to the Internet */
	nsec hold;		/* `failback': 0 now, SERVERS_NEVER */
};

/* Those of a client, all of them usable; none of others. */
void servers_init(struct servers *sv, const struct conf *cf, size_t self);
enum server_state servers_state(const struct servers *sv, unsigned i);
/* A packet was sent to the server that is that location. */
void servers_sent(struct servers *sv, uint16_t peer, nsec now);
/* It has answered. */
void servers_heard(struct servers *sv, unsigned i, nsec now);
/* A number that changes with each answer of its tunnel. */
void servers_seen(struct servers *sv, unsigned i, uint64_t number, nsec now);
/* Finds which servers are down and which are back; true if that has changed. */
bool servers_tick(struct servers *sv, nsec now);
/* The next server that is to be asked; false: none is, now. */
bool servers_question(struct servers *sv, nsec now, unsigned *i);
/* No server answers the probe. */
bool servers_unanswered(const struct servers *sv, nsec now);
/* When to look again, if no packet is sent meanwhile. */
nsec servers_due(const struct servers *sv, nsec now);
/* Where Internet packets go from now on. */
void servers_choose(const struct servers *sv, struct policy *pol);

#endif
