/* SPDX-License-Identifier: ISC */
#ifndef BH_IKPSK2_H
#define BH_IKPSK2_H

/*
 * The handshake pattern IKpsk2 of the Noise specification, with any prologue
 * and any payload; noise.h makes WireGuard's messages of it.
 *
 *	<- s
 *	...
 *	-> e, es, s, ss		payload of n bytes
 *	<- e, ee, se, psk	payload of n bytes
 *
 * Functions change *k also when they fail: work on a copy.
 */

#include "wg/symmetric.h"

struct noise_local;
struct noise_remote;

struct ikpsk2 {
	struct symmetric s;
	struct key ephemeral;		/* ours, private */
	struct key remote_ephemeral;
};

#define IKPSK2_FIRST_LEN(n) (32 + (32 + TAG_LEN) + (n) + TAG_LEN)
#define IKPSK2_SECOND_LEN(n) (32 + (n) + TAG_LEN)

void ikpsk2_init(struct ikpsk2 *k, const void *prologue, size_t n,
    const struct key *responder);

/* k->ephemeral is set by the caller, also before ikpsk2_write_second. */
bool ikpsk2_write_first(struct ikpsk2 *k, const struct noise_local *l,
    const struct noise_remote *r, const void *payload, size_t n,
    uint8_t *out);
/* Up to "s": who it says it is. */
bool ikpsk2_read_first(struct ikpsk2 *k, const struct noise_local *l,
    const uint8_t *in, struct key *remote_static);
/* From "ss": that it is. */
bool ikpsk2_finish_first(struct ikpsk2 *k, const struct noise_remote *r,
    const uint8_t *in, void *payload, size_t n);

bool ikpsk2_write_second(struct ikpsk2 *k, const struct noise_remote *r,
    const void *payload, size_t n, uint8_t *out);
bool ikpsk2_read_second(struct ikpsk2 *k, const struct noise_local *l,
    const struct noise_remote *r, const uint8_t *in, void *payload,
    size_t n);

#endif
