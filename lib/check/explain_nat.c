/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* Pools of addresses. */

const struct lint_explanation explain_nat[] = {
	{ BH_POOL_MISSING,
	    "With 'nat = pool' the server lends addresses of its own to the "
	    "branches' hosts. 'nat-pool' lists them: prefixes, ranges or "
	    "single addresses that are routed to this gateway.",
	    "nat = pool",
	    "nat = pool\nnat-pool = 198.51.100.8/29" },
	{ BH_POOL_SIZE,
	    "A pool has at most 4096 addresses: the ports of each take some "
	    "memory. One IPv4 address serves hundreds of hosts.",
	    "nat-pool = 2001:db8:ffff::/64",
	    "nat-pool = 2001:db8:ffff::10/124" },
	{ BH_POOL_OVERLAP,
	    "An address of the pool has another job: it is inside somebody's "
	    "network, ends a tunnel, is a next hop, or is in another pool. "
	    "Answers to translated flows would go there, or the guard would "
	    "refuse them.",
	    "nat-pool = 198.51.100.8/29\nendpoint = 198.51.100.9:51820",
	    "nat-pool = 198.51.100.8/29\nendpoint = 198.51.100.1:51820" },
	{ BH_POOL_SPECIAL,
	    "Routers do not forward to loopback, link-local, multicast and "
	    "other special-purpose addresses, so nothing would come back.",
	    "nat-pool = 169.254.1.0/29",
	    "nat-pool = 198.51.100.8/29" },
	{ BH_POOL_BLOCK,
	    "Blocks of ports are powers of two from 64 to 8192: small ones "
	    "let more hosts share an address, large ones make fewer lines in "
	    "the log.",
	    "port-block = 100",
	    "port-block = 128" },
	{ BH_POOL_FIXED,
	    "With 'nat-deterministic = yes' every possible host has a block "
	    "of its own for good, so that who had a port can be computed. "
	    "There must be as many blocks as addresses of hosts that a client "
	    "backhauls, which are all of its 'internal' unless it has "
	    "'backhaul-sources = participating', and its 'lan' then: addresses "
	    "of the pool times 64512 ports, divided by port-block.",
	    "nat-pool = 198.51.100.8\n"
	    "nat-deterministic = yes     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64\n"
	    "nat-deterministic = yes" },
	{ BH_POOL_SMALL,
	    "A host needs a block of ports while it talks to the Internet. If "
	    "all the addresses of the clients' networks were active at once, "
	    "some would get none. That is usual, as most addresses are "
	    "unused; the log warns when the pool is four fifths full.",
	    "nat-pool = 198.51.100.8     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64" },
	{ BH_POOL_FAMILY,
	    "What has no address to be translated to is refused, never let "
	    "out as it is. Give the pool addresses of that family, too, if "
	    "the clients should reach the Internet with it.",
	    "nat-pool = 198.51.100.8/29",
	    "nat-pool = 198.51.100.8/29, 2001:db8:ffff::10/124" },
	{ BH_POOL_UNUSED,
	    "The key says how 'nat = pool' translates, and another 'nat' is "
	    "in force here.",
	    "nat = masquerade\nport-block = 64",
	    "nat = pool\nport-block = 64" },
	{ BH_POOL_QUOTA,
	    "Quotas keep one host or location from taking the table away from "
	    "the others; a quota larger than the table does not.",
	    "nat-table = 65536\nnat-quota-host = 100000",
	    "nat-table = 65536\nnat-quota-host = 1024" },
	{ .text = NULL },
};
