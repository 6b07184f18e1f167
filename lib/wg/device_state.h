/* SPDX-License-Identifier: ISC */
#ifndef BH_DEVICE_STATE_H
#define BH_DEVICE_STATE_H

/*
 * What the files of the device share, and nobody else sees.
 *
 * device.c       making one, its peers, its key; data messages
 * device_keys.c  who the peers are; handshakes of ours
 * device_in.c    handshake messages that arrive
 * device_tick.c  what becomes due
 */

#include "wg/device.h"
#include "wg/index.h"
#include "wg/seen.h"

/* Which of the random bytes is for what. */
enum { RND_EPHEMERAL = 0, RND_INDEX = 32, RND_JITTER = 36, RND_COOKIE = 0 };
static_assert(RND_COOKIE + 56 <= DEVICE_RANDOM, "cookie_reply");
static_assert(4 * 16 <= DEVICE_RANDOM, "ratelimit_init");

struct device {
	uint16_t npeers;

	/* the key process, or identity is NULL */
	struct noise_local local;
	bool has_key;		/* else local is of no use, and we are silent */
	struct cookie_checker checker;
	/* for just where a peer was last, each and all; for addresses where one
	 * has been, likewise; for everybody else; and for those of either who
	 * have shown a cookie */
	struct ratelimit homes, all_homes, known, all_known;
	struct ratelimit hosts, networks, all;
	struct ratelimit proven, all_proven_known;
	struct ratelimit proven_sites, proven_networks, all_proven;
	struct ratelimit peers;		/* addresses where they have been */
	struct seen seen;		/* where they were last */
	nsec cookie_due;	/* when the next would be, at a steady rate */
	struct index_table pending;	/* indices of handshakes under way */
	struct identity *identity;
	uint16_t *by_key;	/* numbers, in order of their public keys */
	uint16_t nkeys;
	uint8_t workers;	/* that have sessions; 0: one */

	/* the data process, or peer is NULL */
	struct timers timers;
	struct index_table index;	/* of sessions */
	struct peer *peer;
};

/* The peer with that public key, or DEVICE_NOBODY. */
uint16_t device_find(const struct device *d, const struct key *k);
/* Enters a peer into the key process; false: its key is taken. */
bool device_enter(struct device *d, uint16_t i, const struct key *public_key,
    const struct key *psk);
/* Takes it out. */
void device_leave(struct device *d, uint16_t i);
/* Reserves a local index for a handshake with the peer. */
uint32_t device_index(struct device *d, uint16_t i, const uint8_t *random);
/* To be sent to the peer: a handshake message of n bytes. */
void device_put(struct device *d, uint16_t i, const void *msg, size_t n,
    const struct path *to, struct device_out *out);
/* Is that one of the peer's homes? */
bool device_is_home(const struct peer *p, const struct endpoint *e);
/* No session any more (W8). */
void device_forget_sessions(struct device *d, struct peer *p);
/* None that began 540 s ago; when the next will be as old, or 0. */
nsec device_forget_old(struct device *d, struct peer *p, nsec now);

#endif
