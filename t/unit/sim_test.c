/* SPDX-License-Identifier: ISC */
/*
 * Two devices and a bad network between them, in virtual time.  A seed decides
 * everything, so that a failure can be had again: sim_test SEED.
 *
 * Checked at every step, after reliability I2, I3, I5, I6, I7: a counter is
 * never used twice with a key; a packet is delivered at most once, and only if
 * it was sent; at most 128 wait; what is refused changes nothing; nothing waits
 * longer than 95 s.
 */
#include "test.h"

#include "wg/device_impl.h"
#include "wg/stage.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { FLIGHT = 512, PACKETS = 1 << 16, KEYS = 16, SLOTS = 256 };

/* How bad the network is, in thousandths, and what happens besides. */
struct weather {
	unsigned loss, dup, corrupt;
	unsigned delay_ms;	/* up to; more than one packet apart: reorders */
	unsigned every_ms;	/* mean time between two packets of a side */
	unsigned restart_s;	/* mean time between restarts; 0: none */
	unsigned both;		/* both send, else the first only */
	nsec length;
};

struct datagram {
	nsec due;
	int to;
	size_t n;
	uint8_t b[256];
};

struct side {
	struct key key, public_key;
	struct endpoint at;
	struct device *d;
	struct stage *stage;
	struct {
		uint64_t key;
		uint64_t next;
	} used[KEYS];		/* by sending key, latest first */
};

static struct {
	uint64_t rng;
	nsec now;
	struct weather w;
	struct side side[2];
	struct datagram flight[FLIGHT];
	unsigned nflight;
	uint8_t state[PACKETS];	/* of each packet */
	nsec born[PACKETS];
	unsigned packets, delivered, dropped, sent;
	const char *wrong;
} sim;

enum { NEW = 1, SENT, DELIVERED, DROPPED };

static uint64_t
rnd(void)
{
	/* splitmix64 */
	uint64_t z = sim.rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool
chance(unsigned thousandths)
{
	return rnd() % 1000 < thousandths;
}

static void
rnd_fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rnd();
}

static void
expect(bool ok, const char *what)
{
	if (!ok && sim.wrong == NULL)
		sim.wrong = what;
}

/* ---- the network ---- */

static void
fly(int to, const void *p, size_t n)
{
	if (sim.nflight == FLIGHT)
		return;
	struct datagram *g = &sim.flight[sim.nflight++];
	g->due = sim.now + NSEC_MS + rnd() % (sim.w.delay_ms + 1) * NSEC_MS;
	g->to = to;
	g->n = n;
	memcpy(g->b, p, n);
	if (chance(sim.w.corrupt))
		g->b[rnd() % n] ^= (uint8_t)(1 << rnd() % 8);
}

static void
transmit(int from, const void *p, size_t n)
{
	if (chance(sim.w.loss))
		return;
	fly(!from, p, n);
	if (chance(sim.w.dup))
		fly(!from, p, n);
}

/* ---- a side ---- */

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
	}
	expect(ss->counter >= s->used[i].next, "a nonce was used twice");
	s->used[i].next = ss->counter + 1;
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

static void
take_data(int at, const struct datagram *g, const struct path *from)
{
	struct side *s = &sim.side[at];
	uint8_t b[256], nonce[12] = { 0 };
	struct msg_data m;
	struct session *ss;
	uint16_t peer;
	uint32_t id;
	bool is_ready;

	memcpy(&m, g->b, sizeof(m));
	if (device_receiver(s->d, le32_get(m.receiver), sim.now, &ss, &peer) !=
	    V_NEXT)
		return;
	memcpy(nonce + 4, &m.counter, 8);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(b, NULL, NULL,
	    g->b + sizeof(m), g->n - sizeof(m), NULL, 0, nonce,
	    ss->keys.receive.b) != 0)
		return;
	if (device_received(s->d, peer, ss, le64_get(m.counter),
	    g->n - DATA_OVERHEAD, from, sim.now, &is_ready) != V_NEXT)
		return;
	if (is_ready)
		ready(at, false);
	if (g->n == DATA_OVERHEAD)
		return;
	memcpy(&id, b, sizeof(id));
	expect(sim.state[id] == SENT, "delivered twice, or never sent");
	sim.state[id] = DELIVERED;
	sim.delivered++;
}

