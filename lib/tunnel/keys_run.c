/* SPDX-License-Identifier: ISC */
#include "tunnel/keys_process.h"

#include "base/die.h"
#include "wg/index.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS = 8,	/* before time is read again and others have a turn */
	WORDS = 64,	/* of the data process, likewise */
	HANDSHAKE_TOS = 0x88,	/* AF41 (W20) */
};

/* Junk costs a wake-up at most so often, however much of it comes. */
#define JUNK_INTERVAL (NSEC_SEC / 10)
/* Handshakes that are no good are waited for together: who sends them gets no
 * wake-up for each, and who sends a good one beside them can wait so long. */
#define REST (2 * NSEC_MS)

_Noreturn void
keys_end(void)
{
	_exit(0);
}

/* ---- counters ---- */

/* Before anything is sent: what a stamp was good for it is not again. */
static void
publish(struct key_process *k, uint16_t peer)
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
draw(struct key_process *k)
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
flush(struct key_process *k)
{
	udp_send(&k->udp, k->out, k->nout);
	k->nout = 0;
}

static void
put(struct key_process *k, const struct device_out *o)
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
keys_worker(const struct key_process *k, uint16_t peer)
{
	return device_identity(k->device, peer)->worker;
}

/* A session: its worker has it before anything of it is on the wire. */
static bool
hand_over(struct key_process *k, struct device_out *o)
{
	k->word.event = (struct channel_event){ .kind = CHANNEL_BEGIN,
		.peer = o->peer, .path = o->to, .keys = o->keys,
		.epoch = device_identity(k->device, o->peer)->epoch };
	noise_keys_wipe(&o->keys);
	return channel_send(k->channel[keys_worker(k, o->peer)], &k->word,
	    false);
}

static enum verdict
take_handshake(struct key_process *k, const struct path *from, const uint8_t *p,
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
whose_data(const struct key_process *k, const uint8_t *p, size_t n)
{
	const struct msg_data *m = (const void *)p;

	return n < sizeof(*m) ? 0 :
	    index_worker(le32_get(m->receiver), k->workers);
}

/* One that the kernel gave to us behind a handshake.  Its worker counts it. */
static enum verdict
pass_on(struct key_process *k, const struct udp_in *u, const uint8_t *p,
    size_t n)
{
	if (n > CHANNEL_MESSAGE || k->misdirected == CHANNEL_MISDIRECTED_MAX)
		return V_FULL;
	k->misdirected++;
	k->word.event = (struct channel_event){ .kind = CHANNEL_MISDIRECTED,
		.tos = u->tos, .n = (uint8_t)n, .path = u->path };
	memcpy(k->word.event.message, p, n);
	return channel_send(k->channel[whose_data(k, p, n)], &k->word, false) ?
	    V_NEXT : V_FULL;
}

static void
take_datagram(struct key_process *k, const struct udp_in *u, const uint8_t *p,
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
take_batch(struct key_process *k)
{
	size_t n = udp_recv(&k->udp, k->in);
	struct udp_datagram d = { 0 };

	k->misdirected = 0;
	while (udp_next(&d, k->in, n))
		take_datagram(k, d.of, d.p, d.n);
	counters_add_unseen(k->stat, V_OVERRUN, udp_overrun(&k->udp));
	flush(k);
	return n == UDP_BATCH;
}

static void
take_junk(struct key_process *k)
{
	counters_add_unseen(k->stat, V_TYPE,
	    udp_junk(k->junk, &k->dropped));
	k->listen = k->at.now + JUNK_INTERVAL;
}

/* ---- the data process ---- */

static void
initiate(struct key_process *k, const struct channel_event *e)
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
take_misdirected(struct key_process *k, const struct channel_event *e)
{
	const struct udp_in u = { .path = e->path, .tos = e->tos };

	take_datagram(k, &u, e->message, e->n);
	flush(k);
}

void
keys_dispatch(struct key_process *k, unsigned worker, union channel_message *m)
{
	/* what is made of it may need k->word, which it is in */
	struct channel_event e = m->event;
	const struct identity *id = device_identity(k->device, e.peer);
	bool known = id != NULL && id->epoch == e.epoch &&
	    keys_worker(k, e.peer) == worker;

	if (m->kind == CHANNEL_INITIATE && known)
		initiate(k, &e);
	else if (m->kind == CHANNEL_FORGET && known)
		device_forget(k->device, e.peer);
	else if (m->kind == CHANNEL_MISDIRECTED)
		take_misdirected(k, &e);
}

static void
hear(struct key_process *k, unsigned worker)
{
	int r = 1;

	for (int i = 0; i < WORDS && r > 0; i++) {
		r = channel_receive(k->channel[worker], &k->word, false);
		if (r < 0)
			keys_end();
		if (r > 0)
			keys_dispatch(k, worker, &k->word);
	}
}

/* ---- the loop ---- */

static void
take_handshakes(struct key_process *k)
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
miss_spare(struct key_process *k)
{
	warnx("who would start the process that makes handshakes again has "
	    "died: all will end with it");
	close(k->life);
	k->life = -1;
	k->stat->helpers_lost++;
}

/* Rests are over, or how long the first takes, as for poll(2). */
static int
look_at_clock(struct key_process *k)
{
	if (k->listen <= k->at.now)
		k->listen = 0;
	if (k->rest <= k->at.now)
		k->rest = 0;
	return clock_poll_ms(k->rest == 0 || (k->listen != 0 &&
	    k->listen < k->rest) ? k->listen : k->rest, k->at.now);
}

_Noreturn void
keys_run(struct key_process *k)
{
	enum { HANDSHAKES, JUNK, UAPI, LIFE, CHANNEL,	/* one each worker */
		NFDS = CHANNEL + CONF_WORKERS_MAX };
	struct pollfd fd[NFDS] = { 0 };

	for (int i = 0; i < NFDS; i++)
		fd[i].events = POLLIN;
	fd[LIFE].events = 0;		/* POLLERR: nobody reads it */
	for (unsigned i = 0; i < k->workers; i++)
		fd[CHANNEL + i].fd = k->channel[i];
	for (;;) {
		int ms = look_at_clock(k);
		fd[HANDSHAKES].fd = k->rest == 0 ? k->udp.fd : -1;
		fd[JUNK].fd = k->listen == 0 ? k->junk : -1;
		fd[UAPI].fd = k->uapi;
		fd[LIFE].fd = k->life;
		if (poll(fd, CHANNEL + k->workers, ms) < 0 && errno != EINTR)
			_exit(1);
		k->at = (struct moment){ clock_now(), clock_wall() };
		for (unsigned i = 0; i < k->workers; i++)
			if (fd[CHANNEL + i].revents != 0)
				hear(k, i);
		if (fd[LIFE].revents != 0)
			miss_spare(k);
		if (fd[HANDSHAKES].revents != 0)
			take_handshakes(k);
		if (fd[JUNK].revents != 0)
			take_junk(k);
		if (fd[UAPI].revents != 0)
			keys_config(k);
	}
}
