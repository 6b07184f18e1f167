/* SPDX-License-Identifier: ISC */
#ifndef BH_AEAD_ENGINE_H
#define BH_AEAD_ENGINE_H

/*
 * What aead.c asks of an engine: ChaCha20-Poly1305 in full, with any nonce and
 * associated data, so that every published vector can be run on it.
 */

#include "wg/aead.h"

struct aead_with {
	uint8_t nonce[12];
	const uint8_t *ad;
	size_t adlen;
};

/* w[i] goes with job[i], whose counter is not looked at; njobs is AEAD_BURST
 * at most. */
typedef void aead_burst_fn(void *state, struct aead_job *job,
    const struct aead_with *w, size_t njobs);

struct aead_engine {
	const char *name;
	/* False if this processor has not what it takes. */
	bool (*open)(void **state);
	void (*close)(void *state);
	aead_burst_fn *seal, *unseal;
};

extern const struct aead_engine aead_sodium, aead_mb;

#endif
