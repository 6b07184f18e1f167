/* SPDX-License-Identifier: ISC */
/* The rules of the protocol one by one: messages, and what wg(8) changes.  Names
 * are those of the whitepaper's digest: W1 sizes, W2 silence, and so on. */
#include "devices.h"

/* ---- messages ---- */

static void
test_sizes(void)
{
	struct device_out o, init;
	uint8_t m[256] = { 0 };
	unsigned good = 0, bad = 0;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	for (unsigned type = 0; type < 8; type++)
		for (size_t n = 0; n <= sizeof(m); n++) {
			memcpy(m, init.msg, sizeof(init.msg));
			m[0] = (uint8_t)type;
			enum verdict v = device_handshake(dev[1], &now,
			    fresh(), m, n, &at[0], &o);
			good += v != V_TYPE;
			bad += o.todo != DEVICE_NOTHING && v != V_SELF;
		}
	OKF(good == 3, "W1: of all types and sizes three are messages");
	OKF(bad == 0, "W2: nothing else is answered");
	for (int i = 1; i < 4; i++) {
		memcpy(m, init.msg, sizeof(init.msg));
		m[i] = 1;
		OKF(device_handshake(dev[1], &now, fresh(), m, 148, &at[0], &o)
		    == V_TYPE, "W1: reserved byte %d must be zero", i);
	}
}

static void
test_silence(void)
{
	struct device_out init, o;
	unsigned answered = 0, changed = 0;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	for (unsigned i = 4; i < 148 - 16; i++) {
		struct device_out bad = init;
		struct peer before = *device_peer(dev[1], 0);
		struct identity known = *device_identity(dev[1], 0);
		bad.msg[i] ^= 1;
		answered += give(1, &bad, &o) == V_SELF ||
		    o.todo != DEVICE_NOTHING;
		changed += memcmp(&before, device_peer(dev[1], 0),
		    sizeof(before)) != 0 || memcmp(&known,
		    device_identity(dev[1], 0), sizeof(known)) != 0;
	}
	OKF(answered == 0, "W2: a byte changed anywhere: no answer");
	OKF(changed == 0, "and nothing of the peer has changed");
	OKF(give(1, &init, &o) == V_SELF && o.n == 92,
	    "the right one is answered after all that");
	OKF(give(1, &init, &o) == V_STALE && o.todo == DEVICE_NOTHING,
	    "W2, W6: the same again is a replay");
}

/* An ephemeral is the public key of the bytes drawn for it. */
static bool
is_of_drawn(const uint8_t ephemeral[static KEY_LEN])
{
	struct key private_key, public_key;

	memcpy(private_key.b, drawn + RND_EPHEMERAL, KEY_LEN);
	key_clamp(&private_key);
	key_public(&public_key, &private_key);
	return memcmp(ephemeral, public_key.b, KEY_LEN) == 0;
}

static void
test_ephemerals(void)
{
	enum { ROUNDS = 8 };
	struct device_out init, resp, done;
	uint8_t seen[2 * ROUNDS][KEY_LEN];
	unsigned good = 0, twice = 0;

	setup(0);
	for (int i = 0; i < ROUNDS; i++) {
		set_now(now.now + 200 * SEC);
		device_sender(dev[0], 0, now.now);
		tick(0, &init);
		memcpy(seen[2 * i], init.msg + 8, KEY_LEN);
		good += is_initiation(&init) && is_of_drawn(seen[2 * i]);
		give(1, &init, &resp);
		memcpy(seen[2 * i + 1], resp.msg + 12, KEY_LEN);
		good += resp.n == 92 && is_of_drawn(seen[2 * i + 1]);
		give(0, &resp, &done);
	}
	OKF(good == 2 * ROUNDS, "an ephemeral is the clamped random bytes' "
	    "public key, in both messages");
	for (int i = 0; i < 2 * ROUNDS; i++)
		for (int j = 0; j < i; j++)
			twice += memcmp(seen[i], seen[j], KEY_LEN) == 0;
	OKF(twice == 0, "and never the same twice");
}

static void
test_unknown(void)
{
	struct device_out init, o;
	struct key stranger, none = { { 0 } };

	setup(0);
	memset(&stranger, 9, sizeof(stranger));
	struct device *d = device_new_whole(1, &stranger, fresh());
	device_add(d, 0, &publics[1], &none, &at[1].remote, 0, now.now);
	device_sender(d, 0, now.now);
	device_tick(d, &now, fresh(), &init);
	OKF(give(1, &init, &o) == V_HANDSHAKE && o.todo == DEVICE_NOTHING,
	    "W2: a stranger gets no answer");
	device_free(d);
	setup(0);
	connect_both();
	struct device_out resp = { .todo = DEVICE_SEND, .n = 92 };
	struct msg_response m = { .type = le32_put(MSG_RESPONSE),
		.receiver = le32_put(12345) };
	struct cookie_maker maker;
	cookie_maker_init(&maker, &publics[0]);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	memcpy(resp.msg, &m, sizeof(m));
	OKF(give(0, &resp, &o) == V_INDEX && o.todo == DEVICE_NOTHING,
	    "W2: an unknown receiver index gets no answer");
}

