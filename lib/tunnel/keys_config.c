/* SPDX-License-Identifier: ISC */
/*
 * What the uapi process asks for.  The key process first gathers a request to
 * change and checks it as a whole; it asks the data process whether it can;
 * then both put it in force.  In what the data process gets, peers have numbers
 * instead of keys, and secrets are left out.  Where anything can be changed
 * there is one worker.
 */
#include "tunnel/keys_process.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOTES = 8 };	/* before handshakes have their turn */

/* ---- changing ---- */

static void
hand_on(struct key_process *k)
{
	struct note *n = &k->config.more;

	if (n->n == 0)
		return;
	n->kind = NOTE_SET;
	keys_converse(k, 0, n);
	n->n = 0;
}

static void
translate(struct key_process *k, struct uapi_item it)
{
	struct note *n = &k->config.more;

	n->item[n->n++] = it;
	if (n->n == NOTE_ITEMS)
		hand_on(k);
}

static void
remove_peer(struct key_process *k, uint16_t i)
{
	device_remove(k->device, i);
	memset(&k->stat->peer[i], 0, sizeof(k->stat->peer[i]));
	translate(k, uapi_number(UAPI_REMOVE, i));
}

static uint16_t
add_peer(struct key_process *k, const struct key *key)
{
	static const struct key no_psk;
	struct counters_peer *c;
	char name[KEY_STRLEN];
	uint16_t i = 0;

	while (device_identity(k->device, i) != NULL)
		i++;
	if (i >= k->npeers || !device_add(k->device, i, key, &no_psk, NULL, 0,
	    k->at.now))
		return DEVICE_NOBODY;	/* our own: in silence */
	c = &k->stat->peer[i];
	snprintf(c->name, sizeof(c->name), "%s", key_format(key, name));
	return i;
}

/* What comes with a peer decides whether it is made. */
static bool
peer_has(const struct keys_config *c, size_t at, enum uapi_key key)
{
	for (at++; at < c->nitems && c->item[at].key != UAPI_PUBLIC_KEY; at++)
		if (c->item[at].key == key)
			return true;
	return false;
}

static void
choose_peer(struct key_process *k, size_t at)
{
	struct keys_config *c = &k->config;
	const struct key *key = &c->item[at].u.secret;
	uint16_t i = device_lookup(k->device, key);

	if (peer_has(c, at, UAPI_REMOVE)) {
		if (i != DEVICE_NOBODY)
			remove_peer(k, i);
		i = DEVICE_NOBODY;
	} else if (i == DEVICE_NOBODY && !peer_has(c, at, UAPI_UPDATE_ONLY)) {
		i = add_peer(k, key);
	}
	c->chosen = i;
	if (i != DEVICE_NOBODY)
		translate(k, uapi_number(UAPI_PUBLIC_KEY, i));
}

static void
set_private_key(struct key_process *k, const struct key *key)
{
	struct key clamped = *key, own;

	key_clamp(&clamped);
	key_public(&own, &clamped);
	uint16_t i = device_lookup(k->device, &own);
	if (i != DEVICE_NOBODY && !key_is_zero(key))
		remove_peer(k, i);
	if (device_set_private_key(k->device, key, k->at.now))
		translate(k, uapi_number(UAPI_PRIVATE_KEY, 0));
	key_wipe(&clamped);
}

static void
remove_all(struct key_process *k)
{
	for (uint16_t i = 0; i < k->npeers; i++)
		if (device_identity(k->device, i) != NULL)
			device_remove(k->device, i);
	memset(k->stat->peer, 0, k->npeers * sizeof(k->stat->peer[0]));
	translate(k, uapi_number(UAPI_REPLACE_PEERS, 1));
}

