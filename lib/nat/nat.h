/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_H
#define BH_NAT_H

/*
 * The translator (RFC 4787, 5382, 5508, 6888, 7857).  Pure: everything that
 * happens follows from the configuration, the state, the packet, the time and
 * a key that the caller drew.
 *
 * Out: the flow is looked up by inside and remote end.  If there is none, a
 * packet that may begin one gets the mapping of its inside end, or a new one,
 * within the quotas.  In: only what an existing flow, a mapping whose filter is
 * wider, or a rule that opens a port lets in; nothing from outside makes state.
 * What is inside never changes by an ICMP error.  No payload is ever read.
 */

#include "base/clock.h"
#include "nat/nat_frag.h"
#include "nat/nat_id.h"
#include "nat/nat_port.h"
#include "nat/nat_table.h"
#include "nat/nat_tcp.h"
#include "nat/nat_time.h"
#include "packet/vnet.h"

enum { NAT_EVENTS = 1024, NAT_SWEEP = 2048, NAT_GLANCE = 48 };

enum nat_news {
	NAT_TAKEN, NAT_FREED,	/* a block */
	NAT_NO_PORT, NAT_OVER_QUOTA,	/* a packet found no mapping */
	NAT_NEAR_FULL,		/* 80 % of the table or of the blocks */
};

/* For the log. */
struct nat_event {
	enum nat_news what;
	uint32_t block;
	uint16_t site;
	struct addr host;
	uint64_t wall, since;	/* seconds; since when it has the block */
};

struct nat {
	const struct nat_config *cfg;
	struct nat_table table;
	struct nat_ports ports;
	struct nat_wheel wheel;
	struct nat_frags frags;
	struct nat_ids ids;
	uint32_t *site_flows;
	int64_t wall;		/* wall clock minus ours, seconds */
	bool near_full;
	uint32_t *clock;	/* where to say what time it is; or NULL */
	uint32_t first, last, lost;	/* events */
	struct nat_event event[NAT_EVENTS];
};

/* What of it outlives the process; may be a file. */
struct nat_records {
	struct nat_flow *flow;	/* cfg->flows + 1 */
	struct nat_run *run;
	struct nat_owner *owner;	/* nat_ports_blocks() */
};

size_t nat_memory(const struct nat_config *cfg);
/* mem has that many bytes; they and the records are zero. */
void nat_init(struct nat *n, const struct nat_config *cfg,
    const struct nat_records *r, void *mem, const uint8_t key[16]);

/* A packet that ip_parse found sound, to be rewritten; vnet may be NULL. */
struct nat_packet {
	uint8_t *p;
	const struct ip *ip;
	const struct vnet *vnet;
	uint16_t from;		/* the location that sent it; PEER_NONE */
};

/* For a burst, before any of it is translated: what the packet at p, of which
 * len bytes are there, will need is fetched from memory, in two steps so that
 * the packets' waits overlap.  Any bytes will do, NAT_GLANCE of a packet
 * suffice. */
bool nat_is_large(const struct nat *n);	/* else it is of no use */
uint64_t nat_foresee(const struct nat *n, enum nat_dir dir, const uint8_t *p,
    size_t len);
void nat_fetch(const struct nat *n, enum nat_dir dir, uint64_t foreseen);

/* Translates a packet that leaves.  V_NEXT, or why it must not leave. */
enum verdict nat_outbound(struct nat *n, const struct nat_packet *pk,
    nsec now);

/* Where a packet from outside goes. */
struct nat_way {
	struct addr inside;
	uint16_t port;
	uint32_t flow;		/* 0: it belongs to none */
};

/* Finds that; V_NEXT or why it is not let in. */
enum verdict nat_inbound(struct nat *n, const struct nat_packet *pk,
    struct nat_way *way, nsec now);
/* Translates it, once the guard has agreed. */
void nat_deliver(struct nat *n, const struct nat_packet *pk,
    const struct nat_way *way, nsec now);
/* A held fragment to be taken as if it came now (nat_frag_release). */
size_t nat_released(struct nat *n, uint8_t p[static NAT_HELD_MAX],
    uint16_t *from, bool inward, nsec now);

/* Ends what is due, of at most `budget' flows looked at; true: there is
 * more. */
bool nat_tick(struct nat *n, nsec now, unsigned budget);
/* When it is time to call that again, if no packet comes; 0: no need. */
nsec nat_due(struct nat *n);
/* Takes the oldest event; false: none. */
bool nat_news(struct nat *n, struct nat_event *e);

/* What another process left, and whose an inside address is now (a location,
 * or -1). */
struct nat_legacy {
	struct nat_records rec;
	uint32_t flows;
	const struct addr *pool;
	size_t npool;
	uint16_t block;
	int (*place)(const void *arg, const struct addr *inside);
	const void *arg;
};

/* Takes over those flows and blocks that are whole and agree with each other
 * and with this configuration; all else is forgotten.  How many flows. */
size_t nat_adopt(struct nat *n, const struct nat_legacy *old, nsec now);

#endif
