/* SPDX-License-Identifier: ISC */
#ifndef BH_COOKIE_H
#define BH_COOKIE_H

/*
 * mac1, mac2 and cookie replies (whitepaper 5.4.4, 5.4.7).  The checker is the
 * side that is asked; the maker is the side that asks.
 */

#include "base/addr.h"
#include "base/key.h"
#include "wg/message.h"

#include <stdbool.h>
#include <stddef.h>

struct cookie_checker {
	struct key mac1_key, reply_key;	/* of our own public key */
	uint8_t secret[32];
	nsec secret_born;
};

struct cookie_maker {
	struct key mac1_key, reply_key;	/* of the peer's public key */
	uint8_t cookie[COOKIE_LEN];
	nsec cookie_born;		/* 0: none */
	uint8_t last_mac1[COOKIE_LEN];	/* of the last message sent */
	bool have_mac1;
};

void cookie_checker_init(struct cookie_checker *c, const struct key *own);
/* Checks mac1 of a handshake message of n bytes (W3). */
bool cookie_mac1_ok(const struct cookie_checker *c, const void *msg, size_t n);
/* Checks mac2 against the cookie of this source, address and port (W5). */
bool cookie_mac2_ok(const struct cookie_checker *c, const void *msg, size_t n,
    const struct endpoint *from, nsec now);
/* Makes the reply to a message; draws a new secret from random[0..31] when the
 * old one is 120 s old (W5); random[32..55] is the nonce. */
void cookie_reply(struct cookie_checker *c, const void *msg, size_t n,
    const struct endpoint *from, const uint8_t random[static 56], nsec now,
    struct msg_cookie *out);

void cookie_maker_init(struct cookie_maker *m, const struct key *remote);
/* Fills mac1, and mac2 if there is a cookie younger than 115 s. */
void cookie_add_macs(struct cookie_maker *m, void *msg, size_t n, nsec now);
/* Stores the cookie of a reply to our last message; false if it does not
 * authenticate or nothing was sent.  Nothing is sent again because of it. */
bool cookie_consume(struct cookie_maker *m, const struct msg_cookie *reply,
    nsec now);

#endif
