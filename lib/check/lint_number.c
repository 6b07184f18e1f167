/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <string.h>

/* Interfaces, ports and sizes of one gateway. */

enum { MTU_V6 = 1280 };		/* RFC 8200 section 5 */

/* A datagram adds to a packet IP, UDP, and the 32 bytes of WireGuard's
 * data message (whitepaper 5.4.6). */
enum { OVER_V4 = 20 + 8 + 32, OVER_V6 = 40 + 8 + 32, ETHERNET = 1500 };

/* RFC 4787 REQ-5: a NAT may forget a silent flow after that. */
enum { NAT_SECONDS = 120 };

/* Linux's net.ipv4.ip_local_port_range, as it comes */
enum { EPHEMERAL_FIRST = 32768, EPHEMERAL_LAST = 60999 };

/* A location without any may be a phone or a router that runs plain
 * WireGuard; a server may not, since that has no guard. */
static void
check_given(struct lint *lt, const struct conf_location *l)
{
	static const enum conf_key need[] = { KEY_UPLINK, KEY_LAN_INTERFACE };
	bool server = l->role == CONF_ROLE_SERVER;

	if (!server && l->role != CONF_ROLE_CLIENT && l->partners.n == 0)
		return;
	if (!server && l->said[KEY_UPLINK] == 0 &&
	    l->said[KEY_LAN_INTERFACE] == 0) {
		lint_say(lt, &l->section, BH_IF_NONE, KEY_UPLINK, "neither it "
		    "nor 'lan-interface' is given: 'backhaul up' cannot serve "
		    "this location; right if it runs plain WireGuard");
		return;
	}
	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (l->said[need[i]] == 0)
			lint_say(lt, &l->section, BH_IF_MISSING, need[i],
			    "%s needs it; write '%s = INTERFACE'", server ?
			    "a server" : "a gateway", conf_keys[need[i]].name);
}

/* It lets something out in clear. */
static bool
has_egress(const struct lint *lt, const struct conf_location *l)
{
	return l->role == CONF_ROLE_SERVER ||
	    conf_has_breakout(lt->cf, (size_t)(l - lt->cf->location));
}

/* One-armed gateways have uplink and LAN on one interface; our own two have
 * one job each. */
static void
check_same(struct lint *lt, const struct conf_location *l)
{
	bool egress = has_egress(lt, l);
	const struct {
		enum conf_key key, other_key;
		const char *name, *other;
		bool used;
	} pair[] = {
#define PAIR(k, m, k2, m2, used) { k, k2, l->m, l->m2, used }
		PAIR(KEY_INTERFACE, interface, KEY_UPLINK, uplink, true),
		PAIR(KEY_INTERFACE, interface, KEY_LAN_INTERFACE,
		    lan_interface, true),
		PAIR(KEY_EGRESS_INTERFACE, egress_interface, KEY_INTERFACE,
		    interface, egress),
		PAIR(KEY_EGRESS_INTERFACE, egress_interface, KEY_UPLINK,
		    uplink, egress),
		PAIR(KEY_EGRESS_INTERFACE, egress_interface,
		    KEY_LAN_INTERFACE, lan_interface, egress),
#undef PAIR
	};

	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++)
		if (pair[i].used && strcmp(pair[i].name, pair[i].other) == 0)
			lint_say_at(lt, &l->section, l->said[pair[i].key] !=
			    0 ? l->said[pair[i].key] :
			    l->said[pair[i].other_key], BH_IF_SAME,
			    pair[i].key, "'%s' is also '%s'; name an interface "
			    "that does not exist yet", pair[i].name,
			    conf_keys[pair[i].other_key].name);
}

