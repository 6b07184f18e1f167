/* SPDX-License-Identifier: ISC */
#ifndef BH_T_WIRE_H
#define BH_T_WIRE_H

/*
 * A device, and a datagram of a stranger.  It has a session with its one peer,
 * has sent that peer another initiation, and is under load; so what the
 * stranger gets costs no Diffie-Hellman, and there is a model of what must come
 * of each datagram.  What comes after the cookie is for fuzz_noise and
 * fuzz_device.
 */

#include "fuzz.h"
#include "wg/device_state.h"

#include <sodium.h>

static struct wire {
	struct device *d;
	struct moment at;
	struct path from;
	struct session *session;
	uint32_t waiting;		/* index of the handshake under way */
	struct key peer_sends;		/* what the peer seals with */
	struct cookie_maker maker;	/* of one who has the cookie */
	struct msg_initiation initiation;	/* a genuine one of the peer */
	struct msg_response response;
	struct msg_cookie cookie;	/* likewise, to its initiation */
	struct peer peer;		/* as they were before */
	struct identity identity;
} wire;

static inline const uint8_t *
wire_random(void)
{
	static uint8_t b[DEVICE_RANDOM];
	static uint8_t n;

	memset(b, ++n, sizeof(b));
	return b;
}

static inline struct device *
wire_device(uint8_t key)
{
	struct key k;

	memset(&k, key, sizeof(k));
	return device_new_whole(1, &k, wire_random());
}

static inline enum verdict
wire_deliver(struct device *d, const void *msg, size_t n,
    struct device_out *out)
{
	return device_handshake(d, &wire.at, wire_random(), msg, n,
	    &wire.from, out);
}

/* What is due, which is an initiation. */
static inline struct device_out
wire_initiate(struct device *d, nsec later)
{
	struct moment t = { wire.at.now + later, wire.at.wall + later };
	struct device_out o;

	must(device_tick(d, &t, wire_random(), &o) && o.todo == DEVICE_SEND &&
	    o.n == sizeof(struct msg_initiation));
	return o;
}

/* The device begins, the peer answers; two minutes later it begins again. */
static inline void
wire_talk(struct device *peer)
{
	struct cookie_checker checker;
	struct endpoint here = { .port = 9 };
	struct device_out o, answer;

	must(device_sender(wire.d, 0, wire.at.now) == NULL);
	o = wire_initiate(wire.d, 0);
	must(wire_deliver(peer, o.msg, o.n, &answer) == V_SELF);
	must(wire_deliver(wire.d, answer.msg, answer.n, &o) == V_SELF);
	wire.session = device_sender(wire.d, 0, wire.at.now);
	must(wire.session != NULL);
	wire.peer_sends = wire.session->keys.receive;

	wire.at.now += REKEY_AFTER_TIME + NSEC_SEC;
	wire.at.wall += REKEY_AFTER_TIME + NSEC_SEC;
	device_sent(wire.d, 0, wire.session, true, DATA_OVERHEAD, wire.at.now);
	o = wire_initiate(wire.d, 0);
	memcpy(&wire.waiting, o.msg + 4, sizeof(wire.waiting));
	cookie_checker_init(&checker, device_public_key(peer));
	cookie_reply(&checker, o.msg, o.n, &here, wire_random(), wire.at.now,
	    &wire.cookie);
	must(wire_deliver(peer, o.msg, o.n, &answer) == V_SELF);
	memcpy(&wire.response, answer.msg, sizeof(wire.response));
	device_sender(peer, 0, wire.at.now);
	o = wire_initiate(peer, REKEY_TIMEOUT);
	memcpy(&wire.initiation, o.msg, sizeof(wire.initiation));
}

/* Until the stranger has a cookie, and has used up what that allows; and what
 * is allowed at other ports. */
static inline void
wire_flood(void)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct path elsewhere = wire.from;
	struct msg_cookie reply;
	struct device_out o;
	enum verdict v;

	elsewhere.remote.port++;
	cookie_add_macs(&wire.maker, &m, sizeof(m), wire.at.now);
	while (device_handshake(wire.d, &wire.at, wire_random(), &m, sizeof(m),
	    &elsewhere, &o) != V_COOKIE)
		;
	do {
		cookie_add_macs(&wire.maker, &m, sizeof(m), wire.at.now);
		v = wire_deliver(wire.d, &m, sizeof(m), &o);
		if (v == V_COOKIE) {
			memcpy(&reply, o.msg, sizeof(reply));
			must(cookie_consume(&wire.maker, &reply, wire.at.now));
		}
	} while (v != V_LIMITED);
}

static inline void
wire_init(void)
{
	struct device *peer;
	struct key none = { { 0 } };

	if (wire.d != NULL)
		return;
	must(sodium_init() >= 0);
	wire.at = (struct moment){ 1000 * NSEC_SEC, 1700000000 * NSEC_SEC };
	wire.from.remote.addr = addr_from_v4((uint8_t[]){ 192, 0, 2, 1 });
	wire.from.remote.port = 9;
	wire.d = wire_device(1);
	peer = wire_device(2);
	must(device_add(wire.d, 0, device_public_key(peer), &none,
	    &wire.from.remote, 0, wire.at.now));
	must(device_add(peer, 0, device_public_key(wire.d), &none,
	    &wire.from.remote, 0, wire.at.now));
	wire_talk(peer);
	device_free(peer);
	cookie_maker_init(&wire.maker, device_public_key(wire.d));
	wire_flood();
	/* not asked there: an answer is bounded like everything else */
	device_identity(wire.d, 0)->asked.port = 0;
	wire.peer = *device_peer(wire.d, 0);
	wire.identity = *device_identity(wire.d, 0);
}

