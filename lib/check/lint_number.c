/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <string.h>

/* Interfaces, ports and sizes of one gateway. */

enum { MTU_V6 = 1280 };		/* RFC 8200 section 5 */

/* What a datagram adds to a packet: IP, UDP, and the 32 bytes of WireGuard's
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
