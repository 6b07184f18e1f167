/* SPDX-License-Identifier: ISC */
#include "engine/plan.h"

#include "conf/publish.h"
#include "net/wire.h"

/*
 * The static guard: it knows neither programs nor routes, only which
 * interface a packet comes in by, which it goes out by, and the domain's
 * addresses.  Loaded before anything else is changed, removed after all.
 */

static const char *const counter_names[] = {
	"lan_clear", "to_lan", "tunnel_out", "into_tunnel", "elsewhere",
	"weak_host", "guard_out", "guard_in", "egress_cross", "egress_hop",
	"egress_self", "egress_invalid", "unsolicited", "shadow",
	"not_forwarded", "quoted",
};

static void
put_drop(FILE *out, const char *match, const char *counter)
{
	fprintf(out, "\t\t%s%scounter name \"%s\" drop\n", match,
	    *match != '\0' ? " " : "", counter);
}

/* Only downward: nft never raises an option.  40 and 60: RFC 9293 3.7.1. */
static void
chain_mss(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	bool egress = plan_has_egress(p);

	fputs("\tchain mss {\n"
	    "\t\ttype filter hook forward priority mangle; policy accept;\n",
	    out);
	for (int dir = 0; dir < 2; dir++)
		fprintf(out, "\t\t%s { \"%s\"%s%s } tcp flags & (syn | rst) "
		    "== syn goto clamp\n", dir == 0 ? "iifname" : "oifname",
		    l->interface, egress ? ", " : "",
		    egress ? plan_egress_list(p).text : "");
	fprintf(out, "\t}\n\tchain clamp {\n"
	    "\t\tmeta nfproto ipv4 tcp option maxseg size set %d\n"
	    "\t\tmeta nfproto ipv6 tcp option maxseg size set %d\n"
	    "\t\ttcp option maxseg size set rt mtu\n\t}\n", l->mtu - 40,
	    l->mtu - 60);
}

static void
drop_lan(const struct plan *p, const char *direction, const char *counter,
    FILE *out)
{
	for (int v = 4; v <= 6; v += 2)
		fprintf(out, "\t\t%s \"%s\" %s daddr @lan%d counter name "
		    "\"%s\" drop\n", direction, p->self->uplink,
		    v == 4 ? "ip" : "ip6", v, counter);
}

/* Nobody on the uplink talks to the LAN past the tunnel (CVE-2019-14899). */
static void
chain_raw(const struct plan *p, FILE *out)
{
	if (p->self->role != CONF_ROLE_CLIENT || plan_one_arm(p))
		return;
	fputs("\tchain raw {\n"
	    "\t\ttype filter hook prerouting priority raw; policy accept;\n",
	    out);
	drop_lan(p, "iifname", "weak_host", out);
	if (plan_breaks_out(p))
		/* the LAN's side of the flow is known to conntrack already,
		 * untranslated: this is another flow */
		fprintf(out, "\t\tiifname \"%s\" ct original zone set %d\n",
		    p->self->egress_interface, PLAN_ZONE);
	fputs("\t}\n", out);
}

/* Nobody else has the port of the tunnel, and nobody translates it here. */
static bool
port_is_plain(const struct plan *p)
{
	const struct conf_location *l = p->self;

	for (size_t i = 0; i < p->cf->npublish; i++) {
		const struct conf_publish *q = &p->cf->publish[i];
		if (publish_is_of(p->cf, q, p->index) &&
		    publish_has(q, &q->match, PROTO_UDP, l->listen_port))
			return false;
	}
	return l->endpoint_port == 0 || l->endpoint_port == l->listen_port;
}

/*
 * Whoever calls a server need not be known to conntrack: a flood from forged
 * addresses would fill the table that clients' flows are in, and costs twice as
 * much when each datagram becomes a flow.  A client's answers may have to be
 * known, to a stateful filter of its host.
 */
static void
chains_untracked(const struct plan *p, FILE *out)
{
	unsigned port = p->self->listen_port;

	if (p->self->role != CONF_ROLE_SERVER || !port_is_plain(p))
		return;
	fprintf(out, "\tchain call {\n"
	    "\t\ttype filter hook prerouting priority raw; policy accept;\n"
	    "\t\tudp dport %u fib daddr type local notrack\n"
	    "\t}\n\tchain answer {\n"
	    "\t\ttype filter hook output priority raw; policy accept;\n"
	    "\t\tudp sport %u notrack\n\t}\n", port, port);
}

