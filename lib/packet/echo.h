/* SPDX-License-Identifier: ISC */
#ifndef BH_ECHO_H
#define BH_ECHO_H

/* ICMP echo, both families (RFC 792, RFC 4443 4): a question and its answer. */

#include "packet/ip.h"

enum { ECHO_ROOM = IP6_HLEN + 8 + 8 };

struct echo {
	struct addr src, dst;	/* of the question; one family */
	uint16_t id, seq;
};

/* The question as a packet; its length. */
size_t echo_build(uint8_t out[static ECHO_ROOM], const struct echo *e);
/* The packet answers it, or one with another seq. */
bool echo_answers(const struct echo *e, const struct ip *ip);

#endif
