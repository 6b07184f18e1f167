/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_PORT_H
#define BH_NAT_PORT_H

/*
 * Outside ports.  An inside host has one outside address ("paired", RFC 4787
 * REQ-2) and takes ports from blocks of it that are its own while it has a
 * flow; a block that nobody uses any more rests before another host may get it
 * (RFC 6888 REQ-8).  Until then it counts for the host that had it, and for its
 * location: else a host that takes and leaves blocks would have more of them
 * than its quota.  That host may have it back at any time.  The log of blocks
 * thus tells which host had a port.  A block holds the ports of all protocols.
 * Everything takes constant time, but for the blocks of one host, which the
 * quota bounds.
 */

#include "base/verdict.h"
#include "nat/nat_config.h"

#include <assert.h>

/* The host that has a block; may be a file, as flows are. */
struct nat_owner {
	struct addr host;
	uint64_t since;		/* seconds, wall clock */
	uint32_t until;		/* the end of its rest; 0: in use */
	uint32_t seal;		/* 0: nobody */
};
static_assert(sizeof(struct nat_owner) == 32, "half a cache line");

enum { NAT_TCP_PORTS, NAT_UDP_PORTS, NAT_ICMP_IDS, NAT_PORT_KINDS };

struct nat_block {
	uint32_t next;		/* of its host: in use, or at rest */
	uint32_t later, sooner;	/* of all that rest, by time */
	uint16_t used[NAT_PORT_KINDS];
	bool fixed;		/* deterministic: it is this host's only */
};

struct nat_host {
	struct addr inside;
	uint32_t chain;		/* by hash; or the free ones */
	uint32_t blocks, resting;	/* the first of each, + 1 */
	uint32_t flows, nblocks, nresting;
	uint16_t pool, site;	/* pool: if it has blocks, of either kind */
};

struct nat_ports {
	const struct nat_config *cfg;
	struct nat_owner *owner;	/* by block */
	struct nat_block *block;
	uint64_t *bits;			/* [block][kind][words]: 1 is taken */
	uint16_t *free;		/* [pool][per_addr]: numbers of blocks */
	uint16_t *nfree;	/* [pool] */
	struct nat_host *host;		/* 1 .. nhosts */
	uint32_t *hosts;		/* buckets of them */
	uint32_t (*site_blocks)[2];	/* [site][family], those at rest, too */
	uint32_t nblocks, per_addr, words, nhosts;
	uint32_t host_fresh, host_free, used;	/* used: blocks */
	uint32_t rest_first, rest_last;	/* + 1 */
	uint8_t key[16];
	uint64_t draws;			/* random numbers so far */
};

uint32_t nat_ports_blocks(const struct nat_config *cfg);
size_t nat_ports_memory(const struct nat_config *cfg);
/* owner: nat_ports_blocks of them, zeroed, as is mem. */
void nat_ports_init(struct nat_ports *p, const struct nat_config *cfg,
    struct nat_owner *owner, void *mem, const uint8_t key[16]);

uint64_t nat_ports_random(struct nat_ports *p);
uint64_t nat_host_hash(const struct nat_ports *p, const struct addr *inside);
/* The host of an inside address; 0: not known. */
uint32_t nat_host_find(const struct nat_ports *p, const struct addr *inside);
/* ... which is made.  It has an outside address as soon as it has a block.  0:
 * there are too many. */
uint32_t nat_host_get(struct nat_ports *p, const struct addr *inside,
    uint16_t site);
/* One that has neither blocks, in use or at rest, nor flows is forgotten. */
void nat_host_leave(struct nat_ports *p, uint32_t h);

/* A port of the host, of the parity of `like' (UDP), and where it is; a further
 * block is leased if it must be: *leased is that block + 1, or 0.  0: *v says
 * why not. */
uint16_t nat_port_lease(struct nat_ports *p, uint32_t h, uint8_t proto,
    uint16_t like, uint64_t wall, uint32_t *leased, enum verdict *v);
/* Gives it back; the block + 1 if it rests now, else 0. */
uint32_t nat_port_release(struct nat_ports *p, uint32_t h, uint8_t proto,
    uint16_t port, uint32_t now);
/* The next block + 1 whose rest is over; 0: none.  It is free then. */
uint32_t nat_port_rested(struct nat_ports *p, uint32_t now);

/* The block of a port of the pool; UINT32_MAX: none. */
uint32_t nat_block_of(const struct nat_ports *p, uint16_t pool,
    uint16_t port);
/* Its outside address and ports. */
void nat_block_range(const struct nat_ports *p, uint32_t b, uint16_t *pool,
    uint16_t *first, uint16_t *last);
uint32_t nat_owner_seal(const struct nat_owner *o);

/* For adoption: the block is the host's from now on, or rests for it (0: for
 * nobody); the port is in use.  False: it is another's. */
bool nat_block_restore(struct nat_ports *p, uint32_t h, uint32_t b,
    uint64_t since);
void nat_block_rest(struct nat_ports *p, uint32_t h, uint32_t b,
    const struct nat_owner *old);
bool nat_port_restore(struct nat_ports *p, uint32_t h, uint8_t proto,
    uint16_t port);

#endif
