/* SPDX-License-Identifier: ISC */
/* The rules of the protocol one by one; names are those of the whitepaper's
 * digest: W1 sizes, W2 silence, and so on. */
#include "test.h"

#include "wg/device_impl.h"

#include <sodium.h>
#include <string.h>

#define SEC NSEC_SEC
#define MS NSEC_MS

static struct device *dev[2];	/* each other's peer number 0 */
static struct key keys[2], publics[2];
static struct path at[2];
static struct moment now;
static uint64_t counter;
static uint8_t drawn[DEVICE_RANDOM];	/* what the last step was given */

static const uint8_t *
fresh(void)
{
	static uint8_t seed[randombytes_SEEDBYTES];

	counter++;
	memcpy(seed, &counter, sizeof(counter));
	randombytes_buf_deterministic(drawn, sizeof(drawn), seed);
	return drawn;
}

static void
set_now(nsec t)
{
	now = (struct moment){ t, 1700000000 * SEC + t };
}

static void
setup(uint16_t persistent)
{
	static const struct key none;

	set_now(1000 * SEC);
	for (int i = 0; i < 2; i++) {
		struct noise_local l;
		memset(&keys[i], 1 + i, sizeof(keys[i]));
		noise_local_init(&l, &keys[i]);
		publics[i] = l.public_key;
		at[i] = (struct path){ .remote = { addr_from_v4((uint8_t[]){
		    192, 0, 2, (uint8_t)(1 + i) }), 51820, 0 } };
	}
	for (int i = 0; i < 2; i++) {
		device_free(dev[i]);
		dev[i] = device_new(1, &keys[i], fresh());
		device_add(dev[i], 0, &publics[!i], &none, &at[!i].remote,
		    i == 0 ? persistent : 0, now.now);
	}
}

static enum verdict
give(int to, const struct device_out *o, struct device_out *answer)
{
	return device_handshake(dev[to], &now, fresh(), o->msg, o->n, &at[!to],
	    answer);
}

static bool
tick(int i, struct device_out *o)
{
	o->todo = DEVICE_NOTHING;
	return device_tick(dev[i], &now, fresh(), o);
}

static bool
is_initiation(const struct device_out *o)
{
	return o->todo == DEVICE_SEND && o->n == 148 && o->msg[0] == 1;
}

/* As if data had been sent, or received, in the session. */
static void
sent(int i, bool data)
{
	struct session *s = device_sender(dev[i], 0, now.now);

	s->counter++;
	device_sent(dev[i], 0, s, data, 32, now.now);
}

static enum verdict
received(int i, struct session *s, uint64_t n, bool data)
{
	bool ready;

	return device_received(dev[i], 0, s, n, data ? 32 : 0, &at[!i],
	    now.now, &ready);
}

/* A whole handshake with side 0 as initiator; false if anything fails. */
static bool
connect_both(void)
{
	struct device_out init, resp, done;
	struct peer *p = device_peer(dev[1], 0);

	device_sender(dev[0], 0, now.now);
	if (!tick(0, &init) || !is_initiation(&init) ||
	    give(1, &init, &resp) != V_SELF || resp.n != 92 ||
	    give(0, &resp, &done) != V_SELF || done.todo != DEVICE_READY)
		return false;
	/* side 0 confirms */
	sent(0, false);
	return received(1, p->next, 0, false) == V_NEXT;
}

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
	struct device *d = device_new(1, &stranger, fresh());
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
	struct device *d = device_new(3, &keys[0], fresh());

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

/* ---- load ---- */

/* Messages with a good mac1 and nothing else; until cookies come. */
static void
flood(int to)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct cookie_maker maker;
	struct device_out o = { .n = sizeof(m) }, answer;

	cookie_maker_init(&maker, &publics[to]);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	memcpy(o.msg, &m, sizeof(m));
	for (int i = 0; i < 200; i++)
		give(to, &o, &answer);
}

