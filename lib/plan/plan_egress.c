/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

/*
 * The guard between clients and the Internet, at a server; and around what
 * breaks out, at a client.
 */

static void
put_drop(FILE *out, const char *match, const char *counter)
{
	fprintf(out, "\t\t%s%scounter name \"%s\" drop\n", match,
	    *match != '\0' ? " " : "", counter);
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

/* Packets that bh-egress did not translate go nowhere; the others may come back
 * to it at once, for another client (a hairpin). */
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

/* A packet that must be translated has no address of the inside any more. */
static void
put_translated(const struct plan *p, enum family fam, const char *whose,
    FILE *out)
{
	fprintf(out, "\t\tiifname %s oifname != ", plan_egress(p).text);
	plan_tuns(p, out);
	fprintf(out, " %s saddr @%s%c fib saddr type != local counter name "
	    "\"untranslated\" drop\n", fam == FAMILY_V4 ? "ip" : "ip6", whose,
	    fam == FAMILY_V4 ? '4' : '6');
}

/* Behind the chain that translates: that one may have been emptied. */
void
plan_chain_translated(const struct plan *p, FILE *out)
{
	if (!plan_has_egress(p))
		return;
	fputs("\tchain translated {\n"
	    "\t\ttype filter hook postrouting priority srcnat + 10; "
	    "policy accept;\n", out);
	for (int f = 0; f < FAMILIES; f++)
		if (plan_breaks_out(p))
			put_translated(p, (enum family)f, "site", out);
		else if (plan_translates(p, (enum family)f))
			put_translated(p, (enum family)f, "clients", out);
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
plan_chains_egress(const struct plan *p, FILE *out)
{
	if (p->self->role == CONF_ROLE_SERVER) {
		plan_chains_publish(p, out);
		chain_to_client(p, out);
		chain_from_client(p, out);
	}
	if (plan_breaks_out(p))
		chain_break_out(p, out);
	chain_input(p, out);
	chain_nat(p, out);
	plan_chain_translated(p, out);
}
