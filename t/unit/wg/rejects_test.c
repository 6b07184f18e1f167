/* SPDX-License-Identifier: ISC */
/*
 * A message that is refused leaves everything as it was: each type, in each
 * state that a peer can be in, with each byte changed, below the macs too
 * (others W5: a spoofed response that destroyed the pending handshake; F4: a
 * message that prolonged a session).
 */
#include "test.h"

#include "wg/device_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct device *dev[2];	/* each other's peer number 0 */
static struct noise_local local[2];
static struct path at[2];
static struct moment now;
static struct cookie_maker maker;	/* to dev[1] */

static const uint8_t *
fresh(void)
{
	static uint8_t b[DEVICE_RANDOM];

	randombytes_buf(b, sizeof(b));
	return b;
}

static void
setup(void)
{
	static const struct key none;

	now = (struct moment){ 1000 * NSEC_SEC, 1700000000 * NSEC_SEC };
	for (int i = 0; i < 2; i++) {
		struct key k;
		memset(&k, 1 + i, sizeof(k));
		noise_local_init(&local[i], &k);
		at[i] = (struct path){ .remote = { addr_from_v4((uint8_t[]){
		    192, 0, 2, (uint8_t)(1 + i) }), 51820, 0 } };
		device_free(dev[i]);
		dev[i] = device_new_whole(1, &k, fresh());
	}
	for (int i = 0; i < 2; i++)
		device_add(dev[i], 0, &local[!i].public_key, &none,
		    &at[!i].remote, 0, now.now);
	cookie_maker_init(&maker, &local[1].public_key);
}

static void
pass(nsec t)
{
	now.now += t;
	now.wall += t;
}

/* Nobody is asked for a cookie because of those that came before. */
static void
unload(struct device *d)
{
	ratelimit_init(&d->homes, &ratelimit_host, fresh());
	ratelimit_init(&d->all_homes, &ratelimit_all, fresh());
	ratelimit_init(&d->known, &ratelimit_host, fresh());
	ratelimit_init(&d->all_known, &ratelimit_all, fresh());
	ratelimit_init(&d->hosts, &ratelimit_host, fresh());
	ratelimit_init(&d->networks, &ratelimit_network, fresh());
	ratelimit_init(&d->all, &ratelimit_all, fresh());
}

static enum verdict
give(int to, const uint8_t *msg, size_t n, struct device_out *o)
{
	uint8_t copy[256];

	unload(dev[to]);
	memcpy(copy, msg, n < sizeof(copy) ? n : sizeof(copy));
	return device_handshake(dev[to], &now, fresh(), copy, n, &at[!to], o);
}

static struct device_out
initiate(int from)
{
	struct device_out o = { 0 };

	device_initiate(dev[from], 0, &at[!from], &now, fresh(), &o);
	return o;
}

/* ---- the states of dev[1] ---- */

struct stage {
	struct device_out mine;		/* an initiation of its own */
	struct device_out used;		/* one that it has answered */
	struct device_out answer;	/* and how */
};

static struct stage st;

static void
answer(void)
{
	pass(NSEC_SEC);
	st.used = initiate(0);
	give(1, st.used.msg, st.used.n, &st.answer);
}

static void
confirm(void)
{
	struct device_out o;
	struct session *s = device_peer(dev[1], 0)->next;
	bool ready;

	give(0, st.answer.msg, st.answer.n, &o);
	device_received(dev[1], 0, s, 0, 0, &at[0], now.now, &ready);
}

static void
ask(void)
{
	pass(NSEC_SEC);
	st.mine = initiate(1);
}

enum { ASKS = 1, SESSION = 2, UNCONFIRMED = 4, STATES = 8 };

static void
enter(unsigned state)
{
	memset(&st, 0, sizeof(st));
	setup();
	if (state & SESSION) {
		answer();
		confirm();
	}
	if (state & UNCONFIRMED)
		answer();
	if (state & ASKS)
		ask();
	pass(NSEC_SEC);
}

/* ---- the messages ---- */

