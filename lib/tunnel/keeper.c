/* SPDX-License-Identifier: ISC */
#include "tunnel/keeper_impl.h"

#include "base/die.h"
#include "wg/index.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS = 8,	/* before time is read again and others have a turn */
	WORDS = 64,	/* of the other half, likewise */
	HANDSHAKE_TOS = 0x88,	/* AF41 (W20) */
};

/* Rubbish costs a wake-up at most so often, however much of it comes. */
#define RUBBISH_INTERVAL (NSEC_SEC / 10)
/* Handshakes that are no good are waited for together: who sends them gets no
 * wake-up for each, and who sends a good one beside them can wait so long. */
#define REST (2 * NSEC_MS)

_Noreturn void
keeper_end(void)
{
	_exit(0);
}

/* ---- counters ---- */

/* Before anything is sent: what a stamp was good for it is not again. */
static void
publish(struct keeper *k, uint16_t peer)
{
	const struct identity *id = device_identity(k->device, peer);

	if (id == NULL)
		return;
	struct counters_peer *c = &k->stat->peer[peer];
	c->rx_bytes = id->rx_bytes;
	c->tx_bytes = id->tx_bytes;
	stampfile_note(k->stamps, k->device, peer);
}

/* ---- randomness ---- */

/* Fresh bytes for one step, to be wiped; drawn for many at a time. */
static uint8_t *
draw(struct keeper *k)
{
	if (k->nrandom == 0) {
		randombytes_buf(k->random, sizeof(k->random));
		k->nrandom = sizeof(k->random);
	}
	k->nrandom -= DEVICE_RANDOM;
	return k->random + k->nrandom;
}

/* ---- sending ---- */

static void
flush(struct keeper *k)
{
	udp_send(&k->udp, k->out, k->nout);
	k->nout = 0;
}

static void
put(struct keeper *k, const struct device_out *o)
{
	if (k->nout == UDP_TRAIN_MAX)
		flush(k);
	memcpy(k->message[k->nout], o->msg, o->n);
	k->out[k->nout] = (struct udp_out){ .data = k->message[k->nout],
		.len = o->n, .size = o->n, .path = o->to,
		.tos = HANDSHAKE_TOS };
	k->nout++;
}

/* ---- handshakes ---- */

unsigned
keeper_worker(const struct keeper *k, uint16_t peer)
{
	return device_identity(k->device, peer)->worker;
}

/* A session: its worker has it before anything of it is on the wire. */
static bool
hand_over(struct keeper *k, struct device_out *o)
{
	k->word.event = (struct seam_event){ .kind = SEAM_BEGIN,
		.peer = o->peer, .path = o->to, .keys = o->keys,
		.epoch = device_identity(k->device, o->peer)->epoch };
	noise_keys_wipe(&o->keys);
	return seam_send(k->seam[keeper_worker(k, o->peer)], &k->word, false);
}

static enum verdict
take_handshake(struct keeper *k, const struct path *from, const uint8_t *p,
    size_t n)
{
	uint8_t *random = draw(k);
	struct device_out o;

	enum verdict v = device_handshake(k->device, &k->at, random, p, n,
	    from, &o);
	sodium_memzero(random, DEVICE_RANDOM);
	k->bothered |= v != V_SELF;
	publish(k, o.peer);
	if (o.begin && !hand_over(k, &o))
		return V_FULL;
	if (o.todo == DEVICE_SEND)
		put(k, &o);
	return v;
}

static unsigned
whose_data(const struct keeper *k, const uint8_t *p, size_t n)
{
	const struct msg_data *m = (const void *)p;

	return n < sizeof(*m) ? 0 :
	    index_worker(le32_get(m->receiver), k->workers);
}

