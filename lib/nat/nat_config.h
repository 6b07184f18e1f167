/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_CONFIG_H
#define BH_NAT_CONFIG_H

/* What a translator is told once, when it starts.  All is the caller's and
 * stays there, unchanged, as long as the translator does. */

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAT_POOL_MAX = 4096,	/* outside addresses */
	NAT_PORT_FIRST = 1024,	/* below: nobody's (RFC 7422 2) */
	NAT_BLOCK_MIN = 64,
	NAT_BLOCK_MAX = 8192,
	NAT_REST = 120,		/* seconds that a freed block rests (6888-8) */
};

/* The remote ends that may answer to a mapping (RFC 4787 5). */
enum nat_filter {
	NAT_FILTER_ADDRESS_PORT,	/* whom it has talked to, that port */
	NAT_FILTER_ADDRESS,		/* ... any port of that address */
	NAT_FILTER_INDEPENDENT,		/* everybody */
};

/* One rule that opens outside ports to an inside host, for good. */
struct nat_static {
	uint8_t proto;		/* 0: all that is translated, whole address */
	uint16_t outside_first, outside_last;
	uint16_t inside_first;	/* the ports keep their order */
	struct addr outside, inside;
	uint16_t site;		/* the inside host's location */
	const struct prefix *from;	/* who may begin; none: everybody */
	size_t nfrom;
};

/* The pool's addresses that a location's hosts share. */
struct nat_range {
	uint16_t first, n;
};
struct nat_site {
	struct nat_range range[2];	/* IPv4, IPv6; n = 0: refused */
};

/* Deterministic translation (RFC 7422): the hosts from `first' on have the
 * numbers from `number' on. */
struct nat_span {
	struct addr first;
	uint32_t count, number;
	uint16_t site;
};

struct nat_config {
	const struct addr *pool;	/* each once, both families */
	size_t npool;
	const struct nat_site *site;	/* by location */
	struct nat_site shared;		/* of those without nat-address */
	size_t nsites;
	const struct nat_static *statics;	/* the first that matches */
	size_t nstatics;
	const struct nat_span *span;	/* none: blocks by need; IPv4 only */
	size_t nspans;
	struct nat_range fixed;		/* ... whose blocks are in it */
	uint32_t nfixed;		/* ... how many there are */

	uint32_t flows;			/* the table's size */
	uint32_t host_flows, site_flows;	/* quotas */
	uint32_t host_blocks;
	uint32_t site_blocks[2];	/* of what is shared, by family */
	uint16_t block;			/* ports in one, a power of two */
	enum nat_filter filter;
	bool inbound_refresh;		/* RFC 7857 7 */
	/* seconds without a packet that refreshes */
	uint32_t udp, icmp, tcp, tcp_transitory;
};

/* What RFC 4787, 5382 and 5508 ask for. */
enum {
	NAT_UDP_MIN = 120, NAT_UDP = 300,
	NAT_ICMP_MIN = 60, NAT_ICMP = 60,
	NAT_TCP_MIN = 7440, NAT_TCP = 7440,
	NAT_TRANSITORY_MIN = 240, NAT_TRANSITORY = 240,
};

/* Blocks of that many ports that an outside address has; which one a port from
 * NAT_PORT_FIRST on is in; and with which port one begins. */
static inline uint32_t
nat_blocks_each(uint32_t block)
{
	return (65536u - NAT_PORT_FIRST) / block;
}

static inline uint32_t
nat_block_number(uint16_t port, uint32_t block)
{
	return (uint32_t)(port - NAT_PORT_FIRST) / block;
}

static inline uint32_t
nat_block_first(uint32_t k, uint32_t block)
{
	return NAT_PORT_FIRST + k * block;
}

#endif
