/* SPDX-License-Identifier: ISC */
#include "wg/ikpsk2.h"

#include "wg/noise.h"

#include <string.h>

/* Where the parts of the messages begin. */
enum { FIRST_S = 32, FIRST_PAYLOAD = 32 + 32 + TAG_LEN, SECOND_PAYLOAD = 32 };

void
ikpsk2_init(struct ikpsk2 *k, const void *prologue, size_t n,
    const struct key *responder)
{
	symmetric_init(&k->s, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
	    prologue, n);
	symmetric_mix_hash(&k->s, responder->b, KEY_LEN);
}

static void
write_e(struct ikpsk2 *k, uint8_t *out)
{
	struct key e;

	key_public(&e, &k->ephemeral);
	memcpy(out, e.b, KEY_LEN);
	symmetric_mix_ephemeral(&k->s, &e);
}

static void
read_e(struct ikpsk2 *k, const uint8_t *in)
{
	memcpy(k->remote_ephemeral.b, in, KEY_LEN);
	symmetric_mix_ephemeral(&k->s, &k->remote_ephemeral);
}

bool
ikpsk2_write_first(struct ikpsk2 *k, const struct noise_local *l,
    const struct noise_remote *r, const void *payload, size_t n, uint8_t *out)
{
	/* e */
	write_e(k, out);
	/* es */
	if (!symmetric_mix_dh(&k->s, &k->ephemeral, &r->public_key))
		return false;
	/* s */
	symmetric_seal(&k->s, l->public_key.b, KEY_LEN, out + FIRST_S);
	/* ss */
	symmetric_mix_key(&k->s, &r->static_static);
	symmetric_seal(&k->s, payload, n, out + FIRST_PAYLOAD);
	return true;
}

bool
ikpsk2_read_first(struct ikpsk2 *k, const struct noise_local *l,
    const uint8_t *in, struct key *remote_static)
{
	/* e */
	read_e(k, in);
	/* es */
	if (!symmetric_mix_dh(&k->s, &l->private_key, &k->remote_ephemeral))
		return false;
	/* s */
	return symmetric_open(&k->s, in + FIRST_S, KEY_LEN, remote_static->b);
}

bool
ikpsk2_finish_first(struct ikpsk2 *k, const struct noise_remote *r,
    const uint8_t *in, void *payload, size_t n)
{
	/* ss */
	symmetric_mix_key(&k->s, &r->static_static);
	return symmetric_open(&k->s, in + FIRST_PAYLOAD, n, payload);
}

bool
ikpsk2_write_second(struct ikpsk2 *k, const struct noise_remote *r,
    const void *payload, size_t n, uint8_t *out)
{
	/* e */
	write_e(k, out);
	/* ee, se */
	if (!symmetric_mix_dh(&k->s, &k->ephemeral, &k->remote_ephemeral) ||
	    !symmetric_mix_dh(&k->s, &k->ephemeral, &r->public_key))
		return false;
	/* psk */
	symmetric_mix_psk(&k->s, &r->psk);
	symmetric_seal(&k->s, payload, n, out + SECOND_PAYLOAD);
	return true;
}

bool
ikpsk2_read_second(struct ikpsk2 *k, const struct noise_local *l,
    const struct noise_remote *r, const uint8_t *in, void *payload, size_t n)
{
	/* e */
	read_e(k, in);
	/* ee, se */
	if (!symmetric_mix_dh(&k->s, &k->ephemeral, &k->remote_ephemeral) ||
	    !symmetric_mix_dh(&k->s, &l->private_key, &k->remote_ephemeral))
		return false;
	/* psk */
	symmetric_mix_psk(&k->s, &r->psk);
	return symmetric_open(&k->s, in + SECOND_PAYLOAD, n, payload);
}
