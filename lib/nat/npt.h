/* SPDX-License-Identifier: ISC */
#ifndef BH_NPT_H
#define BH_NPT_H

/*
 * NPTv6 (RFC 6296): one network's addresses stand for another's, one for one,
 * without state.  A word of the address makes up for what the prefix changes,
 * so every checksum over it stays right, whatever the transport.
 */

#include "packet/ip.h"

#include <stdbool.h>
#include <stdint.h>

enum npt_dir { NPT_OUT, NPT_IN };	/* rewrites source, destination */

struct npt {
	struct prefix net[2];	/* inside, outside; of one length */
	uint16_t adjust[2];	/* one's complement, by direction */
};

enum { NPT_LEN_MAX = 64 };	/* behind it is what makes up for it */

/* The inside network is that of the outside one's length around `inside',
 * which is longer or as long.  False: a prefix longer than NPT_LEN_MAX. */
bool npt_init(struct npt *t, const struct prefix *inside,
    const struct prefix *outside);
/* An address of the near network to one of the far.  False, and untouched: it
 * is of another network, or of the few that nothing stands for. */
bool npt_map(const struct npt *t, enum npt_dir dir, struct addr *a);
/* The address is of the network that dir leads from. */
bool npt_has(const struct npt *t, enum npt_dir dir, const struct addr *a);

/*
 * Rewrites a parsed packet in place, and in an ICMPv6 error what it quotes.
 * True also for what is of another network, and stays as it is; false for an
 * address that nothing stands for: to be refused (RFC 6296 3.2 and 3.5).
 */
bool npt_packet(const struct npt *t, enum npt_dir dir, uint8_t *p,
    struct ip *ip);

#endif
