/* SPDX-License-Identifier: ISC */
/*
 * Two devices, and an attacker who holds the wire: each byte of the input lets
 * time pass, lets a side want to send, delivers what is on the wire, whole,
 * again or changed, or something made up.  What is refused changes nothing and
 * is answered by nothing larger; every session and handshake can be found by
 * its index; what is due gets done.  Counted as one, and told at the end, is a
 * message that was delivered.
 */
#include "fuzz.h"
#include "toy.h"

#include "wg/device_state.h"

#include <inttypes.h>
#include <stdio.h>

enum { WIRE = 16, TICKS = 64 };

struct message {
	uint8_t n, b[sizeof(struct msg_initiation)];
};

static struct {
	struct device *d[2];
	struct message wire[2][WIRE];	/* to each */
	unsigned nwire[2];
	struct moment at;
	uint64_t random;
} w;

static const struct path from[2] = {
	{ .remote = { .addr = { { [10] = 0xff, [11] = 0xff, [12] = 192,
	    [14] = 2, [15] = 1 } }, .port = 1 } },
	{ .remote = { .addr = { { [10] = 0xff, [11] = 0xff, [12] = 192,
	    [14] = 2, [15] = 2 } }, .port = 2 } },
};

static const uint8_t *
fresh(void)
{
	static uint8_t b[DEVICE_RANDOM];

	w.random++;
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(w.random * (i + 1) >> (i % 5));
	return b;
}

static uint64_t delivered;

static void
tell(void)
{
	fprintf(stderr, "stat::delivered: %" PRIu64 "\n", delivered);
}

/* Two that know each other; made once. */
static void
make(void)
{
	struct key k[2], none = { { 0 } };

	must(sodium_init() >= 0);
	atexit(tell);
	for (int i = 0; i < 2; i++) {
		memset(&k[i], 1 + i, sizeof(k[i]));
		w.d[i] = device_new_whole(1, &k[i], fresh());
	}
	for (int i = 0; i < 2; i++)
		must(device_add(w.d[i], 0, device_public_key(w.d[!i]), &none,
		    &from[!i].remote, i == 0 ? 25 : 0, NSEC_SEC));
}

/* What a device is made of, to be put back as it was at the start. */
static void
keep(int i, void (*copy)(void *there, size_t n))
{
	struct device *d = w.d[i];

	copy(d, sizeof(*d));
	copy(d->identity, sizeof(*d->identity));
	copy(d->by_key, sizeof(*d->by_key));
	copy(d->pending.entry,
	    (d->pending.mask + 1) * sizeof(*d->pending.entry));
	copy(d->timers.heap, sizeof(*d->timers.heap));
	copy(d->index.entry, (d->index.mask + 1) * sizeof(*d->index.entry));
	copy(d->peer, sizeof(*d->peer));
}

static uint8_t kept[4 * 1024 * 1024];
static size_t at;

static void
save(void *there, size_t n)
{
	must(n <= sizeof(kept) - at);
	memcpy(kept + at, there, n);
	at += n;
}

static void
restore(void *there, size_t n)
{
	memcpy(there, kept + at, n);
	at += n;
}

static void
begin(void)
{
	static bool made;

	if (!made)
		make();
	at = 0;
	keep(0, made ? restore : save);
	keep(1, made ? restore : save);
	made = true;
	memset(w.wire, 0, sizeof(w.wire));
	w.nwire[0] = w.nwire[1] = 0;
	w.random = 0;
	w.at = (struct moment){ NSEC_SEC, 1700000000 * NSEC_SEC };
}

static void
check(int i)
{
	const struct identity *id = device_identity(w.d[i], 0);
	struct peer *p = device_peer(w.d[i], 0);

	for (int k = 0; k < PEER_SESSIONS; k++)
		must(p->session[k].born == 0 || index_find(&w.d[i]->index,
		    p->session[k].keys.local_index) == 0);
	must(id->handshake.state == NOISE_NONE || index_find(
	    &w.d[i]->pending, id->handshake.local_index) == 0);
	must(p->current == NULL || p->current != p->next);
	must(p->current == NULL || p->current->born != 0);
	must(p->next == NULL || !p->next->keys.initiator);
}

