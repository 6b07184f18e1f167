/* SPDX-License-Identifier: ISC */
#ifndef BH_AEAD_H
#define BH_AEAD_H

/*
 * ChaCha20-Poly1305 (RFC 8439) in bursts, for data messages.  Engines: "sodium"
 * is everywhere; "ipsec-mb" is faster where it was built in and the processor
 * has what it wants.
 */

#include "base/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AEAD_BURST = BATCH_OF(64) };	/* jobs in one call, at most */

struct aead_job {
	const uint8_t *key;	/* 32 bytes */
	uint64_t counter;	/* nonce: 32 zero bits, then this, little-end */
	const uint8_t *src;
	uint8_t *dst;		/* may be src */
	size_t n;		/* bytes of plaintext, without the tag */
	bool ok;		/* open: it authenticated */
};

struct aead;

/* The engine of that name, or the fastest for NULL; NULL if it is not to be had
 * here.  Allocates: starting up only. */
struct aead *aead_open(const char *name);
void aead_close(struct aead *a);
const char *aead_name(const struct aead *a);
/* Names of what this build and processor have, the fastest first; NULL after
 * the last. */
const char *aead_available(unsigned i);

/* Seal writes n + 16 bytes to each dst. */
void aead_seal(struct aead *a, struct aead_job *job, size_t njobs);
/* Open reads n + 16 bytes from each src and writes n to dst; where the tag is
 * wrong ok is false and dst is n zero bytes. */
void aead_open_burst(struct aead *a, struct aead_job *job, size_t njobs);

#endif