static void
test_load(void)
{
	struct device_out init, cookie, o, resp;
	unsigned allowed = 0;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	flood(1);
	OKF(give(1, &init, &cookie) == V_COOKIE && cookie.n == 64 &&
	    cookie.peer == DEVICE_NOBODY && cookie.to.remote.port == 51820,
	    "W4: under load an initiation without mac2 gets a cookie");
	OKF(give(0, &cookie, &o) == V_SELF && o.todo == DEVICE_NOTHING,
	    "W5: the cookie is kept, and nothing is sent because of it");
	give(0, &cookie, &o);
	OKF(o.todo == DEVICE_NOTHING, "W5: nor because of its copy");
	set_now(now.now + 5400 * MS);
	tick(0, &init);
	flood(1);
	OKF(give(1, &init, &resp) == V_SELF && resp.n == 92,
	    "W4: with mac2 it is answered");
	for (int i = 0; i < 10; i++)
		allowed += give(1, &init, &o) == V_STALE;
	OKF(allowed == 2 * ratelimit_host.burst - 1, "W4: five at once of a "
	    "source with a cookie, and five of where a peer has been");
	set_now(now.now + 999 * MS);
	OKF(give(1, &(struct device_out){ .n = 148, .msg = { 1 } }, &o) ==
	    V_MAC1, "W3: mac1 comes first");
	set_now(now.now + 130 * SEC);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	OKF(give(1, &init, &o) == V_SELF, "W4: load passes");
}

/* So many initiations with a right mac1, each from another address of the
 * networks that begin with these bytes: how many cost a DH. */
static unsigned given;	/* cookies */

static unsigned
forged(unsigned n, unsigned from, unsigned networks)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct cookie_maker maker;
	struct device_out o;
	unsigned paid = 0;

	cookie_maker_init(&maker, &publics[1]);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	for (unsigned i = 0; i < n; i++) {
		const struct path p = { .remote = { addr_from_v4((uint8_t[]){
		    (uint8_t)(from + i % networks), 66, (uint8_t)(i >> 8),
		    (uint8_t)i }), 7, 0 } };
		enum verdict v = device_handshake(dev[1], &now, fresh(), &m,
		    sizeof(m), &p, &o);
		paid += v == V_HANDSHAKE;
		given += v == V_COOKIE && o.n == 64;
		if (v != V_HANDSHAKE && v != V_COOKIE && v != V_LIMITED)
			return UINT32_MAX;
	}
	return paid;
}

/* As many with a cookie that was given to that very address: it is proven. */
static unsigned
proven(unsigned n, struct path p, unsigned at_byte)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct cookie_maker maker;
	struct msg_cookie c;
	struct device_out o;
	unsigned paid = 0;

	cookie_maker_init(&maker, &publics[1]);
	for (unsigned i = 0; i < n; i++) {
		p.remote.addr.b[at_byte] = (uint8_t)i;
		cookie_add_macs(&maker, &m, sizeof(m), now.now);
		cookie_reply(&dev[1]->checker, &m, sizeof(m), &p.remote,
		    fresh(), now.now, &c);
		cookie_consume(&maker, &c, now.now);
		cookie_add_macs(&maker, &m, sizeof(m), now.now);
		enum verdict v = device_handshake(dev[1], &now, fresh(), &m,
		    sizeof(m), &p, &o);
		paid += v == V_HANDSHAKE;
		if (v != V_HANDSHAKE && v != V_LIMITED)
			return UINT32_MAX;
	}
	return paid;
}

/* Seconds of 20,000 a second from all addresses that differ in that byte, and
 * in the one before where it is not the last: how many of them cost a DH. */
static unsigned
flood_proven(unsigned seconds, const char *base, unsigned at_byte)
{
	struct path p = { .remote = { .port = 7 } };
	unsigned paid = 0;

	addr_parse(&p.remote.addr, base);
	for (unsigned ms = 0; ms < seconds * 1000; ms += 10) {
		set_now(now.now + 10 * MS);
		if (at_byte < 15)
			p.remote.addr.b[at_byte - 1] = (uint8_t)(ms / 10);
		paid += proven(200, p, at_byte);
	}
	return paid;
}

