/* SPDX-License-Identifier: ISC */
#ifndef BH_ECN_H
#define BH_ECN_H

/* Congestion marks across a tunnel (RFC 6040). */

#include <stdbool.h>
#include <stdint.h>

enum ecn { ECN_NOT_ECT, ECN_ECT1, ECN_ECT0, ECN_CE };
enum { ECN_MASK = 3, ECN_DROP = 4 };

/* What the inner packet is to carry from here on; ECN_DROP: it was marked by
 * a router that should have dropped it. */
int ecn_decapsulate(uint8_t inner, uint8_t outer);
/* Writes the mark into an IPv4 or IPv6 header, and IPv4's checksum. */
void ecn_set(uint8_t *packet, uint8_t version, uint8_t ecn);

#endif