/*
 * A client's host does not talk to its LAN by the uplink, when the LAN's
 * interface is down and only the default route is left.  And it quotes nothing
 * outside: a LAN host that lies about its source would get half a packet of
 * its choice out in clear, inside our ICMP error (RFC 1812 4.3.2.3).  Hosts of
 * the site are told only where the uplink is the LAN, too.
 */
static void
chain_output(const struct plan *p, FILE *out)
{
	const char *up = p->self->uplink;
	bool one_arm = plan_one_arm(p);

	if (p->self->role != CONF_ROLE_CLIENT)
		return;
	fputs("\tchain output {\n"
	    "\t\ttype filter hook output priority filter; policy accept;\n",
	    out);
	if (!one_arm)
		drop_lan(p, "oifname", "lan_clear", out);
	fprintf(out, "\t\toifname \"%s\" %sicmp type { "
	    "destination-unreachable, time-exceeded, parameter-problem } "
	    "counter name \"quoted\" drop\n", up,
	    one_arm ? "ip daddr != @site4 " : "");
	fprintf(out, "\t\toifname \"%s\" %sicmpv6 type { "
	    "destination-unreachable, packet-too-big, time-exceeded, "
	    "parameter-problem } counter name \"quoted\" drop\n", up,
	    one_arm ? "ip6 daddr != @site6 " : "");
	fputs("\t}\n", out);
}

/* An interface that forwarded nothing before `up' forwards for us only. */
static void
chain_closed(const struct plan *p, FILE *out)
{
	const char *dev[PLAN_DEVS];
	size_t n = plan_forwarders(p, dev);

	fputs("\tchain closed {\n", out);
	for (size_t i = 0; i < n; i++)
		if (!p->host.forwards4[i])
			fprintf(out, "\t\tmeta nfproto ipv4 iifname \"%s\" "
			    "counter name \"not_forwarded\" drop\n", dev[i]);
	if (!p->host.forwards6)
		put_drop(out, "meta nfproto ipv6", "not_forwarded");
	fputs("\t}\n", out);
}

static void
chain_from_lan(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;

	fprintf(out, "\tchain from_lan {\n\t\toifname \"%s\" accept\n"
	    "\t\toifname \"%s\" ip daddr @lan4 accept\n"
	    "\t\toifname \"%s\" ip6 daddr @lan6 accept\n", l->interface,
	    l->lan_interface, l->lan_interface);
	if (l->role == CONF_ROLE_CLIENT) {
		put_drop(out, "", "lan_clear");
		fputs("\t}\n", out);
		return;
	}
	if (l->role == CONF_ROLE_SERVER)
		fprintf(out, "\t\toifname %s goto to_client\n",
		    plan_egress(p).text);
	put_drop(out, "ip daddr @elsewhere4", "elsewhere");
	put_drop(out, "ip6 daddr @elsewhere6", "elsewhere");
	fputs("\t\tgoto closed\n\t}\n", out);
}

static void
chain_from_tunnel(const struct plan *p, FILE *out)
{
	const char *lan = p->self->lan_interface;

	fprintf(out, "\tchain from_tunnel {\n"
	    "\t\toifname \"%s\" ip daddr @lan4 accept\n"
	    "\t\toifname \"%s\" ip6 daddr @lan6 accept\n", lan, lan);
	if (p->self->role == CONF_ROLE_CLIENT)
		/* backhaul-sources = lan: hosts that do not participate */
		fprintf(out, "\t\toifname \"%s\" ip daddr @site4 accept\n"
		    "\t\toifname \"%s\" ip6 daddr @site6 accept\n", lan, lan);
	put_drop(out, "", "tunnel_out");
	fputs("\t}\n", out);
}

/* default-gateway: its interface and its address, or nothing. */
static void
put_hop(const struct plan *p, enum family fam, FILE *out)
{
	const struct addr *gw = plan_gateway(p, fam);
	const char *dev = plan_gateway_dev(p, fam);
	int v = fam == FAMILY_V4 ? 4 : 6;
	char buf[ADDR_STRLEN];

	if (dev == NULL) {
		fprintf(out, "\t\tmeta nfproto ipv%d counter name "
		    "\"egress_hop\" drop\n", v);
		return;
	}
	fprintf(out, "\t\tmeta nfproto ipv%d oifname != \"%s\" counter name "
	    "\"egress_hop\" drop\n", v, dev);
	fprintf(out, "\t\tmeta nfproto ipv%d rt %s nexthop != %s counter name "
	    "\"egress_hop\" drop\n", v, v == 4 ? "ip" : "ip6",
	    addr_format(gw, buf));
}