/* Onto the wire; the newest takes the oldest's place. */
static void
act(int i, const struct device_out *o)
{
	struct session *s;

	if (o->todo == DEVICE_SEND) {
		struct message *m = &w.wire[!i][w.nwire[!i]++ % WIRE];
		m->n = o->n;
		memcpy(m->b, o->msg, o->n);
	} else if (o->todo != DEVICE_NOTHING) {
		s = device_sender(w.d[i], 0, w.at.now);
		must(s != NULL || o->todo == DEVICE_KEEPALIVE);
		if (s != NULL)
			device_sent(w.d[i], 0, s, false, 32, w.at.now);
	}
}

static void
deliver(int to, const void *b, size_t n)
{
	struct peer before = *device_peer(w.d[to], 0);
	struct identity known = *device_identity(w.d[to], 0);
	struct device_out o;

	enum verdict v = device_handshake(w.d[to], &w.at, fresh(), b, n,
	    &from[!to], &o);
	must(v < V_COUNT);
	delivered++;
	if (o.todo == DEVICE_SEND)
		must(o.n < n);
	if (v != V_SELF)
		must(memcmp(&before, device_peer(w.d[to], 0),
		    sizeof(before)) == 0 && memcmp(&known,
		    device_identity(w.d[to], 0), sizeof(known)) == 0);
	if (v != V_SELF && v != V_COOKIE)
		must(o.todo == DEVICE_NOTHING);
	act(to, &o);
}

static void
pass_time(nsec t)
{
	struct device_out o;
	nsec due;

	w.at.now += t;
	w.at.wall += t;
	for (int i = 0; i < 2; i++) {
		int n = 0;
		while ((due = device_due(w.d[i])) != 0 && due <= w.at.now) {
			must(n++ < TICKS);
			if (device_tick(w.d[i], &w.at, fresh(), &o))
				act(i, &o);
		}
	}
}

/* A data message that authenticates, with this counter. */
static void
receive(int to, uint8_t counter, size_t n)
{
	struct peer *p = device_peer(w.d[to], 0);
	struct session *s = counter & 1 ? p->next : p->current, *found;
	uint16_t peer;
	bool ready;

	if (s == NULL || device_receiver(w.d[to], s->keys.local_index,
	    w.at.now, &found, &peer) != V_NEXT)
		return;
	must(found == s && peer == 0);
	device_received(w.d[to], 0, s, counter, n, &from[!to], w.at.now,
	    &ready);
	must(!ready || device_sender(w.d[to], 0, w.at.now) == s ||
	    !session_may_send(s, w.at.now));
}

/* Bytes that a step takes from the input. */
static const uint8_t *
take(const uint8_t **p, size_t *n, size_t want)
{
	static uint8_t b[256];
	size_t got = want < *n ? want : *n;

	memset(b, 0, sizeof(b));
	memcpy(b, *p, got);
	*p += got;
	*n -= got;
	return b;
}

static void
step(uint8_t op, const uint8_t **p, size_t *n)
{
	static const nsec waits[] = { NSEC_MS, 25 * NSEC_MS, NSEC_SEC,
		6 * NSEC_SEC, 16 * NSEC_SEC, 60 * NSEC_SEC, 121 * NSEC_SEC,
		541 * NSEC_SEC };
	int to = op & 1;
	struct message m = w.wire[to][op >> 4];
	const uint8_t *b;

	switch (op >> 1 & 7) {
	case 0:
		pass_time(waits[op >> 5]);
		break;
	case 1:
		device_sender(w.d[to], 0, w.at.now);
		pass_time(0);
		break;
	case 2:
	case 3:
		deliver(to, m.b, m.n);
		break;
	case 4:
		b = take(p, n, 2);
		if (m.n > 0)
			m.b[b[0] % m.n] ^= b[1];
		deliver(to, m.b, m.n);
		break;
	case 5:
		b = take(p, n, op >> 4 & 1 ? 148 : 92);
		deliver(to, b, op >> 4 & 1 ? 148 : 92);
		break;
	case 6:
		receive(to, op >> 4, 32);
		break;
	case 7:
		receive(to, *take(p, n, 1), 0);
		break;
	}
	check(0);
	check(1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	while (size > 0) {
		uint8_t op = *data++;
		size--;
		step(op, &data, &size);
	}
	return 0;
}
