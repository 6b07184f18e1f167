/* SPDX-License-Identifier: ISC */
#ifndef BH_AEAD_ENGINE_H
#define BH_AEAD_ENGINE_H

/* What aead.c asks of an engine.  Bursts hold AEAD_BURST jobs at most. */

#include "wg/aead.h"

struct aead_engine {
	const char *name;
	/* False if this processor has not what it takes. */
	bool (*open)(void **state);
	void (*close)(void *state);
	void (*seal)(void *state, struct aead_job *job, size_t njobs);
	void (*open_burst)(void *state, struct aead_job *job, size_t njobs);
};

extern const struct aead_engine aead_sodium, aead_mb;

#endif
