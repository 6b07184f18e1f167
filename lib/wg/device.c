/* SPDX-License-Identifier: ISC */
#include "wg/device_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- making one ---- */

/* A table four times as large as what it has to hold. */
static bool
index_init(struct index_table *t, uint32_t most)
{
	uint32_t n = 64;

	while (n < most * 4)
		n *= 2;
	t->mask = n - 1;
	t->entry = calloc(n, sizeof(*t->entry));
	return t->entry != NULL;
}

static bool
new_keys(struct device *d, const uint8_t *random)
{
	d->identity = calloc(d->npeers, sizeof(*d->identity));
	d->by_key = calloc(d->npeers, sizeof(*d->by_key));
	ratelimit_init(&d->proven, &ratelimit_host, random);
	ratelimit_init(&d->hosts, &ratelimit_host, random + 16);
	ratelimit_init(&d->networks, &ratelimit_network, random + 32);
	ratelimit_init(&d->proven_sites, &ratelimit_site, random + 16);
	ratelimit_init(&d->proven_networks, &ratelimit_network, random + 32);
	ratelimit_init(&d->homes, &ratelimit_host, random + 32);
	ratelimit_init(&d->known, &ratelimit_host, random + 48);
	ratelimit_init(&d->peers, &ratelimit_host, random + 48);
	/* one source each: there is nothing to aim at */
	ratelimit_init(&d->all_homes, &ratelimit_all, random);
	ratelimit_init(&d->all_known, &ratelimit_all, random);
	ratelimit_init(&d->all_proven_known, &ratelimit_all, random);
	ratelimit_init(&d->all_proven, &ratelimit_all, random);
	ratelimit_init(&d->all, &ratelimit_all, random);
	/* for each an initiation, and a response that a cookie may come for */
	return d->identity != NULL && d->by_key != NULL &&
	    seen_init(&d->seen, d->npeers, random + 16) &&
	    index_init(&d->pending, d->npeers * 2 + 1);
}

static bool
new_packets(struct device *d)
{
	d->peer = calloc(d->npeers, sizeof(*d->peer));
	d->timers.heap = calloc(d->npeers, sizeof(*d->timers.heap));
	return d->peer != NULL && d->timers.heap != NULL &&
	    index_init(&d->index, d->npeers * PEER_SESSIONS);
}

struct device *
device_new(enum device_kind kind, uint16_t npeers, const uint8_t *random)
{
	struct device *d = calloc(1, sizeof(*d));

	if (d == NULL || npeers > DEVICE_PEERS_MAX)
		goto fail;
	d->npeers = npeers;
	if (((kind & DEVICE_KEYS) && !new_keys(d, random)) ||
	    ((kind & DEVICE_DATA) && !new_packets(d)))
		goto fail;
	return d;
fail:
	device_free(d);
	return NULL;
}

struct device *
device_new_whole(uint16_t npeers, const struct key *private_key,
    const uint8_t *random)
{
	struct device *d = device_new(DEVICE_WHOLE, npeers, random);

	if (d != NULL)
		device_set_private_key(d, private_key, 0);
	return d;
}

void
device_free(struct device *d)
{
	if (d == NULL)
		return;
	if (d->identity != NULL)
		sodium_memzero(d->identity, d->npeers * sizeof(*d->identity));
	if (d->peer != NULL)
		sodium_memzero(d->peer, d->npeers * sizeof(*d->peer));
	free(d->identity);
	free(d->by_key);
	free(d->pending.entry);
	seen_free(&d->seen);
	free(d->peer);
	free(d->timers.heap);
	free(d->index.entry);
	sodium_memzero(d, sizeof(*d));
	free(d);
}

/* ---- peers ---- */

bool
device_add(struct device *d, uint16_t i, const struct key *public_key,
    const struct key *psk, const struct endpoint *remote, uint16_t persistent,
    nsec now)
{
	if (d->identity != NULL && !device_enter(d, i, public_key, psk))
		return false;
	if (d->peer == NULL)
		return true;
	struct peer *p = &d->peer[i];
	p->used = true;
	p->epoch++;
	p->path.remote = *remote;
	p->persistent = persistent * NSEC_SEC;
	if (persistent != 0 && remote->port != 0)
		peer_set(p, &d->timers, PT_PERSISTENT, now);
	return true;
}

void
device_remove(struct device *d, uint16_t i)
{
	if (d->identity != NULL)
		device_leave(d, i);
	if (d->peer == NULL)
		return;
	struct peer *p = &d->peer[i];
	uint32_t epoch = p->epoch;
	device_forget_sessions(d, p);
	timers_set(&d->timers, &p->timer, 0);
	sodium_memzero(p, sizeof(*p));
	p->epoch = epoch;
}

struct peer *
device_peer(struct device *d, uint16_t i)
{
	return i < d->npeers && d->peer[i].used ? &d->peer[i] : NULL;
}

/* It was to be kept open, and there was no way so far. */
static void
knock(struct device *d, struct peer *p, nsec now)
{
	if (p->persistent != 0)
		peer_set(p, &d->timers, PT_PERSISTENT, now);
}

void
device_set_endpoint(struct device *d, uint16_t i, const struct endpoint *e,
    nsec now)
{
	d->peer[i].path = (struct path){ .remote = *e };
	knock(d, &d->peer[i], now);
}