static void
test_keys(void)
{
	static const uint8_t low[][32] = { { 0 }, { 1 } };
	struct key none = { { 0 } }, k;
	struct device *d = device_new_whole(3, &keys[0], fresh());

	for (int i = 0; i < 2; i++) {
		memcpy(k.b, low[i], 32);
		OKF(device_add(d, 2, &k, &none, &at[1].remote, 1, 1) &&
		    device_mute(d, 2), "W22: a key of low order is mute");
		device_remove(d, 2);
	}
	OKF(!device_add(d, 0, &publics[0], &none, &at[1].remote, 0, 1),
	    "our own key is no peer");
	OK(device_add(d, 0, &publics[1], &none, &at[1].remote, 0, 1));
	OKF(!device_add(d, 1, &publics[1], &none, &at[1].remote, 0, 1),
	    "a key is one peer");
	OK(device_peer(d, 1) == NULL && device_peer(d, 77) == NULL);
	device_free(d);
}

static void
test_stamps(void)
{
	struct device_out init, old, o;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &old);
	now.now += 6 * SEC;
	now.wall -= 3600 * SEC;
	tick(0, &init);
	OKF(give(1, &init, &o) == V_SELF,
	    "W6: stamps grow though the clock steps back");
	OKF(give(1, &old, &o) == V_STALE, "W6: an older one is refused");
	now.now += 19 * MS;
	device_peer(dev[0], 0)->handshake_sent = 0;
	device_peer(dev[0], 0)->due[PT_INITIATE] = 0;
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	OKF(give(1, &init, &o) == V_STALE, "W6: one in 20 ms, 19 are too few");
	now.now += MS;
	OKF(give(1, &init, &o) == V_SELF, "W6: 20 will do");
}

static void
test_boot(void)
{
	struct device_out init, o;

	setup(0);
	set_now(MS);
	OKF(device_initiate(dev[0], 0, &at[1], &now, fresh(), &init) &&
	    give(1, &init, &o) == V_SELF, "W6: the first has come before none");
}

/* What was recorded before a restart is of no use after it. */
static void
test_recall(void)
{
	struct device_out recorded, o;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &recorded);
	OK(give(1, &recorded, &o) == V_SELF);
	struct identity old = *device_identity(dev[1], 0);
	setup(0);
	device_recall(dev[1], 0, &old.stamps);
	OKF(give(1, &recorded, &o) == V_STALE && o.todo == DEVICE_NOTHING,
	    "W6: recorded in an earlier life, refused in this one");
}

static void
test_endpoint(void)
{
	struct path moved = at[0];
	struct peer *p;
	bool ready;

	setup(0);
	connect_both();
	p = device_peer(dev[1], 0);
	moved.remote.port = 9999;
	moved.local = addr_from_v4((uint8_t[]){ 198, 51, 100, 7 });
	OKF(device_received(dev[1], 0, p->current, 0, 32, &moved, now.now,
	    &ready) == V_REPLAY && endpoint_eq(&p->path.remote, &at[0].remote),
	    "W12, W17: a replay is refused and moves no endpoint");
	OK(device_received(dev[1], 0, p->current, 1, 32, &moved, now.now,
	    &ready) == V_NEXT);
	OKF(endpoint_eq(&p->path.remote, &moved.remote) &&
	    addr_eq(&p->path.local, &moved.local),
	    "W17: an authenticated packet does");
	sent(1, true);
	set_now(now.now + 16 * SEC);
	struct device_out o;
	tick(1, &o);
	OKF(is_initiation(&o) && !path_has_local(&o.to) &&
	    o.to.remote.port == 9999,
	    "W17: our address is chosen anew when nobody answers");
}

static void
test_bytes(void)
{
	setup(0);
	connect_both();
	for (unsigned i = 0; i < 10; i++)
		received(1, device_peer(dev[1], 0)->current, 1 + i, true);
	const struct peer *p = device_peer(dev[1], 0);
	const struct identity *id = device_identity(dev[1], 0);
	OKF(p->rx_bytes == 32 + 10 * (32 + 32) && p->tx_bytes == 0 &&
	    id->rx_bytes == 148 && id->tx_bytes == 92,
	    "bytes of UDP payload are counted, handshakes too");
}

