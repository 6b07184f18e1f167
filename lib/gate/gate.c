/* SPDX-License-Identifier: ISC */
#include "gate/gate.h"

#include "base/die.h"
#include "base/worker.h"
#include "gate/nat_log.h"
#include "io/tun.h"
#include "packet/icmp.h"
#include "proc/ready.h"
#include "proc/turn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define STRANGER_EVERY (60 * NSEC_SEC)

/* How many flows are looked over in one go for those that are over. */
enum { SWEEP = 256 };

/* Packets that a device holds, at most: its txqueuelen is 1000. */
enum { TUN_QUEUE = 4096 };

/* Where read(2) and write(2) on a TUN device start in a frame. */
enum { TUN_AT = offsetof(struct frame, vnet) };
static_assert(TUN_AT + sizeof(struct vnet) == sizeof(struct frame),
    "the packet follows its virtio-net header");

/* ---- opening ---- */

static int
open_tun(const char *name, bool *uso)
{
	int fd = tun_open(name, uso);

	if (fd < 0 && errno == ENOENT)
		die(EXIT_RETRY, "cannot open /dev/net/tun");
	if (fd < 0)
		die(EXIT_RETRY, "cannot use TUN device %s", name);
	return fd;
}

void
gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf)
{
	char name[WORKER_NAMELEN];
	bool uso, uso_out;

	*g = (struct gate){ .kind = kind, .pol = pol, .cf = cf,
		.ifname = ifname, .out = -1 };
	judge_init(&g->judge, pol);
	g->signals = ready_signals();
	if (g->signals < 0 || waiter_open(&g->waiter,
	    ((1u << CONF_WORKERS_MAX) - 1) << GATE_BELL) < 0)
		die(EXIT_RETRY, "cannot take signals");
	g->st = counters_create(rundir, die_myname(),
	    kind->role == LINK_CLASSIFY ? cf->location[pol->self].servers.n :
	    0);
	if (g->st == NULL)
		die(EXIT_RETRY, "cannot write %s/%s.stat", rundir,
		    die_myname());
	g->waiter.beat = &g->st->beat;
	g->tun = open_tun(ifname, &uso);
	if (kind->to_link == POLICY_OUT && pol->breakouts != NULL) {
		g->outname = cf->location[pol->self].egress_interface;
		g->out = open_tun(g->outname, &uso_out);
	}
	icmp_reply_open(&g->reply, &cf->location[pol->self], &g->judge,
	    g->link, g->tun, kind->to_link == POLICY_OUT);
	g->tun_out.fd = g->tun;
	g->out_out.fd = g->out;
	g->nlinks = pol->workers;
	for (unsigned i = 0; i < g->nlinks; i++)
		start_link(&g->link[i], rundir, worker_name(name, kind->link,
		    pol->worker + i), kind->role,
		    uso ? LINK_F_USO : 0, cf);
}

/* ---- what is said to people ---- */

/* A host that was forgotten in `lan' is what support is asked about first: it
 * is noted, and told of in one line in a while (C44). */
static void
note_stranger(struct gate *g, const struct ip *ip)
{
	g->stranger.addr = ip->src;
	g->stranger.count++;
}

static void
report_stranger(struct gate *g)
{
	struct stranger *s = &g->stranger;
	char text[ADDR_STRLEN];

	if (s->count == 0 || g->now < s->next)
		return;
	warnx("refused %llu packets from the LAN, the last from %s, which "
	    "takes no part here: is it missing in 'lan' or 'internal'?",
	    (unsigned long long)s->count, addr_format(&s->addr, text));
	s->count = 0;
	s->next = g->now + STRANGER_EVERY;
}

static void
note_cut(struct gate *g, const char *device, uint64_t cut)
{
	if (cut == 1)
		warnx("%s refuses super-packets, which this kernel should take:"
		    " they are cut here, which costs time", device);
	g->st->cut++;
}

