/* SPDX-License-Identifier: ISC */
#ifndef BH_SYMMETRIC_H
#define BH_SYMMETRIC_H

/*
 * What two ends of a handshake agree on so far: the SymmetricState of the Noise
 * specification, revision 34, section 5.2.  In the patterns with psk each key
 * seals once, so there is no nonce: it is always 0, and the key is wiped.
 */

#include "base/key.h"
#include "wg/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symmetric {
	uint8_t hash[HASH_LEN], chain[HASH_LEN];
	struct key key;		/* of the next seal or open; zero: used up */
};

/* The name has more than 32 bytes. */
void symmetric_init(struct symmetric *s, const char *name,
    const void *prologue, size_t n);
void symmetric_mix_hash(struct symmetric *s, const void *in, size_t n);
void symmetric_mix_key(struct symmetric *s, const struct key *in);
/* "e" of a psk pattern: in the hash and in the chain; a key always follows. */
void symmetric_mix_ephemeral(struct symmetric *s, const struct key *in);
/* False if the shared secret is zero (W22). */
bool symmetric_mix_dh(struct symmetric *s, const struct key *private_key,
    const struct key *public_key);
void symmetric_mix_psk(struct symmetric *s, const struct key *psk);

/* EncryptAndHash: writes n + 16 bytes. */
void symmetric_seal(struct symmetric *s, const void *in, size_t n,
    uint8_t *out);
/* DecryptAndHash: reads n + 16 bytes, writes n; false: *out is n zeros. */
bool symmetric_open(struct symmetric *s, const uint8_t *in, size_t n,
    void *out);
/* The two transport keys; the initiator sends with the first. */
void symmetric_split(const struct symmetric *s, struct key *first,
    struct key *second);

#endif
