/* SPDX-License-Identifier: ISC */
/* What the desk wants to know: the other half fills notes, and leaves blank
 * what only we know. */
#include "engine/keeper_impl.h"

/* ---- the other half ---- */

void
keeper_converse(struct keeper *k, struct desk_note *n)
{
	union seam *m = &k->word;
	int r;

	m->note = *n;
	if (!seam_send(k->seam, m, true))
		keeper_end();
	while ((r = seam_take(k->seam, m, true)) > 0 &&
	    m->kind != DESK_ANSWER)
		keeper_take(k, m);
	if (r < 0)
		keeper_end();
	*n = m->note;
}

/* ---- telling ---- */

/* What a blank item about ourselves becomes; false: nothing. */
static bool
fill_own(const struct keeper *k, struct uapi_item *it)
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
	case UAPI_HANDSHAKE_SEC:
		it->u.number = id->handshake_wall / NSEC_SEC;
		break;
	case UAPI_HANDSHAKE_NSEC:
		it->u.number = id->handshake_wall % NSEC_SEC;
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
fill(struct keeper *k, struct uapi_item *it, const struct identity **id)
{
	if (it->key == UAPI_PRIVATE_KEY || it->key == UAPI_LISTEN_PORT ||
	    it->key == UAPI_FWMARK)
		return fill_own(k, it);
	if (it->key == UAPI_PUBLIC_KEY)
		*id = device_identity(k->device, (uint16_t)it->u.number);
	if (*id != NULL)
		fill_peer(*id, it);
	return *id != NULL || it->key == UAPI_ERRNO;
}

void
keeper_tell(struct keeper *k, struct desk_note *n)
{
	const struct identity *id = k->config.told;
	uint32_t kept = 0;

	n->n = 0;
	keeper_converse(k, n);
	for (uint32_t i = 0; i < n->n; i++)
		if (fill(k, &n->item[i], &id))
			n->item[kept++] = n->item[i];
	n->n = kept;
	/* its allowed-ips may go on in the next */
	k->config.told = id;
	desk_answer(&k->desk, n);
}