static void
change(struct key_process *k, size_t at)
{
	struct keys_config *c = &k->config;
	const struct uapi_item *it = &c->item[at];

	switch (it->key) {
	case UAPI_PRIVATE_KEY:
		set_private_key(k, &it->u.secret);
		break;
	case UAPI_REPLACE_PEERS:
		remove_all(k);
		break;
	case UAPI_PUBLIC_KEY:
		choose_peer(k, at);
		break;
	case UAPI_PRESHARED_KEY:
		if (c->chosen != DEVICE_NOBODY)
			device_set_psk(k->device, c->chosen, &it->u.secret);
		break;
	case UAPI_ENDPOINT:
	case UAPI_KEEPALIVE:
	case UAPI_REPLACE_ALLOWED_IPS:
	case UAPI_ALLOWED_IP:
		if (c->chosen != DEVICE_NOBODY)
			translate(k, *it);
		break;
	}
}

/* ---- checking ---- */

/* An upper bound: a peer that is named twice, or goes and comes, counts
 * twice. */
static bool
has_room(struct key_process *k)
{
	struct keys_config *c = &k->config;
	bool replaced = false;
	size_t peers = 0;

	for (uint16_t i = 0; i < k->npeers; i++)
		peers += device_identity(k->device, i) != NULL;
	for (size_t i = 0; i < c->nitems; i++) {
		const struct uapi_item *it = &c->item[i];
		if (it->key == UAPI_REPLACE_PEERS) {
			peers = 0;
			replaced = true;
		} else if (it->key == UAPI_PUBLIC_KEY) {
			peers += !peer_has(c, i, UAPI_REMOVE) &&
			    (replaced || device_lookup(k->device,
			    &it->u.secret) == DEVICE_NOBODY);
		}
	}
	return peers <= k->npeers;
}

static bool
in_order(const struct keys_config *c)
{
	enum uapi_place at = UAPI_DEVICE;

	for (size_t i = 0; i < c->nitems; i++)
		if (!uapi_follows(&c->item[i], &at))
			return false;
	return true;
}

/* What the request asks of the system, and of the data process's tables. */
struct wish {
	uint32_t mark;
	uint16_t port;
	bool moves;
	uint64_t prefixes;
};

static struct wish
read_wish(const struct keys_config *c)
{
	struct wish w = { .mark = c->mark, .port = c->port };

	for (size_t i = 0; i < c->nitems; i++) {
		const struct uapi_item *it = &c->item[i];
		w.prefixes += it->key == UAPI_ALLOWED_IP;
		if (it->key == UAPI_FWMARK)
			w.mark = (uint32_t)it->u.number;
		if (it->key != UAPI_LISTEN_PORT)
			continue;
		w.port = (uint16_t)it->u.number;
		w.moves = w.port == 0 || w.port != c->port;
	}
	return w;
}

/* The data process's part, and the socket that it is to have; 0 or an errno. */
static int
try(struct key_process *k, const struct wish *w, int fd)
{
	struct note *n = &k->config.more;

	*n = (struct note){ .kind = NOTE_TRY, .n = 3 };
	n->item[0] = uapi_number(UAPI_ALLOWED_IP, w->prefixes);
	n->item[1] = uapi_number(UAPI_FWMARK, w->mark);
	n->item[2] = uapi_number(UAPI_LISTEN_PORT, w->moves ? w->port : 0);
	keys_pass(k, 0, n, fd);
	int error = n->n == 1 ? (int)n->item[0].u.number : EPROTO;
	n->n = 0;
	return error;
}

static void
close_port(const int port[static UDP_LANES])
{
	for (int i = 0; i < UDP_LANES; i++)
		if (port[i] >= 0)
			close(port[i]);
}

/* All three are bound by us, who may; the data process gets its own and may
 * open none. */
static int
bind_port(int port[static UDP_LANES], struct wish *w)
{
	port[UDP_DATA] = -1;
	if (udp_first(port, w->port, w->mark, 1) < 0)
		return errno;
	w->port = udp_port(port[UDP_HANDSHAKES]);
	port[UDP_DATA] = udp_join(w->port, w->mark);
	if (port[UDP_DATA] >= 0) {
		udp_prepare(port[UDP_HANDSHAKES]);
		udp_prepare(port[UDP_DATA]);
		return 0;
	}
	int error = errno;
	close_port(port);
	return error;
}

