/* SPDX-License-Identifier: ISC */
/* A device under load: what strangers cost, and who gets in all the same. */
#include "devices.h"

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

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_load();
	test_forged();
	test_proven();
	test_known();
	return DONE();
}
