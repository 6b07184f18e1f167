/* SPDX-License-Identifier: ISC */
#include "wg/aead_engine.h"

#include <sodium.h>

/* The portable engine: one packet after the other, and no state. */

static bool
sodium_open(void **state)
{
	*state = NULL;
	return sodium_init() >= 0;
}

static void
sodium_close(void *state)
{
	(void)state;
}

static void
sodium_seal(void *state, struct aead_job *job, const struct aead_with *w,
    size_t njobs)
{
	(void)state;
	for (struct aead_job *j = job; j < job + njobs; j++, w++)
		crypto_aead_chacha20poly1305_ietf_encrypt_detached(j->dst,
		    j->dst + j->n, NULL, j->src, j->n, w->ad, w->adlen, NULL,
		    w->nonce, j->key);
}

static void
sodium_unseal(void *state, struct aead_job *job, const struct aead_with *w,
    size_t njobs)
{
	(void)state;
	/* it writes zeros where the tag is wrong */
	for (struct aead_job *j = job; j < job + njobs; j++, w++)
		j->ok = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
		    j->dst, NULL, j->src, j->n, j->src + j->n, w->ad,
		    w->adlen, w->nonce, j->key) == 0;
}

const struct aead_engine aead_sodium = {
	.name = "sodium",
	.open = sodium_open,
	.close = sodium_close,
	.seal = sodium_seal,
	.unseal = sodium_unseal,
};