/* Good ones of each type for that state: 0 bytes if there is none. */
static size_t
genuine(unsigned type, uint8_t msg[static 148])
{
	struct device_out o = { 0 };
	struct path elsewhere = at[1];

	if (type == MSG_INITIATION) {
		o = initiate(0);
	} else if (st.mine.n != 0 && type == MSG_RESPONSE) {
		give(0, st.mine.msg, st.mine.n, &o);
	} else if (st.mine.n != 0) {
		elsewhere.remote.port++;
		for (int i = 0; i < 200 && o.n != 64; i++)
			device_handshake(dev[0], &now, fresh(), st.mine.msg,
			    st.mine.n, &elsewhere, &o);
	} else if (type == MSG_RESPONSE && st.answer.n != 0) {
		o = st.answer;
	}
	memcpy(msg, o.msg, sizeof(o.msg));
	return o.todo == DEVICE_SEND ? o.n : 0;
}

/* Bytes that no key protects: the sender's index, and mac2 without load. */
static bool
is_open(unsigned type, size_t n, size_t i, bool remade)
{
	if (type == MSG_COOKIE)
		return false;
	return i >= n - COOKIE_LEN || (remade && i >= 4 && i < 8) ||
	    (remade && i >= n - 2 * COOKIE_LEN);
}

static void
remake(uint8_t *msg, size_t n)
{
	memset(msg + n - sizeof(struct msg_macs), 0, sizeof(struct msg_macs));
	cookie_add_macs(&maker, msg, n, now.now);
}

struct tally {
	unsigned tried, taken, changed, answered;
};

static void
refuse(struct tally *t, const uint8_t *msg, size_t n)
{
	static struct peer before, after;
	static struct identity known;
	struct device_out o;
	nsec due = device_due(dev[1]);

	before = *device_peer(dev[1], 0);
	known = *device_identity(dev[1], 0);
	t->tried++;
	t->taken += give(1, msg, n, &o) == V_SELF;
	t->answered += o.todo != DEVICE_NOTHING || o.begin;
	after = *device_peer(dev[1], 0);
	t->changed += memcmp(&before, &after, sizeof(before)) != 0 ||
	    memcmp(&known, device_identity(dev[1], 0), sizeof(known)) != 0 ||
	    due != device_due(dev[1]);
}

static void
mangle(struct tally *t, unsigned type, const uint8_t *good, size_t n)
{
	uint8_t m[256] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (int remade = 0; remade < 2; remade++) {
			memcpy(m, good, n);
			m[i] ^= (uint8_t)(1 << i % 8);
			if (remade && type != MSG_COOKIE)
				remake(m, n);
			if (!is_open(type, n, i, remade))
				refuse(t, m, n);
		}
	memcpy(m, good, n);
	refuse(t, m, n - 1);
	refuse(t, m, n + 1);
}

static const char *
state_name(unsigned state, char *buf, size_t size)
{
	snprintf(buf, size, "idle%s%s%s", state & SESSION ? ", session" : "",
	    state & UNCONFIRMED ? ", unconfirmed" : "",
	    state & ASKS ? ", asking" : "");
	return buf;
}

static void
test_type(unsigned state, unsigned type)
{
	static const char *names[] = { "", "initiation", "response", "cookie" };
	struct tally t = { 0 };
	struct device_out o;
	uint8_t good[148];
	char name[64];

	enter(state);
	size_t n = genuine(type, good);
	if (n == 0)
		return;
	mangle(&t, type, good, n);
	OKF(t.tried > n && t.taken + t.changed + t.answered == 0,
	    "others W5: %s: %u bad messages of type %s change nothing",
	    state_name(state, name, sizeof(name)), t.tried, names[type]);
	/* and the good one is as good as before */
	bool due = type != MSG_RESPONSE || (state & ASKS);
	OKF((give(1, good, n, &o) == V_SELF) == due, "and the genuine one is %s",
	    due ? "taken" : "late");
	memset(&t, 0, sizeof(t));
	if (type != MSG_COOKIE)
		refuse(&t, good, n);
	OKF(t.taken + t.changed + t.answered == 0, "but not twice");
}

/* Data whose index is unknown, or whose counter has been; an authenticated one
 * gives a session no longer life (F4). */
