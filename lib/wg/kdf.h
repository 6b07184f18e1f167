/* SPDX-License-Identifier: ISC */
#ifndef BH_KDF_H
#define BH_KDF_H

/* BLAKE2s and what is made of it: Hash, Mac, Hmac and Kdf1..3 of whitepaper
 * 5.4.  Outputs may be the inputs. */

#include "base/key.h"
#include "wg/message.h"

#include <stddef.h>
#include <stdint.h>

/* The hash of a and b, one after the other; b may be NULL if bn is 0. */
void kdf_hash(uint8_t out[static HASH_LEN], const void *a, size_t an,
    const void *b, size_t bn);
/* Keyed BLAKE2s of 16 bytes; keylen 1 to 32. */
void kdf_mac(uint8_t out[static COOKIE_LEN], const void *key, size_t keylen,
    const void *in, size_t n);
/* HMAC (RFC 2104) with BLAKE2s; keylen at most one block of 64 bytes. */
void kdf_hmac(uint8_t out[static HASH_LEN], const void *key, size_t keylen,
    const void *in, size_t n);

/* HKDF (RFC 5869) whose salt is a chaining key, with one, two, three outputs;
 * the first is the next chaining key. */
void kdf1(uint8_t t1[static HASH_LEN], const uint8_t chain[static HASH_LEN],
    const void *in, size_t n);
void kdf2(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
    const uint8_t chain[static HASH_LEN], const void *in, size_t n);
void kdf3(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
    uint8_t t3[static HASH_LEN], const uint8_t chain[static HASH_LEN],
    const void *in, size_t n);

#endif
