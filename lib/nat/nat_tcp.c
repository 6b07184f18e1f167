/* SPDX-License-Identifier: ISC */
#include "nat/nat_tcp.h"

enum {
	OPT_END = 0, OPT_NOP = 1, OPT_SCALE = 3, OPT_SCALE_LEN = 3,
	SCALE_MAX = 14,		/* RFC 7323 2.3: windows of a gigabyte */
	SCALE_NONE = 15,	/* its SYN had none: neither side's is scaled */
};

/* How far b is past a, around the circle of sequence numbers. */
static int32_t
past(uint32_t b, uint32_t a)
{
	return (int32_t)(b - a);
}

static bool
has(const struct nat_run *r, unsigned what, enum nat_dir dir)
{
	return (r->tcp & what << dir) != 0;
}

static void
set(struct nat_run *r, unsigned what, enum nat_dir dir)
{
	r->tcp |= (uint8_t)(what << dir);
}

bool
nat_tcp_begins(const struct tcp_hdr *h)
{
	return (h->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

static bool
is_over(const struct nat_run *r)
{
	return (r->tcp & NAT_TCP_RST) != 0 ||
	    (has(r, NAT_TCP_FIN, NAT_OUTWARD) &&
	    has(r, NAT_TCP_FIN, NAT_INWARD));
}

/* ---- windows ---- */

static void
set_scale(struct nat_run *r, unsigned scale, enum nat_dir dir)
{
	unsigned at = 4 * (unsigned)dir;

	r->scale = (uint8_t)((r->scale & ~(15u << at)) | scale << at);
}

static unsigned
scale_of(const struct nat_run *r, enum nat_dir dir)
{
	unsigned out = r->scale & 15, in = r->scale >> 4;

	if (out == SCALE_NONE || in == SCALE_NONE)
		return 0;
	return dir == NAT_OUTWARD ? out : in;
}

/* What a SYN says of it. */
static unsigned
read_scale(const uint8_t *p, size_t n)
{
	while (n > 0 && *p != OPT_END) {
		size_t len = 1;

		if (*p != OPT_NOP) {
			if (n < 2 || p[1] < 2 || p[1] > n)
				return SCALE_NONE;
			if (p[0] == OPT_SCALE && p[1] == OPT_SCALE_LEN)
				return p[2] < SCALE_MAX ? p[2] : SCALE_MAX;
			len = p[1];
		}
		p += len;
		n -= len;
	}
	return SCALE_NONE;
}

/* Past the last byte that the side lets the other one send; once it has
 * acknowledged something. */
static uint32_t
edge_of(const struct nat_run *r, enum nat_dir side)
{
	return r->ack[side] + ((uint32_t)r->win[side] << scale_of(r, side));
}

/* The window that a segment announces, in units of its side's scale; a SYN's is
 * in bytes (RFC 7323 2.2). */
static uint16_t
window_of(const struct nat_run *r, const struct tcp_hdr *h, enum nat_dir dir)
{
	unsigned scale = scale_of(r, dir), win = be16_get(h->win);

	return (uint16_t)((h->flags & TCP_SYN) != 0 ?
	    (win + (1u << scale) - 1) >> scale : win);
}

/* What was let in once may be under way: the edge never goes back. */
static void
set_window(struct nat_run *r, uint32_t ack, uint16_t win, enum nat_dir dir)
{
	unsigned scale = scale_of(r, dir);
	int32_t open = past(edge_of(r, dir), ack);
	uint32_t least = !has(r, NAT_TCP_ACK, dir) || open <= 0 ? 0 :
	    ((uint32_t)open + (UINT32_C(1) << scale) - 1) >> scale;

	r->ack[dir] = ack;
	r->win[dir] = win > least ? win : least < UINT16_MAX ?
	    (uint16_t)least : UINT16_MAX;
}

/* Could the other side's TCP take a byte there?  Where not all is known that
 * its window follows from, the largest there is stands for it. */
static bool
in_window(const struct nat_run *r, uint32_t seq, enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;
	const int32_t most = (int32_t)UINT16_MAX << SCALE_MAX;

	if (!has(r, NAT_TCP_ACK, other))
		return true;
	if (!has(r, NAT_TCP_SYN, dir) || !has(r, NAT_TCP_SYN, other))
		return past(seq, r->ack[other]) <= most &&
		    past(seq, r->ack[other]) >= -most;
	return past(seq, edge_of(r, other)) <= 0 &&
	    past(seq, r->ack[other]) >= -((int32_t)UINT16_MAX <<
	    scale_of(r, other));
}

/* ---- segments ---- */

static void
track_ack(struct nat_run *r, const struct tcp_hdr *h, enum nat_dir dir)
{
	uint32_t ack = be32_get(h->ack);
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;

	if ((h->flags & TCP_ACK) == 0 ||
	    (has(r, NAT_TCP_SYN, other) && past(ack, r->end[other]) > 0))
		return;		/* of what nobody has sent */
	if (has(r, NAT_TCP_ACK, dir) && past(ack, r->ack[dir]) < 0)
		return;
	set_window(r, ack, window_of(r, h, dir), dir);
	set(r, NAT_TCP_ACK, dir);
}

/* A connection begins, or is begun again where one is over; on top of one that
 * is open it changes nothing (RFC 5961 4.2). */
static bool
track_syn(struct nat_run *r, const struct tcp_hdr *h, size_t hlen,
    size_t payload, enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;
	uint32_t end = be32_get(h->seq) + 1 + (uint32_t)payload;
	bool ack = (h->flags & TCP_ACK) != 0;

	if (is_over(r) && !ack)
		*r = (struct nat_run){ .site = r->site };
	if (has(r, NAT_TCP_SYN, dir))
		return r->end[dir] == end;	/* once more */
	if (ack && has(r, NAT_TCP_SYN, other) &&
	    be32_get(h->ack) != r->end[other])
		return false;
	r->end[dir] = end;
	set(r, NAT_TCP_SYN, dir);
	set_scale(r, read_scale((const uint8_t *)(h + 1), hlen - sizeof(*h)),
	    dir);
	if (ack && !has(r, NAT_TCP_SYN, other)) {
		/* theirs came before there was a flow */
		r->end[other] = be32_get(h->ack);
		set_scale(r, SCALE_MAX, other);
		set(r, NAT_TCP_SYN, other);
	}
	track_ack(r, h, dir);
	return true;
}

static bool
track_rst(struct nat_run *r, const struct tcp_hdr *h, enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;
	uint32_t seq = be32_get(h->seq);
	bool due = (has(r, NAT_TCP_ACK, other) && seq == r->ack[other]) ||
	    (has(r, NAT_TCP_SYN, dir) && seq == r->end[dir]);

	/* the answer to a SYN has no place of its own (RFC 9293 3.10.7.3) */
	if (!has(r, NAT_TCP_SYN, dir))
		due = (h->flags & TCP_ACK) != 0 &&
		    be32_get(h->ack) == r->end[other];
	if (due)
		r->tcp |= NAT_TCP_RST;
	return false;	/* RFC 7857 7: it refreshes nothing */
}

/* A header that claims to be longer than all of it, or shorter than any. */
static size_t
header_length(const struct tcp_hdr *h, size_t n)
{
	size_t hlen = (h->off >> 4) * 4u;

	return hlen < sizeof(*h) ? sizeof(*h) : hlen < n ? hlen : n;
}

/* It has not been acknowledged, and may come. */
static bool
is_due(const struct nat_run *r, uint32_t seq, enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;

	return in_window(r, seq, dir) && (!has(r, NAT_TCP_ACK, other) ||
	    past(seq, r->ack[other]) >= 0);
}

bool
nat_tcp_track(struct nat_run *r, const struct tcp_hdr *h, size_t n,
    enum nat_dir dir)
{
	bool fin = (h->flags & TCP_FIN) != 0;
	size_t hlen = header_length(h, n), payload = n - hlen;
	uint32_t seq = be32_get(h->seq);
	uint32_t end = seq + (uint32_t)payload + fin;

	if ((h->flags & TCP_RST) != 0)
		return track_rst(r, h, dir);
	if ((h->flags & TCP_SYN) != 0)
		return track_syn(r, h, hlen, payload, dir);
	if (!in_window(r, seq, dir))
		return false;	/* where nothing is due */
	track_ack(r, h, dir);
	if (fin && is_due(r, end - 1, dir))
		set(r, NAT_TCP_FIN, dir);
	if (past(end, r->end[dir]) > 0 || !has(r, NAT_TCP_SYN, dir))
		r->end[dir] = end;
	r->tcp &= (uint8_t)~NAT_TCP_RST;	/* RFC 7857 2.2: it goes on */
	return true;
}

uint32_t
nat_tcp_idle(const struct nat_run *r, const struct nat_config *cfg)
{
	const unsigned both = NAT_TCP_SYN << NAT_OUTWARD |
	    NAT_TCP_SYN << NAT_INWARD;
	const unsigned closing = NAT_TCP_RST | NAT_TCP_FIN << NAT_OUTWARD |
	    NAT_TCP_FIN << NAT_INWARD;

	return (r->tcp & both) == both && (r->tcp & closing) == 0 ? cfg->tcp :
	    cfg->tcp_transitory;
}

bool
nat_tcp_under_way(const struct nat_run *r, uint32_t seq, enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;

	if (!has(r, NAT_TCP_SYN, dir) || past(seq, r->end[dir]) > 0)
		return false;
	return !has(r, NAT_TCP_ACK, other) ?
	    past(r->end[dir], seq) <= UINT16_MAX + 1 :
	    past(seq, r->ack[other]) >= 0;
}