/* A peer's handshake, with a cookie, goes through from there. */
static bool
gets_in(const struct path *from)
{
	struct cookie_maker *maker = &dev[0]->identity[0].cookie;
	struct device_out init, o;
	struct msg_cookie c;

	device_sender(dev[0], 0, now.now);
	if (!tick(0, &init) || !is_initiation(&init))
		return false;
	cookie_reply(&dev[1]->checker, init.msg, init.n, &from->remote,
	    fresh(), now.now, &c);
	cookie_consume(maker, &c, now.now);
	cookie_add_macs(maker, init.msg, init.n, now.now);
	return device_handshake(dev[1], &now, fresh(), init.msg, init.n, from,
	    &o) == V_SELF && o.n == 92;
}

/* A cookie proves where somebody is, not that he is one.  What strangers may do
 * who have none comes on top. */
static void
test_proven(void)
{
	static const struct {
		const char *base, *what;
		unsigned at_byte, most;
	} floods[] = {
		{ "2001:db8:66::1", "a /48", 7, 3 * 400 + 50 + 2 * 100 },
		{ "2001:db8::1", "a /32", 5, 2 * 3 * 400 },
		{ "2000::1", "everywhere", 2, 2 * 3 * 1000 },
		{ "10.6.6.1", "a /24", 15, 3 * 400 + 50 + 2 * 100 },
	};
	struct path elsewhere = at[0];

	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		setup(0);
		connect_both();
		unsigned n = flood_proven(2, floods[i].base,
		    floods[i].at_byte);
		OKF(n > floods[i].most * 9 / 10 && n <= floods[i].most,
		    "H5: 40,000 with cookies of %s cost %u DH, of at most %u",
		    floods[i].what, n, floods[i].most);
	}
	setup(0);
	connect_both();
	set_now(now.now + 200 * SEC);
	flood_proven(1, "2000::1", 2);
	OKF(gets_in(&at[0]), "H5: who spends all that is for strangers has "
	    "spent nothing of where a peer has been");
	set_now(now.now + 200 * SEC);
	flood_proven(1, "2001:db8:66::1", 7);
	addr_parse(&elsewhere.remote.addr, "2001:db8:67::1");
	OKF(gets_in(&elsewhere), "H5: nor of the next /48, with a cookie");
}

static void
test_forged(void)
{
	struct device_out init, o;
	unsigned paid = 0;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	OKF(forged(20000, 10, 1) == ratelimit_network.burst,
	    "W4: who forges a network costs what a network may");
	for (int i = 0; i < 10; i++) {
		set_now(now.now + 100 * MS);
		paid += forged(2000, 10, 1);
	}
	OKF(paid == ratelimit_network.per_second, "and so many a second");
	OKF(given >= 10000 && given <= 11100, "W4: of 40,000, half within a "
	    "second, %u get a cookie", given);
	OKF(give(1, &init, &o) == V_SELF && o.n == 92,
	    "who is elsewhere gets in at once");
	setup(0);
	OKF(forged(20000, 1, 200) == ratelimit_all.burst,
	    "W4: who forges everything costs what all may");
	paid = 0;
	for (int i = 0; i < 10; i++) {
		set_now(now.now + 100 * MS);
		paid += forged(2000, 1, 200);
	}
	OKF(paid == ratelimit_all.per_second, "and so many a second: %u", paid);
}

/* What the peer has to say first when nobody has heard of its session. */
static enum verdict
knock(struct device_out *o)
{
	struct device_out init;

	device_renew(dev[0], now.now);
	device_sender(dev[0], 0, now.now);
	while (!tick(0, &init) || !is_initiation(&init))
		continue;
	return give(1, &init, o);
}

static void
test_known(void)
{
	struct device_out o;
	unsigned in = 0, paid = 0;

	setup(0);
	connect_both();
	set_now(now.now + 600 * SEC);
	given = 0;
	forged(20000, 1, 200);
	OKF(given > 0 && knock(&o) == V_SELF && o.n == 92, "W4: where a peer "
	    "has been before, all the Internet does not keep it out");
	for (int i = 0; i < 10; i++) {
		set_now(now.now + 500 * MS);
		forged(10000, 1, 200);
		in += knock(&o) == V_SELF;
	}
	OKF(in == 10, "again and again: %u of 10", in);
	/* who forges it, too, costs no more than any source */
	for (int i = 0; i < 1000; i++) {
		struct path from = at[0];
		struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
		struct cookie_maker maker;
		cookie_maker_init(&maker, &publics[1]);
		cookie_add_macs(&maker, &m, sizeof(m), now.now);
		set_now(now.now + MS);
		paid += device_handshake(dev[1], &now, fresh(), &m, sizeof(m),
		    &from, &o) == V_HANDSHAKE;
	}
	OKF(paid >= 20 && paid <= 25, "W4: and 20 a second of it: %u", paid);
	set_now(now.now + 86401 * SEC);
	given = 0;
	forged(20000, 1, 200);
	OKF(knock(&o) != V_SELF, "a day later nobody is remembered");
}