/* ---- what wg(8) changes ---- */

/* A whole handshake begun by dev[0]; false if it does not come about. */
static bool
shake(void)
{
	struct device_out init, response, o;

	device_sender(dev[0], 0, now.now);
	if (!tick(0, &init) || init.todo != DEVICE_SEND)
		return false;
	return give(1, &init, &response) == V_SELF &&
	    give(0, &response, &o) == V_SELF && o.todo == DEVICE_READY;
}

static void
test_remove(void)
{
	static const struct key none;
	struct device_out o;

	setup(1);
	OK(shake());
	device_remove(dev[0], 0);
	OK(device_peer(dev[0], 0) == NULL && device_due(dev[0]) == 0);
	OK(device_lookup(dev[0], &publics[1]) == DEVICE_NOBODY);
	OK(!tick(0, &o));
	OK(device_add(dev[0], 0, &publics[1], &none, &at[1].remote, 0, 1) &&
	    device_lookup(dev[0], &publics[1]) == 0);
	set_now(1010 * SEC);
	OKF(shake(), "a number that was free serves again");
}

static void
test_private_key(void)
{
	static const struct key none;
	struct device_out o;
	struct key k;

	setup(0);
	OK(shake());
	device_set_private_key(dev[0], &keys[0], now.now);
	OKF(device_sender(dev[0], 0, now.now) != NULL,
	    "the same key ends no session");
	device_set_private_key(dev[0], &none, now.now);
	OK(!device_private_key(dev[0], &k));
	device_sender(dev[0], 0, now.now);
	OKF(!tick(0, &o), "without a key nothing is sent");
	device_set_private_key(dev[0], &keys[0], now.now);
	OK(device_private_key(dev[0], &k));
	set_now(1001 * SEC);
	OKF(shake(), "with one, at once");
	device_set_private_key(dev[0], &keys[1], now.now);
	OKF(device_peer(dev[0], 0) == NULL, "a peer with our own key goes");
}

/* Everybody knows the secret that is shared with a key of low order. */
static void
test_forged_identity(void)
{
	static const struct endpoint nowhere;
	struct noise_remote r = { .public_key = publics[1] };
	struct noise_local l = { .public_key = { { 1 } } };
	struct cookie_maker maker;
	struct noise_handshake hs;
	struct msg_initiation m;
	struct device_out o;
	uint8_t stamp[TAI64N_LEN];
	struct key random = keys[0];

	setup(0);
	device_remove(dev[1], 0);
	OK(device_add(dev[1], 0, &l.public_key, NULL, &nowhere, 0, 1));
	noise_tai64n(stamp, now.wall);
	OKF(!noise_create_initiation(&hs, &l, &r, &random, stamp, 7, &m),
	    "W22: nobody proves anything by a secret of zero");
	r.static_static.b[0] = 1;
	OK(noise_create_initiation(&hs, &l, &r, &random, stamp, 7, &m));
	cookie_maker_init(&maker, &publics[1]);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	o.n = sizeof(m);
	memcpy(o.msg, &m, sizeof(m));
	OK(give(1, &o, &o) == V_HANDSHAKE && o.todo == DEVICE_NOTHING);
}

/* The worker that has the session which a message of ours begins. */
static unsigned
worker_of(const struct device_out *o, unsigned n)
{
	struct msg_response m;		/* as in an initiation up to there */

	memcpy(&m, o->msg, sizeof(m));
	return index_worker(le32_get(m.sender), n);
}

static void
test_divided(void)
{
	struct device_out o, answer, none;
	unsigned good = 0;

	setup(0);
	device_divide(dev[0], 0, 2, 3);
	device_divide(dev[1], 0, 15, 16);
	for (int i = 0; i < 100; i++) {
		int me = i % 2;
		set_now(now.now + 6 * SEC);
		if (!device_initiate(dev[me], 0, &at[!me], &now, fresh(), &o) ||
		    give(!me, &o, &answer) != V_SELF ||
		    give(me, &answer, &none) != V_SELF)
			break;
		good += worker_of(me == 0 ? &o : &answer, 3) == 2 &&
		    worker_of(me == 0 ? &answer : &o, 16) == 15;
	}
	OKF(good == 100, "the index of a session tells whose it is, of whoever "
	    "begins it");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_sizes();
	test_silence();
	test_ephemerals();
	test_unknown();
	test_keys();
	test_stamps();
	test_boot();
	test_recall();
	test_endpoint();
	test_bytes();
	test_remove();
	test_private_key();
	test_forged_identity();
	test_divided();
	return DONE();
}
