/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "conf/publish.h"
#include "packet/wire.h"

/*
 * The static guard: it knows neither programs nor routes, only which
 * interface a packet comes in by, which it goes out by, and the domain's
 * addresses.  Loaded before anything else is changed, removed after all.
 */

static const char *const counter_names[] = {
	"lan_clear", "to_lan", "tunnel_out", "into_tunnel", "elsewhere",
	"weak_host", "guard_out", "guard_in", "egress_cross", "egress_hop",
	"egress_self", "egress_invalid", "unsolicited", "shadow",
	"not_forwarded", "quoted", "own_clear", "client_clear", "untranslated",
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

/* Nobody outside talks to the LAN past the tunnel (CVE-2019-14899). */
static void
chain_raw(const struct plan *p, FILE *out)
{
	if (p->self->role != CONF_ROLE_CLIENT || plan_one_arm(p))
		return;
	fputs("\tchain raw {\n"
	    "\t\ttype filter hook prerouting priority raw; policy accept;\n",
	    out);
	plan_put(p, out, "iifname", plan_outward_devs,
	    "$ip daddr @lan$v counter name \"weak_host\" drop");
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
 * conntrack need not know who calls a server: a flood from forged addresses
 * would fill the table that clients' flows are in, and costs twice as
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
 * A client's host does not talk to its LAN by what leads elsewhere, when the
 * LAN's interface is down and only the default route is left.  And it quotes
 * nothing outside: a LAN host that lies about its source would get half a
 * packet of its choice out in clear, inside our ICMP error (RFC 1812
 * 4.3.2.3).  Hosts of the site are told only where the uplink is the LAN, too.
 */
static void
put_client_output(const struct plan *p, FILE *out)
{
	bool one_arm = plan_one_arm(p);

	if (!one_arm)
		plan_put(p, out, "oifname != \"lo\" oifname !=",
		    plan_site_devs,
		    "$ip daddr @lan$v counter name \"lan_clear\" drop");
	plan_put(p, out, one_arm ? "ip daddr != @site4 oifname" : "oifname",
	    plan_outward_devs, "icmp type { destination-unreachable, "
	    "time-exceeded, parameter-problem } counter name \"quoted\" drop");
	plan_put(p, out, one_arm ? "ip6 daddr != @site6 oifname" : "oifname",
	    plan_outward_devs, "icmpv6 type { destination-unreachable, "
	    "packet-too-big, time-exceeded, parameter-problem } "
	    "counter name \"quoted\" drop");
}

/* Packets that this host sends itself. */
static void
chain_output(const struct plan *p, FILE *out)
{
	fputs("\tchain output {\n"
	    "\t\ttype filter hook output priority filter; policy accept;\n",
	    out);
	if (p->self->role == CONF_ROLE_CLIENT)
		put_client_output(p, out);
	plan_own(p, out);
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
	plan_each(out, "$ip daddr @elsewhere$v "
	    "counter name \"elsewhere\" drop");
	plan_foreign(p, out);
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

/* By an interface that is not the LAN's or the tunnel's. */
static void
put_others(const struct plan *p, FILE *out)
{
	if (p->self->role == CONF_ROLE_CLIENT) {
		plan_put(p, out, "iifname !=", plan_site_devs,
		    "goto from_outside");
		plan_each(out, "$ip saddr @site$v goto from_site");
	} else {
		plan_foreign(p, out);
	}
	fputs("\t\tgoto closed\n", out);
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
	put_others(p, out);
	fputs("\t}\n", out);
}

/* A packet with an address of the site leaves by the tunnel or stays on it,
 * whatever it came in by; and who is not on the site does not get in past the
 * tunnel. */
static void
chains_site(const struct plan *p, FILE *out)
{
	if (p->self->role != CONF_ROLE_CLIENT)
		return;
	fputs("\tchain from_site {\n", out);
	plan_site(p, "goto closed", out);
	fputs("\t}\n\tchain from_outside {\n", out);
	plan_put(p, out, "oifname", plan_site_devs,
	    "counter name \"to_lan\" drop");
	plan_each(out, "$ip daddr @site$v counter name \"to_lan\" drop");
	plan_each(out, "$ip saddr @site$v counter name \"lan_clear\" drop");
	fputs("\t\tgoto closed\n\t}\n", out);
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
	plan_chains_egress(p, out);
	chain_from_lan(p, out);
	chain_from_tunnel(p, out);
	chains_site(p, out);
	chain_forward(p, out);
	fputs("}\n", out);
}
