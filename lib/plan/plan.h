/* SPDX-License-Identifier: ISC */
#ifndef BH_PLAN_H
#define BH_PLAN_H

/*
 * Tells the kernel what makes a gateway fail closed: interfaces, policy routing
 * and nftables, written as text for ip(8), nft(8) and sh(1).
 * Pure functions of the domain file and of what the host has.
 */

#include "conf/conf.h"
#include "nat/npt.h"

#include <stdbool.h>
#include <stdio.h>

/* Fixed names of ours in the kernel (backhaul(8)). */
enum {
	PLAN_PROTO = 176,		/* marks our routes and rules */
	PLAN_ZONE = 7800,		/* conntrack's, of what breaks out */
	PLAN_TABLE_LAN = 7800,		/* where the LAN's packets go */
	PLAN_TABLE_OWN = 7801,		/* the gateway's own, to partners */
	PLAN_TABLE_RETURN = 7802,	/* to whom answers from outside go */
	PLAN_TABLE_GATEWAY = 7803,	/* server: to default-gateway */
	PLAN_PREF_TUNNEL = 780,		/* preferences of the rules, in order */
	PLAN_PREF_OWN = 781,
	PLAN_PREF_LAN = 782,
	PLAN_PREF_INSIDE = 783,
	PLAN_PREF_EGRESS = 784,		/* hairpins go before it */
	PLAN_PREF_RETURN = 785,
	PLAN_PREF_END = 789,		/* does nothing: the target of goto */
};

/* IPv6 has one switch for all interfaces. */
#define PLAN_FORWARDING6 "net/ipv6/conf/all/forwarding"

enum family { FAMILY_V4, FAMILY_V6 };
#define FAMILIES 2
enum { PLAN_DEVS = 4, PLAN_NAMES = CONF_WORKERS_MAX * (IFNAMSIZ + 4) };

/* An address of the host's, and the network it is on. */
struct plan_net {
	struct addr own;
	uint8_t len;
	char dev[IFNAMSIZ];
};

/* An interface of the host's. */
struct plan_dev {
	char name[IFNAMSIZ];
	bool outward;	/* a default route leads there */
};

/* The plan has to know this of the host. */
struct plan_host {
	const struct plan_net *net;
	size_t nnets;
	const struct plan_dev *dev;
	size_t ndevs;
	/* what the name of default-gateway stands for, in order */
	const struct addr *hop;
	size_t nhops;
	/* what forwarded before `up': the plan_forwarders, and IPv6 */
	bool forwards4[PLAN_DEVS], forwards6;
	bool has_v6;
	bool hears_ra;	/* the uplink's IPv6 routes come by advertisement */
};

/* Names, as a list. */
struct plan_names {
	char text[PLAN_NAMES];
};

struct plan {
	const struct conf *cf;
	const struct conf_location *self;
	size_t index;
	struct plan_host host;
	const char *rundir;
};

/* The location has a tunnel to anybody: else there is nothing to do. */
bool plan_has_peers(const struct plan *p);
/* This client lets something out in clear. */
bool plan_breaks_out(const struct plan *p);
/* There is a TUN device towards the Internet. */
bool plan_has_egress(const struct plan *p);
/* All of these, each between quotes, with `gap' between them; in words; as
 * members of a set of nft(8)'s; as what stands for an interface there, a set if
 * there is more than one. */
struct plan_names plan_egresses(const struct plan *p, const char *quote,
    const char *gap);
struct plan_names plan_egress_words(const struct plan *p);
struct plan_names plan_egress_list(const struct plan *p);
struct plan_names plan_egress(const struct plan *p);
/* The host has that address itself. */
bool plan_is_own(const struct plan *p, const struct addr *a);
/* The interface whose network an address is on, NULL: none's, or it is the
 * host's own. */
const char *plan_dev_of(const struct plan *p, const struct addr *a);
/* The server's clients have a next hop of their own, known or not. */
bool plan_has_gateway(const struct plan *p);
/* Where this server hands Internet packets of a family over, or NULL; of a
 * name's addresses the first that is on a network of the host. */
const struct addr *plan_gateway(const struct plan *p, enum family fam);
/* ... and its interface; NULL: neither. */
const char *plan_gateway_dev(const struct plan *p, enum family fam);
/* LAN and uplink are one interface. */
bool plan_one_arm(const struct plan *p);
bool plan_of_family(const struct prefix *pfx, enum family fam);
/* Its clients' packets of that family are let in only as answers. */
bool plan_asks(const struct plan *p, enum family fam);
/* nat6 = npt: what stands for the clients' IPv6; NULL: nothing does. */
const struct npt *plan_npt(const struct plan *p, struct npt *t);
/* bh-egress translates that family, to nat-pool. */
bool plan_pools(const struct plan *p, enum family fam);
/* Its clients' packets of that family leave with another source. */
bool plan_translates(const struct plan *p, enum family fam);
/* Something is published at this server, and the kernel translates. */
bool plan_publishes(const struct plan *p);
/* A [publish] that the kernel translates, the next from *i on; NULL: no
 * more. */
