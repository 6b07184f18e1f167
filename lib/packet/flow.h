/* SPDX-License-Identifier: ISC */
#ifndef BH_FLOW_H
#define BH_FLOW_H

/*
 * What was found out about a flow, so that it need not be found out again for
 * each packet.  A cache: of fixed size, keyed so that nobody outside can choose
 * who displaces whom, and what is displaced is found out anew.
 */

#include "packet/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flows;

/* Room for about so many flows.  NULL and errno.  Starting up only. */
struct flows *flows_new(size_t room);
void flows_free(struct flows *fs);

/* Where the answer for a packet's flow is, or is to be put: *known says
 * which.  Good until the next call. */
uint16_t *flows_entry(struct flows *fs, const struct ip *ip, bool *known);

#endif
