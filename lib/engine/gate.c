/* SPDX-License-Identifier: ISC */
#include "engine/gate.h"

#include "base/die.h"
#include "base/ready.h"
#include "net/tun.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Bursts that one direction may take before the other has its turn. */
enum { BURSTS = 16 };

/* Bytes of a burst that may be in use and leave room for any packet. */
enum { BURST_ROOM = LINK_BURST_MAX - sizeof(struct frame) - LINK_PACKET_MAX };

/* Where read(2) and write(2) on a TUN device start in a frame. */
enum { TUN_AT = offsetof(struct frame, vnet) };
static_assert(TUN_AT + sizeof(struct vnet) == sizeof(struct frame),
    "the packet follows its virtio-net header");

struct decision
gate_judge(const struct policy *pol, enum policy_point at, const uint8_t *p,
    size_t n, uint16_t from, struct ip *ip)
{
	enum verdict v = ip_parse(ip, p, n);

	if (v != (enum verdict)V_NEXT)
		return (struct decision){ v, PEER_NONE, GATE_NO_RULE };
	return policy_decide(pol, at, ip, from);
}

/*
 * A checksum to be completed must lie behind the IP header: the kernel writes
 * it wherever it is told, after we have looked at the addresses.
 */
static bool
vnet_sound(const struct vnet *v, const struct ip *ip)
{
	size_t at = (size_t)v->csum_start + v->csum_offset;

	if ((v->flags & VNET_NEEDS_CSUM) == 0)
		return v->gso_type == VNET_GSO_NONE;
	return v->csum_start >= ip->l4 && at + 2 <= ip->len;
}

static struct decision
judge(const struct gate *g, enum policy_point at, struct frame *f,
    uint16_t from)
{
	struct ip ip;
	struct decision d = gate_judge(g->pol, at, (uint8_t *)(f + 1), f->len,
	    from, &ip);

	if (d.rule == GATE_NO_RULE)
		return d;
	if (!vnet_sound(&f->vnet, &ip))
		d.verdict = V_OFFLOAD;
	f->len = ip.len;	/* without padding */
	return d;
}

/* The virtio-net header stands before the packet already: one write(2). */
static enum verdict
put_tun(const struct gate *g, const struct frame *f, enum verdict delivered)
{
	ssize_t n = (ssize_t)(sizeof(f->vnet) + f->len);

	if (write(g->tun, (const uint8_t *)f + TUN_AT, (size_t)n) == n)
		return delivered;
	return errno == EAGAIN || errno == ENOBUFS ? V_FULL : V_SEND;
}

/*
 * What the policy says of a frame that the TUN device gave.  True: it stays in
 * the burst and is counted once it is known whether the link took it.  Local
 * packets go back to the kernel, which routes them; should its routes bring
 * them here again, their TTL ends it.
 */
static bool
take_frame(struct gate *g, struct frame *f, size_t n)
{
	*f = (struct frame){ .len = (uint32_t)(n - sizeof(f->vnet)),
		.vnet = f->vnet };
	struct decision d = judge(g, g->kind->to_link, f, PEER_NONE);
	enum verdict v = d.verdict;

	if (v == V_PARTNER || v == V_INTERNET) {
		f->peer = d.peer;
		f->class = (uint8_t)v;
		return true;
	}
	if (verdict_delivers(v))
		v = put_tun(g, f, v);
	counters_add(g->st, v, f->len);
	return false;
}

/* Reads until the burst is full or the device empty (*more is false then);
 * bytes in the burst, -1 and errno. */
static ssize_t
fill_burst(struct gate *g, bool *more)
{
	size_t used = 0, frames = 0;

	*more = true;
	while (used <= BURST_ROOM && frames < LINK_FRAMES_MAX) {
		ssize_t n = read(g->tun, g->burst + used + TUN_AT,
		    sizeof(struct vnet) + LINK_PACKET_MAX);
		if (n < 0 && errno != EAGAIN)
			return -1;
		*more = n > 0;
		if (n <= 0)
			break;
		struct frame *f = (struct frame *)(g->burst + used);
		if ((size_t)n < sizeof(f->vnet)) {
			counters_add(g->st, V_SHORT, 0);
			continue;
		}
		if (take_frame(g, f, (size_t)n)) {
			used += link_room(f->len);
			frames++;
		}
	}
	return (ssize_t)used;
}