/* The macs that the message should have, had it come from the stranger. */
static inline struct msg_macs
wire_macs(const void *msg, size_t n)
{
	uint8_t copy[sizeof(struct msg_initiation)];
	struct cookie_maker m = wire.maker;
	struct msg_macs macs;

	memcpy(copy, msg, n);
	cookie_add_macs(&m, copy, n, wire.at.now);
	memcpy(&macs, copy + n - sizeof(macs), sizeof(macs));
	return macs;
}

/* Whether that index is of the handshake under way. */
static inline bool
wire_awaited(const uint8_t *receiver)
{
	return memcmp(receiver, &wire.waiting, sizeof(wire.waiting)) == 0;
}

/* A message that ends in macs: mac1, then mac2 and where it is from, count. */
static inline enum verdict
wire_expect_macs(const uint8_t *msg, size_t n, bool elsewhere)
{
	struct msg_macs right = wire_macs(msg, n), got;

	memcpy(&got, msg + n - sizeof(got), sizeof(got));
	if (memcmp(got.mac1, right.mac1, COOKIE_LEN) != 0)
		return V_MAC1;
	if (msg[0] == MSG_RESPONSE && !wire_awaited(msg + 8))
		return V_INDEX;
	return memcmp(got.mac2, right.mac2, COOKIE_LEN) == 0 && !elsewhere ?
	    V_LIMITED : V_COOKIE;
}

static inline enum verdict
wire_expect_cookie(const uint8_t *msg, size_t n)
{
	if (!wire_awaited(msg + 4))
		return V_INDEX;
	return memcmp(msg + 8, (uint8_t *)&wire.cookie + 8, n - 8) == 0 ?
	    V_SELF : V_HANDSHAKE;
}

/* W1 to W5, once more. */
static inline enum verdict
wire_expect(const uint8_t *msg, size_t n, bool elsewhere)
{
	static const uint8_t type[][4] = { { MSG_INITIATION },
		{ MSG_RESPONSE }, { MSG_COOKIE } };

	if (n == 148 && memcmp(msg, type[0], 4) == 0)
		return wire_expect_macs(msg, n, elsewhere);
	if (n == 92 && memcmp(msg, type[1], 4) == 0)
		return wire_expect_macs(msg, n, elsewhere);
	if (n == 64 && memcmp(msg, type[2], 4) == 0)
		return wire_expect_cookie(msg, n);
	return V_TYPE;
}

/* It opens with what whoever sent the message knows, and goes back there. */
static inline void
wire_check_reply(const uint8_t *msg, size_t n, const struct path *from,
    const struct device_out *o)
{
	struct cookie_maker m = wire.maker;
	struct msg_cookie reply;

	must(o->todo == DEVICE_SEND && o->n == sizeof(reply) && o->n < n);
	must(memcmp(&o->to, from, sizeof(*from)) == 0);
	memcpy(&reply, o->msg, sizeof(reply));
	must(memcmp(&reply.receiver, msg + 4, 4) == 0);
	memcpy(m.last_mac1, msg + n - sizeof(struct msg_macs), COOKIE_LEN);
	m.have_mac1 = true;
	must(cookie_consume(&m, &reply, wire.at.now));
	must((memcmp(m.cookie, wire.maker.cookie, COOKIE_LEN) == 0) ==
	    (from->remote.port == wire.from.remote.port));
}

/* Delivers a datagram and compares; only a genuine cookie changes anything. */
static inline void
wire_check(const uint8_t *msg, size_t n, bool elsewhere)
{
	struct identity *id = device_identity(wire.d, 0);
	struct path from = wire.from;
	struct device_out o;

	from.remote.port = (uint16_t)(from.remote.port + elsewhere);
	wire.d->cookie_due = 0;
	enum verdict v = device_handshake(wire.d, &wire.at, wire_random(),
	    at_edge(msg, n), n, &from, &o);
	must(v == wire_expect(msg, n, elsewhere));
	if (v == V_COOKIE)
		wire_check_reply(msg, n, &from, &o);
	else
		must(o.todo == DEVICE_NOTHING);
	must((memcmp(id, &wire.identity, sizeof(*id)) != 0) == (v == V_SELF));
	*id = wire.identity;
	must(memcmp(device_peer(wire.d, 0), &wire.peer,
	    sizeof(wire.peer)) == 0);
}

/* What the first byte of an input asks for. */
enum {
	WIRE_GENUINE = 1,	/* the rest is XORed onto a genuine message */
	WIRE_MAC1 = 2,		/* and then gets the right macs */
	WIRE_MAC2 = 4,
	WIRE_ELSEWHERE = 8,	/* and comes from another port */
};

/* Makes a datagram of an input and of the genuine message, and checks it. */
static inline void
wire_input(const uint8_t *data, size_t n, const void *genuine, size_t len)
{
	uint8_t msg[2048];
	uint8_t how = n > 0 ? data[0] : 0;

	wire_init();
	n = n > sizeof(msg) ? sizeof(msg) : n;
	if (n == 0)
		return;
	data++;
	n--;
	if (how & WIRE_GENUINE) {
		memcpy(msg, genuine, len);
		for (size_t i = 0; i < len && i < n; i++)
			msg[i] ^= data[i];
		n = len;
	} else {
		memcpy(msg, data, n);
	}
	if (how & (WIRE_MAC1 | WIRE_MAC2) && (n == 148 || n == 92)) {
		struct msg_macs m = wire_macs(msg, n);
		memcpy(msg + n - sizeof(m), &m, sizeof(m) / 2);
		if (how & WIRE_MAC2)
			memcpy(msg + n - COOKIE_LEN, m.mac2, COOKIE_LEN);
	}
	wire_check(msg, n, how & WIRE_ELSEWHERE);
}

#endif