/* One that the kernel gave to us behind a handshake.  Its worker counts it. */
static enum verdict
pass_on(struct keeper *k, const struct udp_in *u, const uint8_t *p, size_t n)
{
	if (n > SEAM_MESSAGE || k->strays == SEAM_STRAYS)
		return V_FULL;
	k->strays++;
	k->word.event = (struct seam_event){ .kind = SEAM_STRAY,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	memcpy(k->word.event.message, p, n);
	return seam_send(k->seam[whose_data(k, p, n)], &k->word, false) ?
	    V_NEXT : V_FULL;
}

static void
take_datagram(struct keeper *k, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	static const le32 data = { { MSG_DATA } };
	bool is_data = n >= sizeof(data) && memcmp(p, &data, sizeof(data)) == 0;
	enum verdict v = is_data ? pass_on(k, u, p, n) :
	    take_handshake(k, &u->path, p, n);

	if (v != V_NEXT)
		counters_add(k->stat, v, n);
}

/* Takes a batch from the socket; false when it has no more. */
static bool
take_batch(struct keeper *k)
{
	size_t n = udp_recv(&k->udp, k->in);

	k->strays = 0;
	for (size_t i = 0; i < n; i++) {
		const struct udp_in *u = &k->in[i];
		size_t at = 0;
		do {
			size_t size = u->len - at < u->size ? u->len - at :
			    u->size;
			take_datagram(k, u, u->data + at, size);
			at += size;
		} while (at < u->len);
	}
	counters_add_unseen(k->stat, V_OVERRUN, udp_overrun(&k->udp));
	flush(k);
	return n == UDP_BATCH;
}

static void
take_rubbish(struct keeper *k)
{
	counters_add_unseen(k->stat, V_TYPE,
	    udp_rubbish(k->rubbish, &k->dropped));
	k->listen = k->at.now + RUBBISH_INTERVAL;
}

/* ---- the other half ---- */

static void
initiate(struct keeper *k, const struct seam_event *e)
{
	uint8_t *random = draw(k);
	struct device_out o;

	if (device_initiate(k->device, e->peer, &e->path, &k->at, random, &o))
		put(k, &o);
	sodium_memzero(random, DEVICE_RANDOM);
	publish(k, e->peer);
	flush(k);
}

static void
take_stray(struct keeper *k, const struct seam_event *e)
{
	const struct udp_in u = { .path = e->path, .tos = e->tos };

	take_datagram(k, &u, e->message, e->n);
	flush(k);
}

void
keeper_take(struct keeper *k, unsigned worker, union seam *m)
{
	/* what is made of it may need k->word, which it is in */
	struct seam_event e = m->event;
	const struct identity *id = device_identity(k->device, e.peer);
	bool known = id != NULL && id->epoch == e.epoch &&
	    keeper_worker(k, e.peer) == worker;

	if (m->kind == SEAM_INITIATE && known)
		initiate(k, &e);
	else if (m->kind == SEAM_FORGET && known)
		device_forget(k->device, e.peer);
	else if (m->kind == SEAM_STRAY)
		take_stray(k, &e);
}

static void
hear(struct keeper *k, unsigned worker)
{
	int r = 1;

	for (int i = 0; i < WORDS && r > 0; i++) {
		r = seam_take(k->seam[worker], &k->word, false);
		if (r < 0)
			keeper_end();
		if (r > 0)
			keeper_take(k, worker, &k->word);
	}
}

/* ---- the loop ---- */

static void
take_handshakes(struct keeper *k)
{
	bool more = true;

	k->bothered = false;
	for (int i = 0; i < ROUNDS && more; i++)
		more = take_batch(k);
	if (k->bothered && !more)
		k->rest = k->at.now + REST;
}

/* Nothing of what we do needs it; but there is nobody any more who would start
 * us again. */
static void
miss_spare(struct keeper *k)
{
	warnx("who would start the process that makes handshakes again has "
	    "died: all will end with it");
	close(k->life);
	k->life = -1;
	k->stat->helpers_lost++;
}

/* Rests are over, or how long the first takes, as for poll(2). */
static int
look_at_clock(struct keeper *k)
{
	if (k->listen <= k->at.now)
		k->listen = 0;
	if (k->rest <= k->at.now)
		k->rest = 0;
	return clock_poll_ms(k->rest == 0 || (k->listen != 0 &&
	    k->listen < k->rest) ? k->listen : k->rest, k->at.now);
}

_Noreturn void
keeper_run(struct keeper *k)
{
	enum { HANDSHAKES, RUBBISH, DESK, LIFE, SEAM,	/* one each worker */
		NFDS = SEAM + CONF_WORKERS_MAX };
	struct pollfd fd[NFDS] = { 0 };

	for (int i = 0; i < NFDS; i++)
		fd[i].events = POLLIN;
	fd[LIFE].events = 0;		/* POLLERR: nobody reads it */
	for (unsigned i = 0; i < k->workers; i++)
		fd[SEAM + i].fd = k->seam[i];
	for (;;) {
		int ms = look_at_clock(k);
		fd[HANDSHAKES].fd = k->rest == 0 ? k->udp.fd : -1;
		fd[RUBBISH].fd = k->listen == 0 ? k->rubbish : -1;
		fd[DESK].fd = k->desk.fd;
		fd[LIFE].fd = k->life;
		if (poll(fd, SEAM + k->workers, ms) < 0 && errno != EINTR)
			_exit(1);
		k->at = (struct moment){ clock_now(), clock_wall() };
		for (unsigned i = 0; i < k->workers; i++)
			if (fd[SEAM + i].revents != 0)
				hear(k, i);
		if (fd[LIFE].revents != 0)
			miss_spare(k);
		if (fd[HANDSHAKES].revents != 0)
			take_handshakes(k);
		if (fd[RUBBISH].revents != 0)
			take_rubbish(k);
		if (fd[DESK].revents != 0)
			keeper_config(k);
	}
}
