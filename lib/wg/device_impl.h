/* SPDX-License-Identifier: ISC */
#ifndef BH_DEVICE_IMPL_H
#define BH_DEVICE_IMPL_H

/* What the three files of the device share, and nobody else sees. */

#include "wg/device.h"
#include "wg/index.h"

/* Which of the random bytes is for what. */
enum { RND_EPHEMERAL = 0, RND_INDEX = 32, RND_JITTER = 36, RND_COOKIE = 0 };
static_assert(RND_COOKIE + 56 <= DEVICE_RANDOM, "cookie_reply");

struct device {
	struct noise_local local;
	bool has_key;		/* else local is of no use, and we are silent */
	struct cookie_checker checker;
	struct ratelimit ratelimit;
	struct timers timers;
	struct index_table index;
	struct peer *peer;
	uint16_t *by_key;	/* numbers, in order of their public keys */
	uint16_t npeers, nkeys;
	nsec load_since, load_until;
	unsigned load_count;
};

/* The peer with that public key, or NULL. */
struct peer *device_find(struct device *d, const struct key *k);
/* Reserves a local index for the peer. */
uint32_t device_index(struct device *d, const struct peer *p,
    const uint8_t *random);
/* Puts the keys of a finished handshake, whose index is reserved, to use. */
void device_begin(struct device *d, struct peer *p, const struct noise_keys *k,
    const struct moment *t);
/* Drops our handshake under way, and its index. */
void device_forget_handshake(struct device *d, struct peer *p);
/* The same, and all sessions (W8). */
void device_forget_keys(struct device *d, struct peer *p);
/* To be sent to the peer: a handshake message of n bytes. */
void device_put(struct device *d, struct peer *p, const void *msg, size_t n,
    struct device_out *out);

static inline uint16_t
device_number(const struct device *d, const struct peer *p)
{
	return (uint16_t)(p - d->peer);
}

#endif
