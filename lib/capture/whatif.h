/* SPDX-License-Identifier: ISC */
#ifndef BH_WHATIF_H
#define BH_WHATIF_H

/* What would become of one packet, and why: a real packet is made of a line of
 * text and put before the rules here and at the far end. */

#include "conf/conf.h"
#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

enum { WHATIF_PACKET_MAX = 80 };

/* "SRC[:PORT] > DST[:PORT] PROTO [PORT]" into buf; its length, or 0 and *why
 * says what is wrong with the text.  The last PORT is the destination's, or
 * the type of an ICMP message. */
size_t whatif_packet(const char *text, uint8_t buf[static WHATIF_PACKET_MAX],
    const char **why);

/* Prints every rule that is tried and what follows from it.  0 if the packet
 * is delivered, 1 if it is refused; exits 100 if the text is none. */
int whatif_run(const struct conf *cf, const struct policy *pol,
    enum policy_point at, uint16_t from, const char *text);

#endif