/* ---- timers ---- */

static void
test_retry(void)
{
	struct device_out o;
	unsigned attempts = 0, early = 0, late = 0, same = 0;
	nsec last = 0, began;
	uint8_t before[148] = { 0 };

	setup(0);
	began = now.now;
	device_sender(dev[0], 0, now.now);
	for (nsec due; (due = device_due(dev[0])) != 0;) {
		set_now(due);
		if (!tick(0, &o) || !is_initiation(&o))
			continue;
		attempts++;
		early += last != 0 && due - last < 5 * SEC;
		late += last != 0 && due - last > 5 * SEC + SEC / 3;
		/* index; ephemeral */
		same += memcmp(before + 4, o.msg + 4, 4) == 0 ||
		    memcmp(before + 8, o.msg + 8, 32) == 0;
		memcpy(before, o.msg, sizeof(before));
		last = due;
		if (attempts > 30)
			break;
	}
	OKF(early + late == 0, "W7: 5 s and up to a third between attempts");
	OKF(attempts >= 17 && attempts <= 18, "W7: %u attempts", attempts);
	OKF(last - began < 90 * SEC, "W7: given up after 90 s");
	OKF(same == 0, "W7: each with a new index and ephemeral");
	OKF(device_identity(dev[0], 0)->handshake.state == NOISE_NONE,
	    "W8: the handshake is forgotten in the end");
	device_sender(dev[0], 0, now.now);
	OKF(tick(0, &o) && is_initiation(&o), "W7: new data begins anew");
}

static void
test_erase(void)
{
	struct device_out o;
	struct peer *p;
	nsec began;
	bool zero = true;

	setup(0);
	connect_both();
	p = device_peer(dev[0], 0);
	began = now.now;
	set_now(began + 539 * SEC);
	while (tick(0, &o))
		;
	OKF(p->current != NULL, "W8: keys are there for 539 s");
	set_now(began + 540 * SEC);
	while (tick(0, &o))
		;
	for (size_t i = 0; i < sizeof(p->session); i++)
		zero &= ((uint8_t *)p->session)[i] == 0;
	OKF(zero && p->current == NULL, "W8: and zero after 540 s");
}

