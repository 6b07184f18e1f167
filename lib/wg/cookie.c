/* SPDX-License-Identifier: ISC */
#include "wg/cookie.h"

#include "wg/kdf.h"

#include <sodium.h>
#include <string.h>

/* The macs end each handshake message; mac1 is of what stands before it, mac2
 * also of mac1. */

static const struct msg_macs *
macs_of(const void *msg, size_t n)
{
	assert(n > sizeof(struct msg_macs));
	return (const struct msg_macs *)
	    ((const uint8_t *)msg + n - sizeof(struct msg_macs));
}

static void
mac1(uint8_t out[static COOKIE_LEN], const struct key *key, const void *msg,
    size_t n)
{
	kdf_mac(out, key->b, KEY_LEN, msg, n - sizeof(struct msg_macs));
}

static void
mac2(uint8_t out[static COOKIE_LEN], const uint8_t cookie[static COOKIE_LEN],
    const void *msg, size_t n)
{
	kdf_mac(out, cookie, COOKIE_LEN, msg, n - COOKIE_LEN);
}

/* 5.4.4 and 5.4.7: two keys that whoever knows the public key knows. */
static void
derive_keys(struct key *mac1_key, struct key *reply_key,
    const struct key *public_key)
{
	kdf_hash(mac1_key->b, "mac1----", 8, public_key->b, KEY_LEN);
	kdf_hash(reply_key->b, "cookie--", 8, public_key->b, KEY_LEN);
}

void
cookie_checker_init(struct cookie_checker *c, const struct key *own)
{
	memset(c, 0, sizeof(*c));
	derive_keys(&c->mac1_key, &c->reply_key, own);
}

bool
cookie_mac1_ok(const struct cookie_checker *c, const void *msg, size_t n)
{
	uint8_t want[COOKIE_LEN];

	mac1(want, &c->mac1_key, msg, n);
	return sodium_memcmp(want, macs_of(msg, n)->mac1, COOKIE_LEN) == 0;
}

static bool
secret_is_fresh(const struct cookie_checker *c, nsec now)
{
	return c->secret_born != 0 &&
	    now - c->secret_born < COOKIE_SECRET_MAX_AGE;
}

/* The cookie of a source.  Only this end reads it, so its text is ours. */
static void
make_cookie(uint8_t out[static COOKIE_LEN], const struct cookie_checker *c,
    const struct endpoint *from)
{
	struct {
		struct addr addr;
		be16 port;
		be32 scope;
	} text = { from->addr, be16_put(from->port), be32_put(from->scope) };
	static_assert(sizeof(text) == 22, "no padding");

	kdf_mac(out, c->secret, sizeof(c->secret), &text, sizeof(text));
}

bool
cookie_mac2_ok(const struct cookie_checker *c, const void *msg, size_t n,
    const struct endpoint *from, nsec now)
{
	uint8_t cookie[COOKIE_LEN], want[COOKIE_LEN];

	/* nearly all have none: that is no secret */
	if (!secret_is_fresh(c, now) ||
	    sodium_is_zero(macs_of(msg, n)->mac2, COOKIE_LEN))
		return false;
	make_cookie(cookie, c, from);
	mac2(want, cookie, msg, n);
	sodium_memzero(cookie, sizeof(cookie));
	return sodium_memcmp(want, macs_of(msg, n)->mac2, COOKIE_LEN) == 0;
}

void
cookie_reply(struct cookie_checker *c, const void *msg, size_t n,
    const struct endpoint *from, const uint8_t random[static 56], nsec now,
    struct msg_cookie *out)
{
	uint8_t cookie[COOKIE_LEN];

	if (!secret_is_fresh(c, now)) {
		memcpy(c->secret, random, sizeof(c->secret));
		c->secret_born = now;
	}
	make_cookie(cookie, c, from);
	out->type = le32_put(MSG_COOKIE);
	/* their index stands at the same place in both messages */
	static_assert(offsetof(struct msg_initiation, sender) ==
	    offsetof(struct msg_response, sender), "5.4.2, 5.4.3");
	out->receiver = ((const struct msg_initiation *)msg)->sender;
	memcpy(out->nonce, random + sizeof(c->secret), XNONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out->cookie, NULL, cookie,
	    COOKIE_LEN, macs_of(msg, n)->mac1, COOKIE_LEN, NULL, out->nonce,
	    c->reply_key.b);
	sodium_memzero(cookie, sizeof(cookie));
}

void
cookie_maker_init(struct cookie_maker *m, const struct key *remote)
{
	memset(m, 0, sizeof(*m));
	derive_keys(&m->mac1_key, &m->reply_key, remote);
}

void
cookie_add_macs(struct cookie_maker *m, void *msg, size_t n, nsec now)
{
	assert(n > sizeof(struct msg_macs));
	struct msg_macs *macs = (struct msg_macs *)
	    ((uint8_t *)msg + n - sizeof(struct msg_macs));

	mac1(macs->mac1, &m->mac1_key, msg, n);
	memcpy(m->last_mac1, macs->mac1, COOKIE_LEN);
	m->have_mac1 = true;
	if (m->cookie_born != 0 &&
	    now - m->cookie_born < COOKIE_SECRET_MAX_AGE - COOKIE_LATENCY)
		mac2(macs->mac2, m->cookie, msg, n);
	else
		memset(macs->mac2, 0, COOKIE_LEN);
}

bool
cookie_consume(struct cookie_maker *m, const struct msg_cookie *reply,
    nsec now)
{
	uint8_t cookie[COOKIE_LEN];

	bool ok = m->have_mac1 && le32_get(reply->type) == MSG_COOKIE &&
	    crypto_aead_xchacha20poly1305_ietf_decrypt(cookie, NULL, NULL,
	    reply->cookie, sizeof(reply->cookie), m->last_mac1, COOKIE_LEN,
	    reply->nonce, m->reply_key.b) == 0;
	if (ok) {
		memcpy(m->cookie, cookie, COOKIE_LEN);
		m->cookie_born = now;
		m->have_mac1 = false;
	}
	sodium_memzero(cookie, sizeof(cookie));
	return ok;
}