static void
check_mtu(struct lint *lt, const struct conf_location *l)
{
	if (l->mtu < MTU_V6 && (conf_has_family(&l->lan, false) ||
	    conf_has_family(&l->internal, false)))
		lint_say(lt, &l->section, BH_MTU_SMALL, KEY_MTU, "%u is too "
		    "small for IPv6, which this location has; %d is the least",
		    l->mtu, (int)MTU_V6);
	if (l->mtu + OVER_V4 > ETHERNET)
		lint_say(lt, &l->section, BH_MTU_LARGE, KEY_MTU, "%u needs %u "
		    "bytes outside over IPv4, %u over IPv6; a path of %d takes "
		    "%d or %d", l->mtu, l->mtu + OVER_V4, l->mtu + OVER_V6,
		    (int)ETHERNET, ETHERNET - OVER_V4, ETHERNET - OVER_V6);
}

/* The wider end's packets are cut or refused at the narrower. */
static void
check_mtus(struct lint *lt, size_t self)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *l = &cf->location[self];

	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *p = &cf->location[i];
		if (p->mtu <= l->mtu || p->mtu_auto ||
		    !conf_has_tunnel(cf, self, i))
			continue;
		lint_say(lt, &l->section, BH_MTU_ENDS, KEY_MTU, "it is %u here "
		    "and %u at %s, so what %s sends at its full size does not "
		    "fit here; give both the smaller", l->mtu, p->mtu, p->name,
		    p->name);
		diag_also(lt->d, p->name);
		return;
	}
}

/* Nobody can call a gateway without endpoint, so it has to keep the way open
 * through whatever translates in front of it. */
static void
check_keepalive(struct lint *lt, const struct conf_location *l)
{
	if (l->said[KEY_ENDPOINT] != 0 || conf_broken(l, KEY_KEEPALIVE))
		return;
	if (l->keepalive == 0)
		lint_say(lt, &l->section, BH_KEEPALIVE_OFF, KEY_KEEPALIVE,
		    "it is off and there is no endpoint: once the tunnel is "
		    "silent nobody reaches this location; take the line out "
		    "for 25 seconds");
	else if (l->keepalive > NAT_SECONDS)
		lint_say(lt, &l->section, BH_KEEPALIVE_LONG, KEY_KEEPALIVE,
		    "a NAT may forget a silent flow after %d seconds, and this "
		    "gateway cannot be called; 25 is usual", (int)NAT_SECONDS);
}

/* A worker has whole peers. */
static void
check_workers(struct lint *lt, size_t self)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *l = &cf->location[self];
	unsigned peers = 0;

	if (l->workers == 1 || conf_broken(l, KEY_WORKERS))
		return;
	if (l->role != CONF_ROLE_SERVER) {
		lint_say(lt, &l->section, BH_WORKERS_ROLE, KEY_WORKERS,
		    "only a server has peers enough to divide; take the line "
		    "out");
		return;
	}
	for (size_t i = 0; i < cf->nlocations; i++)
		peers += conf_has_tunnel(cf, self, i);
	if (l->workers > peers)
		lint_say(lt, &l->section, BH_WORKERS_IDLE, KEY_WORKERS,
		    "there are %u peers for %u workers, and each peer has one; "
		    "%u would do", peers, l->workers, peers > 0 ? peers : 1);
	if (conf_egresses(l) == 1)
		lint_say(lt, &l->section, BH_WORKERS_POOL, KEY_WORKERS,
		    "bh-egress translates, so there is one of it for all %u "
		    "workers, which carries about what two do", l->workers);
}

static void
check_ports(struct lint *lt, const struct conf_location *l)
{
	unsigned first = l->nat_port_first, last = l->nat_port_last;
	const int *said = l->said;

	if (!has_egress(lt, l) || l->nat != CONF_NAT_MASQUERADE)
		return;
	if (first <= l->listen_port && l->listen_port <= last)
		lint_say_at(lt, &l->section, said[KEY_NAT_PORTS] != 0 ?
		    said[KEY_NAT_PORTS] : said[KEY_LISTEN_PORT] != 0 ?
		    said[KEY_LISTEN_PORT] : said[KEY_ENDPOINT], BH_PORTS_LISTEN,
		    KEY_NAT_PORTS, "%u-%u holds %u, the tunnel's own port: "
		    "translated flows could take its datagrams; choose another "
		    "range", first, last, l->listen_port);
	if (first <= EPHEMERAL_LAST && last >= EPHEMERAL_FIRST)
		lint_say(lt, &l->section, BH_PORTS_EPHEMERAL, KEY_NAT_PORTS,
		    "%u-%u overlaps %d-%d, from which the gateway's own "
		    "sockets get their ports; choose a range below", first,
		    last, (int)EPHEMERAL_FIRST, (int)EPHEMERAL_LAST);
}