static void
test_rekey(void)
{
	static const struct {
		const char *name;
		int side;
		bool send;
		unsigned age;
		bool asks;
	} cases[] = {
		{ "initiator sends at 119 s", 0, true, 119, false },
		{ "initiator sends at 120 s", 0, true, 120, true },
		{ "initiator receives at 164 s", 0, false, 164, false },
		{ "initiator receives at 165 s", 0, false, 165, true },
		{ "responder sends at 170 s", 1, true, 170, false },
		{ "responder receives at 170 s", 1, false, 170, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_out o;
		setup(0);
		connect_both();
		set_now(now.now + cases[i].age * SEC);
		struct peer *p = device_peer(dev[cases[i].side], 0);
		p->due[PT_KEEPALIVE] = p->due[PT_SILENCE] = 0;
		if (cases[i].send)
			sent(cases[i].side, true);
		else
			received(cases[i].side, p->current, 7, true);
		bool asked = tick(cases[i].side, &o) && is_initiation(&o);
		OKF(asked == cases[i].asks, "W9: %s: %s", cases[i].name,
		    cases[i].asks ? "new keys" : "nothing");
	}
	setup(0);
	connect_both();
	struct peer *p = device_peer(dev[1], 0);
	p->current->counter = REKEY_AFTER_MESSAGES;
	sent(1, true);
	struct device_out o;
	set_now(now.now + 6 * SEC);
	OKF(tick(1, &o) && is_initiation(&o),
	    "W9: after 2^60 messages the responder asks too");
	p->current->counter = REJECT_AFTER_MESSAGES - 1;
	OK(device_sender(dev[1], 0, now.now) != NULL);
	p->current->counter++;
	OKF(device_sender(dev[1], 0, now.now) == NULL,
	    "W9: none is sent after 2^64 - 2^13 - 1");
}

static void
test_expiry(void)
{
	struct session *s;
	uint16_t peer;

	setup(0);
	connect_both();
	uint32_t index = device_peer(dev[1], 0)->current->keys.local_index;
	set_now(now.now + 180 * SEC - 1);
	OK(device_receiver(dev[1], index, now.now, &s, &peer) == V_NEXT);
	OK(device_sender(dev[1], 0, now.now) != NULL);
	set_now(now.now + 1);
	OKF(device_receiver(dev[1], index, now.now, &s, &peer) == V_EXPIRED,
	    "W9: nothing is received after 180 s");
	OKF(device_sender(dev[1], 0, now.now) == NULL, "W9: nor sent");
	OK(device_receiver(dev[1], index + 1, now.now, &s, &peer) == V_INDEX);
}

static void
test_confirm(void)
{
	struct device_out init, resp, done;
	struct peer *p;

	setup(0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	give(1, &init, &resp);
	p = device_peer(dev[1], 0);
	OKF(p->next != NULL && device_sender(dev[1], 0, now.now) == NULL,
	    "W10: the responder does not send before it has heard");
	give(0, &resp, &done);
	OKF(done.todo == DEVICE_READY, "W10: the initiator may send at once");
	OKF(received(1, p->next, 0, false) == V_NEXT &&
	    device_sender(dev[1], 0, now.now) == p->current,
	    "W10: the first packet confirms");
}

static void
test_cross(void)
{
	struct device_out init[2], resp[2], done;
	struct session *old[2];
	bool ok = true;

	setup(0);
	connect_both();
	set_now(now.now + 121 * SEC);
	for (int i = 0; i < 2; i++) {
		old[i] = device_peer(dev[i], 0)->current;
		peer_want(device_peer(dev[i], 0), &dev[i]->timers, now.now);
		ok &= tick(i, &init[i]) && is_initiation(&init[i]);
	}
	for (int i = 0; i < 2; i++)
		ok &= give(!i, &init[i], &resp[!i]) == V_SELF;
	for (int i = 0; i < 2; i++)
		ok &= give(!i, &resp[i], &done) == V_SELF &&
		    done.todo == DEVICE_READY;
	OKF(ok, "two handshakes that cross both succeed");
	for (int i = 0; i < 2; i++) {
		struct session *s, *mine = device_sender(dev[i], 0, now.now);
		uint16_t peer;
		OKF(mine != NULL && mine != old[i] && device_receiver(dev[!i],
		    mine->keys.remote_index, now.now, &s, &peer) == V_NEXT,
		    "what either sends the other can open");
		OKF(device_receiver(dev[i], old[i]->keys.local_index, now.now,
		    &s, &peer) == V_NEXT && s == old[i],
		    "W11: so it can what was under way");
		OK(device_peer(dev[i], 0)->next == NULL);
	}
}

static void
test_keepalive(void)
{
	struct device_out o;
	nsec began;

	setup(0);
	connect_both();
	began = now.now;
	received(1, device_peer(dev[1], 0)->current, 1, true);
	set_now(began + 10 * SEC - 1);
	OK(!tick(1, &o));
	set_now(began + 10 * SEC);
	OKF(tick(1, &o) && o.todo == DEVICE_KEEPALIVE,
	    "W13: a keepalive 10 s after data");
	setup(0);
	connect_both();
	received(1, device_peer(dev[1], 0)->current, 1, false);
	set_now(began + 11 * SEC);
	OKF(!tick(1, &o), "W13: keepalives are not answered");
	setup(0);
	connect_both();
	sent(0, true);
	set_now(began + 15 * SEC - 1);
	OK(!tick(0, &o));
	set_now(began + 15 * SEC + SEC / 3);
	OKF(tick(0, &o) && is_initiation(&o),
	    "W13: data, and silence for 15 s: a new handshake");
}

/* What makes a deadline go away. */
static void
test_relief(void)
{
	struct device_out o;
	nsec began;

	setup(0);
	connect_both();
	began = now.now;
	set_now(began + 6 * SEC);
	OKF(!tick(0, &o), "W7: no retry once there is a session");
	sent(0, true);
	received(0, device_peer(dev[0], 0)->current, 0, false);
	set_now(began + 40 * SEC);
	OKF(!tick(0, &o), "W13: a keepalive breaks the silence");
	received(1, device_peer(dev[1], 0)->current, 1, true);
	sent(1, false);
	set_now(began + 60 * SEC);
	OKF(!tick(1, &o), "W13: having sent anything, no keepalive is due");
}

static void
test_last_minute(void)
{
	struct device_out init, resp, o;

	setup(0);
	connect_both();
	for (int round = 0; round < 2; round++) {
		struct peer *p = device_peer(dev[0], 0);
		set_now(now.now + 166 * SEC);
		while (tick(0, &o))
			;
		received(0, p->current, 5, true);
		OKF(tick(0, &init) && is_initiation(&init),
		    "W9: new keys are asked for, session %d", round + 1);
		nsec tried = p->trying_since;
		set_now(now.now + SEC);
		received(0, p->current, 6, true);
		OKF(p->trying_since == tried, "W9: once in a session");
		give(1, &init, &resp);
		give(0, &resp, &o);
		OKF(give(0, &resp, &o) == V_INDEX, "a response is good once");
	}
}

/* How often we ask. */
static void
test_pace(void)
{
	struct device_out init, resp, o;
	struct peer *p;

	setup(0);
	p = device_peer(dev[0], 0);
	device_sender(dev[0], 0, now.now);
	tick(0, &init);
	nsec due = p->due[PT_INITIATE];
	set_now(now.now + SEC);
	device_sender(dev[0], 0, now.now);
	OKF(p->due[PT_INITIATE] == due, "W7: more data brings no more attempts");
	give(1, &init, &resp);
	device_sender(dev[1], 0, now.now);
	set_now(now.now + 5 * SEC - 1);
	OKF(!tick(1, &o), "W7: who has answered waits 5 s before it asks");
	set_now(now.now + 1);
	OKF(tick(1, &o) && is_initiation(&o), "W7: and asks then");
	/* that is lost; but the first packet of the other session comes */
	OK(give(0, &resp, &o) == V_SELF);
	received(1, device_peer(dev[1], 0)->next, 0, false);
	set_now(now.now + 6 * SEC);
	OKF(!tick(1, &o), "W7: until it hears that there is a session");
}

static void
test_persistent(void)
{
	struct device_out o;
	nsec began;

	setup(25);
	OKF(tick(0, &o) && o.todo == DEVICE_KEEPALIVE,
	    "W14: a persistent keepalive begins at once");
	setup(25);
	began = now.now;
	tick(0, &o);
	connect_both();
	set_now(began + 24 * SEC);
	OK(!tick(0, &o));
	set_now(began + 25 * SEC);
	OKF(tick(0, &o) && o.todo == DEVICE_KEEPALIVE,
	    "W14: and goes on 25 s after the last packet");
	set_now(began + 35 * SEC);
	received(0, device_peer(dev[0], 0)->current, 0, false);
	set_now(began + 60 * SEC - 1);
	OKF(!tick(0, &o), "W14: of either direction");
	set_now(began + 60 * SEC);
	OKF(tick(0, &o) && o.todo == DEVICE_KEEPALIVE, "W14: and not later");
	setup(0);
	connect_both();
	set_now(began + 100 * SEC);
	OKF(!tick(0, &o), "W14: off by default");
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
	test_recall();
	test_endpoint();
	test_load();
	test_forged();
	test_proven();
	test_known();
	test_retry();
	test_erase();
	test_rekey();
	test_expiry();
	test_confirm();
	test_cross();
	test_keepalive();
	test_relief();
	test_last_minute();
	test_pace();
	test_persistent();
	test_bytes();
	test_remove();
	test_private_key();
	test_forged_identity();
	test_divided();
	return DONE();
}
