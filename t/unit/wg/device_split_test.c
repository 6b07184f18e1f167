/* SPDX-License-Identifier: ISC */
/* Two devices, each divided between a key process and a data process as in two
 * programs: what crosses between them, and what never does. */
#include "fresh.h"
#include "test.h"

#define SEC NSEC_SEC

static struct side {
	struct device *keys, *packets;
	struct key private_key, public_key;
	struct path at;
} side[2];
static struct moment now;

static void
setup(void)
{
	now = (struct moment){ 1000 * SEC, 1700000000 * SEC };
	for (int i = 0; i < 2; i++) {
		struct side *s = &side[i];
		device_free(s->keys);
		device_free(s->packets);
		memset(&s->private_key, 0x11 * (i + 1), KEY_LEN);
		s->at.remote = (struct endpoint){ addr_from_v4((uint8_t[]){
		    192, 0, 2, (uint8_t)(1 + i) }), 51820, 0 };
		s->keys = device_new(DEVICE_KEYS, 2, fresh());
		s->packets = device_new(DEVICE_DATA, 2, fresh());
		device_set_private_key(s->keys, &s->private_key, 0);
		s->public_key = *device_public_key(s->keys);
	}
	for (int i = 0; i < 2; i++) {
		device_add(side[i].keys, 0, &side[!i].public_key, NULL, NULL,
		    0, 0);
		device_add(side[i].packets, 0, NULL, NULL, &side[!i].at.remote,
		    0, now.now);
	}
}

/* What becomes due, and what the data process makes of it. */
static bool
initiate(int i, struct device_out *o)
{
	struct path to;

	device_sender(side[i].packets, 0, now.now);
	if (!device_tick(side[i].packets, &now, fresh(), o) ||
	    o->todo != DEVICE_INITIATE || o->n != 0)
		return false;
	to = o->to;
	return device_initiate(side[i].keys, o->peer, &to, &now, fresh(), o) &&
	    o->todo == DEVICE_SEND && o->n == 148;
}

/* A handshake message arrives; the session it makes, if any, crosses over. */
static enum verdict
give(int i, const struct device_out *m, struct device_out *o)
{
	enum verdict v = device_handshake(side[i].keys, &now, fresh(), m->msg,
	    m->n, &side[!i].at, o);

	if (o->begin)
		device_begin(side[i].packets, o->peer, &o->keys, &o->to,
		    now.now);
	return v;
}

static bool
shake(void)
{
	struct device_out init = { 0 }, response = { 0 }, done = { 0 };

	return initiate(0, &init) && give(1, &init, &response) == V_SELF &&
	    response.begin && response.todo == DEVICE_SEND &&
	    give(0, &response, &done) == V_SELF && done.begin &&
	    done.todo == DEVICE_READY;
}

/* Bytes of a secret anywhere in what a process has allocated. */
static bool
has(const struct device *d, const struct key *k)
{
	bool peer = d->peer != NULL && memmem(d->peer, d->npeers *
	    sizeof(*d->peer), k->b, KEY_LEN) != NULL;
	bool identity = d->identity != NULL && memmem(d->identity, d->npeers *
	    sizeof(*d->identity), k->b, KEY_LEN) != NULL;

	return peer || identity || memmem(d, sizeof(*d), k->b, KEY_LEN) != NULL;
}

static void
test_split(void)
{
	setup();
	OKF(shake(), "two devices, in two processes each, have a session");
	struct session *s = device_sender(side[0].packets, 0, now.now);
	struct session *r = device_peer(side[1].packets, 0)->next;
	OK(s != NULL && r != NULL &&
	    key_eq(&s->keys.send, &r->keys.receive) &&
	    key_eq(&s->keys.receive, &r->keys.send));
	struct key clamped = side[0].private_key;
	key_clamp(&clamped);
	OKF(has(side[0].keys, &clamped) && !has(side[0].packets, &clamped),
	    "the private key is in the key process only");
	OKF(has(side[0].packets, &s->keys.send) &&
	    !has(side[0].keys, &s->keys.send) &&
	    !has(side[0].keys, &s->keys.receive),
	    "and the session's keys in the other");
}

