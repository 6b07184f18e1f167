/* SPDX-License-Identifier: ISC */
/* What the uapi process wants to know: the data process fills notes, and leaves
 * blank what only we know. */
#include "tunnel/keys_process.h"

/* ---- the data process ---- */

void
keys_pass(struct key_process *k, unsigned worker, struct note *n, int fd)
{
	union channel_message *m = &k->word;
	int r;

	m->note = *n;
	if (!(fd < 0 ? channel_send(k->channel[worker], m, true) :
	    channel_pass(k->channel[worker], m, fd)))
		keys_end();
	while ((r = channel_receive(k->channel[worker], m, true)) > 0 &&
	    m->kind != NOTE_ANSWER)
		keys_dispatch(k, worker, m);
	if (r < 0)
		keys_end();
	*n = m->note;
}

void
keys_converse(struct key_process *k, unsigned worker, struct note *n)
{
	keys_pass(k, worker, n, -1);
}

/* ---- telling ---- */

/* What a blank item about ourselves becomes; false: nothing. */
static bool
fill_own(const struct key_process *k, struct uapi_item *it)
{
	struct key secret;
	bool known = true;

	if (it->key == UAPI_PRIVATE_KEY) {
		known = device_private_key(k->device, &secret);
		*it = uapi_secret(UAPI_PRIVATE_KEY, &secret);
		key_wipe(&secret);
	} else if (it->key == UAPI_LISTEN_PORT) {
		it->u.number = k->config.port;
	} else {
		it->u.number = k->config.mark;
		known = k->config.mark != 0;
	}
	return known;
}

static void
fill_peer(const struct identity *id, struct uapi_item *it)
{
	switch (it->key) {
	case UAPI_PUBLIC_KEY:
		*it = uapi_secret(UAPI_PUBLIC_KEY, &id->remote.public_key);
		break;
	case UAPI_PRESHARED_KEY:
		*it = uapi_secret(UAPI_PRESHARED_KEY, &id->remote.psk);
		break;
	case UAPI_RX_BYTES:
		it->u.number += id->rx_bytes;
		break;
	case UAPI_TX_BYTES:
		it->u.number += id->tx_bytes;
		break;
	}
}

static bool
fill(struct key_process *k, struct uapi_item *it, const struct identity **id)
{
	if (it->key == UAPI_PRIVATE_KEY || it->key == UAPI_LISTEN_PORT ||
	    it->key == UAPI_FWMARK)
		return k->config.asked == 0 && fill_own(k, it);
	if (it->key == UAPI_PUBLIC_KEY)
		*id = device_identity(k->device, (uint16_t)it->u.number);
	if (it->key == UAPI_ERRNO)
		return k->config.asked + 1 == k->workers;
	if (*id != NULL)
		fill_peer(*id, it);
	return *id != NULL;
}

/* A note of the worker whose turn it is; the next time it is the next one's if
 * this has said all. */
static void
tell_of(struct key_process *k, struct note *n)
{
	struct keys_config *c = &k->config;
	const struct identity *id = c->told;
	uint32_t kept = 0;
	bool last = false;

	n->kind = c->begun ? NOTE_MORE : NOTE_GET;
	n->n = 0;
	keys_converse(k, c->asked, n);
	c->begun = true;
	for (uint32_t i = 0; i < n->n; i++) {
		last = n->item[i].key == UAPI_ERRNO;
		if (fill(k, &n->item[i], &id))
			n->item[kept++] = n->item[i];
	}
	n->n = kept;
	/* its allowed-ips may go on in the next */
	c->told = id;
	if (!last)
		return;
	c->asked++;
	c->begun = false;
}

void
keys_answer(struct key_process *k, struct note *n)
{
	struct keys_config *c = &k->config;

	if (n->kind == NOTE_GET || c->asked >= k->workers) {
		c->asked = 0;
		c->begun = false;
	}
	do
		tell_of(k, n);
	while (n->n == 0 && c->asked < k->workers);
	note_answer(k->uapi, n);
}
