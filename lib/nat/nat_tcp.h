/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_TCP_H
#define BH_NAT_TCP_H

/*
 * What a translator has to know of a TCP connection: whether it is open, and
 * whether a segment that says otherwise can be believed.  A RST counts only if
 * it stands exactly where the next byte is due (RFC 5961 3.2), a FIN or a byte
 * only within the window that the other side has announced, by the scale that
 * both have agreed on (RFC 7323 2), a SYN never ends anything.  All are passed
 * on: the ends decide for themselves.
 */

#include "nat/nat_config.h"
#include "nat/nat_table.h"
#include "packet/wire.h"

enum nat_dir { NAT_OUTWARD, NAT_INWARD };

enum {	/* in run.tcp; shifted left by the direction */
	NAT_TCP_SYN = 1 << 0,
	NAT_TCP_ACK = 1 << 2,	/* ack[] of that side is known */
	NAT_TCP_FIN = 1 << 4,
	NAT_TCP_RST = 1 << 6,	/* either's */
};

/* May a flow begin with it? */
bool nat_tcp_begins(const struct tcp_hdr *h);
/* Takes a segment (or several at once) of n bytes, its header included.  True
 * if it shows that the connection is alive. */
bool nat_tcp_track(struct nat_run *r, const struct tcp_hdr *h, size_t n,
    enum nat_dir dir);
/* How long it may be idle now, seconds. */
uint32_t nat_tcp_idle(const struct nat_run *r, const struct nat_config *cfg);
/* Whether an ICMP error may speak of this sequence number of what `dir' sent:
 * only of bytes that are under way (RFC 5927 4). */
bool nat_tcp_under_way(const struct nat_run *r, uint32_t seq,
    enum nat_dir dir);

#endif
