/* SPDX-License-Identifier: ISC */
#include "capture/watch.h"

#include "base/clock.h"
#include "base/die.h"
#include "capture/tally.h"
#include "packet/l2.h"
#include "policy/judge.h"
#include "proc/ready.h"
#include "proc/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SNAPLEN = 512,		/* headers, extension headers and all */
	RING = 8 << 20,
	PACKET_MAX = 65535,
	BATCH = 4096,
	TOP = 15,
};

struct run {
	const struct watch *w;
	struct judge judge;
	struct tally *tally;
	pcap_t *in;
	int dlt, fd, signals;
	nsec began, now, next_line;
	bool progress;
	uint64_t other;		/* frames that are no IP */
	uint8_t whole[PACKET_MAX];
};

static void
check(const struct run *r, int code, const char *what)
{
	const char *why = pcap_geterr(r->in);

	if (code < 0)
		diex(EXIT_RETRY, "cannot %s %s: %s", what, r->w->ifname,
		    *why != '\0' ? why : pcap_statustostr(code));
}

static void
open_interface(struct run *r)
{
	char why[PCAP_ERRBUF_SIZE];

	r->in = pcap_create(r->w->ifname, why);
	if (r->in == NULL)
		diex(EXIT_RETRY, "cannot watch %s: %s", r->w->ifname, why);
	pcap_set_snaplen(r->in, SNAPLEN);
	pcap_set_promisc(r->in, 0);
	pcap_set_immediate_mode(r->in, 1);
	pcap_set_buffer_size(r->in, RING);
	check(r, pcap_activate(r->in), "watch");
	if (pcap_setnonblock(r->in, 1, why) < 0)
		diex(EXIT_RETRY, "cannot watch %s: %s", r->w->ifname, why);
	r->dlt = pcap_datalink(r->in);
	if (!l2_known(r->dlt))
		diex(EXIT_FIX, "%s: packets of its link type (%d) cannot be "
		    "read", r->w->ifname, r->dlt);
	r->fd = pcap_get_selectable_fd(r->in);
}

static bool
is_here(const struct run *r, const struct addr *a)
{
	const struct policy *pol = r->w->pol;
	uint32_t place = lpm_lookup(pol->where, a);

	return place != LPM_NONE && PLACE_LOC(place) == pol->self;
}

/* The bytes that were not captured are zeros: no rule asks for them. */
static void
handle_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *p)
{
	struct run *r = (struct run *)(void *)arg;
	size_t n = h->caplen < h->len ? h->caplen : h->len;
	int offset = l2_offset(r->dlt, p, n);
	struct question q = { .at = POLICY_OUT, .from = PEER_NONE,
		.now = r->now };

	if (offset < 0) {
		r->other++;
		return;
	}
	size_t wire = h->len - (size_t)offset;
	n -= (size_t)offset;
	wire = wire < PACKET_MAX ? wire : PACKET_MAX;
	n = n < wire ? n : wire;
	memcpy(r->whole, p + offset, n);
	enum verdict v = ip_parse(&q.ip, r->whole, wire);
	memset(r->whole, 0, n);
	bool known = v == (enum verdict)V_NEXT;
	bool in = known && !is_here(r, &q.ip.src) && is_here(r, &q.ip.dst);
	if (in)
		ip_turn(&q.ip);	/* added to what it answers */
	struct decision d = known ? judge_ask(&r->judge, &q) : judge_refuse(v);
	tally_add(r->tally, &(struct tally_item){ &q.ip, &d, in },
	    known ? q.ip.len : wire);
}

static double
elapsed(const struct run *r)
{
	return (double)(r->now - r->began) / (double)NSEC_SEC;
}

/* One line that is written over and over, if standard error is a terminal. */
static void
put_progress(struct run *r)
{
	struct tally_sum s = tally_total(r->tally);

	if (!r->progress || r->now < r->next_line)
		return;
	r->next_line = r->now + NSEC_SEC / 2;
	fprintf(stderr, "\r%s: %.0f s, %" PRIu64 " packets, %.1f MB  ",
	    r->w->ifname, elapsed(r), s.packets, (double)(s.in + s.out) / 1e6);
}

static void
watch_loop(struct run *r)
{
	enum { IN, SIG, NFDS };
	struct pollfd fd[NFDS] = {
		[IN] = { .fd = r->fd, .events = POLLIN },
		[SIG] = { .fd = r->signals, .events = POLLIN },
	};
	nsec end = r->began + (nsec)r->w->seconds * NSEC_SEC;

	for (;;) {
		nsec due = r->w->seconds != 0 ? end : 0;
		if (r->progress && (due == 0 || r->next_line < due))
			due = r->next_line;
		if (poll(fd, NFDS, clock_poll_ms(due, r->now)) < 0 &&
		    errno != EINTR)
			die(EXIT_RETRY, "cannot poll");
		r->now = clock_now();
		int got = pcap_dispatch(r->in, BATCH, handle_packet,
		    (u_char *)r);
		if (got < 0) {
			warnx("cannot watch %s any longer: %s", r->w->ifname,
			    pcap_geterr(r->in));
			return;
		}
		put_progress(r);
		if (fd[SIG].revents != 0 && ready_signal(r->signals) != 0)
			return;
		if (r->w->seconds != 0 && r->now >= end)
			return;
	}
}

static void
put_all(const struct run *r)
{
	const struct watch *w = r->w;
	const char *name = w->cf->location[w->pol->self].name;
	struct tally_sum s = tally_total(r->tally);
	struct pcap_stat st = { 0 };

	pcap_stats(r->in, &st);
	if (r->progress)
		fputs("\r\033[K", stderr);
	if (w->json) {
		printf("{\"table\":\"total\",\"location\":\"%s\","
		    "\"interface\":\"%s\",\"seconds\":%.3f,\"packets\":%"
		    PRIu64 ",\"bytes_out\":%" PRIu64 ",\"bytes_in\":%" PRIu64
		    ",\"not_ip\":%" PRIu64 ",\"missed\":%u}\n", name,
		    w->ifname, elapsed(r), s.packets, s.out, s.in, r->other,
		    st.ps_drop);
		tally_json(r->tally, elapsed(r), stdout);
		return;
	}
	printf("%s on %s: %.1f s, %" PRIu64 " packets, %" PRIu64 " frames that "
	    "are no IP, %u missed\n", name, w->ifname, elapsed(r), s.packets,
	    r->other, st.ps_drop);
	tally_print(r->tally, elapsed(r), TOP, stdout);
}

int
watch_run(const struct watch *w)
{
	static struct run r;
	static char buffer[1 << 16];

	r = (struct run){ .w = w, .progress = isatty(STDERR_FILENO) };
	judge_init(&r.judge, w->pol);
	r.tally = tally_new(w->cf, w->pol);
	r.signals = ready_signals();
	if (r.signals < 0)
		die(EXIT_RETRY, "cannot take signals");
	open_interface(&r);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	sandbox_enter(SANDBOX_WATCH, "_bh-watch");
	ready_tell(w->ready_fd, w->notifier);
	r.began = r.now = clock_now();
	r.next_line = r.began + NSEC_SEC / 2;
	watch_loop(&r);
	put_all(&r);
	die_unwritten();
	return 0;
}
