/* SPDX-License-Identifier: ISC */
/*
 * What the desk asks for: to tell all there is, or to change it.  A request to
 * change is gathered first, then checked as a whole, then put in force between
 * two bursts of packets: it comes into force entirely or not at all.
 */
#include "engine/tunnel_impl.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	PEER_ITEMS = 9,		/* of a peer, without its prefixes */
	NOTES = 8,		/* before packets have their turn */
};

/* ---- telling ---- */

static void
put(struct desk_note *n, struct uapi_item it)
{
	n->item[n->n++] = it;
	sodium_memzero(&it, sizeof(it));
}

static void
put_device(struct tunnel *t, struct desk_note *n)
{
	struct key k;

	if (device_private_key(t->device, &k))
		put(n, uapi_secret(UAPI_PRIVATE_KEY, &k));
	key_wipe(&k);
	put(n, uapi_number(UAPI_LISTEN_PORT, t->config.port));
	if (t->config.mark != 0)
		put(n, uapi_number(UAPI_FWMARK, t->config.mark));
}

static void
put_peer(struct desk_note *n, const struct peer *p, const struct identity *id)
{
	struct uapi_item endpoint = { .key = UAPI_ENDPOINT };

	endpoint.u.endpoint = p->path.remote;
	put(n, uapi_secret(UAPI_PUBLIC_KEY, &id->remote.public_key));
	put(n, uapi_secret(UAPI_PRESHARED_KEY, &id->remote.psk));
	put(n, uapi_number(UAPI_PROTOCOL_VERSION, 1));
	if (p->path.remote.port != 0)
		put(n, endpoint);
	put(n, uapi_number(UAPI_HANDSHAKE_SEC, id->handshake_wall / NSEC_SEC));
	put(n, uapi_number(UAPI_HANDSHAKE_NSEC, id->handshake_wall % NSEC_SEC));
	put(n, uapi_number(UAPI_RX_BYTES, p->rx_bytes + id->rx_bytes));
	put(n, uapi_number(UAPI_TX_BYTES, p->tx_bytes + id->tx_bytes));
	put(n, uapi_number(UAPI_KEEPALIVE,
	    (uint64_t)(p->persistent / NSEC_SEC)));
}

/* As many of the peer's prefixes as there is room for; false: those were the
 * last. */
static bool
put_prefixes(struct tunnel *t, struct desk_note *n)
{
	struct config *c = &t->config;
	const struct prefix *p;

	while (n->n < DESK_ITEMS) {
		p = allowed_next(t->allowed, c->peer, &c->at);
		if (p == NULL)
			return false;
		struct uapi_item it = { .key = UAPI_ALLOWED_IP };
		it.u.prefix = *p;
		put(n, it);
	}
	return true;
}

/* Fills the note from where the one before ended. */
static void
put_more(struct tunnel *t, struct desk_note *n)
{
	struct config *c = &t->config;

	for (;; c->peer++, c->begun = false) {
		const struct peer *p = NULL;
		while (c->peer < t->npeers &&
		    (p = device_peer(t->device, c->peer)) == NULL)
			c->peer++;
		if (n->n + PEER_ITEMS > DESK_ITEMS)
			return;
		if (c->peer >= t->npeers)
			break;
		if (!c->begun)
			put_peer(n, p, device_identity(t->device, c->peer));
		c->at = c->begun ? c->at : 0;
		c->begun = true;
		if (put_prefixes(t, n))
			return;
	}
	put(n, uapi_number(UAPI_ERRNO, 0));
}

static void
tell(struct tunnel *t, struct desk_note *n, bool start)
{
	struct config *c = &t->config;

	n->n = 0;
	if (start) {
		c->peer = 0;
		c->begun = false;
		put_device(t, n);
	}
	put_more(t, n);
	desk_answer(&c->desk, n);
}

/* ---- changing ---- */

static void
remove_peer(struct tunnel *t, uint16_t i)
{
	const struct staged *w;

	while ((w = stage_pop(t->stage, i)) != NULL)
		counters_add(t->stat, V_DOWN, w->len);
	allowed_clear(t->allowed, i);
	t->config.reroute = true;
	device_remove(t->device, i);
	memset(&t->stat->peer[i], 0, sizeof(t->stat->peer[i]));
}

