/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_FRAG_H
#define BH_NAT_FRAG_H

/*
 * Fragments.  Only the first of a datagram has ports: what became of it is kept
 * for two seconds for those that follow, and those that come before it are
 * held for a second.  Both are bounded, the held ones also for each sender.
 */

#include "base/clock.h"
#include "packet/ip.h"

enum {
	NAT_FRAG_SETS = 128, NAT_FRAG_WAYS = 8,
	NAT_HELD = 64,		/* fragments that wait */
	NAT_HELD_EACH = 16,	/* ... of one location, or of the Internet */
	NAT_HELD_MAX = 2048,	/* bytes of one */
};

/* A datagram whose first fragment has passed. */
struct nat_datagram {
	struct addr src, dst;	/* as it came */
	uint32_t id;
	uint8_t proto, version;
	bool known;
	uint16_t new_id;
	struct addr to;		/* what the end that changes gets */
	nsec until;
};

struct nat_held {
	uint16_t n;		/* 0: unused */
	uint16_t from;		/* the peer that it came from */
	bool inward;
	nsec until;
	uint8_t p[NAT_HELD_MAX];
};

struct nat_frags {
	uint8_t key[16];	/* of SipHash */
	unsigned held;
	struct nat_datagram datagram[NAT_FRAG_SETS][NAT_FRAG_WAYS];
	struct nat_held slot[NAT_HELD];
};

/* The datagram of a fragment, if its first one has passed; else NULL. */
const struct nat_datagram *nat_frag_find(const struct nat_frags *f,
    const struct ip *ip, nsec now);
/* A first fragment passes: `to' and new_id go for all. */
void nat_frag_learn(struct nat_frags *f, const struct ip *ip,
    const struct addr *to, uint16_t new_id, nsec now);
/* Keeps a later fragment until its first one comes; false: no room. */
bool nat_frag_hold(struct nat_frags *f, const uint8_t *p, size_t n,
    uint16_t from, bool inward, nsec now);
/* One whose first has come, copied to p (NAT_HELD_MAX bytes), to be taken as
 * if it came now; its length, or 0. */
size_t nat_frag_release(struct nat_frags *f, uint8_t *p, uint16_t *from,
    bool inward, nsec now);

#endif
