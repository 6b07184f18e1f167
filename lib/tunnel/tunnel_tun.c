/* SPDX-License-Identifier: ISC */
/* Standalone: packets come from a TUN device of our own, and go there. */
#include "tunnel/tunnel_impl.h"

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
may_tell(struct tunnel *t)
{
	t->told.gap = NSEC_SEC / 100;
	t->told.ahead = 9 * t->told.gap;
	return rate_allows(&t->told, t->at.now);
}

/* W18.  Off the fast path: nothing has been sent. */
static void
tell_sender(struct tunnel *t, enum verdict why, const uint8_t *packet,
    const struct ip *ip)
{
	struct {
		struct vnet vnet;
		uint8_t packet[ICMP_ROOM];
	} out = { 0 };

	if (!icmp_may_answer(ip) || !may_tell(t))
		return;
	/* as the destination, since we have no address */
	size_t n = icmp_error(out.packet, &(struct icmp_error){ .why = why,
	    .from = ip->dst }, packet, ip);
	rate_spend(&t->told, t->at.now);
	/* should there be no room, its sender learns it by the next */
	ssize_t r = write(t->tun, &out, sizeof(out.vnet) + n);
	(void)r;
}

/* V_NEXT if somebody else has counted it or will. */
static enum verdict
take_packet(struct tunnel *t, struct frame *f)
{
	const uint8_t *packet = (const uint8_t *)(f + 1);
	struct ip ip;

	enum verdict v = ip_parse(&ip, packet, f->len);
	if (v != V_NEXT)
		return v;
	f->class = V_PARTNER;
	f->peer = allowed_owner(t->allowed, &ip.dst);
	v = f->peer == ALLOWED_NOBODY ? V_NO_PEER : tunnel_send(t, f, packet,
	    &ip);
	if (v == V_NO_PEER || v == V_DOWN)
		tell_sender(t, v, packet, &ip);
	return v;
}

bool
tunnel_tun(struct tunnel *t)
{
	struct frame *f = t->frame;
	struct turn turn = { 0 };

	while (!turn_is_over(&turn)) {
		ssize_t n = read(t->tun, (uint8_t *)f + TUN_AT,
		    sizeof(f->vnet) + FRAME_PACKET_MAX);
		if (n < 0)
			t->gone = errno != EAGAIN && errno != EINTR;
		if (n < (ssize_t)sizeof(f->vnet))
			break;
		f->len = (uint32_t)n - sizeof(f->vnet);
		turn_count(&turn, f->len);
		enum verdict v = take_packet(t, f);
		if (v != V_NEXT)
			counters_add(t->stat, v, f->len);
	}
	tunnel_flush(t);
	return turn_is_over(&turn);
}

void
tunnel_tun_drop(struct tunnel *t)
{
	struct frame *f = t->frame;
	ssize_t n;

	for (int i = 0; i < TUN_QUEUE && (n = read(t->tun, (uint8_t *)f +
	    TUN_AT, sizeof(f->vnet) + FRAME_PACKET_MAX)) >=
	    (ssize_t)sizeof(f->vnet); i++)
		counters_add(t->stat, V_LATE, (size_t)n - sizeof(f->vnet));
}

void
tunnel_put(struct tunnel *t, const struct gro_slot *s)
{
	struct iovec iov[1 + GRO_PIECES];
	struct vnet vnet = s->vnet;

	iov[0] = (struct iovec){ &vnet, sizeof(vnet) };
	memcpy(iov + 1, s->piece, s->npieces * sizeof(s->piece[0]));
	enum verdict v = tun_put(t->tun_out, iov, (int)s->npieces + 1,
	    t->at.now);
	if (t->stat->cut == 0 && t->tun_out->cut > 0)
		warnx("the TUN device refuses super-packets, which this kernel "
		    "should take: they are cut here, which costs time");
	t->stat->cut = t->tun_out->cut;
	counters_add(t->stat, v == (enum verdict)V_NEXT ? V_PARTNER : v,
	    s->bytes);
}