static uint16_t
add_peer(struct tunnel *t, const struct key *k)
{
	static const struct endpoint nowhere;
	static const struct key no_psk;
	struct counters_peer *c;
	char name[KEY_STRLEN];
	uint16_t i = 0;

	while (device_peer(t->device, i) != NULL)
		i++;
	if (i >= t->npeers || !device_add(t->device, i, k, &no_psk, &nowhere, 0,
	    t->at.now))
		return DEVICE_NOBODY;	/* our own: in silence */
	c = &t->stat->peer[i];
	snprintf(c->name, sizeof(c->name), "%s", key_format(k, name));
	return i;
}

/* What comes with a peer decides whether it is made. */
static bool
peer_has(const struct config *c, size_t at, enum uapi_key key)
{
	for (at++; at < c->nitems && c->item[at].key != UAPI_PUBLIC_KEY; at++)
		if (c->item[at].key == key)
			return true;
	return false;
}

static void
choose_peer(struct tunnel *t, size_t at)
{
	struct config *c = &t->config;
	const struct key *k = &c->item[at].u.secret;
	uint16_t i = device_lookup(t->device, k);

	if (peer_has(c, at, UAPI_REMOVE)) {
		if (i != DEVICE_NOBODY)
			remove_peer(t, i);
		i = DEVICE_NOBODY;
	} else if (i == DEVICE_NOBODY && !peer_has(c, at, UAPI_UPDATE_ONLY)) {
		i = add_peer(t, k);
	}
	c->chosen = i;
}

static void
set_private_key(struct tunnel *t, const struct key *k)
{
	struct key clamped = *k, own;

	key_clamp(&clamped);
	key_public(&own, &clamped);
	uint16_t i = device_lookup(t->device, &own);
	if (i != DEVICE_NOBODY && !key_is_zero(k))
		remove_peer(t, i);
	device_set_private_key(t->device, k, t->at.now);
	key_wipe(&clamped);
}

static void
remove_all(struct tunnel *t)
{
	for (uint16_t i = 0; i < t->npeers; i++)
		if (device_peer(t->device, i) != NULL)
			remove_peer(t, i);
}

static void
change_device(struct tunnel *t, size_t at)
{
	const struct uapi_item *it = &t->config.item[at];

	if (it->key == UAPI_PRIVATE_KEY)
		set_private_key(t, &it->u.secret);
	else if (it->key == UAPI_REPLACE_PEERS)
		remove_all(t);
	else if (it->key == UAPI_PUBLIC_KEY)
		choose_peer(t, at);
}

static void
change_prefix(struct tunnel *t, uint16_t i, const struct uapi_item *it)
{
	t->config.reroute = true;
	if (it->key == UAPI_REPLACE_ALLOWED_IPS)
		allowed_clear(t->allowed, i);
	else if (it->minus)
		allowed_remove(t->allowed, &it->u.prefix, i);
	else
		allowed_add(t->allowed, &it->u.prefix, i);
}

static void
change_peer(struct tunnel *t, uint16_t i, const struct uapi_item *it)
{
	switch (it->key) {
	case UAPI_PRESHARED_KEY:
		device_set_psk(t->device, i, &it->u.secret);
		break;
	case UAPI_ENDPOINT:
		device_set_endpoint(t->device, i, &it->u.endpoint, t->at.now);
		break;
	case UAPI_KEEPALIVE:
		device_set_persistent(t->device, i, (uint16_t)it->u.number,
		    t->at.now);
		break;
	case UAPI_REPLACE_ALLOWED_IPS:
	case UAPI_ALLOWED_IP:
		change_prefix(t, i, it);
		break;
	}
	tunnel_touch(t, i);
}

/* ---- checking ---- */