static void
put_cross(const struct plan *p, const char *direction, FILE *out)
{
	const struct conf_location *l = p->self;

	fprintf(out, "\t\t%s { \"%s\", %s", direction, l->interface,
	    plan_egress_list(p).text);
	if (!plan_egress_by_lan(p))
		fprintf(out, ", \"%s\"", l->lan_interface);
	fputs(" } counter name \"egress_cross\" drop\n", out);
}

/* What bh-egress did not translate goes nowhere; what it did may come back to
 * it at once, for another client (a hairpin). */
static void
put_pool_out(const struct plan *p, FILE *out)
{
	static const char *const ip[] = { "ip", "ip6" };
	static const char *const number[] = { "4", "6" };

	for (int f = 0; f < FAMILIES; f++)
		if (plan_pools(p, (enum family)f))
			fprintf(out, "\t\t%s saddr != @pool%s counter name "
			    "\"egress_invalid\" drop\n\t\toifname %s %s "
			    "daddr @pool%s accept\n", ip[f], number[f],
			    plan_egress(p).text, ip[f], number[f]);
}

static void
put_pool_in(const struct plan *p, FILE *out)
{
	if (plan_pools(p, FAMILY_V4))
		put_drop(out, "ip daddr != @pool4", "unsolicited");
	if (plan_pools(p, FAMILY_V6))
		put_drop(out, "ip6 daddr != @pool6", "unsolicited");
}

/* For the families that are let in only as answers. */
static void
put_asks(const struct plan *p, const char *match, const char *counter,
    FILE *out)
{
	bool v4 = plan_asks(p, FAMILY_V4), v6 = plan_asks(p, FAMILY_V6);

	if (v4 || v6)
		fprintf(out, "\t\t%s%s counter name \"%s\" drop\n",
		    v4 && v6 ? "" : v4 ? "meta nfproto ipv4 " :
		    "meta nfproto ipv6 ", match, counter);
}

static void
chain_from_client(const struct plan *p, FILE *out)
{
	fputs("\tchain from_client {\n", out);
	put_pool_out(p, out);
	plan_hairpin(p, out);
	put_cross(p, "oifname", out);
	put_drop(out, "ip daddr @guard4", "guard_out");
	put_drop(out, "ip6 daddr @guard6", "guard_out");
	if (plan_has_gateway(p)) {
		put_hop(p, FAMILY_V4, out);
		put_hop(p, FAMILY_V6, out);
	}
	/* conntrack would let it out untranslated */
	put_asks(p, "ct state { invalid, untracked }", "egress_invalid", out);
	fputs("\t\taccept\n\t}\n", out);
}

static void
chain_to_client(const struct plan *p, FILE *out)
{
	fputs("\tchain to_client {\n", out);
	put_cross(p, "iifname", out);
	put_drop(out, "ip saddr @guard4", "guard_in");
	put_drop(out, "ip6 saddr @guard6", "guard_in");
	put_pool_in(p, out);
	if (plan_publishes(p))
		fputs("\t\tct status dnat jump opened\n", out);
	put_asks(p, "ct state != { established, related }", "unsolicited",
	    out);
	fputs("\t\taccept\n\t}\n", out);
}

/* bh-classify says what leaves; this, that it leaves by the uplink only, never
 * to an address of the company's, and not as it is. */
static void
chain_break_out(const struct plan *p, FILE *out)
{
	const char *up = p->self->uplink;
	char zone[48];

	snprintf(zone, sizeof(zone), "ct original zone != %d", PLAN_ZONE);
	fprintf(out, "\tchain break_out {\n\t\toifname != \"%s\" counter name "
	    "\"egress_cross\" drop\n", up);
	put_drop(out, "ip saddr != @site4", "egress_cross");
	put_drop(out, "ip6 saddr != @site6", "egress_cross");
	put_drop(out, "ip daddr @guard4", "guard_out");
	put_drop(out, "ip6 daddr @guard6", "guard_out");
	put_drop(out, "ct state { invalid, untracked }", "egress_invalid");
	put_drop(out, zone, "egress_invalid");
	fprintf(out, "\t\taccept\n\t}\n\tchain come_back {\n"
	    "\t\tiifname != \"%s\" counter name \"egress_cross\" drop\n", up);
	put_drop(out, "ip saddr @guard4", "guard_in");
	put_drop(out, "ip6 saddr @guard6", "guard_in");
	put_drop(out, "ct state != { established, related }", "unsolicited");
	put_drop(out, zone, "unsolicited");
	fputs("\t\taccept\n\t}\n", out);
}