static void
test_data(unsigned state)
{
	struct session *s;
	uint16_t peer;
	char name[64];
	bool ready;

	enter(state);
	struct peer before = *device_peer(dev[1], 0);
	bool refused = true;
	for (int i = 0; i < 1000; i++)
		refused &= device_receiver(dev[1], randombytes_random(),
		    now.now, &s, &peer) == V_INDEX;
	if (before.current != NULL)
		refused &= device_received(dev[1], 0, before.current, 0, 32,
		    &at[0], now.now, &ready) == V_REPLAY;
	OKF(refused && memcmp(&before, device_peer(dev[1], 0),
	    sizeof(before)) == 0, "others W5: %s: bad data changes nothing",
	    state_name(state, name, sizeof(name)));
	if (before.current == NULL)
		return;
	s = before.current;
	nsec born = s->born;
	for (uint64_t i = 1; i < 100; i++) {
		pass(NSEC_SEC);
		device_received(dev[1], 0, s, i, 32, &at[0], now.now, &ready);
	}
	OKF(s->born == born && session_alive(s, born + 180 * NSEC_SEC - 1) &&
	    !session_alive(s, born + 180 * NSEC_SEC),
	    "others F4: no message prolongs a session");
}

/* ---- many of them ---- */

static struct path
somewhere(uint32_t i)
{
	struct path p = at[0];

	p.remote.addr = addr_from_v4((uint8_t[]){ 10, (uint8_t)(i >> 16),
	    (uint8_t)(i >> 8), (uint8_t)i });
	return p;
}

/* An honest peer gets in, with the cookie that it is asked for; how often it
 * had to ask, or 0. */
static unsigned
get_in(void)
{
	struct device_out o, r, done;

	for (unsigned tries = 1; tries < 5; tries++) {
		pass(5 * NSEC_MS);
		o = initiate(0);
		device_handshake(dev[1], &now, fresh(), o.msg, o.n, &at[0], &r);
		if (r.todo != DEVICE_SEND)
			continue;
		device_handshake(dev[0], &now, fresh(), r.msg, r.n, &at[1],
		    &done);
		if (done.todo == DEVICE_READY)
			return tries;
		pass(20 * NSEC_MS);
	}
	return 0;
}

/* 20,000 a second, each from elsewhere: either a recorded one again, or made
 * up but for mac1. */
static void
test_flood(bool recorded)
{
	enum { MANY = 100000 };
	static struct peer before;
	static struct identity known;
	struct device_out o;
	size_t in = 0, out = 0;
	uint8_t m[148];

	enter(SESSION);
	memcpy(m, st.used.msg, sizeof(m));
	before = *device_peer(dev[1], 0);
	known = *device_identity(dev[1], 0);
	size_t pending = dev[1]->pending.mask + 1;
	uint8_t *indices = malloc(pending * sizeof(*dev[1]->pending.entry));
	memcpy(indices, dev[1]->pending.entry,
	    pending * sizeof(*dev[1]->pending.entry));
	for (uint32_t i = 0; i < MANY; i++) {
		struct path p = somewhere(i);
		if (!recorded) {
			randombytes_buf(m + 4, 112);
			remake(m, sizeof(m));
		}
		device_handshake(dev[1], &now, fresh(), m, sizeof(m), &p, &o);
		in += sizeof(m);
		out += o.todo == DEVICE_SEND ? o.n : 0;
		pass(NSEC_MS / 20);
	}
	OKF(memcmp(&before, device_peer(dev[1], 0), sizeof(before)) == 0 &&
	    memcmp(&known, device_identity(dev[1], 0), sizeof(known)) == 0 &&
	    memcmp(indices, dev[1]->pending.entry,
	    pending * sizeof(*dev[1]->pending.entry)) == 0,
	    "others W9, W10: %d %s initiations leave no trace", MANY,
	    recorded ? "recorded" : "made up");
	OKF(out * 100 <= in * 63, "others F2: %zu bytes out for %zu in", out,
	    in);
	unsigned tries = get_in();
	OKF(tries >= 1 && tries <= 2,
	    "others W8: who is honest gets in meanwhile, at try %u", tries);
	free(indices);
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	for (unsigned state = 0; state < STATES; state++) {
		for (unsigned type = MSG_INITIATION; type <= MSG_COOKIE; type++)
			test_type(state, type);
		test_data(state);
	}
	test_flood(true);
	test_flood(false);
	return DONE();
}