const struct conf_publish *plan_next_published(const struct plan *p, size_t *i);
/* ... or by its addresses a client's host could ask for another. */
bool plan_turns_back(const struct plan *p);
/* Addresses that this server answers for and no interface of it has, the next
 * from *i on; NULL: no more. */
const struct addr *plan_proxied(const struct plan *p, size_t *i);
/* Internet packets of the clients leave by the LAN interface. */
bool plan_egress_by_lan(const struct plan *p);
/* The interfaces that must forward: first the LAN's, then those where the
 * Internet is, if anything goes there.  Their number. */
size_t plan_forwarders(const struct plan *p, const char *dev[PLAN_DEVS]);

/* The interfaces on which addresses of the site are, one by one from *i on:
 * the LAN's, then those with an address of the site; never the uplink, unless
 * that is the LAN's.  NULL: no more. */
const char *plan_site_dev(const struct plan *p, size_t *i);
/* Those that lead out: the uplink, and where a default route leads; none of
 * the site's. */
const char *plan_outward_dev(const struct plan *p, size_t *i);
/* As a set of nft(8)'s: the site's, and those that lead out. */
void plan_site_devs(const struct plan *p, FILE *out);
void plan_outward_devs(const struct plan *p, FILE *out);
/* All TUN devices, likewise. */
void plan_tuns(const struct plan *p, FILE *out);
typedef void plan_devs_fn(const struct plan *p, FILE *out);
/* A rule for both families, "$ip" and "$v" being ip and 4 or ip6 and 6; for
 * one; and one that begins with HOW and a set of interfaces, for both unless it
 * has neither. */
void plan_each(FILE *out, const char *rule);
void plan_one(FILE *out, const char *rule, enum family fam);
void plan_put(const struct plan *p, FILE *out, const char *how,
    plan_devs_fn *devs, const char *rule);
/* Rules for what comes from the site and does not go by the tunnel, for what
 * goes between other interfaces of no client, and for what is this host's own:
 * `verdict' for what stays on the site, and drops. */
void plan_site(const struct plan *p, const char *verdict, FILE *out);
void plan_foreign(const struct plan *p, FILE *out);
void plan_own(const struct plan *p, FILE *out);
/* It is one of the TUN devices. */
bool plan_is_tun(const struct plan *p, const char *dev);

/* Assignments for sh(1). */
void plan_env(const struct plan *p, FILE *out);
/* Lines "PATH VALUE", PATH below /proc/sys. */
void plan_sysctl(const struct plan *p, FILE *out);
/* The routes to default-gateway alone, which change with its name. */
void plan_hop4(const struct plan *p, FILE *out);
void plan_hop6(const struct plan *p, FILE *out);
/* For whom ARP and ND are answered, for `ip -batch -'. */
void plan_neigh(const struct plan *p, FILE *out);
/* Routes, then rules, for `ip -4 -batch -' or `ip -6 -batch -'. */
void plan_ip4(const struct plan *p, FILE *out);
void plan_ip6(const struct plan *p, FILE *out);
/* The table `inet backhaul', for `nft -f -'; replaces it in one step. */
void plan_nft(const struct plan *p, FILE *out);
/* The table `inet backhaul_flows': how long the kernel keeps what it
 * translates, and who may have how much of it. */
void plan_flows(const struct plan *p, FILE *out);
/* The second bolt's tables, in which nobody but their maker changes anything:
 * `inet', and behind it `netdev', which not every kernel has. */
#define PLAN_BOLT "backhaul_bolt"
#define PLAN_BOLT_EGRESS "table netdev"
void plan_bolt(const struct plan *p, FILE *out);
/* Sets: one family's addresses, by what they are to this location; and of the
 * second bolt's tables. */
void plan_sets(const struct plan *p, enum family fam, FILE *out);
void plan_bolt_sets(const struct plan *p, enum family fam, FILE *out);
void plan_egress_sets(const struct plan *p, enum family fam, FILE *out);
/* Its chains between clients, or what breaks out, and the Internet; of these
 * what the second bolt has, too. */
void plan_chains_egress(const struct plan *p, FILE *out);
void plan_chain_translated(const struct plan *p, FILE *out);
/* Its chains, and lines of others, that are there for what is published. */
void plan_chains_publish(const struct plan *p, FILE *out);
void plan_hairpin(const struct plan *p, FILE *out);
void plan_snat_publish(const struct plan *p, FILE *out);

#endif
