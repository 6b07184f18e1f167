/* SPDX-License-Identifier: ISC */
#ifndef BH_L2_H
#define BH_L2_H

/* What stands before the IP packet in a capture file. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { L2_SHORT = -1, L2_NOT_IP = -2 };

/* Whether packets of this link type (a DLT_ number of libpcap's) can be
 * read: raw IP, Ethernet with or without VLAN tags, Linux cooked 1 and 2, BSD
 * loopback. */
bool l2_known(int dlt);
/* Bytes before the IP packet; L2_SHORT if the n bytes at p end before it,
 * L2_NOT_IP if it is something else (ARP). */
int l2_offset(int dlt, const uint8_t *p, size_t n);
/* What it is then: "ARP", "LLDP" ..., "not IP" if it has no better name. */
const char *l2_kind(int dlt, const uint8_t *p, size_t n);

#endif
