/* SPDX-License-Identifier: ISC */
#include "wg/aead.h"

#include "wg/aead_engine.h"
#include "wg/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct aead {
	const struct aead_engine *engine;
	void *state;
	struct aead_with with[AEAD_BURST];	/* ad stays NULL */
};

/* The fastest first. */
static const struct aead_engine *const engines[] = {
#ifdef HAVE_IPSEC_MB
	&aead_mb,
#endif
	&aead_sodium,
};

enum { NENGINES = sizeof(engines) / sizeof(engines[0]) };

/* "Backhaul" under key 00 01 .. 1f and this nonce, without associated data. */
enum { PROBE_LEN = 8 };
static const char probe_text[PROBE_LEN + 1] = "Backhaul";
static const struct aead_with probe_with = {
	.nonce = { 0, 0, 0, 0, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 1 },
};
static const uint8_t probe_sealed[PROBE_LEN + TAG_LEN] = {
	0x28, 0xc0, 0x00, 0x6c, 0x81, 0x7f, 0x14, 0xfa, 0xcb, 0xcd, 0xa6, 0x80,
	0x6c, 0x74, 0xd3, 0xe5, 0x3f, 0x88, 0x94, 0x84, 0xd4, 0x0f, 0x6d, 0x0e,
};

/* Seals, opens, and refuses a wrong tag: an engine that cannot is as good as
 * none. */
static bool
passes_probe(const struct aead_engine *e, void *state)
{
	uint8_t key[32], buf[PROBE_LEN + TAG_LEN];
	struct aead_job j = { .key = key, .src = buf, .dst = buf,
		.n = PROBE_LEN };

	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	memcpy(buf, probe_text, PROBE_LEN);
	e->seal(state, &j, &probe_with, 1);
	if (memcmp(buf, probe_sealed, sizeof(buf)) != 0)
		return false;
	e->unseal(state, &j, &probe_with, 1);
	if (!j.ok || memcmp(buf, probe_text, PROBE_LEN) != 0)
		return false;
	memcpy(buf, probe_sealed, sizeof(buf));
	buf[PROBE_LEN] ^= 1;
	e->unseal(state, &j, &probe_with, 1);
	return !j.ok;
}

static bool
engine_open(const struct aead_engine *e, void **state)
{
	if (!e->open(state))
		return false;
	if (passes_probe(e, *state))
		return true;
	e->close(*state);
	return false;
}

struct aead *
aead_open(const char *name)
{
	struct aead *a = calloc(1, sizeof(*a));

	for (size_t i = 0; a != NULL && i < NENGINES; i++) {
		a->engine = engines[i];
		if (name != NULL && strcmp(name, a->engine->name) != 0)
			continue;
		if (engine_open(a->engine, &a->state))
			return a;
	}
	free(a);
	return NULL;
}

void
aead_close(struct aead *a)
{
	if (a == NULL)
		return;
	a->engine->close(a->state);
	free(a);
}

const char *
aead_name(const struct aead *a)
{
	return a->engine->name;
}

const char *
aead_available(unsigned n)
{
	for (size_t i = 0; i < NENGINES; i++) {
		void *state;
		if (!engine_open(engines[i], &state))
			continue;
		engines[i]->close(state);
		if (n-- == 0)
			return engines[i]->name;
	}
	return NULL;
}

/* A nonce is four zero bytes and the counter (whitepaper 5.4). */
static void
set_nonces(struct aead *a, const struct aead_job *job, size_t njobs)
{
	for (size_t i = 0; i < njobs; i++) {
		le64 counter = le64_put(job[i].counter);
		memcpy(a->with[i].nonce + 4, &counter, sizeof(counter));
	}
}

void
aead_seal(struct aead *a, struct aead_job *job, size_t njobs)
{
	assert(njobs <= AEAD_BURST);
	set_nonces(a, job, njobs);
	a->engine->seal(a->state, job, a->with, njobs);
}

void
aead_open_burst(struct aead *a, struct aead_job *job, size_t njobs)
{
	assert(njobs <= AEAD_BURST);
	set_nonces(a, job, njobs);
	a->engine->unseal(a->state, job, a->with, njobs);
}
