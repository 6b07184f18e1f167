/* SPDX-License-Identifier: ISC */
#ifndef BH_KEY_H
#define BH_KEY_H

/* 32-byte keys: their base64 text, as wg(8) writes it, and X25519 (RFC 7748).
 * Call sodium_init(3) first. */

#include <stdbool.h>
#include <stdint.h>

enum { KEY_LEN = 32, KEY_STRLEN = 45 };

struct key {
	uint8_t b[KEY_LEN];
};

/* Exactly 44 characters of canonical base64, in constant time; a trailing
 * newline is the caller's to take off.  *k is zero if they are not. */
bool key_parse(struct key *k, const char *text);
const char *key_format(const struct key *k, char buf[static KEY_STRLEN]);
/* Constant time. */
bool key_eq(const struct key *a, const struct key *b);
bool key_is_zero(const struct key *k);
void key_wipe(struct key *k);

/* Sets the bits that are the same in each private key (RFC 7748 5). */
void key_clamp(struct key *k);
void key_public(struct key *public_key, const struct key *private_key);
/* The shared secret; false, and *shared zero, if that would be zero, which is
 * so for each public key of low order (W22). */
bool key_agree(struct key *shared, const struct key *private_key,
    const struct key *public_key);

#endif
