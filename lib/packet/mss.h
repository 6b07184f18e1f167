/* SPDX-License-Identifier: ISC */
#ifndef BH_MSS_H
#define BH_MSS_H

/* The maximum segment size that a TCP handshake agrees on (RFC 9293 3.7.1),
 * lowered to what a tunnel takes, so that nobody has to find out. */

#include "packet/ip.h"
#include "packet/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* Lowers the option of a SYN to what fits into mtu, never below 536 (IPv6:
 * 1220), and never raises or adds one.  sum: the checksum is complete and is
 * kept right. */
void mss_clamp(uint8_t *packet, const struct ip *ip, uint16_t mtu, bool sum);

static inline bool
mss_is_syn(const uint8_t *packet, const struct ip *ip)
{
	return ip->proto == PROTO_TCP && ip->ports &&
	    (packet[ip->l4 + offsetof(struct tcp_hdr, flags)] & TCP_SYN) != 0;
}

#endif