static void
report(const struct gate *g)
{
	const struct counters *st = g->st;
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

/* ---- packets ---- */

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
judge(struct gate *g, enum policy_point at, struct frame *f, uint16_t from)
{
	uint8_t *packet = (uint8_t *)(f + 1);
	struct question q = { .at = at, .from = from, .p = packet, .n = f->len,
		.vnet = &f->vnet, .now = g->now };
	struct decision d = judge_ask(&g->judge, &q);

	if (!verdict_delivers(d.verdict))
		icmp_reply_send(&g->reply, &(struct refusal){ .at = at,
		    .why = d.verdict, .from = from, .packet = packet,
		    .ip = &q.ip });
	if (at == POLICY_OUT &&
	    (d.verdict == V_SOURCE || d.verdict == V_EXCLUDED))
		note_stranger(g, &q.ip);
	if (d.rule == JUDGE_NO_RULE)
		return d;
	if (!vnet_sound(&f->vnet, &q.ip))
		d.verdict = V_OFFLOAD;
	f->len = q.ip.len;	/* without padding */
	return d;
}

/*
 * The kernel forwards twice what comes from it and goes back to it, which
 * counts as one hop (RFC 1812 5.3.1).  The guard sees to it that no packet goes
 * in circles: it lets none come in again by the way it left.
 */
static void
count_once(struct frame *f, enum verdict v)
{
	if (v == V_BREAKOUT || v == V_LOCAL)
		ip_step_back((uint8_t *)(f + 1));
}

/* The virtio-net header stands before the packet already: one write(2).  What
 * has stayed in the link's memory follows from there (ring_pop). */
static enum verdict
put_tun(struct gate *g, struct tun_out *to, const struct frame *f,
    const uint8_t *body, enum verdict delivered)
{
	const uint8_t *packet = (const uint8_t *)(f + 1);
	size_t head = body != packet && f->len > FRAME_HEAD ? FRAME_HEAD :
	    f->len;
	struct iovec iov[2] = {
		{ (uint8_t *)(uintptr_t)f + TUN_AT, sizeof(f->vnet) + head },
		{ (void *)(uintptr_t)(body + head), f->len - head },
	};
	uint64_t cut = to->cut;

	if (waiter_is_late(g->now))
		return V_LATE;
	enum verdict v = tun_put(to, iov, 2, g->now);
	if (to->cut != cut)
		note_cut(g, to == &g->tun_out ? g->ifname : g->outname,
		    to->cut);
	return v == (enum verdict)V_NEXT ? delivered : v;
}

/*
 * What the policy says of a frame that the TUN device gave.  True: it stays in
 * the burst and is counted once it is known whether the link took it.  Local
 * packets go back to the kernel, which routes them.
 */
static bool
judge_frame(struct gate *g, struct frame *f, size_t n)
{
	*f = (struct frame){ .len = (uint32_t)(n - sizeof(f->vnet)),
		.vnet = f->vnet };
	struct decision d = judge(g, g->kind->to_link, f, PEER_NONE);
	enum verdict v = d.verdict;

	if (v == V_INTERNET && g->failover != NULL)
		failover_sent(g->failover, d.peer, g->now);
	if (v == V_PARTNER || v == V_INTERNET) {
		f->peer = d.peer;
		f->class = (uint8_t)v;
		return true;
	}
	count_once(f, v);
	if (verdict_delivers(v))
		v = put_tun(g, v == V_BREAKOUT ? &g->out_out : &g->tun_out, f,
		    (uint8_t *)(f + 1), v);
	counters_add(g->st, v, f->len);
	return false;
}

/* The frame is in the memory of the likely link, or nowhere yet: it goes to its
 * own, which is the likely one now. */
static struct frame *
find_room(struct gate *g, struct frame *room, const struct frame *f)
{
	unsigned mine = g->pol->site[f->peer].worker;

	if (mine == g->likely)
		return room;
	g->likely = mine;
	room = link_room(&g->link[mine]);
	if (room != NULL)
		memcpy(room, f, sizeof(*f) + f->len);
	return room;
}

/* What may go to a link goes there, if it has room. */
static void
hand_over(struct gate *g, struct frame *room, struct frame *f, size_t n)
{
	if (!judge_frame(g, f, n))
		return;
	room = find_room(g, room, f);
	struct link *l = &g->link[g->likely];
	if (waiter_is_late(g->now)) {
		counters_add(g->st, V_LATE, f->len);
		return;
	}
	if (room != NULL)
		link_put(l, room);
	counters_add(g->st, room != NULL || link_slip(l, f) ?
	    (enum verdict)f->class : l->fd < 0 ? V_NO_LINK : V_FULL, f->len);
	link_flush(l);
}

/* Straight into the link, if there is room: the other end sees it only once it
 * was judged, and cannot write there.  False, and errno, EAGAIN when the device
 * is empty. */
static bool
read_packet(struct gate *g, struct turn *turn)
{
	struct frame *room = link_room(&g->link[g->likely]);
	struct frame *f = room != NULL ? room : (struct frame *)g->frame;
	ssize_t n = read(g->tun, (uint8_t *)f + TUN_AT,
	    sizeof(struct vnet) + FRAME_PACKET_MAX);

	if (n <= 0)
		return false;
	turn_count(turn, (size_t)n);
	if ((size_t)n < sizeof(f->vnet))
		counters_add(g->st, V_SHORT, 0);
	else
		hand_over(g, room, f, (size_t)n);
	return true;
}

/* 0: it has no more now; 1; -1 if the device is gone. */
static int
tun_to_link(struct gate *g)
{
	struct turn turn = { 0 };

	while (!turn_is_over(&turn))
		if (!read_packet(g, &turn))
			return errno == EAGAIN ? 0 : -1;
	return 1;
}

/* Ours again: bh-tunnel could not send it, and has counted it. */
static void
report_returned(struct gate *g, const struct frame *f)
{
	const uint8_t *packet = (const uint8_t *)(f + 1);
	struct ip ip;

	if (f->peer < g->pol->nsites &&
	    ip_parse(&ip, packet, f->len) == (enum verdict)V_NEXT)
		icmp_reply_send(&g->reply, &(struct refusal){
		    .at = g->kind->to_link, .why = (enum verdict)f->class,
		    .from = f->peer, .mtu = f->mtu, .packet = packet,
		    .ip = &ip });
}

/* A server has answered our probe. */
static bool
is_answer(struct gate *g, const struct frame *f)
{
	struct ip ip;

	return g->failover != NULL && g->failover->servers.probing &&
	    ip_parse(&ip, (const uint8_t *)(f + 1), f->len) ==
	    (enum verdict)V_NEXT &&
	    failover_answer(g->failover, f->peer, &ip, g->now);
}

/* After a wake-up: looks at the servers, and asks those that it is time to. */
static void
tend_servers(struct gate *g)
{
	struct failover *fo = g->failover;
	struct link *l = &g->link[0];	/* a client has no more */
	struct frame *f;

	if (g->now < fo->due)
		return;
	failover_tick(fo, g->now);
	while ((f = link_room(l)) != NULL && failover_question(fo, g->now, f))
		link_put(l, f);
	link_flush(l);
	fo->due = servers_due(&fo->servers, g->now);
}

static void
frame_to_tun(struct gate *g, struct frame *f, const uint8_t *body)
{
	enum verdict v = V_PEER;

	if (f->class < V_COUNT && icmp_speaks((enum verdict)f->class)) {
		report_returned(g, f);
		return;
	}
	if (is_answer(g, f)) {
		counters_add(g->st, V_SELF, f->len);
		return;
	}
	if (f->peer < g->pol->nsites && f->peer != g->pol->self)
		v = judge(g, g->kind->to_tun, f, f->peer).verdict;
	if (verdict_delivers(v))
		v = put_tun(g, &g->tun_out, f, body, v);
	counters_add(g->st, v, f->len);
}

/* Fetches what the next frames need of the translator, for all at once. */
static void
look_ahead(const struct gate *g, const struct link *l)
{
	uint64_t foreseen[TURN_PACKETS], past = 0;
	uint8_t p[NAT_GLANCE];
	size_t len;
	int n = 0;

	while (n < TURN_PACKETS &&
	    (len = link_ahead(l, &past, p, sizeof(p))) > 0)
		foreseen[n++] = nat_foresee(g->judge.nat, NAT_OUTWARD, p, len);
	for (int i = 0; i < n; i++)
		nat_fetch(g->judge.nat, NAT_OUTWARD, foreseen[i]);
}

/* Whether there may be more. */
static bool
link_to_tun(struct gate *g, unsigned worker)
{
	struct frame *f = (struct frame *)g->frame;
	struct link *l = &g->link[worker];
	struct turn turn = { 0 };
	const uint8_t *body;

	if (g->judge.nat != NULL && nat_is_large(g->judge.nat))
		look_ahead(g, l);
	for (; !turn_is_over(&turn) && link_pop(l, f, &body);
	    turn_count(&turn, f->len))
		if (f->peer < g->pol->nsites &&
		    g->pol->site[f->peer].worker == worker)
			frame_to_tun(g, f, body);
		else
			counters_add(g->st, V_PEER, f->len);
	return turn_is_over(&turn);
}

/* ---- what only translation needs ---- */

/* The next fragment that need not wait any more, as a frame; false: none. */
static bool
next_released(struct gate *g, struct frame *f, bool inward)
{
	*f = (struct frame){ .len = 0 };
	f->len = (uint32_t)nat_released(g->judge.nat, (uint8_t *)(f + 1),
	    &f->peer, inward, g->now);
	return f->len > 0;
}

static void
pass_released(struct gate *g)
{
	struct frame *f = (struct frame *)g->frame, *room;

	while (next_released(g, f, false))
		frame_to_tun(g, f, (uint8_t *)(f + 1));
	do {
		room = link_room(&g->link[g->likely]);
		f = room != NULL ? room : (struct frame *)g->frame;
		if (next_released(g, f, true))
			hand_over(g, room, f, sizeof(f->vnet) + f->len);
	} while (f->len > 0);
}

/* After a wake-up: milliseconds until there is more to do, or -1. */
static int
tend_nat(struct gate *g)
{
	pass_released(g);
	bool more = nat_tick(g->judge.nat, g->now, SWEEP);
	int journal = g->journal;
	nat_log(g->judge.nat, g->cf, &g->journal);
	g->st->helpers_lost += g->journal != journal;
	return more ? 0 : clock_poll_ms(nat_due(g->judge.nat), g->now);
}

/* Answers to what was let out in clear.  0; -1 if the device is gone. */
static int
out_to_tun(struct gate *g)
{
	struct frame *f = (struct frame *)g->frame;
	struct turn turn = { 0 };

	while (!turn_is_over(&turn)) {
		ssize_t n = read(g->out, g->frame + TUN_AT,
		    sizeof(f->vnet) + FRAME_PACKET_MAX);
		if (n <= 0)
			return n == 0 || errno == EAGAIN ? 0 : -1;
		turn_count(&turn, (size_t)n);
		if ((size_t)n < sizeof(f->vnet)) {
			counters_add(g->st, V_SHORT, 0);
			continue;
		}
		*f = (struct frame){ .len = (uint32_t)n - sizeof(f->vnet),
			.vnet = f->vnet };
		enum verdict v = judge(g, POLICY_BACK, f, PEER_NONE).verdict;
		count_once(f, v);
		if (verdict_delivers(v))
			v = put_tun(g, &g->tun_out, f, (uint8_t *)(f + 1),
			    v);
		counters_add(g->st, v, f->len);
	}
	return 0;
}

/* ---- after we have stood still ---- */

/* Answers to our probes are news whenever they come, and what bh-tunnel gives
 * back it has counted. */
static void
drop_frame(struct gate *g, const struct frame *f)
{
	if (is_answer(g, f))
		counters_add(g->st, V_SELF, f->len);
	else if (f->class >= V_COUNT || !icmp_speaks((enum verdict)f->class))
		counters_add(g->st, V_LATE, f->len);
}

/* As much as a link holds: what comes meanwhile may stay. */
static void
drop_link(struct gate *g, struct link *l)
{
	struct frame *f = (struct frame *)g->frame;
	const uint8_t *body;

	for (size_t n = 0; n < RING_BYTES + RING_THIN_BYTES &&
	    link_pop(l, f, &body); n += frame_room(f->len))
		drop_frame(g, f);
}

static void
drop_tun(struct gate *g, int tun)
{
	struct frame *f = (struct frame *)g->frame;
	ssize_t n;

	for (int i = 0; i < TUN_QUEUE && (n = read(tun, g->frame + TUN_AT,
	    sizeof(f->vnet) + FRAME_PACKET_MAX)) > 0; i++)
		counters_add(g->st, V_LATE, (size_t)n < sizeof(f->vnet) ? 0 :
		    (size_t)n - sizeof(f->vnet));
}

static void
drop_late(struct gate *g)
{
	for (unsigned i = 0; i < g->nlinks; i++)
		drop_link(g, &g->link[i]);
	drop_tun(g, g->tun);
	if (g->out >= 0)
		drop_tun(g, g->out);
}

/* True if it is time to go. */
static bool
handle_signal(struct gate *g)
{
	int sig = ready_signal(g->signals);

	if (sig == SIGUSR1)
		report(g);
	return sig == SIGTERM || sig == SIGINT;
}

/* What poll(2) has for all the links; how many places are used. */
static unsigned
set_links(const struct gate *g, struct pollfd fd[static GATE_FDS])
{
	for (unsigned i = GATE_BELL; i < GATE_FDS; i++)
		fd[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (unsigned i = 0; i < g->nlinks; i++) {
		fd[GATE_BELL + i].fd = g->link[i].ear;
		fd[GATE_LINK + i].fd = g->link[i].fd;
	}
	return GATE_LINK + g->nlinks;
}

/* False if there is something to be taken. */
static bool
nap(struct gate *g)
{
	bool idle = true;

	for (unsigned i = 0; i < g->nlinks; i++)
		idle &= link_nap(&g->link[i]);
	return idle;
}

/* What has come from the links, and from the device.  False: it cannot be
 * read, which has been said. */
static bool
forward(struct gate *g, const struct pollfd fd[static GATE_FDS], bool *busy)
{
	*busy = false;
	for (unsigned i = 0; i < g->nlinks; i++)
		*busy |= link_to_tun(g, i);
	int r = fd[GATE_TUN].revents != 0 ? tun_to_link(g) : 0;
	*busy |= r > 0;
	if (r < 0)
		warn("cannot read from %s", g->ifname);
	return r >= 0;
}

/* The exit status that a link which has ended leaves us with; 0: none has. */
static int
sibling_status(const struct gate *g)
{
	for (unsigned i = 0; i < g->nlinks; i++) {
		bool broken = g->link[i].ring.broken;
		if (g->link[i].fd >= 0)
			continue;
		warnx(broken ? "bh-tunnel has broken the link" :
		    "bh-tunnel is gone");
		return broken ? EXIT_RETRY : EXIT_SIBLING;
	}
	return 0;
}

/* What is due without a packet; how long poll(2) may wait then. */
static int
tend(struct gate *g)
{
	if (g->judge.nat != NULL)
		return tend_nat(g);
	return g->failover != NULL ?
	    clock_poll_ms(g->failover->due, g->now) : -1;
}

int
gate_run(struct gate *g)
{
	struct pollfd fd[GATE_FDS] = {
		[GATE_TUN] = { .fd = g->tun, .events = POLLIN },
		[GATE_SIG] = { .fd = g->signals, .events = POLLIN },
		[GATE_OUT] = { .fd = g->out, .events = POLLIN },
	};
	unsigned nfds = set_links(g, fd);
	bool busy = false, tended = g->judge.nat != NULL || g->failover != NULL;

	for (int wait = tended ? 0 : -1, status;;) {
		bool idle = !busy && nap(g);
		if (waiter_wait(&g->waiter, fd, nfds, idle ? wait : 0) < 0 &&
		    errno != EINTR) {
			warn("cannot wait for packets");
			return EXIT_RETRY;
		}
		g->now = g->waiter.now;
		for (unsigned i = 0; i < g->nlinks; i++)
			link_wake(&g->link[i], fd[GATE_LINK + i].revents != 0);
		if (g->failover != NULL)
			tend_servers(g);
		if (fd[GATE_SIG].revents != 0 && handle_signal(g))
			return 0;
		if (g->waiter.late)
			drop_late(g);
		if (!forward(g, fd, &busy))
			return EXIT_RETRY;
		if ((status = sibling_status(g)) != 0)
			return status;
		if (fd[GATE_OUT].revents != 0 && out_to_tun(g) < 0) {
			warn("cannot read from %s", g->outname);
			return EXIT_RETRY;
		}
		report_stranger(g);
		wait = tend(g);
		waiter_rest(&g->waiter, busy, g->now, g->st->in);
	}
}
