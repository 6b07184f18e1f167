/* SPDX-License-Identifier: ISC */
#ifndef BH_CONF_H
#define BH_CONF_H

/*
 * The domain file as data (bh.conf(5)).  Never prints, never dies: mistakes
 * are a list of diagnostics.  One instance is built at start and then only
 * read.
 */

#include "base/addr.h"
#include "base/key.h"
#include "conf/diag.h"
#include "conf/keys.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	CONF_NAMELEN = 64,	/* a location's name and its 0 */
	CONF_TITLELEN = CONF_NAMELEN + 16,	/* "location NAME" */
	CONF_HOSTLEN = 256,
	CONF_MTU_DEFAULT = 1420,	/* where none can be found */
	CONF_MTU_AUTO = 1440,		/* what 1500 takes over IPv4 */
	CONF_DSCP_COPY = 64,		/* the inner packet's */
	CONF_WORKERS_MAX = 16,
	CONF_PORT_DEFAULT = 51820,
	CONF_LOCATIONS_MAX = 4096,
	CONF_GROUPS_MAX = 1024,
	CONF_PUBLISH_MAX = 1024,
	CONF_BREAKOUTS_MAX = 1024,
	CONF_FILTERLEN = 1024,
	CONF_NONE = -1,		/* no such location */
	CONF_HOLD_MAX = 86400,	/* seconds, of failback */
	CONF_FAILBACK_NEVER = CONF_HOLD_MAX + 1,
};

enum conf_role { CONF_ROLE_NONE, CONF_ROLE_CLIENT, CONF_ROLE_SERVER };
/* A server may leave addresses as they are.  Behind it nothing is known of
 * them, or something translates them, or the Internet's routes lead to it. */
enum conf_upstream {
	CONF_UPSTREAM_NO, CONF_UPSTREAM_YES, CONF_UPSTREAM_ROUTED
};
enum conf_nat { CONF_NAT_MASQUERADE, CONF_NAT_NONE, CONF_NAT_POOL };
enum conf_filter {
	CONF_FILTER_ADDRESS_PORT, CONF_FILTER_ADDRESS, CONF_FILTER_INDEPENDENT,
};
enum conf_refresh { CONF_REFRESH_OUT, CONF_REFRESH_BOTH };
enum conf_mode { CONF_MODE_FAILOVER, CONF_MODE_BALANCE };
/* How IPv6 is translated: as IPv4, unless 'nat6' says how. */
enum conf_nat6 {
	CONF_NAT6_AS_NAT, CONF_NAT6_NONE, CONF_NAT6_NPT, CONF_NAT6_POOL
};
/* Addresses that the domain keeps free: those of Corente's gateways. */
enum conf_reserved { CONF_RESERVED_NONE, CONF_RESERVED_CORENTE };
enum conf_sources { CONF_SOURCES_LAN, CONF_SOURCES_PARTICIPATING };

/* Sorted, disjoint, no two adjacent ones that could be one; exclusions
 * already taken out. */
struct conf_prefixes {
	struct prefix *p;
	size_t n;
};

/* A name of a location or of a group and, once resolved, its index. */
struct conf_ref {
	char name[CONF_NAMELEN];
	int location;		/* CONF_NONE: no such */
	int line;
};

struct conf_refs {
	struct conf_ref *r;
	size_t n, room;
};

/* One address of each family, or none. */
struct conf_pair {
	struct addr v4, v6;
	bool has4, has6;
};

/* Every section begins with these members: its kind and name, and where each of
 * its keys was said. */
#define CONF_SECTION_MEMBERS \
	enum conf_kind kind; \
	char name[CONF_NAMELEN]; \
	int line;		/* of [location NAME] */ \
	int said[KEY_COUNT];	/* the line of each key; 0: not given */ \
	uint64_t broken		/* a bit for each that is malformed */

struct conf_section { CONF_SECTION_MEMBERS; };

#define CONF_SECTION union { \
	struct conf_section section; \
	struct { CONF_SECTION_MEMBERS; }; \
}

/* How `nat = pool' translates. */
struct conf_pool {
	struct conf_prefixes addr;	/* nat-pool */
	unsigned block;			/* ports of one */
	bool deterministic;
	enum conf_filter filter;
	enum conf_refresh refresh;
	unsigned flows;			/* the table's size */
	unsigned host_flows, site_flows;	/* quotas; site 0: a share */
	unsigned udp, icmp, tcp, transitory;	/* seconds */
};

struct conf_location {
	CONF_SECTION;
	bool active;			/* active = no: takes no part */
	struct key public_key;
	char endpoint_host[CONF_HOSTLEN];	/* "": none */
	uint16_t endpoint_port;
	uint16_t listen_port;		/* default: the endpoint's, or 51820 */
	unsigned keepalive;		/* seconds, 0: off */
	unsigned workers;		/* processes with packets; default 1 */
	struct conf_prefixes lan, internal;
	struct conf_prefixes address;	/* the gateway's own, hosts */
	struct conf_prefixes resolver;	/* what the LAN asks for names, hosts */
	struct conf_refs partners;	/* once resolved: by location */
	struct conf_refs servers;	/* in order of preference */
	enum conf_role role;
	enum conf_mode server_mode;
	unsigned failback;		/* seconds; CONF_FAILBACK_NEVER */
	struct addr probe;		/* asked through each server */
	enum conf_sources sources;
	enum conf_nat nat;
	enum conf_nat6 nat6;
	struct prefix npt;		/* of CONF_NAT6_NPT: outside */
	enum conf_upstream nat_upstream;
	uint16_t nat_port_first, nat_port_last;	/* masquerade's range */
	struct conf_pair nat_address;	/* of a client, at its server */
	struct conf_pool pool;
	struct addr gateway4, gateway6;	/* default-gateway */
	bool has_gateway4, has_gateway6;
	char gateway_name[CONF_HOSTLEN];	/* ... or this; "": none */
	char uplink[IFNAMSIZ], lan_interface[IFNAMSIZ];	/* "": not given */
	char interface[IFNAMSIZ], egress_interface[IFNAMSIZ];	/* bh0, bhx0 */
	uint16_t mtu;			/* inner, bytes, at most */
	bool mtu_auto;			/* less where the path takes less */
	uint16_t icmp_errors;		/* a second; 0: only what fits */
	uint8_t dscp;			/* of datagrams; CONF_DSCP_COPY */
};