static void
chain_forward(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	bool server = l->role == CONF_ROLE_SERVER, out_too = plan_breaks_out(p);

	fputs("\tchain forward {\n"
	    "\t\ttype filter hook forward priority filter; policy accept;\n",
	    out);
	if (server)
		fprintf(out, "\t\tiifname %s goto from_client\n",
		    plan_egress(p).text);
	if (out_too)
		fprintf(out, "\t\tiifname \"%s\" goto break_out\n",
		    l->egress_interface);
	fprintf(out, "\t\tiifname \"%s\" goto from_tunnel\n"
	    "\t\tiifname \"%s\" goto from_lan\n", l->interface,
	    l->lan_interface);
	if (server)
		fprintf(out, "\t\toifname %s goto to_client\n",
		    plan_egress(p).text);
	if (out_too)
		fprintf(out, "\t\toifname \"%s\" goto come_back\n",
		    l->egress_interface);
	fprintf(out, "\t\toifname \"%s\" counter name \"into_tunnel\" drop\n",
	    l->interface);
	if (l->role == CONF_ROLE_CLIENT) {
		fprintf(out, "\t\tiifname \"%s\" oifname \"%s\" counter name "
		    "\"to_lan\" drop\n", l->uplink, l->lan_interface);
		/* whatever other interface they came in by */
		fprintf(out, "\t\toifname \"%s\" ip saddr @site4 counter name "
		    "\"lan_clear\" drop\n", l->uplink);
		fprintf(out, "\t\toifname \"%s\" ip6 saddr @site6 counter name "
		    "\"lan_clear\" drop\n", l->uplink);
	}
	fputs("\t\tgoto closed\n\t}\n", out);
}

/* A port in use by nobody here cannot be shadowed (CVE-2021-3773), and what
 * knocks there unasked is not for us. */
static void
chain_input(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	const char *dev[PLAN_DEVS];
	size_t n = plan_forwarders(p, dev);

	if (!plan_has_egress(p))
		return;
	fputs("\tchain input {\n"
	    "\t\ttype filter hook input priority filter; policy accept;\n",
	    out);
	fprintf(out, "\t\tiifname %s counter name \"egress_self\" drop\n",
	    plan_egress(p).text);
	for (size_t i = 0; i < n && l->nat == CONF_NAT_MASQUERADE; i++)
		if (i > 0 || plan_egress_by_lan(p))
			fprintf(out, "\t\tiifname \"%s\" "
			    "meta l4proto { tcp, udp } th dport %u-%u "
			    "ct state new counter name \"shadow\" drop\n",
			    dev[i], l->nat_port_first, l->nat_port_last);
	fputs("\t}\n", out);
}

static void
chain_nat(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	bool masquerade = l->nat == CONF_NAT_MASQUERADE;
	const struct plan_names egress = plan_egress(p);
	const char *only = l->nat6 != CONF_NAT6_AS_NAT ?
	    " meta nfproto ipv4" : "";

	if (!plan_has_egress(p) || !(masquerade || plan_publishes(p)))
		return;
	fputs("\tchain srcnat {\n"
	    "\t\ttype nat hook postrouting priority srcnat; policy accept;\n",
	    out);
	plan_snat_publish(p, out);
	if (masquerade)
		fprintf(out, "\t\tiifname %s%s meta l4proto { tcp, udp } "
		    "masquerade to :%u-%u fully-random\n"
		    "\t\tiifname %s%s masquerade\n", egress.text, only,
		    l->nat_port_first, l->nat_port_last, egress.text, only);
	fputs("\t}\n", out);
}

void
plan_nft(const struct plan *p, FILE *out)
{
	size_t n = sizeof(counter_names) / sizeof(counter_names[0]);

	/* in one transaction: gone if it was there, and there again */
	fputs("table inet backhaul {}\ndelete table inet backhaul\n"
	    "table inet backhaul {\n", out);
	fprintf(out, "\tcomment \"%s\"\n", p->rundir);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "\tcounter %s {}\n", counter_names[i]);
	plan_sets(p, FAMILY_V4, out);
	plan_sets(p, FAMILY_V6, out);
	chain_mss(p, out);
	chain_closed(p, out);
	chain_raw(p, out);
	chains_untracked(p, out);
	chain_output(p, out);
	if (p->self->role == CONF_ROLE_SERVER) {
		plan_chains_publish(p, out);
		chain_to_client(p, out);
		chain_from_client(p, out);
	}
	if (plan_breaks_out(p))
		chain_break_out(p, out);
	chain_from_lan(p, out);
	chain_from_tunnel(p, out);
	chain_forward(p, out);
	chain_input(p, out);
	chain_nat(p, out);
	fputs("}\n", out);
}
