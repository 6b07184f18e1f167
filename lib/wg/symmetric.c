/* SPDX-License-Identifier: ISC */
#include "wg/symmetric.h"

#include "wg/kdf.h"

#include <sodium.h>
#include <string.h>

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

void
symmetric_init(struct symmetric *s, const char *name, const void *prologue,
    size_t n)
{
	assert(strlen(name) > HASH_LEN);
	kdf_hash(s->hash, name, strlen(name), NULL, 0);
	memcpy(s->chain, s->hash, HASH_LEN);
	key_wipe(&s->key);
	symmetric_mix_hash(s, prologue, n);
}

void
symmetric_mix_hash(struct symmetric *s, const void *in, size_t n)
{
	kdf_hash(s->hash, s->hash, HASH_LEN, in, n);
}

void
symmetric_mix_key(struct symmetric *s, const struct key *in)
{
	kdf2(s->chain, s->key.b, s->chain, in->b, KEY_LEN);
}

void
symmetric_mix_ephemeral(struct symmetric *s, const struct key *in)
{
	symmetric_mix_hash(s, in->b, KEY_LEN);
	kdf1(s->chain, s->chain, in->b, KEY_LEN);
}

bool
symmetric_mix_dh(struct symmetric *s, const struct key *private_key,
    const struct key *public_key)
{
	struct key shared;

	bool ok = key_agree(&shared, private_key, public_key);
	if (ok)
		symmetric_mix_key(s, &shared);
	key_wipe(&shared);
	return ok;
}

void
symmetric_mix_psk(struct symmetric *s, const struct key *psk)
{
	uint8_t t[HASH_LEN];

	kdf3(s->chain, t, s->key.b, s->chain, psk->b, KEY_LEN);
	symmetric_mix_hash(s, t, sizeof(t));
	sodium_memzero(t, sizeof(t));
}

void
symmetric_seal(struct symmetric *s, const void *in, size_t n, uint8_t *out)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, n, s->hash,
	    HASH_LEN, NULL, zero_nonce, s->key.b);
	symmetric_mix_hash(s, out, n + TAG_LEN);
	key_wipe(&s->key);
}

bool
symmetric_open(struct symmetric *s, const uint8_t *in, size_t n, void *out)
{
	bool ok = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    in, n + TAG_LEN, s->hash, HASH_LEN, zero_nonce, s->key.b) == 0;

	symmetric_mix_hash(s, in, n + TAG_LEN);
	key_wipe(&s->key);
	return ok;
}

void
symmetric_split(const struct symmetric *s, struct key *first,
    struct key *second)
{
	kdf2(first->b, second->b, s->chain, NULL, 0);
}