static void
test_forget(void)
{
	struct device_out o = { 0 };
	bool asked = false;

	setup();
	OK(initiate(0, &o));
	OK(device_identity(side[0].keys, 0)->handshake.state != NOISE_NONE);
	for (nsec due; (due = device_due(side[0].packets)) != 0;) {
		now.now = due;
		if (device_tick(side[0].packets, &now, fresh(), &o) &&
		    o.todo == DEVICE_FORGET) {
			device_forget(side[0].keys, o.peer);
			asked = true;
		}
	}
	OKF(asked && device_identity(side[0].keys, 0)->handshake.state ==
	    NOISE_NONE, "W8: a handshake that nobody answers is forgotten");
}

/* Where the next initiation would go, half a minute of retries long. */
static bool
next_goes_to(const struct endpoint *e)
{
	struct device_out o = { 0 };

	for (nsec due; (due = device_due(side[0].packets)) != 0;) {
		now.now = due > now.now ? due : now.now;
		if (device_tick(side[0].packets, &now, fresh(), &o) &&
		    o.todo == DEVICE_INITIATE)
			return endpoint_eq(&o.to.remote, e);
	}
	return false;
}

static void
test_home(void)
{
	struct endpoint home = { addr_from_v4((uint8_t[]){ 198, 51, 100, 9 }),
		4500, 0 }, seen;
	struct device_out init = { 0 }, o;

	setup();
	seen = side[1].at.remote;
	device_set_homes(side[0].packets, 0, &home, 1, now.now);
	device_want(side[0].packets, 0, now.now);
	OKF(next_goes_to(&seen), "a peer is looked for where it was seen");
	OKF(next_goes_to(&home), "if nobody answers, where it should be");
	OKF(next_goes_to(&seen) && next_goes_to(&home),
	    "and in turns, until somebody does");
	OK(device_initiate(side[0].keys, 0, &side[1].at, &now, fresh(), &init)
	    && give(1, &init, &o) == V_SELF && give(0, &o, &init) == V_SELF);
	OKF(endpoint_eq(&device_peer(side[0].packets, 0)->path.remote, &seen),
	    "there it is then");
}

/* Answers the initiation that goes out next, from where it goes to. */
static bool
answers_at(const struct endpoint *e)
{
	struct device_out init = { 0 }, o;
	struct path at = { .remote = *e };

	now.now += SEC;
	return device_initiate(side[0].keys, 0, &at, &now, fresh(), &init) &&
	    (side[1].at = at, give(1, &init, &o) == V_SELF) &&
	    give(0, &o, &init) == V_SELF;
}

/* Where what is sent goes. */
static bool
is_at(const struct endpoint *e)
{
	return endpoint_eq(&device_peer(side[0].packets, 0)->path.remote, e);
}

static void
test_homes(void)
{
	const struct endpoint none = { .port = 0 };
	struct endpoint e[5];

	for (uint8_t i = 0; i < 5; i++)
		e[i] = (struct endpoint){ addr_from_v4((uint8_t[]){ 198, 51,
		    100, (uint8_t)(i + 1) }), 4500, 0 };
	setup();
	device_set_endpoint(side[0].packets, 0, &none, now.now);
	device_want(side[0].packets, 0, now.now);
	OKF(!next_goes_to(&none), "nowhere to go");
	device_set_homes(side[0].packets, 0, e, 2, now.now);
	OKF(next_goes_to(&e[0]), "who waits is served when it is known where");
	OKF(next_goes_to(&e[1]) && next_goes_to(&e[0]), "each home has a turn");
	OK(answers_at(&e[0]));
	OKF(is_at(&e[0]), "the one that answers has it");
	device_set_homes(side[0].packets, 0, e, 3, now.now);
	OKF(device_peer(side[0].packets, 0)->due[PT_INITIATE] == 0 &&
	    is_at(&e[0]), "one home more changes nothing");
	device_set_homes(side[0].packets, 0, &e[3], 2, now.now);
	OKF(is_at(&e[0]), "where it was is no home: it is still sent there");
	OKF(next_goes_to(&e[3]), "and asked at the first of the new ones");
	OKF(next_goes_to(&e[4]) && next_goes_to(&e[0]),
	    "then at the others, and where it was");
	OK(answers_at(&e[3]));
	OKF(is_at(&e[3]), "there it answers: there it is");
	OK(answers_at(&e[1]));
	device_set_homes(side[0].packets, 0, &e[4], 1, now.now);
	OKF(device_peer(side[0].packets, 0)->due[PT_INITIATE] == 0 &&
	    is_at(&e[1]), "one that has moved by itself is left where it is");
}