bool
device_is_home(const struct peer *p, const struct endpoint *e)
{
	for (unsigned k = 0; k < p->nhomes; k++)
		if (endpoint_eq(&p->home[k], e))
			return true;
	return false;
}

void
device_set_homes(struct device *d, uint16_t i, const struct endpoint *e,
    unsigned n, nsec now)
{
	struct peer *p = &d->peer[i];
	bool nowhere = p->path.remote.port == 0;
	bool was_home = device_is_home(p, &p->path.remote);

	memcpy(p->home, e, n * sizeof(*e));
	p->nhomes = (uint8_t)n;
	if (nowhere && n > 0)
		device_set_endpoint(d, i, e, now);
	/* somebody waits for it; or it has moved */
	if (nowhere ? p->trying_since != 0 :
	    was_home && !device_is_home(p, &p->path.remote)) {
		p->turn = nowhere ? 0 : 1;
		peer_want(p, &d->timers, now);
	}
}

void
device_set_persistent(struct device *d, uint16_t i, uint16_t seconds, nsec now)
{
	struct peer *p = &d->peer[i];

	p->persistent = seconds * NSEC_SEC;
	peer_set(p, &d->timers, PT_PERSISTENT, seconds != 0 ? now : 0);
}

/* As if nobody had ever spoken with us: the next packet begins a handshake. */
void
device_renew(struct device *d, nsec now)
{
	for (struct peer *p = d->peer; p < d->peer + d->npeers; p++) {
		if (!p->used)
			continue;
		bool trying = p->due[PT_INITIATE] != 0;
		device_forget_sessions(d, p);
		p->handshake_sent = p->due[PT_INITIATE] = 0;
		p->unanswered = false;
		if (trying)
			peer_want(p, &d->timers, now);
		knock(d, p, now);
	}
}

/* ---- our own key ---- */

/* What was made with our old private key, with the new one. */
static void
rederive(struct device *d, uint16_t i)
{
	struct identity *id = &d->identity[i];
	struct noise_remote old = id->remote;

	device_forget(d, i);
	noise_remote_init(&id->remote, &d->local, &old.public_key, &old.psk);
	sodium_memzero(&old, sizeof(old));
}

bool
device_set_private_key(struct device *d, const struct key *private_key,
    nsec now)
{
	struct noise_local l;

	noise_local_init(&l, private_key);
	bool has_key = !key_is_zero(private_key);
	if (has_key == d->has_key && key_eq(&l.private_key,
	    &d->local.private_key)) {
		sodium_memzero(&l, sizeof(l));
		return false;
	}
	d->local = l;
	d->has_key = has_key;
	uint16_t own = device_find(d, &l.public_key);
	if (has_key && own != DEVICE_NOBODY)
		device_remove(d, own);
	cookie_checker_init(&d->checker, &l.public_key);
	for (unsigned i = 0; i < d->nkeys; i++)
		rederive(d, d->by_key[i]);
	if (d->peer != NULL)
		device_renew(d, now);
	sodium_memzero(&l, sizeof(l));
	return true;
}

/* ---- sessions ---- */

static void
forget_session(struct device *d, struct peer *p, struct session *s)
{
	if (s->born == 0)
		return;
	index_remove(&d->index, s->keys.local_index);
	if (p->current == s)
		p->current = NULL;
	if (p->next == s)
		p->next = NULL;
	session_wipe(s);
}

void
device_forget_sessions(struct device *d, struct peer *p)
{
	for (int i = 0; i < PEER_SESSIONS; i++)
		forget_session(d, p, &p->session[i]);
}

nsec
device_forget_old(struct device *d, struct peer *p, nsec now)
{
	nsec next = 0;

	for (struct session *s = p->session; s < p->session + PEER_SESSIONS;
	    s++) {
		nsec due = s->born + 3 * REJECT_AFTER_TIME;
		if (s->born == 0)
			continue;
		if (due <= now)
			forget_session(d, p, s);
		else if (next == 0 || due < next)
			next = due;
	}
	return next;
}

/*
 * The key process chose the index without knowing what is in use here.
 * That it is has a chance of one in 2^32 for each session that there is; the
 * older session gives way, as it would have soon.
 */
static void
make_way(struct device *d, uint32_t index)
{
	uint16_t owner = index_find(&d->index, index);

	if (owner == INDEX_NONE)
		return;
	forget_session(d, &d->peer[owner],
	    peer_session(&d->peer[owner], index));
}

void
device_begin(struct device *d, uint16_t i, const struct noise_keys *k,
    const struct path *from, nsec now)
{
	struct peer *p = &d->peer[i];

	make_way(d, k->local_index);
	struct session *s = peer_slot(p, k->initiator);
	index_remove(&d->index, s->keys.local_index);
	index_add(&d->index, k->local_index, i);
	session_start(s, k, now);
	peer_install(p, s);
	p->path = *from;
	p->turn = 0;
	peer_on_received(p, &d->timers, false, now);
	peer_on_session(p, &d->timers, now);
	if (k->initiator) {
		p->unanswered = false;
		peer_on_confirmed(p);
	} else {
		p->handshake_sent = now;
		peer_on_sent(p, &d->timers, false, now);
	}
}

void
device_want(struct device *d, uint16_t peer, nsec now)
{
	peer_want(&d->peer[peer], &d->timers, now);
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