static void
check_listen(struct lint *lt, const struct conf_location *l)
{
	if (l->endpoint_port != 0 && l->said[KEY_LISTEN_PORT] != 0 &&
	    l->endpoint_port != l->listen_port &&
	    !conf_broken(l, KEY_LISTEN_PORT))
		lint_say(lt, &l->section, BH_ENDPOINT_PORT, KEY_LISTEN_PORT,
		    "others send to port %u and this gateway listens on %u; "
		    "right if something in between forwards it",
		    l->endpoint_port, l->listen_port);
}

static void
check_icmp(struct lint *lt, const struct conf_location *l)
{
	if (l->icmp_errors == 0 && l->said[KEY_ICMP_ERRORS] != 0 &&
	    !conf_broken(l, KEY_ICMP_ERRORS))
		lint_say(lt, &l->section, BH_ICMP_SILENT, KEY_ICMP_ERRORS,
		    "hosts that the policy refuses are not told and wait in "
		    "vain; take the line out for %s a second",
		    conf_keys[KEY_ICMP_ERRORS].def);
}

static void
check_dscp(struct lint *lt, const struct conf_location *l)
{
	if (l->dscp == CONF_DSCP_COPY)
		lint_say(lt, &l->section, BH_DSCP_COPY, KEY_DSCP, "whoever "
		    "watches the tunnel can tell calls from downloads; right "
		    "if the provider treats them differently");
}

void
lint_numbers(struct lint *lt)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (!l->active)
			continue;
		check_given(lt, l);
		check_same(lt, l);
		check_mtu(lt, l);
		check_mtus(lt, i);
		check_keepalive(lt, l);
		check_workers(lt, i);
		check_ports(lt, l);
		check_listen(lt, l);
		check_icmp(lt, l);
		check_dscp(lt, l);
	}
}