/* The key process cannot know which indices are in use. */
static void
test_index(void)
{
	struct noise_keys k = { .local_index = 7, .remote_index = 1,
		.initiator = true };
	struct session *s;
	uint16_t peer;

	setup();
	device_add(side[0].packets, 1, NULL, NULL, &side[1].at.remote, 0, 1);
	device_begin(side[0].packets, 0, &k, &side[1].at, now.now);
	k.remote_index = 2;
	device_begin(side[0].packets, 1, &k, &side[1].at, now.now);
	OKF(device_receiver(side[0].packets, 7, now.now, &s, &peer) == V_NEXT
	    && peer == 1 && s->keys.remote_index == 2,
	    "an index in use goes to the newer session");
	OK(device_sender(side[0].packets, 0, now.now) == NULL);
	device_remove(side[0].packets, 1);
	OK(device_receiver(side[0].packets, 7, now.now, &s, &peer) == V_INDEX);
}

/* ---- who asks too often ---- */

static enum verdict
ask(struct cookie_maker *maker, const struct path *from, struct device_out *o)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };

	cookie_add_macs(maker, &m, sizeof(m), now.now);
	return device_handshake(side[1].keys, &now, fresh(), &m, sizeof(m),
	    from, o);
}

static void
test_source(void)
{
	struct device_out init = { 0 }, o;
	struct cookie_maker stranger, peer;
	struct path other = side[0].at;
	unsigned asked = 0, passed = 0;

	setup();
	cookie_maker_init(&stranger, &side[1].public_key);
	cookie_maker_init(&peer, &side[1].public_key);
	other.remote.addr.b[15] ^= 0x40;
	for (int i = 0; i < 30; i++)
		asked += ask(&stranger, &side[0].at, &o) == V_COOKIE;
	OKF(asked == 25, "W4: five of a source, then it is asked for a cookie");
	OKF(ask(&peer, &other, &o) == V_HANDSHAKE,
	    "W4: no other source is");
	OK(ask(&peer, &side[0].at, &o) == V_COOKIE && o.n == 64);
	struct msg_cookie c;
	memcpy(&c, o.msg, sizeof(c));
	OK(cookie_consume(&peer, &c, now.now));
	for (int i = 0; i < 30; i++) {
		ask(&stranger, &side[0].at, &o);
		passed += ask(&peer, &side[0].at, &o) == V_HANDSHAKE;
	}
	OKF(passed == ratelimit_host.burst, "W4: with one, five are let through "
	    "whoever else uses that address");
	OK(initiate(0, &init));
	memset(init.msg + 132, 0, 16);
	OK(give(1, &init, &o) == V_COOKIE);
}

/* W5: the initiator may be under load, too. */
static void
test_cookie_for_response(void)
{
	struct device_out init = { 0 }, response = { 0 }, o, cookie;
	struct cookie_maker stranger;
	const struct path at = side[1].at;

	setup();
	OK(initiate(0, &init) && give(1, &init, &response) == V_SELF);
	cookie_maker_init(&stranger, &side[0].public_key);
	for (int i = 0; i < 300; i++) {
		struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
		cookie_add_macs(&stranger, &m, sizeof(m), now.now);
		memcpy(o.msg, &m, sizeof(m));
		o.n = sizeof(m);
		give(0, &o, &cookie);
	}
	/* from elsewhere than it was asked for (F35) */
	side[1].at.remote.port++;
	OKF(give(0, &response, &cookie) == V_COOKIE && cookie.n == 64,
	    "W5: under load a response is answered with a cookie");
	side[1].at = at;
	OKF(give(1, &cookie, &o) == V_SELF, "W5: which is for who sent it");
	((struct msg_response *)response.msg)->receiver = le32_put(4711);
	cookie_maker_init(&stranger, &side[0].public_key);
	cookie_add_macs(&stranger, response.msg, 92, now.now);
	OKF(give(0, &response, &cookie) == V_INDEX &&
	    cookie.todo == DEVICE_NOTHING, "W2: but not to who guesses");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_split();
	test_forget();
	test_home();
	test_homes();
	test_index();
	test_source();
	test_cookie_for_response();
	return DONE();
}
