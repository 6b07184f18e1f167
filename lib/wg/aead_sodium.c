/* SPDX-License-Identifier: ISC */
#include "wg/aead_engine.h"

#include "wg/message.h"

#include <sodium.h>

/* The portable engine: one packet after the other, and no state. */

struct nonce {
	le32 zero;
	le64 counter;
};
static_assert(sizeof(struct nonce) ==
    crypto_aead_chacha20poly1305_IETF_NPUBBYTES, "whitepaper 5.4");

static bool
sodium_engine_open(void **state)
{
	*state = NULL;
	return sodium_init() >= 0;
}

static void
sodium_engine_close(void *state)
{
	(void)state;
}

static void
sodium_seal(void *state, struct aead_job *job, size_t njobs)
{
	(void)state;
	for (struct aead_job *j = job; j < job + njobs; j++) {
		struct nonce nonce = { .counter = le64_put(j->counter) };

		crypto_aead_chacha20poly1305_ietf_encrypt_detached(j->dst,
		    j->dst + j->n, NULL, j->src, j->n, NULL, 0, NULL,
		    (const uint8_t *)&nonce, j->key);
	}
}

static void
sodium_open(void *state, struct aead_job *job, size_t njobs)
{
	(void)state;
	for (struct aead_job *j = job; j < job + njobs; j++) {
		struct nonce nonce = { .counter = le64_put(j->counter) };

		/* writes zeros where the tag is wrong */
		j->ok = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
		    j->dst, NULL, j->src, j->n, j->src + j->n, NULL, 0,
		    (const uint8_t *)&nonce, j->key) == 0;
	}
}

const struct aead_engine aead_sodium = {
	.name = "sodium",
	.open = sodium_engine_open,
	.close = sodium_engine_close,
	.seal = sodium_seal,
	.open_burst = sodium_open,
};