/* [group NAME]: a set of addresses, anybody's, that rules and reports name. */
struct conf_group {
	CONF_SECTION;
	struct conf_prefixes members;
};

/* [breakout NAME]: packets that leave a client by its own uplink, in clear. */
struct conf_breakout {
	CONF_SECTION;
	struct conf_refs locations;	/* where */
	struct conf_refs from, to;	/* groups; none: whoever */
	char filter[CONF_FILTERLEN];	/* pcap-filter(7); "": whatever */
};

/* [publish NAME]: a server lets the Internet begin something, and sends it to a
 * host of a client's (C25). */
struct conf_publish {
	CONF_SECTION;
	struct conf_ref server;
	struct addr match, to;
	uint8_t proto;			/* 0: the whole address, 1:1 */
	uint16_t first, last;		/* ports of match: all are 0-65535 */
	uint16_t to_port;		/* 0: the same */
	struct conf_prefixes from;	/* not said: from everybody */
};

/* [domain], and all that is in it. */
struct conf {
	CONF_SECTION;			/* the domain's name; "": none */
	bool private_is_internal;
	bool require_sandbox;
	enum conf_reserved reserved;
	uint64_t generation;		/* hash of the file's bytes; 0: it could
					 * not be read to its end */
	bool partial;			/* a section was malformed, and nobody
					 * knows what was in it */
	struct conf_location *location;
	size_t nlocations;
	uint16_t *by_name;		/* indexes of them, sorted by name */
	struct conf_group *group;	/* in the order of the file */
	size_t ngroups;
	struct conf_publish *publish;
	size_t npublish;
	struct conf_breakout *breakout;	/* in the order of the file */
	size_t nbreakouts;
};

/* Loads a whole domain.  Mistakes go to *d, all of them; what could be read is
 * in *cf all the same, so that checks can go on.  Never fails but for memory (a
 * diagnostic then). */
void conf_load(struct conf *cf, struct diags *d, FILE *f);
/* A location that says nothing: every key as it is by default. */
void conf_location_init(struct conf_location *l);
void conf_fini(struct conf *cf);
/* Index of the location of that name, or CONF_NONE. */
int conf_find(const struct conf *cf, const char *name);
/* Index of the group of that name, or CONF_NONE. */
int conf_find_group(const struct conf *cf, const char *name);
bool conf_group_has(const struct conf_group *g, const struct addr *a);
/* The breakout is one of the location's. */
bool conf_breaks_out(const struct conf_breakout *b, size_t location);
/* The location is an active client that has any. */
bool conf_has_breakout(const struct conf *cf, size_t location);
/* The set, which does not overlap itself, has the address. */
bool conf_holds(const struct conf_prefixes *ps, const struct addr *a);
/* It has some of that family. */
bool conf_has_family(const struct conf_prefixes *ps, bool v4);
/* The key has a malformed value there, or part of one, which was reported. */
bool conf_broken(const struct conf_location *l, enum conf_key key);
/* "none", "client", "server" */
const char *conf_role_name(enum conf_role role);
/* "location", "domain", ... */
const char *conf_kind_name(enum conf_kind kind);
/* "location hq" */
const char *conf_title(const struct conf_section *s,
    char buf[static CONF_TITLELEN]);
/* Both are active, and each names the other. */
bool conf_partners(const struct conf *cf, size_t a, size_t b);
/* Each has a tunnel to the other. */
bool conf_has_tunnel(const struct conf *cf, size_t a, size_t b);
/* Which worker of gateway self has location i: peers in turn, by their place in
 * the domain.  To be asked for one after the other, from *next 0 on. */
unsigned conf_deal(const struct conf *cf, size_t self, size_t i,
    unsigned *next);
/* How many processes of bh-egress a gateway has, each with a device of its own:
 * one each worker, unless what it translates is one whole. */
unsigned conf_egresses(const struct conf_location *l);
/* The device of one of them. */
const char *conf_egress_device(const struct conf_location *l, unsigned worker,
    char buf[IFNAMSIZ]);
/* How the server translates a family; CONF_NAT_NONE: not at all, or by NPT. */
enum conf_nat conf_nat_of(const struct conf_location *l, bool v4);
/* With nat6 = npt: the network that its clients' IPv6 is of, as long as the
 * outside one.  False: they have none. */
bool conf_npt_inside(const struct conf *cf, size_t server, struct prefix *in);
/* The location is an active client and `server' is its active server. */
bool conf_is_client_of(const struct conf *cf, size_t client, size_t server);
/* The gateway's own address that a probe is sent from, NULL if it has none of
 * which Internet traffic is backhauled. */
const struct addr *conf_probe_source(const struct conf_location *l);

#endif