static int
try_port(struct key_process *k, struct wish *w)
{
	int port[UDP_LANES];
	int error = bind_port(port, w);

	if (error != 0)
		return error;
	error = try(k, w, port[UDP_DATA]);
	if (error != 0) {
		close_port(port);
		return error;
	}
	udp_replace(&k->udp, port[UDP_HANDSHAKES]);
	close(k->junk);
	k->junk = port[UDP_JUNK];
	close(k->data);
	k->data = port[UDP_DATA];
	k->dropped = 0;
	return 0;
}

/* The sockets stay. */
static int
try_mark(struct key_process *k, const struct wish *w)
{
	uint32_t before = k->config.mark;

	if (w->mark != before && udp_mark(k->data, w->mark) < 0)
		return errno;
	int error = try(k, w, -1);
	if (error != 0) {
		udp_mark(k->data, before);
		return error;
	}
	udp_mark(k->udp.fd, w->mark);
	udp_mark(k->junk, w->mark);
	return 0;
}

static int
commit(struct key_process *k)
{
	struct keys_config *c = &k->config;
	int error;

	if (!c->may_set)
		return EPERM;
	if (c->overflow)
		return ENOSPC;
	if (!in_order(c))
		return EINVAL;
	if (!has_room(k))
		return ENOSPC;
	struct wish w = read_wish(c);
	error = w.moves ? try_port(k, &w) : try_mark(k, &w);
	if (error != 0)
		return error;
	c->mark = w.mark;
	c->port = w.port;
	c->chosen = DEVICE_NOBODY;
	for (size_t i = 0; i < c->nitems; i++)
		change(k, i);
	hand_on(k);
	c->more = (struct note){ .kind = NOTE_COMMIT };
	keys_converse(k, 0, &c->more);
	c->more.n = 0;
	return 0;
}

/* ---- notes ---- */

static void
forget(struct keys_config *c)
{
	if (c->nitems > 0)
		sodium_memzero(c->item, c->nitems * sizeof(*c->item));
	c->nitems = 0;
	c->overflow = false;
}

static void
gather(struct keys_config *c, const struct note *n)
{
	if (n->n > c->room - c->nitems) {
		c->overflow = true;
		return;
	}
	if (n->n > 0)
		memcpy(c->item + c->nitems, n->item, n->n * sizeof(*n->item));
	c->nitems += n->n;
}

static void
answer(struct key_process *k, struct note *n, int error)
{
	n->n = 1;
	n->item[0] = uapi_number(UAPI_ERRNO, (uint64_t)error);
	note_answer(k->uapi, n);
}

static void
handle_note(struct key_process *k, struct note *n)
{
	switch (n->kind) {
	case NOTE_SET:
		gather(&k->config, n);
		break;
	case NOTE_COMMIT:
		answer(k, n, commit(k));
		forget(&k->config);
		break;
	case NOTE_FORGET:
		forget(&k->config);
		break;
	case NOTE_GET:
	case NOTE_MORE:
		keys_answer(k, n);
		break;
	case NOTE_MTU:
		k->word.note = *n;
		if (k->config.may_set && n->n == 1)
			channel_send(k->channel[0], &k->word, true);
		break;
	}
}

void
keys_config(struct key_process *k)
{
	struct note n;

	for (int i = 0; i < NOTES && k->uapi >= 0 &&
	    note_receive(&k->uapi, &n); i++)
		handle_note(k, &n);
	k->stat->helpers_lost += k->uapi < 0;
	sodium_memzero(&n, sizeof(n));
}

void
keys_excuse(struct key_process *k)
{
	struct note n;

	if (k->uapi >= 0)
		answer(k, &n, EAGAIN);
}
