/* SPDX-License-Identifier: ISC */
#ifndef BH_POLICY_H
#define BH_POLICY_H

/*
 * Classification and the guard: which of the company's traffic a packet is,
 * and whether it may pass.  Pure functions of (policy, packet).  A packet is
 * reduced to a word of facts; each of the four places where a gateway decides
 * is an ordered table of rules over them, and the first that matches wins.
 */

#include "base/verdict.h"
#include "nat/npt.h"
#include "packet/ip.h"
#include "packet/lpm.h"
#include "policy/breakout.h"

#include <stdbool.h>
#include <stdint.h>

enum role { ROLE_NONE, ROLE_CLIENT, ROLE_SERVER };

/* Where an address belongs: the value in the `where' table.  Location i of the
 * domain is PLACE(i, participates); nobody's is LPM_NONE. */
#define PLACE(loc, participates) \
	(((uint32_t)(loc) + 1) << 1 | ((participates) ? 1u : 0u))
#define PLACE_LOC(place) (((place) >> 1) - 1)
#define PLACE_PARTICIPATES(place) (((place) & 1) != 0)

enum {
	PEER_NONE = 0xffff,
	POLICY_SERVERS_MAX = 16,	/* of one client */
};

/* What this gateway is to another location. */
struct policy_site {
	bool partner;		/* application traffic, both say so */
	bool client;		/* it is a client of this server */
	bool server;		/* it is the server of this client */
	bool whole_lan;		/* its backhaul-sources = lan */
	uint8_t worker;		/* which of bh-tunnel's has it */
};

static inline bool
policy_has_tunnel(const struct policy_site *s)
{
	return s->partner || s->client || s->server;
}

/* What the Internet may begin with: a destination, of all protocols (0) or of
 * some ports of one; and the host behind it, with its ports. */
struct policy_published {
	struct addr addr;
	uint16_t first, last;
	uint8_t proto;
	struct addr to;
	uint16_t to_first, to_last;
};

/* One of several servers that Internet traffic is balanced over. */
struct policy_share {
	uint16_t peer;
	uint64_t salt;		/* the server's own, and always the same */
};

struct policy {
	struct lpm *where;	/* addresses of the domain -> PLACE */
	struct lpm *endpoints;	/* outer addresses of its tunnels; hosts -> 1 */
	struct lpm *own;	/* addresses of this gateway -> 1 */
	struct lpm *published_at;	/* addresses -> 1 + the first of them */
	/* by address; NULL: none */
	const struct policy_published *published;
	size_t npublished;
	uint16_t nat_first, nat_last;	/* to which the kernel translates */
	const struct npt *npt;	/* the clients' IPv6 outside; NULL: as it is */
	bool pool4, pool6;	/* bh-egress translates these (nat/nat.h) */
	const struct policy_site *site;	/* by location; site[self] is ours */
	uint16_t nsites, self;
	uint8_t workers;	/* processes of bh-tunnel with packets */
	uint8_t worker;		/* whose peers these are, if not all */
	/* the location an Internet packet goes to; PEER_NONE: no server is
	 * usable */
	uint16_t server;
	uint8_t nshare;		/* more than one: one of these instead */
	struct policy_share share[POLICY_SERVERS_MAX];
	enum role role;
	bool private_is_internal;
	const struct breakouts *breakouts;	/* NULL: none */
};

enum policy_point {
	POLICY_OUT,	/* bh-classify: from the LAN */
	POLICY_IN,	/* bh-classify: from a peer, to the LAN */
	POLICY_EGRESS,	/* bh-egress: from a client, to the Internet */
	POLICY_RETURN,	/* bh-egress: from the Internet, to a client */
	POLICY_BACK,	/* bh-classify: answers to what was let out in clear */
	POLICY_POINTS
};

/* What was asked and what came of it. */
struct decision {
	enum verdict verdict;
	uint16_t peer;		/* next hop for OUT and RETURN, or PEER_NONE */
	uint8_t rule;		/* index into the point's table */
	uint16_t breakout;	/* which of them, or BREAKOUT_NONE */
	/* Where source and destination belong.  (With these it is more than
	 * two registers hold: it is written where it is wanted, which takes
	 * less than to pack it and to unpack it.) */
	uint32_t place[2];
};

/* `from' is the peer it came from (IN, EGRESS), else PEER_NONE. */
struct decision policy_decide(const struct policy *pol, enum policy_point at,
    const struct ip *ip, uint16_t from);

/* What becomes of it once a breakout, or none, was found for an Internet packet
 * from the LAN. */
void policy_break_out(struct decision *d, uint16_t breakout);

/* For explanations: the rules of a point in order; false after the last. */
bool policy_rule(enum policy_point at, unsigned rule, const char **name,
    const char **text);

#endif
