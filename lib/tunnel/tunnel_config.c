/* SPDX-License-Identifier: ISC */
/*
 * Our part of what wg(8) asks for, as the key process passes it on: to
 * tell, with blanks for what we do not know; to change, gathered first, then
 * put in force between two bursts of packets.
 */
#include "tunnel/tunnel_state.h"

#include <errno.h>
#include <string.h>

enum { PEER_ITEMS = 9 };	/* of a peer, without its prefixes */

/* ---- telling ---- */

static void
put(struct note *n, struct uapi_item it)
{
	n->item[n->n++] = it;
}

static void
put_device(struct note *n)
{
	put(n, uapi_number(UAPI_PRIVATE_KEY, 0));
	put(n, uapi_number(UAPI_LISTEN_PORT, 0));
	put(n, uapi_number(UAPI_FWMARK, 0));
}

static void
put_peer(struct note *n, const struct peer *p, uint16_t i)
{
	struct uapi_item endpoint = { .key = UAPI_ENDPOINT };

	endpoint.u.endpoint = p->path.remote;
	put(n, uapi_number(UAPI_PUBLIC_KEY, i));
	put(n, uapi_number(UAPI_PRESHARED_KEY, 0));
	put(n, uapi_number(UAPI_PROTOCOL_VERSION, 1));
	if (p->path.remote.port != 0)
		put(n, endpoint);
	put(n, uapi_number(UAPI_HANDSHAKE_SEC, p->handshake_wall / NSEC_SEC));
	put(n, uapi_number(UAPI_HANDSHAKE_NSEC, p->handshake_wall % NSEC_SEC));
	put(n, uapi_number(UAPI_RX_BYTES, p->rx_bytes));
	put(n, uapi_number(UAPI_TX_BYTES, p->tx_bytes));
	put(n, uapi_number(UAPI_KEEPALIVE,
	    (uint64_t)(p->persistent / NSEC_SEC)));
}

/* As many of the peer's prefixes as there is room for; false: those were the
 * last. */
