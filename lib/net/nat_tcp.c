/* SPDX-License-Identifier: ISC */
#include "net/nat_tcp.h"

/* The largest window there is (RFC 7323 2.3). */
#define WINDOW_MAX (UINT32_C(1) << 30)

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

static void
take_ack(struct nat_run *r, const struct tcp_hdr *h, enum nat_dir dir)
{
	uint32_t ack = be32_get(h->ack);
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;

	if ((h->flags & TCP_ACK) == 0 ||
	    (has(r, NAT_TCP_SYN, other) && past(ack, r->end[other]) > 0))
		return;		/* of what nobody has sent */
	if (has(r, NAT_TCP_ACK, dir) && past(ack, r->ack[dir]) < 0)
		return;
	r->ack[dir] = ack;
	set(r, NAT_TCP_ACK, dir);
}

/* A connection begins, or is begun again where one is over; on top of one that
 * is open it changes nothing (RFC 5961 4.2). */
static bool
take_syn(struct nat_run *r, const struct tcp_hdr *h, size_t payload,
    enum nat_dir dir)
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
	if (ack)	/* also if theirs came before there was a flow */
		set(r, NAT_TCP_SYN, other);
	take_ack(r, h, dir);
	return true;
}

static bool
take_rst(struct nat_run *r, const struct tcp_hdr *h, enum nat_dir dir)
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

bool
nat_tcp_take(struct nat_run *r, const struct tcp_hdr *h, size_t payload,
    enum nat_dir dir)
{
	enum nat_dir other = dir == NAT_OUTWARD ? NAT_INWARD : NAT_OUTWARD;
	bool fin = (h->flags & TCP_FIN) != 0;
	uint32_t seq = be32_get(h->seq);
	uint32_t end = seq + (uint32_t)payload + fin;

	if ((h->flags & TCP_RST) != 0)
		return take_rst(r, h, dir);
	if ((h->flags & TCP_SYN) != 0)
		return take_syn(r, h, payload, dir);
	if (has(r, NAT_TCP_ACK, other) &&
	    seq - r->ack[other] + WINDOW_MAX > 2 * WINDOW_MAX)
		return false;	/* where nothing is due */
	take_ack(r, h, dir);
	if (fin)
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
