/* SPDX-License-Identifier: ISC */
#ifndef BH_FACTS_H
#define BH_FACTS_H

/*
 * A domain file's meaning for one location, as a list of facts: the one
 * source of bh-check's view of a location, of its comparison of two files, and
 * of their JSON.  In words, and true of what `backhaul up' does there.
 */

#include "conf/conf.h"
#include "conf/space.h"

#include <stdbool.h>
#include <stdio.h>

/* A location has one such fact, any number of them, or a set of addresses. */
enum topic_kind { TOPIC_ONE, TOPIC_MANY, TOPIC_SET };

/* Identifier, name for machines, for people, kind.  "Internet traffic" +
 * "leaves at hq" is one fact; "filters" + "eth1: ..." is one of many; "takes
 * part" + "10.1.0.0/20" is of a set. */
#define TOPICS(X) \
	X(ROLE, "role", "role", TOPIC_ONE) \
	X(SERVES, "serves", "lets out the Internet traffic of", TOPIC_MANY) \
	X(INTERNET, "internet", "Internet traffic", TOPIC_ONE) \
	X(SOURCES, "sources", "backhauled traffic", TOPIC_ONE) \
	X(IPV6, "ipv6", "IPv6", TOPIC_ONE) \
	X(DOWN, "down", "without a tunnel", TOPIC_ONE) \
	X(FAILOVER, "failover", "if a server fails", TOPIC_MANY) \
	X(CLEAR, "clear", "leaving in clear", TOPIC_ONE) \
	X(BREAKOUT, "breakout", "lets out in clear", TOPIC_MANY) \
	X(NAT, "nat", "translation", TOPIC_ONE) \
	X(NAT6, "nat6", "translation of IPv6", TOPIC_ONE) \
	X(NAT_ADDRESS, "nat-address", \
	    "leaves its server with the address", TOPIC_ONE) \
	X(OPENS, "publish", "opens to the Internet", TOPIC_MANY) \
	X(REACHED, "published", "is reached from the Internet at", \
	    TOPIC_MANY) \
	X(POOL, "pool", "translates clients to", TOPIC_SET) \
	X(POOL_ANSWERS, "filtering", "translation lets in", TOPIC_ONE) \
	X(POOL_KEPT, "nat-refresh", "translation is kept", TOPIC_ONE) \
	X(POOL_ROOM, "nat-room", "translation has room for", TOPIC_ONE) \
	X(POOL_TIMES, "nat-timeouts", "translation ends", TOPIC_ONE) \
	X(HOP, "next-hop", "next hop of clients' traffic", TOPIC_ONE) \
	X(LAN, "lan", "takes part", TOPIC_SET) \
	X(SITE, "internal", "internal, takes no part", TOPIC_SET) \
	X(PARTNER, "partner", "exchanges traffic with", TOPIC_MANY) \
	X(REFUSED, "refused", "refuses", TOPIC_MANY) \
	X(KEY, "public-key", "public key", TOPIC_ONE) \
	X(LISTEN, "listen", "tunnel", TOPIC_ONE) \
	X(PEER, "peer", "has a tunnel with", TOPIC_MANY) \
	X(MTU, "mtu", "MTU", TOPIC_ONE) \
	X(DSCP, "dscp", "datagrams", TOPIC_ONE) \
	X(ERRORS, "icmp-errors", "hosts that are refused", TOPIC_ONE) \
	X(ADDRESS, "address", "has the address", TOPIC_SET) \
	X(DEVICE, "device", "uses the interface", TOPIC_MANY) \
	X(ROUTE, "route", "routes", TOPIC_MANY) \
	X(FILTER, "filter", "filters", TOPIC_MANY)

enum topic {
#define TOPIC_ID(id, name, words, kind) TOPIC_##id,
	TOPICS(TOPIC_ID)
#undef TOPIC_ID
	TOPIC_COUNT
};

struct fact {
	enum topic topic;
	char *text;
};

struct facts {
	struct fact *f;
	size_t n, room;
	bool failed;		/* there was no memory for all of them */
};

/* All of location i, in order of topics; s is the domain's. */
void facts_get(struct facts *fs, const struct conf *cf, const struct space *s,
    size_t i);
void facts_fini(struct facts *fs);

/* Adds one. */
void facts_add(struct facts *fs, enum topic t, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* All of a set. */
void facts_add_prefixes(struct facts *fs, enum topic t, const struct prefix *p,
    size_t n);

/* A table for people, or an object a line. */
void facts_print(const struct facts *fs, const char *location, FILE *out);
void facts_print_json(const struct facts *fs, const char *location, FILE *out);
/* Prints the facts that differ in `now' from `old'; their number. */
size_t facts_compare(const struct facts *old, const struct facts *now,
    const char *location, bool json, FILE *out);

#endif
