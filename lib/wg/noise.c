/* SPDX-License-Identifier: ISC */
#include "wg/noise.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

/* The prologue (whitepaper 5.4: IDENTIFIER). */
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

/* The messages are a header, the pattern's message, and the macs. */
static_assert(offsetof(struct msg_initiation, macs) -
    offsetof(struct msg_initiation, ephemeral) == IKPSK2_FIRST_LEN(TAI64N_LEN),
    "5.4.2");
static_assert(offsetof(struct msg_response, macs) -
    offsetof(struct msg_response, ephemeral) == IKPSK2_SECOND_LEN(0),
    "5.4.3");

static void
start(struct ikpsk2 *ik, const struct key *responder)
{
	ikpsk2_init(ik, identifier, sizeof(identifier) - 1, responder);
}

void
noise_local_init(struct noise_local *l, const struct key *private_key)
{
	l->private_key = *private_key;
	key_clamp(&l->private_key);
	key_public(&l->public_key, &l->private_key);
}

bool
noise_remote_init(struct noise_remote *r, const struct noise_local *l,
    const struct key *public_key, const struct key *psk)
{
	struct key shared;

	bool ok = key_agree(&shared, &l->private_key, public_key);
	r->public_key = *public_key;
	r->psk = psk != NULL ? *psk : (struct key){ 0 };
	r->static_static = shared;
	key_wipe(&shared);
	return ok;
}

/* Each step below makes a trial on copies; the last check decides whether they
 * are kept.  Either way the copies are wiped. */

static bool
keep(bool ok, struct noise_handshake *hs, struct noise_handshake *trial)
{
	if (ok)
		*hs = *trial;
	noise_handshake_wipe(trial);
	return ok;
}

bool
noise_create_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct key *random, const uint8_t tai64n[TAI64N_LEN],
    uint32_t local_index, struct msg_initiation *m)
{
	struct noise_handshake trial = { .state = NOISE_SENT_INITIATION,
		.local_index = local_index, .ik.ephemeral = *random };
	struct msg_initiation out = { .type = le32_put(MSG_INITIATION),
		.sender = le32_put(local_index) };

	start(&trial.ik, &r->public_key);
	bool ok = !key_is_zero(&r->static_static) &&
	    ikpsk2_write_first(&trial.ik, l, r, tai64n, TAI64N_LEN,
	    out.ephemeral);
	if (ok)
		*m = out;
	return keep(ok, hs, &trial);
}

bool
noise_read_initiation(struct noise_handshake *hs, const struct noise_local *l,
    const struct msg_initiation *m, struct key *remote_static)
{
	struct noise_handshake trial = { .state = NOISE_GOT_INITIATION,
		.remote_index = le32_get(m->sender) };
	struct key who;

	if (le32_get(m->type) != MSG_INITIATION)
		return false;
	start(&trial.ik, &l->public_key);
	bool ok = ikpsk2_read_first(&trial.ik, l, m->ephemeral, &who);
	if (ok)
		*remote_static = who;
	key_wipe(&who);
	return keep(ok, hs, &trial);
}

bool
noise_finish_initiation(struct noise_handshake *hs,
    const struct noise_remote *r, const struct msg_initiation *m,
    uint8_t tai64n[TAI64N_LEN])
{
	struct noise_handshake trial = *hs;
	uint8_t when[TAI64N_LEN];

	/* whoever knows that the secret is zero could prove anything with it */
	bool ok = hs->state == NOISE_GOT_INITIATION &&
	    !key_is_zero(&r->static_static) &&
	    ikpsk2_finish_first(&trial.ik, r, m->ephemeral, when,
	    sizeof(when));
	if (ok)
		memcpy(tai64n, when, sizeof(when));
	return keep(ok, hs, &trial);
}

/* The transport keys (5.4.5), after which the handshake is over. */
static void
finish(struct noise_handshake *hs, struct noise_keys *k, bool initiator)
{
	k->local_index = hs->local_index;
	k->remote_index = hs->remote_index;
	k->initiator = initiator;
	symmetric_split(&hs->ik.s, initiator ? &k->send : &k->receive,
	    initiator ? &k->receive : &k->send);
	noise_handshake_wipe(hs);
}

bool
noise_create_response(struct noise_handshake *hs, const struct noise_remote *r,
    const struct key *random, uint32_t local_index, struct msg_response *m,
    struct noise_keys *k)
{
	struct noise_handshake trial = *hs;
	struct msg_response out = { .type = le32_put(MSG_RESPONSE),
		.sender = le32_put(local_index),
		.receiver = le32_put(hs->remote_index) };

	trial.local_index = local_index;
	trial.ik.ephemeral = *random;
	bool ok = hs->state == NOISE_GOT_INITIATION &&
	    ikpsk2_write_second(&trial.ik, r, "", 0, out.ephemeral);
	if (ok) {
		*m = out;
		finish(&trial, k, false);
	}
	return keep(ok, hs, &trial);
}

bool
noise_consume_response(struct noise_handshake *hs, const struct noise_local *l,
    const struct noise_remote *r, const struct msg_response *m,
    struct noise_keys *k)
{
	struct noise_handshake trial = *hs;
	uint8_t nothing;

	trial.remote_index = le32_get(m->sender);
	bool ok = hs->state == NOISE_SENT_INITIATION &&
	    le32_get(m->type) == MSG_RESPONSE &&
	    le32_get(m->receiver) == hs->local_index &&
	    ikpsk2_read_second(&trial.ik, l, r, m->ephemeral, &nothing, 0);
	if (ok)
		finish(&trial, k, true);
	return keep(ok, hs, &trial);
}

void
noise_handshake_wipe(struct noise_handshake *hs)
{
	sodium_memzero(hs, sizeof(*hs));
}

void
noise_keys_wipe(struct noise_keys *k)
{
	sodium_memzero(k, sizeof(*k));
}

void
noise_tai64n(uint8_t out[TAI64N_LEN], uint64_t wall_nsec)
{
	/* 2^62 is 1970 in TAI, but for the 10 leap seconds up to 1972 */
	uint64_t label = ((uint64_t)1 << 62) + 10 + wall_nsec / NSEC_SEC;
	be64 sec = be64_put(label);
	be32 rest = be32_put((uint32_t)(wall_nsec % NSEC_SEC));

	memcpy(out, &sec, sizeof(sec));
	memcpy(out + sizeof(sec), &rest, sizeof(rest));
}