/* I6: refused means that the peer is as it was. */
static void
take_handshake(int at, const struct datagram *g, const struct path *from)
{
	struct side *s = &sim.side[at];
	const struct moment t = { sim.now, sim.now };
	uint8_t random[DEVICE_RANDOM];
	struct peer before = *device_peer(s->d, 0);
	struct identity known = *device_identity(s->d, 0);
	struct device_out o;

	rnd_fill(random, sizeof(random));
	enum verdict v = device_handshake(s->d, &t, random, g->b, g->n, from,
	    &o);
	if (v != V_SELF) {
		expect(memcmp(&before, device_peer(s->d, 0), sizeof(before)) ==
		    0 && memcmp(&known, device_identity(s->d, 0),
		    sizeof(known)) == 0, "a refused message changed the peer");
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

/* A program that starts: nothing is left of the old one but its keys. */
static void
start(int at)
{
	struct side *s = &sim.side[at];
	const struct staged *w;
	uint8_t random[DEVICE_RANDOM];
	struct key none = { { 0 } };

	while (s->stage != NULL && (w = stage_pop(s->stage, 0)) != NULL)
		drop_number(w->packet);
	stage_free(s->stage);
	device_free(s->d);
	rnd_fill(random, sizeof(random));
	s->d = device_new(1, &s->key, random);
	s->stage = stage_new(1, SLOTS, 16);
	if (!device_add(s->d, 0, &sim.side[!at].public_key, &none,
	    &sim.side[!at].at, 0, sim.now))
		expect(false, "device_add");
}

static void
tick(int at)
{
	struct side *s = &sim.side[at];
	const struct moment t = { sim.now, sim.now };
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

/* ---- the run ---- */

static void
emit(int from)
{
	uint8_t p[16] = { 0 };
	uint32_t id = sim.packets;

	if (sim.packets == PACKETS)
		return;
	sim.packets++;
	sim.state[id] = NEW;
	sim.born[id] = sim.now;
	memcpy(p, &id, sizeof(id));
	send_or_stage(from, p);
}

static nsec
later(unsigned mean_ms)
{
	return sim.now + 1 + rnd() % (2 * (uint64_t)mean_ms + 1) * NSEC_MS;
}

static nsec
min_due(nsec a, nsec b)
{
	return b != 0 && b < a ? b : a;
}

static void
deliver_due(void)
{
	for (unsigned i = 0; i < sim.nflight;) {
		struct datagram g = sim.flight[i];
		if (g.due > sim.now) {
			i++;
			continue;
		}
		sim.flight[i] = sim.flight[--sim.nflight];
		arrive(g);
	}
}

static nsec
next_event(nsec end, const nsec emit_at[2], nsec restart_at)
{
	nsec t = min_due(min_due(min_due(end, emit_at[0]), emit_at[1]),
	    restart_at);

	for (int i = 0; i < 2; i++) {
		t = min_due(t, device_due(sim.side[i].d));
		t = min_due(t, stage_due(sim.side[i].stage));
	}
	for (unsigned i = 0; i < sim.nflight; i++)
		t = min_due(t, sim.flight[i].due);
	return t < sim.now ? sim.now : t;
}

static void
prepare(uint64_t seed, const struct weather *w)
{
	memset(&sim, 0, sizeof(sim));
	sim.rng = seed;
	sim.now = 1000 * NSEC_SEC;
	sim.w = *w;
	for (int i = 0; i < 2; i++) {
		struct side *s = &sim.side[i];
		struct noise_local l;
		rnd_fill(s->key.b, KEY_LEN);
		noise_local_init(&l, &s->key);
		s->public_key = l.public_key;
		s->at.addr = addr_from_v4((uint8_t[]){ 192, 0, 2,
		    (uint8_t)(1 + i) });
		s->at.port = 51820;
	}
	start(0);
	start(1);
}

static void
step(nsec end, nsec emit_at[2], nsec *restart_at)
{
	sim.now = next_event(end, emit_at, *restart_at);
	deliver_due();
	for (int i = 0; i < 2; i++) {
		tick(i);
		if (emit_at[i] != 0 && emit_at[i] <= sim.now) {
			emit(i);
			emit_at[i] = later(sim.w.every_ms);
		}
	}
	if (*restart_at != 0 && *restart_at <= sim.now) {
		start((int)(rnd() % 2));
		*restart_at = later(sim.w.restart_s * 1000);
	}
}

/* Whatever state the two are in: once nothing is lost any more, they find each
 * other within the time of silence and one attempt. */
static void
heal(void)
{
	nsec emit_at[2] = { sim.now, 0 }, restart_at = 0;
	nsec end = sim.now + 15 * NSEC_SEC + REKEY_TIMEOUT +
	    2 * REKEY_JITTER_MAX + 2 * NSEC_SEC;

	sim.w = (struct weather){ .every_ms = 200 };
	unsigned first = sim.packets;
	while (sim.now < end && sim.wrong == NULL) {
		step(end, emit_at, &restart_at);
		for (unsigned i = first; i < sim.packets; i++)
			if (sim.state[i] == DELIVERED)
				return;
	}
	expect(false, "did not recover");
}

static void
run(uint64_t seed, const struct weather *w)
{
	nsec emit_at[2], restart_at = 0, end;

	prepare(seed, w);
	end = sim.now + w->length;
	emit_at[0] = sim.now;
	emit_at[1] = w->both ? sim.now : 0;
	if (w->restart_s != 0)
		restart_at = later(w->restart_s * 1000);
	while (sim.now < end && sim.wrong == NULL)
		step(end, emit_at, &restart_at);
}

static void
finish(void)
{
	for (int i = 0; i < 2; i++) {
		stage_free(sim.side[i].stage);
		device_free(sim.side[i].d);
	}
}

#define MINUTES(n) ((nsec)(n) * 60 * NSEC_SEC)
#define HOURS(n) MINUTES((n) * 60)

static const struct {
	const char *name;
	unsigned seeds;
	struct weather w;
	unsigned least;		/* delivered, in thousandths of all packets */
} weathers[] = {
	/* loss dup corrupt delay every restart both length */
	{ "fair, both ways, no packet is lost in 8 h", 4,
	    { 0, 0, 0, 20, 2000, 0, 1, HOURS(8) }, 1000 },
	{ "fair, one way, no packet is lost in 8 h", 4,
	    { 0, 0, 0, 20, 3000, 0, 0, HOURS(8) }, 1000 },
	{ "both begin at once, far apart: nothing is lost", 100,
	    { 0, 0, 0, 0, 700, 0, 1, MINUTES(5) }, 1000 },
	{ "the same with reordering", 60,
	    { 0, 100, 0, 300, 400, 0, 1, MINUTES(7) }, 1000 },
	{ "one day of a mostly idle tunnel", 4,
	    { 0, 0, 0, 50, 300000, 0, 1, HOURS(24) }, 1000 },
	{ "10 % loss", 40,
	    { 100, 50, 20, 100, 1000, 0, 1, MINUTES(10) }, 780 },
	{ "50 % loss", 40,
	    { 500, 50, 20, 100, 1000, 0, 1, MINUTES(10) }, 350 },
	{ "85 % loss", 30,
	    { 850, 50, 20, 100, 1000, 0, 1, MINUTES(20) }, 20 },
	{ "nothing arrives", 20,
	    { 1000, 0, 0, 100, 1000, 0, 1, MINUTES(10) }, 0 },
	{ "restarts", 60,
	    { 20, 20, 20, 100, 500, 100, 1, MINUTES(15) }, 600 },
	{ "restarts, one way, every other packet damaged", 60,
	    { 20, 20, 500, 100, 500, 100, 0, MINUTES(15) }, 100 },
};

/* Packets that may still arrive, or that wait. */
static unsigned
open_packets(void)
{
	unsigned n = 0;

	for (unsigned k = 0; k < sim.packets; k++)
		n += sim.state[k] == NEW || (sim.state[k] == SENT &&
		    sim.born[k] + NSEC_SEC > sim.now);
	return n;
}

/* What went wrong, or NULL. */
static const char *
try(uint64_t seed, size_t i, bool talk)
{
	run(seed, &weathers[i].w);
	unsigned open = open_packets(), packets = sim.packets;
	expect((sim.delivered + open) * 1000ULL >=
	    (uint64_t)packets * weathers[i].least, "too few were delivered");
	if (talk || sim.wrong != NULL)
		printf("# seed %llu: %u packets, %u sent, %u delivered, %u "
		    "dropped, %u open\n", (unsigned long long)seed, packets,
		    sim.sent, sim.delivered, sim.dropped, open);
	heal();
	finish();
	return sim.wrong;
}

int
main(int argc, char *argv[])
{
	uint64_t only = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;

	if (sodium_init() < 0)
		return 1;
	for (size_t i = 0; i < sizeof(weathers) / sizeof(weathers[0]); i++) {
		const char *wrong = NULL;
		uint64_t seed = only;
		if (only != 0)
			wrong = try(only, i, true);
		for (unsigned n = 0; only == 0 && wrong == NULL &&
		    n < weathers[i].seeds; n++)
			wrong = try(seed = i * 1000 + n + 1, i, false);
		OKF(wrong == NULL, "%s%s%s (seed %llu)", weathers[i].name,
		    wrong != NULL ? ": " : "", wrong != NULL ? wrong : "",
		    (unsigned long long)seed);
	}
	return DONE();
}
