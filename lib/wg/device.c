/* SPDX-License-Identifier: ISC */
#include "wg/device_impl.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
index_room(uint32_t npeers)
{
	uint32_t n = 64;

	while (n < npeers * (PEER_SESSIONS + 1) * 4)
		n *= 2;
	return n;
}

struct device *
device_new(uint16_t npeers, const struct key *private_key,
    const uint8_t *random)
{
	struct device *d = calloc(1, sizeof(*d));
	uint32_t room = index_room(npeers);

	if (d == NULL || npeers > DEVICE_PEERS_MAX)
		goto fail;
	d->peer = calloc(npeers, sizeof(*d->peer));
	d->by_key = calloc(npeers, sizeof(*d->by_key));
	d->timers.heap = calloc(npeers, sizeof(*d->timers.heap));
	d->index.entry = calloc(room, sizeof(*d->index.entry));
	if (d->peer == NULL || d->by_key == NULL || d->timers.heap == NULL ||
	    d->index.entry == NULL)
		goto fail;
	d->index.mask = room - 1;
	d->npeers = npeers;
	noise_local_init(&d->local, private_key);
	d->has_key = !key_is_zero(private_key);
	cookie_checker_init(&d->checker, &d->local.public_key);
	ratelimit_init(&d->ratelimit, random);
	return d;
fail:
	device_free(d);
	return NULL;
}

void
device_free(struct device *d)
{
	if (d == NULL)
		return;
	if (d->peer != NULL)
		sodium_memzero(d->peer, d->npeers * sizeof(*d->peer));
	free(d->peer);
	free(d->by_key);
	free(d->timers.heap);
	free(d->index.entry);
	sodium_memzero(d, sizeof(*d));
	free(d);
}

const struct key *
device_public_key(const struct device *d)
{
	return &d->local.public_key;
}

/* Public keys are no secret: memcmp will do. */
static int
key_order(const struct device *d, unsigned at, const struct key *k)
{
	return memcmp(d->peer[d->by_key[at]].remote.public_key.b, k->b,
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

struct peer *
device_find(struct device *d, const struct key *k)
{
	unsigned at = key_place(d, k);

	return at < d->nkeys && key_order(d, at, k) == 0 ?
	    &d->peer[d->by_key[at]] : NULL;
}

bool
device_add(struct device *d, uint16_t i, const struct key *public_key,
    const struct key *psk, const struct endpoint *remote, uint16_t persistent,
    nsec now)
{
	struct peer *p = &d->peer[i];
	unsigned at = key_place(d, public_key);

	if ((d->has_key && key_eq(public_key, &d->local.public_key)) ||
	    device_find(d, public_key) != NULL)
		return false;
	noise_remote_init(&p->remote, &d->local, public_key, psk);
	memmove(d->by_key + at + 1, d->by_key + at,
	    (d->nkeys++ - at) * sizeof(*d->by_key));
	d->by_key[at] = i;
	cookie_maker_init(&p->cookie, public_key);
	p->used = true;
	p->path.remote = *remote;
	p->persistent = persistent * NSEC_SEC;
	if (persistent != 0 && remote->port != 0)
		peer_set(p, &d->timers, PT_PERSISTENT, now);
	return true;
}

bool
device_mute(const struct device *d, uint16_t i)
{
	return key_is_zero(&d->peer[i].remote.static_static);
}

struct peer *
device_peer(struct device *d, uint16_t i)
{
	return i < d->npeers && d->peer[i].used ? &d->peer[i] : NULL;
}

uint32_t
device_index(struct device *d, const struct peer *p, const uint8_t *random)
{
	uint32_t wish;

	memcpy(&wish, random + RND_INDEX, sizeof(wish));
	return index_add(&d->index, wish, device_number(d, p));
}

void
device_begin(struct device *d, struct peer *p, const struct noise_keys *k,
    const struct moment *t)
{
	struct session *s = peer_slot(p, k->initiator);

	if (s->born != 0)
		index_remove(&d->index, s->keys.local_index);
	session_start(s, k, t->now);
	peer_install(p, s);
	peer_on_session(p, &d->timers, t->now);
	p->handshake_wall = t->wall;
}

void
device_forget_handshake(struct device *d, struct peer *p)
{
	if (p->handshake.state != NOISE_NONE)
		index_remove(&d->index, p->handshake.local_index);
	noise_handshake_wipe(&p->handshake);
}

void
device_forget_keys(struct device *d, struct peer *p)
{
	device_forget_handshake(d, p);
	for (struct session *s = p->session; s < p->session + PEER_SESSIONS;
	    s++) {
		if (s->born != 0)
			index_remove(&d->index, s->keys.local_index);
		session_wipe(s);
	}
	p->current = p->next = NULL;
}

void
device_put(struct device *d, struct peer *p, const void *msg, size_t n,
    struct device_out *out)
{
	out->todo = DEVICE_SEND;
	out->peer = device_number(d, p);
	out->to = p->path;
	out->n = (uint8_t)n;
	memcpy(out->msg, msg, n);
	p->tx_bytes += n;
}

struct session *
device_sender(struct device *d, uint16_t peer, nsec now)
{
	struct peer *p = &d->peer[peer];
	struct session *s = peer_sender(p, now);

	if (s == NULL)
		peer_want(p, &d->timers, now);
	return s;
}

void
device_sent(struct device *d, uint16_t peer, const struct session *s,
    bool data, size_t bytes, nsec now)
{
	struct peer *p = &d->peer[peer];

	p->tx_bytes += bytes;
	peer_on_sent(p, &d->timers, data, now);
	peer_refresh(p, &d->timers, s, true, now);
}

enum verdict
device_receiver(struct device *d, uint32_t index, nsec now,
    struct session **s, uint16_t *peer)
{
	*peer = index_find(&d->index, index);
	if (*peer == INDEX_NONE)
		return V_INDEX;
	*s = peer_session(&d->peer[*peer], index);
	if (*s == NULL)
		return V_INDEX;
	return session_alive(*s, now) ? V_NEXT : V_EXPIRED;
}

enum verdict
device_received(struct device *d, uint16_t peer, struct session *s,
    uint64_t counter, size_t n, const struct path *from, nsec now,
    bool *ready)
{
	struct peer *p = &d->peer[peer];

	*ready = false;
	if (!replay_accept(&s->replay, counter))
		return V_REPLAY;
	*ready = peer_confirm(p, s);
	if (*ready)
		peer_on_confirmed(p);
	p->path = *from;
	p->rx_bytes += n + DATA_OVERHEAD;
	peer_on_received(p, &d->timers, n > 0, now);
	peer_refresh(p, &d->timers, s, false, now);
	return V_NEXT;
}
