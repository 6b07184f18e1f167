/* SPDX-License-Identifier: ISC */
#ifndef BH_FILTER_H
#define BH_FILTER_H

/*
 * A pcap-filter(7) expression over what the packets of one flow have in common:
 * addresses, protocol, ports; type, code and identifier of ICMP.  It is asked
 * about a packet that holds these and nothing else, so its answer is a
 * function of the flow: no packet of a flow is judged otherwise than the first,
 * and to forget an answer changes nothing.
 */

#include "packet/ip.h"

#include <pcap/pcap.h>
#include <stdbool.h>

enum {
	FILTER_WHYLEN = 200,
	FILTER_STEPS_MAX = 4096,
};

enum filter_kind {
	FILTER_BAD,		/* why says what is wrong, and where */
	FILTER_NEVER,		/* matches nothing */
	FILTER_ALWAYS,		/* matches everything */
	FILTER_SOME,
};

/* About how many steps libpcap makes of it before it looks for what can be left
 * out, which takes it time with their square: a tenth of a second for
 * FILTER_STEPS_MAX, and no more are compiled. */
unsigned filter_steps(const char *text);
/* What it is; a program in *f if FILTER_ALWAYS or FILTER_SOME, to be freed
 * with pcap_freecode(3).  No name is ever looked up in the DNS.  Starting up
 * only. */
enum filter_kind filter_compile(struct bpf_program *f, const char *text,
    char why[static FILTER_WHYLEN]);
/* True if all that the one matches the other does, too; both compile.  False:
 * no, or not to be seen by the optimizer of libpcap. */
bool filter_within(const char *text, const char *other);
bool filter_matches(const struct bpf_program *f, const struct ip *ip);

#endif