static void
count_burst(struct gate *g, size_t n, bool sent, enum verdict failed)
{
	const struct frame *f;
	size_t at = 0;
	bool bad;

	while ((f = link_next(g->burst, n, &at, &bad)) != NULL)
		counters_add(g->st, sent ? (enum verdict)f->class : failed,
		    f->len);
}

static void
send_burst(struct gate *g, size_t n)
{
	struct iovec iov = { g->burst, n };
	bool sent = link_send(&g->link, &iov, 1) == 0;

	count_burst(g, n, sent, errno == EPIPE ? V_NO_LINK :
	    errno == EAGAIN ? V_FULL : V_SEND);
}

/* 0; -1 if the device is gone. */
static int
tun_to_link(struct gate *g)
{
	bool more = true;

	for (int i = 0; more && i < BURSTS; i++) {
		ssize_t n = fill_burst(g, &more);
		if (n < 0)
			return -1;
		if (n > 0)
			send_burst(g, (size_t)n);
	}
	return 0;
}

static void
frame_to_tun(struct gate *g, struct frame *f)
{
	enum verdict v = V_PEER;

	if (f->peer < g->pol->nsites && f->peer != g->pol->self)
		v = judge(g, g->kind->to_tun, f, f->peer).verdict;
	if (verdict_delivers(v))
		v = put_tun(g, f, v);
	counters_add(g->st, v, f->len);
}

/* 0; -1 if the sibling is gone (errno 0) or broken. */
static int
link_to_tun(struct gate *g)
{
	for (int i = 0; i < BURSTS; i++) {
		ssize_t n = link_recv(&g->link, g->burst, sizeof(g->burst));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		errno = 0;
		if (n == 0)
			return -1;
		struct frame *f;
		size_t at = 0;
		bool bad;
		while ((f = link_next(g->burst, (size_t)n, &at, &bad)) != NULL)
			frame_to_tun(g, f);
		errno = EPROTO;
		if (bad)
			return -1;
	}
	return 0;
}

/* One line for people, without stopping anything. */
static void
report(const struct counters *st)
{
	char line[900];
	size_t n = (size_t)snprintf(line, sizeof(line), "in=%llu",
	    (unsigned long long)st->in);

	for (enum verdict v = 0; v < V_COUNT && n < sizeof(line); v++)
		if (st->count[v] != 0)
			n += (size_t)snprintf(line + n, sizeof(line) - n,
			    " %s=%llu", verdict_name(v),
			    (unsigned long long)st->count[v]);
	warnx("%s", line);
}

/* True if it is time to go. */
static bool
take_signal(struct gate *g)
{
	int sig = ready_signal(g->signals);

	if (sig == SIGUSR1)
		report(g->st);
	return sig == SIGTERM || sig == SIGINT;
}

int
gate_run(struct gate *g)
{
	enum { TUN, LINK, SIG, NFDS };
	struct pollfd fd[NFDS] = {
		[TUN] = { .fd = g->tun, .events = POLLIN },
		[LINK] = { .fd = g->link.fd, .events = POLLIN },
		[SIG] = { .fd = g->signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(fd, NFDS, -1) < 0 && errno != EINTR) {
			warn("cannot poll");
			return EXIT_RETRY;
		}
		if (fd[SIG].revents != 0 && take_signal(g))
			return 0;
		if (fd[LINK].revents != 0 && link_to_tun(g) < 0) {
			if (errno == 0)
				warnx("bh-tunnel is gone");
			else
				warn("cannot read from bh-tunnel");
			return EXIT_RETRY;
		}
		if (fd[TUN].revents != 0 && tun_to_link(g) < 0) {
			warn("cannot read from %s", g->ifname);
			return EXIT_RETRY;
		}
	}
}

void
gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf)
{
	bool uso;

	*g = (struct gate){ .kind = kind, .pol = pol, .ifname = ifname };
	g->signals = ready_signals();
	if (g->signals < 0)
		die(EXIT_RETRY, "cannot take signals");
	g->st = counters_create(rundir, die_myname(), 0);
	if (g->st == NULL)
		die(EXIT_RETRY, "cannot write %s/%s.stat", rundir,
		    die_myname());
	g->tun = tun_open(ifname, &uso);
	if (g->tun < 0 && errno == ENOENT)
		die(EXIT_RETRY, "cannot open /dev/net/tun");
	if (g->tun < 0)
		die(EXIT_RETRY, "cannot use TUN device %s", ifname);
	start_link(&g->link, rundir, kind->link, kind->role,
	    uso ? LINK_F_USO : 0, cf);
}
