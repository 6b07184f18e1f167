/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_state.h"

#include "base/die.h"
#include "proc/ready.h"

#include <errno.h>
#include <signal.h>

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

static void
publish_peer(struct tunnel *t, uint16_t i, struct peer *p)
{
	struct counters_peer *c = &t->stat->peer[i];

	route_choose_source(&t->sources, i, p, t->at.now);
	c->endpoint = p->path.remote;
	c->rx_bytes = p->rx_bytes;
	c->tx_bytes = p->tx_bytes;
	c->mtu = t->out.paths.peer != NULL ? t->out.paths.peer[i].m.mtu : 0;
}

static void
publish(struct tunnel *t)
{
	struct touched *touched = &t->out.touched;

	for (unsigned i = 0; i < touched->n; i++) {
		struct peer *p = device_peer(t->device, touched->peer[i]);
		touched->is[touched->peer[i]] = false;
		if (p != NULL)		/* not removed meanwhile */
			publish_peer(t, touched->peer[i], p);
	}
	touched->n = 0;
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
	return earlier(paths_due(&t->out.paths),
	    earlier(device_due(t->device), stage_due(t->out.stage)));
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

/* While a link is up no other program can connect. */
static void
set_fds(const struct tunnel *t, struct pollfd fd[static NFDS])
{
	fd[FD_UDP].fd = t->udp.fd;
	fd[FD_SIGNAL].fd = t->signals;
	fd[FD_TUN].fd = t->alone.tun;
	fd[FD_CHANNEL].fd = t->keys.fd;
	fd[FD_NAMES].fd = t->names.fd;
	for (enum sibling c = 0; c < SIBLINGS; c++) {
		const struct sibling_link *p = &t->sibling[c];
		fd[FD_LISTEN + c].fd = p->link.fd < 0 ? p->listen_fd : -1;
		fd[FD_LINK + c].fd = p->link.fd;
		fd[FD_BELL + c].fd = p->link.fd < 0 ? -1 : p->link.ear;
	}
	for (int i = 0; i < NFDS; i++)
		fd[i].events = POLLIN;
}

/* A message of a session that we do not know may be the first of one that has
 * come about just now: the key process says so before that message can be on
 * its way. */
static bool
receive(struct tunnel *t)
{
	enum in_state state;

	while ((state = tunnel_in(t)) == IN_ASK)
		tunnel_hear(t);
	return state == IN_MORE;
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
		udp = udp && receive(t);
		tun = tun && standalone_read(&t->alone, &t->out, t->frame);
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

static bool
is_told_to_end(const struct tunnel *t)
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
		if (fd[FD_SIGNAL].revents != 0 && is_told_to_end(t))
			return 0;
		for (enum sibling c = 0; c < SIBLINGS; c++)
			if (fd[FD_LISTEN + c].revents != 0)
				accept_link(t, c);
		if (fd[FD_CHANNEL].revents != 0)
			tunnel_hear(t);
		if (fd[FD_NAMES].revents != 0)
			tunnel_hear_names(t);
		if (t->waiter.late)
			tunnel_drop_late(t);
		busy = drain(t, fd);
		tunnel_tick(t);
		publish(t);
		if (t->keys.child_died) {
			if (t->workers.self == 0)
				warnx("ending: %s has died",
				    t->workers.n > 1 ? "another process" :
				    "the process that makes handshakes");
			return EXIT_RETRY;
		}
		if (t->alone.gone) {
			warnx("the TUN device is gone");
			return 0;
		}
		waiter_rest(&t->waiter, busy, t->at.now, t->stat->in);
	}
}
