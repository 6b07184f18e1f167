/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_FLOW_H
#define BH_NAT_FLOW_H

/* Flows and what lets them begin: rules, mappings, quotas; and events. */

#include "nat/nat.h"

static inline uint32_t
nat_seconds(nsec now)
{
	return (uint32_t)(now / NSEC_SEC);
}

/* A rule that opens an outside port, from either side; NULL: none. */
const struct nat_static *nat_static_out(const struct nat_config *cfg,
    uint8_t proto, const struct addr *inside, uint16_t port);
const struct nat_static *nat_static_in(const struct nat_config *cfg,
    uint8_t proto, const struct addr *outside, uint16_t port,
    const struct addr *remote);

/* A flow of an inside end, for a packet that may begin one; f has inside,
 * remote and protocol.  0: *v says why not. */
uint32_t nat_begin(struct nat *n, struct nat_flow *f, uint16_t site,
    uint32_t now, enum verdict *v);
void nat_tell(struct nat *n, enum nat_news what, uint32_t block,
    uint16_t site, const struct addr *host, uint32_t now);
/* Seconds that a flow lives on after a packet. */
uint32_t nat_idle(const struct nat *n, uint32_t i);
/* A flow that has not expired. */
uint32_t nat_alive(const struct nat *n, enum nat_index which,
    const struct nat_key *k, uint32_t now);

#endif
