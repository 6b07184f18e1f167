/* SPDX-License-Identifier: ISC */
#ifndef BH_EXPLAIN_PACKET_H
#define BH_EXPLAIN_PACKET_H

/*
 * What would become of one packet, and why: a real packet is made of a line of
 * text (capture/packet_parse.h) and put before the judgement that runs live,
 * here and at the far end.  Nothing is decided here.
 */

#include "conf/conf.h"
#include "nat/nat.h"
#include "policy/policy.h"

#include <stdint.h>

struct explain_packet {
	const struct conf *cf;
	const struct policy *pol;
	struct nat *nat;	/* NULL: nothing is translated here */
	enum policy_point at;
	uint16_t from;		/* the peer, or PEER_NONE */
};

/* Prints every rule that is tried and what follows from it.  0 if the packet
 * is delivered, 1 if it is refused; exits 100 if the text is none. */
int explain_packet(const struct explain_packet *e, const char *text);

#endif