const struct lint_explanation explain_numbers[] = {
	{ BH_ENDPOINT_PORT,
	    "Others send to the endpoint's port, and the gateway listens on "
	    "another. Right if a router in between forwards the one to the "
	    "other.",
	    "endpoint = 192.0.2.1:443\nlisten-port = 51820",
	    "endpoint = 192.0.2.1:443" },
	{ BH_IF_MISSING,
	    "'backhaul up' needs to know where the LAN is and which interface "
	    "leads to the outer network, for the routes and for the rules "
	    "that keep LAN traffic from leaving in clear.",
	    "lan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_IF_NONE,
	    "A client or a partner can be any WireGuard endpoint: a phone, a "
	    "router in a cloud; 'bh-check -e wg-quick LOCATION' writes its "
	    "file. If it is a gateway of ours, name its interfaces.",
	    "[location branch1]\nbackhaul = client",
	    "[location branch1]\nbackhaul = client\nuplink = eth0\n"
	    "lan-interface = eth1" },
	{ BH_IF_SAME,
	    "'interface' and 'egress-interface' are made by 'backhaul up' and "
	    "must be names that nothing else has. Only 'uplink' and "
	    "'lan-interface' may be the same, on a gateway with one arm.",
	    "uplink = bh0\nlan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_MTU_SMALL,
	    "IPv6 needs links that carry 1280 bytes (RFC 8200 section 5).",
	    "lan = 2001:db8:1::/52\nmtu = 1200",
	    "lan = 2001:db8:1::/52\nmtu = 1280" },
	{ BH_PORTS_LISTEN,
	    "The server gives translated flows source ports from 'nat-ports'. "
	    "If the tunnel's own port is among them, a flow can take it, and "
	    "the tunnel's datagrams would be delivered to a client.",
	    "listen-port = 20000\nnat-ports = 16384-32767",
	    "listen-port = 51820\nnat-ports = 16384-32767" },
	{ BH_PORTS_EPHEMERAL,
	    "The gateway's own programs get their ports from "
	    "net.ipv4.ip_local_port_range, 32768-60999 as Linux comes. A "
	    "client's flow on such a port can shadow one of theirs. The "
	    "default, 16384-32767, is below.",
	    "nat-ports = 16384-60000",
	    "nat-ports = 16384-32767" },
	{ BH_MTU_LARGE,
	    "Around each packet the tunnel puts 60 bytes over IPv4 and 80 "
	    "over IPv6. 'mtu = 1500' therefore sends 1560, which an Ethernet "
	    "of 1500 takes in two fragments, or not at all. 1420 fits any "
	    "outer path of 1500, 1440 one of IPv4 only. More is right where "
	    "the outer network has larger frames on all of the path.",
	    "mtu = 1500",
	    "mtu = 1420" },
	{ BH_MTU_ENDS,
	    "Each gateway sends packets up to its own 'mtu'. The end with the "
	    "smaller one is told so for a reason, most often a narrow outer "
	    "path, and the same path lies between both. Give both ends the "
	    "smaller value.",
	    "[location hq]\nmtu = 1420\n[location a]\nmtu = 1380",
	    "[location hq]\nmtu = 1380\n[location a]\nmtu = 1380" },
	{ BH_KEEPALIVE_LONG,
	    "A gateway without endpoint is reached by answering it: a "
	    "translating router in front of it has to remember its flow. RFC "
	    "4787 (REQ-5) lets it forget after 120 silent seconds, and many "
	    "forget UDP after 30. Between the forgetting and the next "
	    "keepalive nobody can begin a connection to the site.",
	    "keepalive = 600",
	    "keepalive = 25" },
	{ BH_KEEPALIVE_OFF,
	    "A location without endpoint cannot be called, so it has to keep "
	    "its tunnel open itself. With 'keepalive = 0' it is reached as "
	    "long as its own hosts talk, and not after.",
	    "keepalive = 0",
	    "keepalive = 25" },
	{ BH_WORKERS_ROLE,
	    "Each worker of bh-tunnel(8) has peers of its own, and the packets "
	    "of one peer stay with one worker, so that they stay in order. A "
	    "client's traffic goes through its server, which is one peer: more "
	    "workers could not share it. Only a server may have more than one.",
	    "backhaul = client\nworkers = 2",
	    "backhaul = client" },
	{ BH_WORKERS_IDLE,
	    "Each peer has one worker, so those beyond the number of peers "
	    "have nobody to serve. They do no harm, and wait for peers to "
	    "come; each takes about 10 MiB, its bh-egress with it, and its two "
	    "links 16 MiB.",
	    "workers = 16",
	    "workers = 2" },
	{ BH_WORKERS_POOL,
	    "Behind each worker of bh-tunnel(8) stands a bh-egress(8) of its "
	    "own, unless that translates: the mappings of a pool are one "
	    "table, and where an address of it leads only the table knows, so "
	    "one process serves all workers. It carries what two or three of "
	    "them do. With 'nat = masquerade' or 'none' each worker has one.",
	    "nat = pool\nworkers = 2",
	    "nat = masquerade\nworkers = 2" },
	{ BH_ICMP_SILENT,
	    "With 'icmp-errors = 0' a host that the policy refuses hears "
	    "nothing and waits for its own patience to end: each refusal "
	    "looks like a broken network. Only what is too big is still told, "
	    "since path MTU discovery would fail. Take the line out, unless "
	    "silence is what you want.",
	    "icmp-errors = 0",
	    "icmp-errors = 100" },
	{ BH_DSCP_COPY,
	    "With 'dscp = copy' each datagram has the differentiated services "
	    "codepoint of the packet in it, so that networks on the way can "
	    "serve calls before downloads, and whoever watches can tell them "
	    "apart. Right where the provider honours it; else take the line "
	    "out.",
	    "dscp = copy",
	    "dscp = zero" },
	{ .text = NULL },
};
