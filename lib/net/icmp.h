/* SPDX-License-Identifier: ISC */
#ifndef BH_ICMP_H
#define BH_ICMP_H

/* Errors that tell a sender why its packet went nowhere. */

#include "net/ip.h"

#include <stddef.h>
#include <stdint.h>

enum { ICMP_ROOM = 1280 };	/* bytes that any such packet fits in */

/* Writes to out (ICMP_ROOM bytes) that the destination of a parsed packet is
 * not reachable (RFC 792 type 3 code 1, RFC 4443 type 1 code 3), and gives its
 * length.  It comes from that destination, as we have no address.  0: nobody
 * may be told (RFC 1122 3.2.2, RFC 4443 2.4 e). */
size_t icmp_unreachable(uint8_t *out, const uint8_t *packet,
    const struct ip *ip);

#endif
