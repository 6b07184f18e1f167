/* SPDX-License-Identifier: ISC */
#ifndef BH_T_SIM_SIDE_H
#define BH_T_SIM_SIDE_H

/* A side: what its program does with a device, and what is to hold of it. */

#include "sim.h"

/* I2 */
static void
check_nonce(struct side *s, const struct session *ss)
{
	uint64_t key;
	int i;

	memcpy(&key, ss->keys.send.b, sizeof(key));
	for (i = 0; i < KEYS - 1 && s->used[i].key != key; i++)
		;
	if (s->used[i].key != key) {
		memmove(&s->used[1], &s->used[0],
		    sizeof(s->used) - sizeof(s->used[0]));
		s->used[0].key = key;
		s->used[0].next = 0;
		i = 0;
		sim.secret[sim.nsecrets++ % SECRETS] = key;
	}
	expect(ss->counter < REJECT_AFTER_MESSAGES, "sent past the limit");
	expect(ss->counter >= s->used[i].next, "a nonce was used twice");
	s->used[i].next = ss->counter + 1;
}

static struct moment
moment_of(const struct side *s)
{
	return (struct moment){ sim.now, WALL + sim.now + s->wall };
}

static void
send_data(int from, struct session *ss, const uint8_t *p, size_t n)
{
	struct side *s = &sim.side[from];
	uint8_t b[256], nonce[12] = { 0 };
	struct msg_data m = { le32_put(MSG_DATA),
		le32_put(ss->keys.remote_index), le64_put(ss->counter) };

	check_nonce(s, ss);
	memcpy(b, &m, sizeof(m));
	memcpy(nonce + 4, &m.counter, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(b + sizeof(m), NULL, p, n,
	    NULL, 0, NULL, nonce, ss->keys.send.b);
	ss->counter++;
	transmit(from, b, n + DATA_OVERHEAD);
	device_sent(s->d, 0, ss, n > 0, n + DATA_OVERHEAD, sim.now);
}

/* The number of a packet is its content. */
static void
send_number(int from, struct session *ss, const uint8_t *p)
{
	uint32_t id;

	memcpy(&id, p, sizeof(id));
	expect(sim.state[id] == NEW, "sent twice, or after it was dropped");
	sim.state[id] = SENT;
	sim.sent++;
	expect(sim.now - sim.born[id] <= 95 * NSEC_SEC, "waited over 95 s");
	send_data(from, ss, p, 16);
}

static void
drop_number(const uint8_t *p)
{
	uint32_t id;

	memcpy(&id, p, sizeof(id));
	expect(sim.state[id] == NEW, "dropped after it was sent");
	sim.state[id] = DROPPED;
	sim.dropped++;
	expect(sim.now - sim.born[id] <= 95 * NSEC_SEC, "waited over 95 s");
}

static void
send_or_stage(int from, const uint8_t *p)
{
	struct side *s = &sim.side[from];
	struct session *ss = device_sender(s->d, 0, sim.now);
	uint16_t evicted = 0;

	if (ss != NULL) {
		send_number(from, ss, p);
		return;
	}
	if (stage_count(s->stage, 0) == STAGE_PER_PEER) {
		drop_number(stage_pop(s->stage, 0)->packet);
	}
	struct staged *w = stage_push(s->stage, 0, sim.now, &evicted);
	expect(evicted == 0, "evicted with room to spare");
	w->len = 16;
	memcpy(w->packet, p, 16);
	expect(stage_count(s->stage, 0) <= STAGE_PER_PEER, "over 128 wait");
}

static void
ready(int at, bool confirm)
{
	struct side *s = &sim.side[at];
	struct session *ss;
	bool any = false;

	while (stage_count(s->stage, 0) > 0 &&
	    (ss = device_sender(s->d, 0, sim.now)) != NULL) {
		send_number(at, ss, stage_pop(s->stage, 0)->packet);
		any = true;
	}
	if (!any && confirm &&
	    (ss = device_sender(s->d, 0, sim.now)) != NULL)
		send_data(at, ss, NULL, 0);
}

static void
act(int at, const struct device_out *o)
{
	struct session *ss;

	if (o->todo == DEVICE_SEND)
		transmit(at, o->msg, o->n);
	else if (o->todo == DEVICE_READY)
		ready(at, true);
	else if (o->todo == DEVICE_KEEPALIVE &&
	    (ss = device_sender(sim.side[at].d, 0, sim.now)) != NULL)
		send_data(at, ss, NULL, 0);
}

/* I6: refused means that the peer is as it was. */
static void
refused(const struct side *s, const struct peer *before,
    const struct identity *known)
{
	expect(memcmp(before, device_peer(s->d, 0), sizeof(*before)) == 0 &&
	    memcmp(known, device_identity(s->d, 0), sizeof(*known)) == 0,
	    "a refused message changed the peer");
}

/* True if it is one of theirs, and new. */
static bool
open_data(struct side *s, const struct datagram *g, const struct path *from,
    uint8_t *b, bool *is_ready)
{
	uint8_t nonce[12] = { 0 };
	struct msg_data m;
	struct session *ss;
	uint16_t peer;

	memcpy(&m, g->b, sizeof(m));
	if (device_receiver(s->d, le32_get(m.receiver), sim.now, &ss, &peer) !=
	    V_NEXT)
		return false;
	memcpy(nonce + 4, &m.counter, 8);
	return crypto_aead_chacha20poly1305_ietf_decrypt(b, NULL, NULL,
	    g->b + sizeof(m), g->n - sizeof(m), NULL, 0, nonce,
	    ss->keys.receive.b) == 0 && device_received(s->d, peer, ss,
	    le64_get(m.counter), g->n - DATA_OVERHEAD, from, sim.now,
	    is_ready) == V_NEXT;
}

static void
take_data(int at, const struct datagram *g, const struct path *from)
{
	struct side *s = &sim.side[at];
	struct peer before = *device_peer(s->d, 0);
	struct identity known = *device_identity(s->d, 0);
	uint8_t b[256];
	uint32_t id;
	bool is_ready = false;

	if (!open_data(s, g, from, b, &is_ready)) {
		refused(s, &before, &known);
		return;
	}
	if (is_ready)
		ready(at, false);
	if (g->n == DATA_OVERHEAD)
		return;
	memcpy(&id, b, sizeof(id));
	expect(sim.state[id] == SENT, "delivered twice, or never sent");
	sim.state[id] = DELIVERED;
	sim.delivered++;
	s->heard = sim.now;
}

static void
take_handshake(int at, const struct datagram *g, const struct path *from)
{
	struct side *s = &sim.side[at];
	const struct moment t = moment_of(s);
	uint8_t random[DEVICE_RANDOM];
	struct peer before = *device_peer(s->d, 0);
	struct identity known = *device_identity(s->d, 0);
	struct device_out o;

	rnd_fill(random, sizeof(random));
	enum verdict v = device_handshake(s->d, &t, random, g->b, g->n, from,
	    &o);
	if (v != V_SELF) {
		refused(s, &before, &known);
		expect(o.todo == DEVICE_NOTHING || v == V_COOKIE,
		    "a refused message was answered");
	}
	act(at, &o);
}

static void
arrive(struct datagram g)
{
	const struct path from = { .remote = sim.side[!g.to].at };

	if (g.b[0] == MSG_DATA && g.n >= DATA_OVERHEAD)
		take_data(g.to, &g, &from);
	else
		take_handshake(g.to, &g, &from);
}

/* A program that starts: nothing is left of the old one but its keys and the
 * time stamps (W6). */
static void
start(int at)
{
	struct side *s = &sim.side[at];
	const struct staged *w;
	uint8_t random[DEVICE_RANDOM];
	struct key none = { { 0 } };
	struct identity old = { 0 };

	if (s->d != NULL)
		old = *device_identity(s->d, 0);
	while (s->stage != NULL && (w = stage_pop(s->stage, 0)) != NULL)
		drop_number(w->packet);
	stage_free(s->stage);
	device_free(s->d);
	rnd_fill(random, sizeof(random));
	s->d = device_new_whole(1, &s->key, random);
	s->stage = stage_new(1, SLOTS, 16);
	if (!device_add(s->d, 0, &sim.side[!at].public_key, &none,
	    &sim.side[!at].at, 0, sim.now))
		expect(false, "device_add");
	device_recall(s->d, 0, &old.stamps);
}

static void
tick(int at)
{
	struct side *s = &sim.side[at];
	const struct moment t = moment_of(s);
	uint8_t random[DEVICE_RANDOM];
	struct device_out o;
	const struct staged *w;
	nsec due;

	while ((due = device_due(s->d)) != 0 && due <= sim.now) {
		rnd_fill(random, sizeof(random));
		if (device_tick(s->d, &t, random, &o))
			act(at, &o);
	}
	while ((w = stage_expired(s->stage, sim.now)) != NULL)
		drop_number(w->packet);
}

/* I8 */
static void
check_age(const struct side *s)
{
	const struct peer *p = device_peer(s->d, 0);

	for (int i = 0; i < PEER_SESSIONS; i++)
		expect(p->session[i].born == 0 || sim.now - p->session[i].born
		    <= 3 * REJECT_AFTER_TIME, "a key is older than 540 s");
}

static bool
holds(const void *table, size_t n, uint64_t secret)
{
	return memmem(table, n, &secret, sizeof(secret)) != NULL;
}

static void
check_erased(const struct side *s)
{
	unsigned n = sim.nsecrets < SECRETS ? sim.nsecrets : SECRETS;

	for (unsigned i = 0; i < n; i++)
		expect(!holds(s->d->peer, sizeof(*s->d->peer), sim.secret[i]) &&
		    !holds(s->d->identity, sizeof(*s->d->identity),
		    sim.secret[i]), "a key was not erased");
}

#endif
