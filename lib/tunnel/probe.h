/* SPDX-License-Identifier: ISC */
#ifndef BH_PROBE_H
#define BH_PROBE_H

/*
 * Probes of the path to a peer of a gateway: a probe is an ICMPv6 echo request
 * in the tunnel, between two link-local addresses that follow from the public
 * keys of both ends.  bh-tunnel answers it by itself; another implementation
 * drops it, since no peer may own link-local addresses, and is taken for deaf.
 */

#include "tunnel/sender.h"

/* Handles a probe, or its answer; false if the packet is neither. */
bool probe_handle(struct sender *s, uint16_t peer, const uint8_t *packet,
    const struct ip *ip);
/* Sends those that are due (paths_due). */
void probe_tick(struct sender *s);

#endif
