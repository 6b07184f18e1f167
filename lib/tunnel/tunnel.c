/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_impl.h"

#include "base/die.h"
#include "proc/ready.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>

enum {
	FD_UDP,
	FD_SIGNAL,
	FD_TUN,
	FD_CHANNEL,
	FD_NAMES,
	FD_LISTEN,			/* one each channel */
	FD_LINK = FD_LISTEN + SIBLINGS,
	FD_BELL = FD_LINK + SIBLINGS,
	NFDS = FD_BELL + SIBLINGS,

	ROUNDS = 2,	/* before time is read again and timers have a turn */
};

/* ---- counters ---- */

void
tunnel_touch(struct tunnel *t, uint16_t peer)
{
	if (t->is_dirty[peer])
		return;
	t->is_dirty[peer] = true;
	t->dirty[t->ndirty++] = peer;
}

static void
publish(struct tunnel *t)
{
	for (unsigned i = 0; i < t->ndirty; i++) {
		const struct peer *p = device_peer(t->device, t->dirty[i]);
		struct counters_peer *c = &t->stat->peer[t->dirty[i]];
		t->is_dirty[t->dirty[i]] = false;
		if (p == NULL)
			continue;	/* removed meanwhile */
		tunnel_steer(t, t->dirty[i]);
		c->endpoint = p->path.remote;
		c->rx_bytes = p->rx_bytes;
		c->tx_bytes = p->tx_bytes;
		c->mtu = t->ways.way != NULL ?
		    t->ways.way[t->dirty[i]].m.mtu : 0;
	}
	t->ndirty = 0;
}

/* ---- time ---- */

static nsec
earlier(nsec a, nsec b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static nsec
next_due(const struct tunnel *t)
{
	return earlier(tunnel_probe_due(t),
	    earlier(device_due(t->device), stage_due(t->stage)));
}

static void
tick(struct tunnel *t)
{
	uint8_t random[DEVICE_RANDOM];
	const struct staged *w;
	struct device_out o;
	nsec due;

	while ((due = device_due(t->device)) != 0 && due <= t->at.now) {
		randombytes_buf(random, sizeof(random));
		if (device_tick(t->device, &t->at, random, &o))
			tunnel_do(t, &o);
	}
	sodium_memzero(random, sizeof(random));
	tunnel_probe_tick(t);
	while ((w = stage_expired(t->stage, t->at.now)) != NULL)
		counters_add(t->stat, V_DOWN, w->len);
}

/* ---- descriptors ---- */

/* A sibling that was started again; one at a time. */
static void
accept_link(struct tunnel *t, enum sibling c)
{
	struct sibling_link *p = &t->sibling[c];
	const char *why;

	if (p->link.fd < 0 && link_accept(&p->link, p->listen_fd, &t->hello,
	    p->role, &why) < 0 && why != NULL)
		warnx("refused a program on %s.link: %s", p->name, why);
}

/* While a link is up nobody else is listened to. */
static void
set_fds(const struct tunnel *t, struct pollfd fd[static NFDS])
{
	fd[FD_UDP].fd = t->udp.fd;
	fd[FD_SIGNAL].fd = t->signals;
	fd[FD_TUN].fd = t->tun;
	fd[FD_CHANNEL].fd = t->channel;
	fd[FD_NAMES].fd = t->names;
	for (enum sibling c = 0; c < SIBLINGS; c++) {
		const struct sibling_link *p = &t->sibling[c];
		fd[FD_LISTEN + c].fd = p->link.fd < 0 ? p->listen_fd : -1;
		fd[FD_LINK + c].fd = p->link.fd;
		fd[FD_BELL + c].fd = p->link.fd < 0 ? -1 : p->link.ear;
	}
	for (int i = 0; i < NFDS; i++)
		fd[i].events = POLLIN;
}

/* Takes turns until all have run dry (false) or time should be read again. */
static bool
drain(struct tunnel *t, const struct pollfd fd[static NFDS])
{
	bool udp = fd[FD_UDP].revents != 0, busy = true;
	bool tun = fd[FD_TUN].revents != 0;
	bool link[SIBLINGS];

	for (enum sibling c = 0; c < SIBLINGS; c++)
		link[c] = t->sibling[c].link.fd >= 0;
	for (int i = 0; i < ROUNDS && busy; i++) {
		udp = udp && tunnel_in(t);
		tun = tun && tunnel_tun(t);
		busy = udp || tun;
		for (enum sibling c = 0; c < SIBLINGS; c++) {
			link[c] = link[c] && tunnel_out(t, c);
			busy |= link[c];
		}
	}
	return busy;
}

void
tunnel_wait_open(struct tunnel *t)
{
	if (waiter_open(&t->waiter, ((1u << SIBLINGS) - 1) << FD_BELL) < 0)
		die(EXIT_RETRY, "cannot wait for packets");
	t->waiter.beat = &t->stat->beat;
}

static void
wait_for(struct tunnel *t, struct pollfd fd[static NFDS], bool busy)
{
	nsec due = next_due(t), now = due == 0 ? 0 : clock_now();
	int ms = clock_poll_ms(due, now);

	for (enum sibling c = 0; c < SIBLINGS; c++)
		if (busy || !link_nap(&t->sibling[c].link))
			ms = 0;
	if (waiter_wait(&t->waiter, fd, NFDS, ms) < 0 && errno != EINTR)
		die(EXIT_RETRY, "cannot wait for packets");
	for (enum sibling c = 0; c < SIBLINGS; c++)
		link_wake(&t->sibling[c].link, fd[FD_LINK + c].revents != 0);
}

/* True if it asks us to end. */
static bool
take_signal(const struct tunnel *t)
{
	int sig = ready_signal(t->signals);

	return sig == SIGTERM || sig == SIGINT;
}

int
tunnel_run(struct tunnel *t)
{
	struct pollfd fd[NFDS] = { 0 };
	bool busy = false;

	for (;;) {
		set_fds(t, fd);
		wait_for(t, fd, busy);
		t->at = (struct moment){ t->waiter.now, clock_wall() };
		if (fd[FD_SIGNAL].revents != 0 && take_signal(t))
			return 0;
		for (enum sibling c = 0; c < SIBLINGS; c++)
			if (fd[FD_LISTEN + c].revents != 0)
				accept_link(t, c);
		if (fd[FD_CHANNEL].revents != 0)
			tunnel_hear(t);
		if (fd[FD_NAMES].revents != 0)
			tunnel_names(t);
		if (t->waiter.late)
			tunnel_drop_late(t);
		busy = drain(t, fd);
		tick(t);
		publish(t);
		if (t->child_died) {
			if (t->worker == 0)
				warnx("ending: %s has died",
				    t->workers > 1 ? "another process" :
				    "the process that makes handshakes");
			return EXIT_RETRY;
		}
		if (t->gone) {
			warnx("the TUN device is gone");
			return 0;
		}
		waiter_rest(&t->waiter, busy, t->at.now, t->stat->in);
	}
}
