/* SPDX-License-Identifier: ISC */
#ifndef BH_UAPI_H
#define BH_UAPI_H

/*
 * The text of WireGuard's cross-platform userspace interface, a line at a
 * time: "key=value" in, an item of fixed size out, and back.  Pure; the text
 * is a stranger's.
 */

#include "base/addr.h"
#include "base/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uapi_key {
	UAPI_GET, UAPI_SET,			/* what is asked for */
	UAPI_PRIVATE_KEY, UAPI_LISTEN_PORT, UAPI_FWMARK, UAPI_REPLACE_PEERS,
	UAPI_PUBLIC_KEY,			/* begins a peer */
	UAPI_REMOVE, UAPI_UPDATE_ONLY, UAPI_PRESHARED_KEY, UAPI_ENDPOINT,
	UAPI_KEEPALIVE, UAPI_REPLACE_ALLOWED_IPS, UAPI_ALLOWED_IP,
	UAPI_PROTOCOL_VERSION,
	UAPI_HANDSHAKE_SEC, UAPI_HANDSHAKE_NSEC, UAPI_RX_BYTES, UAPI_TX_BYTES,
	UAPI_ERRNO,
	UAPI_KEYS
};

struct uapi_item {
	uint8_t key;			/* enum uapi_key */
	uint8_t minus;			/* 1: this prefix is to be removed */
	union {
		struct key secret;	/* or a public one */
		struct endpoint endpoint;
		struct prefix prefix;
		uint64_t number;	/* and true, which is 1 */
	} u;
};

enum { UAPI_LINE_MAX = 128 };	/* bytes, with the newline and a 0 */

/* Where in a request we are: what may come next depends on it. */
enum uapi_place { UAPI_START, UAPI_DEVICE, UAPI_PEER };

/* Takes a line of a request, without its newline.  False if it is wrong, or
 * wrong here; *at moves on. */
bool uapi_parse(struct uapi_item *it, enum uapi_place *at, const char *line);
/* Whether an item may come here in a request to set; *at moves on. */
bool uapi_follows(const struct uapi_item *it, enum uapi_place *at);
/* Writes the line of an item, newline included; its length, 0 if it is none. */
size_t uapi_put(const struct uapi_item *it, char out[static UAPI_LINE_MAX]);

static inline struct uapi_item
uapi_number(enum uapi_key key, uint64_t v)
{
	struct uapi_item it = { .key = (uint8_t)key };

	it.u.number = v;
	return it;
}

static inline struct uapi_item
uapi_secret(enum uapi_key key, const struct key *k)
{
	return (struct uapi_item){ .key = (uint8_t)key, .u.secret = *k };
}

#endif
