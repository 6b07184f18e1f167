/* SPDX-License-Identifier: ISC */
/* The key process: who the peers are, and handshakes that we begin. */
#include "wg/device_state.h"

#include <sodium.h>
#include <string.h>

/* How long it is remembered where a peer was last. */
#define KNOWN_FOR (86400 * NSEC_SEC)

/* ---- ourselves ---- */

const struct key *
device_public_key(const struct device *d)
{
	return &d->local.public_key;
}

bool
device_private_key(const struct device *d, struct key *k)
{
	*k = d->local.private_key;
	return d->has_key;
}

/* ---- peers ---- */

/* Public keys are no secret: memcmp will do. */
static int
key_order(const struct device *d, unsigned at, const struct key *k)
{
	return memcmp(d->identity[d->by_key[at]].remote.public_key.b, k->b,
	    KEY_LEN);
}

/* The place of the first key that is not less. */
static unsigned
key_place(const struct device *d, const struct key *k)
{
	unsigned low = 0, high = d->nkeys;

	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (key_order(d, mid, k) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint16_t
device_find(const struct device *d, const struct key *k)
{
	unsigned at = key_place(d, k);

	return at < d->nkeys && key_order(d, at, k) == 0 ? d->by_key[at] :
	    DEVICE_NOBODY;
}

uint16_t
device_lookup(struct device *d, const struct key *public_key)
{
	return device_find(d, public_key);
}

struct identity *
device_identity(struct device *d, uint16_t i)
{
	return i < d->npeers && d->identity[i].used ? &d->identity[i] : NULL;
}

bool
device_mute(const struct device *d, uint16_t i)
{
	return key_is_zero(&d->identity[i].remote.static_static);
}

bool
device_enter(struct device *d, uint16_t i, const struct key *public_key,
    const struct key *psk)
{
	struct identity *id = &d->identity[i];
	unsigned at = key_place(d, public_key);

	if ((d->has_key && key_eq(public_key, &d->local.public_key)) ||
	    device_find(d, public_key) != DEVICE_NOBODY)
		return false;
	noise_remote_init(&id->remote, &d->local, public_key, psk);
	memmove(d->by_key + at + 1, d->by_key + at,
	    (d->nkeys++ - at) * sizeof(*d->by_key));
	d->by_key[at] = i;
	cookie_maker_init(&id->cookie, public_key);
	id->used = true;
	id->epoch++;
	return true;
}

void
device_leave(struct device *d, uint16_t i)
{
	struct identity *id = &d->identity[i];
	uint32_t epoch = id->epoch;
	unsigned at = 0;

	device_forget(d, i);
	device_seen(d, i, &(struct endpoint){ .port = 0 }, 0);
	index_remove(&d->pending, id->answered);
	while (d->by_key[at] != i)
		at++;
	memmove(d->by_key + at, d->by_key + at + 1,
	    (--d->nkeys - at) * sizeof(*d->by_key));
	sodium_memzero(id, sizeof(*id));
	id->epoch = epoch;
}

void
device_set_psk(struct device *d, uint16_t i, const struct key *psk)
{
	d->identity[i].remote.psk = *psk;
}

void
device_divide(struct device *d, uint16_t i, uint8_t worker, uint8_t workers)
{
	d->identity[i].worker = worker;
	d->workers = workers;
}

void
device_recall(struct device *d, uint16_t i, const struct stamps *s)
{
	d->identity[i].stamps = *s;
}

void
device_seen(struct device *d, uint16_t i, const struct endpoint *e, nsec now)
{
	struct identity *id = &d->identity[i];

	seen_move(&d->seen, &id->seen, e, now + KNOWN_FOR);
	id->seen = *e;
}

/* ---- handshakes ---- */

uint32_t
device_index(struct device *d, uint16_t i, const uint8_t *random)
{
	uint32_t wish;

	memcpy(&wish, random + RND_INDEX, sizeof(wish));
	if (d->workers > 1)
		wish = index_for_worker(wish, d->identity[i].worker,
		    d->workers);
	return index_add(&d->pending, wish, i);
}

void
device_put(struct device *d, uint16_t i, const void *msg, size_t n,
    const struct path *to, struct device_out *out)
{
	out->todo = DEVICE_SEND;
	out->peer = i;
	out->to = *to;
	out->n = (uint8_t)n;
	memcpy(out->msg, msg, n);
	d->identity[i].tx_bytes += n;
}

void
device_forget(struct device *d, uint16_t i)
{
	struct identity *id = &d->identity[i];

	if (id->handshake.state != NOISE_NONE)
		index_remove(&d->pending, id->handshake.local_index);
	noise_handshake_wipe(&id->handshake);
}

bool
device_initiate(struct device *d, uint16_t i, const struct path *to,
    const struct moment *t, const uint8_t random[static DEVICE_RANDOM],
    struct device_out *out)
{
	struct identity *id = &d->identity[i];
	uint8_t stamp[TAI64N_LEN];
	struct msg_initiation m;
	struct key ephemeral;

	out->todo = DEVICE_NOTHING;
	out->begin = false;
	if (!d->has_key)
		return false;
	device_forget(d, i);
	memcpy(ephemeral.b, random + RND_EPHEMERAL, KEY_LEN);
	stamps_next(&id->stamps, t->wall, stamp);
	uint32_t index = device_index(d, i, random);
	bool ok = noise_create_initiation(&id->handshake, &d->local,
	    &id->remote, &ephemeral, stamp, index, &m);
	key_wipe(&ephemeral);
	if (!ok) {
		index_remove(&d->pending, index);
		return false;
	}
	id->asked = to->remote;
	cookie_add_macs(&id->cookie, &m, sizeof(m), t->now);
	device_put(d, i, &m, sizeof(m), to, out);
	return true;
}
