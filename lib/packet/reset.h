/* SPDX-License-Identifier: ISC */
#ifndef BH_RESET_H
#define BH_RESET_H

/*
 * Tells a host that nobody has its connection any more, as the other end would
 * if it had forgotten it (RFC 9293 3.10.7.1): else it hangs until TCP gives up.
 */

#include "packet/ip.h"

enum { RESET_ROOM = IP6_HLEN + 20 };

/* The parsed packet is a segment that a reset answers: whole, no SYN and no
 * RST, from one host to one. */
bool reset_may_answer(const struct ip *ip, const uint8_t *packet);
/* Writes the reset to out; its length. */
size_t reset_build(uint8_t out[static RESET_ROOM], const struct ip *ip,
    const uint8_t *packet);

#endif
