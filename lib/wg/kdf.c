/* SPDX-License-Identifier: ISC */
#include "wg/kdf.h"

#include <assert.h>
#include <blake2.h>
#include <sodium.h>
#include <string.h>

/* libb2 wipes nothing of what its functions have on the stack: they leave the
 * key and the hash there. */
enum { BLAKE2S_STACK = 2048 };

void
kdf_hash(uint8_t out[static HASH_LEN], const void *a, size_t an,
    const void *b, size_t bn)
{
	blake2s_state s;

	blake2s_init(&s, HASH_LEN);
	blake2s_update(&s, a, an);
	if (bn > 0)
		blake2s_update(&s, b, bn);
	blake2s_final(&s, out, HASH_LEN);
	sodium_stackzero(BLAKE2S_STACK);
	sodium_memzero(&s, sizeof(s));
}

void
kdf_mac(uint8_t out[static COOKIE_LEN], const void *key, size_t keylen,
    const void *in, size_t n)
{
	blake2s_state s;

	assert(keylen > 0 && keylen <= BLAKE2S_KEYBYTES);
	blake2s_init_key(&s, COOKIE_LEN, key, keylen);
	blake2s_update(&s, in, n);
	blake2s_final(&s, out, COOKIE_LEN);
	sodium_stackzero(BLAKE2S_STACK);
	sodium_memzero(&s, sizeof(s));
}

/* One of the two hashes of HMAC: of the padded key and a text. */
static void
hash_padded(uint8_t out[static HASH_LEN], uint8_t pad, const void *key,
    size_t keylen, const void *in, size_t n)
{
	uint8_t block[BLAKE2S_BLOCKBYTES] = { 0 };

	memcpy(block, key, keylen);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= pad;
	kdf_hash(out, block, sizeof(block), in, n);
	sodium_memzero(block, sizeof(block));
}

void
kdf_hmac(uint8_t out[static HASH_LEN], const void *key, size_t keylen,
    const void *in, size_t n)
{
	uint8_t inner[HASH_LEN];

	assert(keylen <= BLAKE2S_BLOCKBYTES);
	hash_padded(inner, 0x36, key, keylen, in, n);
	hash_padded(out, 0x5c, key, keylen, inner, sizeof(inner));
	sodium_memzero(inner, sizeof(inner));
}

/* The nth output (RFC 5869 2.3): HMAC of the one before it, and of n. */
static void
expand(uint8_t out[static HASH_LEN], const uint8_t secret[static HASH_LEN],
    const uint8_t *before, uint8_t n)
{
	uint8_t in[HASH_LEN + 1];
	size_t len = n == 1 ? 0 : HASH_LEN;

	if (len > 0)
		memcpy(in, before, len);
	in[len] = n;
	kdf_hmac(out, secret, HASH_LEN, in, len + 1);
	sodium_memzero(in, sizeof(in));
}

void
kdf1(uint8_t t1[static HASH_LEN], const uint8_t chain[static HASH_LEN],
    const void *in, size_t n)
{
	uint8_t secret[HASH_LEN];

	kdf_hmac(secret, chain, HASH_LEN, in, n);
	expand(t1, secret, NULL, 1);
	sodium_memzero(secret, sizeof(secret));
}

void
kdf2(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
    const uint8_t chain[static HASH_LEN], const void *in, size_t n)
{
	uint8_t secret[HASH_LEN];

	kdf_hmac(secret, chain, HASH_LEN, in, n);
	expand(t1, secret, NULL, 1);
	expand(t2, secret, t1, 2);
	sodium_memzero(secret, sizeof(secret));
}

void
kdf3(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
    uint8_t t3[static HASH_LEN], const uint8_t chain[static HASH_LEN],
    const void *in, size_t n)
{
	uint8_t secret[HASH_LEN];

	kdf_hmac(secret, chain, HASH_LEN, in, n);
	expand(t1, secret, NULL, 1);
	expand(t2, secret, t1, 2);
	expand(t3, secret, t2, 3);
	sodium_memzero(secret, sizeof(secret));
}
