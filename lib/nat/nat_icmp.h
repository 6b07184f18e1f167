/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_ICMP_H
#define BH_NAT_ICMP_H

/* ICMP errors: what they quote is put back as its sender knew it (RFC 5508 4).
 * They begin, refresh and end nothing. */

#include "nat/nat.h"

/* As nat_outbound, nat_inbound and nat_deliver. */
enum verdict nat_error_out(struct nat *n, const struct nat_packet *pk,
    uint32_t now);
enum verdict nat_error_in(struct nat *n, const struct nat_packet *pk,
    struct nat_way *way, uint32_t now);
void nat_error_deliver(struct nat *n, const struct nat_packet *pk,
    const struct nat_way *way);

#endif
