/* SPDX-License-Identifier: ISC */
#include "tunnel/standalone.h"

#include "base/die.h"
#include "packet/icmp.h"
#include "proc/turn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	/* where read(2) on the device starts in a frame */
	TUN_AT = offsetof(struct frame, vnet),
	TUN_QUEUE = 4096,	/* packets that it holds, and more */
};

/* ICMP errors: a hundred a second, ten at once (RFC 4443 2.4 f). */
static bool
may_tell(struct standalone *a, nsec now)
{
	a->told.gap = NSEC_SEC / 100;
	a->told.ahead = 9 * a->told.gap;
	return rate_allows(&a->told, now);
}

/* W18.  Off the fast path: nothing has been sent. */
static void
tell_sender(struct standalone *a, enum verdict why, const uint8_t *packet,
    const struct ip *ip, nsec now)
{
	struct {
		struct vnet vnet;
		uint8_t packet[ICMP_ROOM];
	} out = { 0 };

	if (!icmp_may_answer(ip) || !may_tell(a, now))
		return;
	/* as the destination, since we have no address */
	size_t n = icmp_error(out.packet, &(struct icmp_error){ .why = why,
	    .from = ip->dst }, packet, ip);
	rate_spend(&a->told, now);
	/* should there be no room, its sender learns it by the next */
	ssize_t r = write(a->tun, &out, sizeof(out.vnet) + n);
	(void)r;
}

/* V_NEXT if somebody else has counted it or will. */
static enum verdict
handle_packet(struct standalone *a, struct sender *s, struct frame *f)
{
	const uint8_t *packet = (const uint8_t *)(f + 1);
	struct ip ip;

	enum verdict v = ip_parse(&ip, packet, f->len);
	if (v != V_NEXT)
		return v;
	f->class = V_PARTNER;
	f->peer = allowed_owner(a->allowed, &ip.dst);
	v = f->peer == ALLOWED_NOBODY ? V_NO_PEER : sender_frame(s, f,
	    packet, &ip);
	if (v == V_NO_PEER || v == V_DOWN)
		tell_sender(a, v, packet, &ip, s->at->now);
	return v;
}

bool
standalone_read(struct standalone *a, struct sender *s, struct frame *f)
{
	struct turn turn = { 0 };

	while (!turn_is_over(&turn)) {
		ssize_t n = read(a->tun, (uint8_t *)f + TUN_AT,
		    sizeof(f->vnet) + FRAME_PACKET_MAX);
		if (n < 0)
			a->gone = errno != EAGAIN && errno != EINTR;
		if (n < (ssize_t)sizeof(f->vnet))
			break;
		f->len = (uint32_t)n - sizeof(f->vnet);
		turn_count(&turn, f->len);
		enum verdict v = handle_packet(a, s, f);
		if (v != V_NEXT)
			counters_add(s->stat, v, f->len);
	}
	sender_flush(s);
	return turn_is_over(&turn);
}

void
standalone_drop(struct standalone *a, struct counters *stat,
    struct frame *f)
{
	ssize_t n;

	for (int i = 0; i < TUN_QUEUE && (n = read(a->tun, (uint8_t *)f +
	    TUN_AT, sizeof(f->vnet) + FRAME_PACKET_MAX)) >=
	    (ssize_t)sizeof(f->vnet); i++)
		counters_add(stat, V_LATE, (size_t)n - sizeof(f->vnet));
}

void
standalone_put(struct standalone *a, struct counters *stat,
    const struct gro_slot *s, nsec now)
{
	struct iovec iov[1 + GRO_PIECES];
	struct vnet vnet = s->vnet;

	iov[0] = (struct iovec){ &vnet, sizeof(vnet) };
	memcpy(iov + 1, s->piece, s->npieces * sizeof(s->piece[0]));
	enum verdict v = tun_put(a->out, iov, (int)s->npieces + 1,
	    now);
	if (stat->cut == 0 && a->out->cut > 0)
		warnx("the TUN device refuses super-packets, which this kernel "
		    "should take: they are cut here, which costs time");
	stat->cut = a->out->cut;
	counters_add(stat, v == (enum verdict)V_NEXT ? V_PARTNER : v,
	    s->bytes);
}
