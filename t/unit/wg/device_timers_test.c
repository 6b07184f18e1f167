/* SPDX-License-Identifier: ISC */
/* When a device does something by itself: retries, new keys, keepalives, the end
 * of keys. */
#include "devices.h"

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

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
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
	return DONE();
}