static bool
put_prefixes(struct tunnel *t, struct note *n)
{
	struct config *c = &t->config;
	const struct prefix *p;

	while (n->n < NOTE_ITEMS) {
		p = allowed_next(t->alone.allowed, c->peer, &c->at);
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
put_more(struct tunnel *t, struct note *n)
{
	struct config *c = &t->config;

	for (;; c->peer++, c->begun = false) {
		const struct peer *p = NULL;
		while (c->peer < t->npeers &&
		    (p = device_peer(t->device, c->peer)) == NULL)
			c->peer++;
		if (n->n + PEER_ITEMS > NOTE_ITEMS)
			return;
		if (c->peer >= t->npeers)
			break;
		if (!c->begun)
			put_peer(n, p, c->peer);
		c->at = c->begun ? c->at : 0;
		c->begun = true;
		if (put_prefixes(t, n))
			return;
	}
	put(n, uapi_number(UAPI_ERRNO, 0));
}

static void
tell(struct tunnel *t, struct note *n, bool start)
{
	struct config *c = &t->config;

	n->n = 0;
	if (start) {
		c->peer = 0;
		c->begun = false;
		put_device(n);
	}
	put_more(t, n);
}

/* ---- changing ---- */

static void
remove_peer(struct tunnel *t, uint16_t i)
{
	const struct staged *w;

	while ((w = stage_pop(t->out.stage, i)) != NULL)
		counters_add(t->stat, V_DOWN, w->len);
	allowed_clear(t->alone.allowed, i);
	t->config.reroute = true;
	device_remove(t->device, i);
	memset(&t->stat->peer[i], 0, sizeof(t->stat->peer[i]));
}

static void
remove_all(struct tunnel *t)
{
	for (uint16_t i = 0; i < t->npeers; i++)
		if (device_peer(t->device, i) != NULL)
			remove_peer(t, i);
}

static void
choose_peer(struct tunnel *t, uint16_t i)
{
	static const struct endpoint nowhere;

	t->config.chosen = i;
	if (i < t->npeers && device_peer(t->device, i) == NULL)
		device_add(t->device, i, NULL, NULL, &nowhere, 0, t->at.now);
}

static void
change_prefix(struct tunnel *t, uint16_t i, const struct uapi_item *it)
{
	enum uapi_place peer = UAPI_PEER;

	if (!uapi_follows(it, &peer) || allowed_room(t->alone.allowed) == 0)
		return;		/* the key process has checked that: not ours */
	t->config.reroute = true;
	if (it->key == UAPI_REPLACE_ALLOWED_IPS)
		allowed_clear(t->alone.allowed, i);
	else if (it->minus)
		allowed_remove(t->alone.allowed, &it->u.prefix, i);
	else
		allowed_add(t->alone.allowed, &it->u.prefix, i);
}

static void
change_peer(struct tunnel *t, uint16_t i, const struct uapi_item *it)
{
	if (device_peer(t->device, i) == NULL)
		return;
	if (it->key == UAPI_ENDPOINT)
		device_set_endpoint(t->device, i, &it->u.endpoint, t->at.now);
	else if (it->key == UAPI_KEEPALIVE)
		device_set_persistent(t->device, i, (uint16_t)it->u.number,
		    t->at.now);
	else
		change_prefix(t, i, it);
	touched_add(&t->out.touched, i);
}

static void
change(struct tunnel *t, const struct uapi_item *it)
{
	switch (it->key) {
	case UAPI_PRIVATE_KEY:
		device_renew(t->device, t->at.now);
		break;
	case UAPI_REPLACE_PEERS:
		remove_all(t);
		break;
	case UAPI_REMOVE:
		if (device_peer(t->device, (uint16_t)it->u.number) != NULL)
			remove_peer(t, (uint16_t)it->u.number);
		break;
	case UAPI_PUBLIC_KEY:
		choose_peer(t, (uint16_t)it->u.number);
		break;
	case UAPI_ENDPOINT:
	case UAPI_KEEPALIVE:
	case UAPI_REPLACE_ALLOWED_IPS:
	case UAPI_ALLOWED_IP:
		change_peer(t, t->config.chosen, it);
		break;
	}
}

static void
commit(struct tunnel *t)
{
	struct config *c = &t->config;

	c->chosen = DEVICE_NOBODY;
	for (size_t i = 0; i < c->nitems; i++)
		change(t, &c->item[i]);
	c->nitems = 0;
	if (c->reroute)
		allowed_commit(t->alone.allowed);
	c->reroute = false;
}

static void
gather(struct config *c, const struct note *n)
{
	if (n->n == 0 || n->n > c->room - c->nitems)
		return;
	memcpy(c->item + c->nitems, n->item, n->n * sizeof(*n->item));
	c->nitems += n->n;
}

/* Room, mark and port, the latter 0 if it stays: 0, or an errno. */
static int
try(struct tunnel *t, const struct note *n)
{
	if (n->n != 3)
		return EPROTO;
	uint64_t prefixes = n->item[0].u.number;
	uint32_t mark = (uint32_t)n->item[1].u.number;
	uint16_t port = (uint16_t)n->item[2].u.number;
	if (prefixes > allowed_room(t->alone.allowed))
		return ENOSPC;
	if (port != 0) {
		if (t->keys.passed < 0)
			return EPROTO;
		waiter_forget(&t->waiter, t->udp.fd);
		udp_replace(&t->udp, t->keys.passed);
		t->keys.passed = -1;
	}
	t->sources.mark = mark;
	return 0;
}

/* ---- notes ---- */

/* In a gateway the domain file says what there is, and nobody else. */
static bool
may_change(const struct tunnel *t)
{
	return t->alone.tun >= 0;
}

bool
tunnel_config(struct tunnel *t, struct note *n)
{
	if (n->kind != NOTE_GET && n->kind != NOTE_MORE && !may_change(t))
		return false;
	switch (n->kind) {
	case NOTE_GET:
	case NOTE_MORE:
		tell(t, n, n->kind == NOTE_GET);
		break;
	case NOTE_TRY:
		n->item[0] = uapi_number(UAPI_ERRNO, (uint64_t)try(t, n));
		n->n = 1;
		break;
	case NOTE_SET:
		gather(&t->config, n);
		n->n = 0;
		break;
	case NOTE_COMMIT:
		commit(t);
		n->n = 0;
		break;
	case NOTE_MTU:
		if (n->n == 1 && n->item[0].u.number <= FRAME_PACKET_MAX)
			t->out.box.mtu = (size_t)n->item[0].u.number;
		return false;
	default:
		return false;
	}
	n->kind = NOTE_ANSWER;
	return true;
}