/* An upper bound: who is named twice, or goes and comes, counts twice. */
static bool
has_room(struct tunnel *t)
{
	struct config *c = &t->config;
	size_t peers = 0, prefixes = 0;
	bool replaced = false;

	for (uint16_t i = 0; i < t->npeers; i++)
		peers += device_peer(t->device, i) != NULL;
	for (size_t i = 0; i < c->nitems; i++) {
		const struct uapi_item *it = &c->item[i];
		if (it->key == UAPI_REPLACE_PEERS) {
			peers = 0;
			replaced = true;
		} else if (it->key == UAPI_PUBLIC_KEY) {
			peers += !peer_has(c, i, UAPI_REMOVE) &&
			    (replaced || device_lookup(t->device,
			    &it->u.secret) == DEVICE_NOBODY);
		}
		prefixes += it->key == UAPI_ALLOWED_IP;
	}
	return peers <= t->npeers && prefixes <= allowed_room(t->allowed);
}

static bool
in_order(const struct config *c)
{
	enum uapi_place at = UAPI_DEVICE;

	for (size_t i = 0; i < c->nitems; i++)
		if (!uapi_follows(&c->item[i], &at))
			return false;
	return true;
}

/* The one thing that the system may refuse.  0, or an errno. */
static int
move_socket(struct tunnel *t)
{
	struct config *c = &t->config;
	uint32_t mark = c->mark;
	bool moves = false;
	uint16_t port = 0;

	for (size_t i = 0; i < c->nitems; i++) {
		if (c->item[i].key == UAPI_FWMARK)
			mark = (uint32_t)c->item[i].u.number;
		if (c->item[i].key != UAPI_LISTEN_PORT)
			continue;
		port = (uint16_t)c->item[i].u.number;
		moves = port == 0 || port != c->port;
	}
	if (moves && udp_move(&t->udp, port, mark) < 0)
		return errno;
	if (!moves && mark != c->mark && udp_mark(&t->udp, mark) < 0)
		return errno;
	c->mark = mark;
	c->port = udp_port(&t->udp);
	return 0;
}

static int
commit(struct tunnel *t)
{
	struct config *c = &t->config;

	if (!c->may_set)
		return EPERM;
	if (c->overflow)
		return ENOSPC;
	if (!in_order(c))
		return EINVAL;
	if (!has_room(t))
		return ENOSPC;
	int error = move_socket(t);
	if (error != 0)
		return error;
	c->chosen = DEVICE_NOBODY;
	for (size_t i = 0; i < c->nitems; i++) {
		change_device(t, i);
		if (c->chosen != DEVICE_NOBODY)
			change_peer(t, c->chosen, &c->item[i]);
	}
	if (c->reroute)
		allowed_commit(t->allowed);
	c->reroute = false;
	return 0;
}

/* ---- notes ---- */

static void
forget(struct config *c)
{
	if (c->nitems > 0)
		sodium_memzero(c->item, c->nitems * sizeof(*c->item));
	c->nitems = 0;
	c->overflow = false;
}

static void
gather(struct config *c, const struct desk_note *n)
{
	if (n->n > c->room - c->nitems) {
		c->overflow = true;
		return;
	}
	memcpy(c->item + c->nitems, n->item, n->n * sizeof(*n->item));
	c->nitems += n->n;
}

static void
take_note(struct tunnel *t, struct desk_note *n)
{
	struct config *c = &t->config;

	switch (n->kind) {
	case DESK_SET:
		gather(c, n);
		break;
	case DESK_COMMIT:
		n->n = 1;
		n->item[0] = uapi_number(UAPI_ERRNO, (uint64_t)commit(t));
		forget(c);
		desk_answer(&c->desk, n);
		break;
	case DESK_FORGET:
		forget(c);
		break;
	case DESK_GET:
	case DESK_MORE:
		tell(t, n, n->kind == DESK_GET);
		break;
	case DESK_MTU:
		if (n->n == 1 && n->item[0].u.number <= FRAME_PACKET_MAX &&
		    c->may_set)
			t->mtu = (size_t)n->item[0].u.number;
		break;
	}
}

void
tunnel_config(struct tunnel *t)
{
	struct desk_note n;

	for (int i = 0; i < NOTES && t->config.desk.fd >= 0 &&
	    desk_take(&t->config.desk, &n); i++)
		take_note(t, &n);
	sodium_memzero(&n, sizeof(n));
}
