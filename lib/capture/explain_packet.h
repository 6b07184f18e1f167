/* SPDX-License-Identifier: ISC */
#ifndef BH_EXPLAIN_PACKET_H
#define BH_EXPLAIN_PACKET_H

/* What would become of one packet, and why: a real packet is made of a line of
 * text and put before the rules here and at the far end. */

#include "conf/conf.h"
#include "policy/policy.h"

#include <stdint.h>

/* Prints every rule that is tried and what follows from it.  0 if the packet
 * is delivered, 1 if it is refused; exits 100 if the text is none
 * (capture/packet_parse.h). */
int explain_packet(const struct conf *cf, const struct policy *pol,
    enum policy_point at, uint16_t from, const char *text);

#endif
