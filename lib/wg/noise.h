/* SPDX-License-Identifier: ISC */
#ifndef BH_NOISE_H
#define BH_NOISE_H

/*
 * The handshake Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (whitepaper 5.4.1-5.4.5).
 * Pure: ephemerals, timestamps and indices are arguments.  Each step works on
 * locals and writes *hs and outputs only when the last check has passed; a
 * failed step leaves everything as it was.
 */

#include "base/key.h"
#include "wg/ikpsk2.h"
#include "wg/message.h"

#include <stdbool.h>
#include <stdint.h>

/* Ours. */
struct noise_local {
	struct key private_key, public_key;
};

/* Theirs: what stays the same from handshake to handshake. */
struct noise_remote {
	struct key public_key, psk;	/* psk zero: none (W21) */
	struct key static_static;	/* DH of the two static keys */
};

enum noise_state {
	NOISE_NONE,
	NOISE_SENT_INITIATION,
	NOISE_GOT_INITIATION,
};

struct noise_handshake {
	enum noise_state state;
	uint32_t local_index, remote_index;
	struct ikpsk2 ik;
};

/* Transport keys of a finished handshake. */
struct noise_keys {
	struct key send, receive;
	uint32_t local_index, remote_index;
	bool initiator;
};

/* Clamps the private key and derives the public one. */
void noise_local_init(struct noise_local *l, const struct key *private_key);
/* False for a public key of low order (W22): static_static is zero then, and
 * every step below fails.  psk may be NULL for none. */
bool noise_remote_init(struct noise_remote *r, const struct noise_local *l,
    const struct key *public_key, const struct key *psk);

/* `random' is 32 fresh bytes.  The macs are left zero: cookie_add_macs. */
bool noise_create_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct key *random, const uint8_t tai64n[TAI64N_LEN],
    uint32_t local_index, struct msg_initiation *m);

/* Responder, in two steps, since only the first one tells who it is.  The
 * first: one DH and one AEAD; fills a fresh *hs and *remote_static. */
bool noise_read_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct msg_initiation *m,
    struct key *remote_static);
/* The second: proves that the sender has the static key; gives its timestamp,
 * which the caller must find greater than the last (W6). */
bool noise_finish_initiation(struct noise_handshake *hs,
    const struct noise_remote *r, const struct msg_initiation *m,
    uint8_t tai64n[TAI64N_LEN]);

/* The last message of each side: gives the keys, and wipes *hs. */
bool noise_create_response(struct noise_handshake *hs,
    const struct noise_remote *r, const struct key *random,
    uint32_t local_index, struct msg_response *m, struct noise_keys *k);
bool noise_consume_response(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct msg_response *m, struct noise_keys *k);

void noise_handshake_wipe(struct noise_handshake *hs);
void noise_keys_wipe(struct noise_keys *k);

/* TAI64N of a wall clock in nanoseconds since 1970 (whitepaper 5.4.2). */
void noise_tai64n(uint8_t out[TAI64N_LEN], uint64_t wall_nsec);

#endif
