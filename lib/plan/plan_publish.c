/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "conf/publish.h"
#include "conf/space.h"

#include <stdlib.h>

/*
 * [publish] where the kernel translates.  A packet for it is given its new
 * destination before it is routed; the guard lets in what was, and what
 * answers that.  A client's host that asks for a published address comes back
 * by the same device (a hairpin), and from the published address, so that the
 * answer does, too (RFC 4787 REQ-9).
 */

static const char *
ip_of(const struct addr *a)
{
	return addr_is_v4(a) ? "ip" : "ip6";
}

/* tcp dport 443, or what begins before translation: ct original proto-dst */
static void
put_ports(const struct conf_publish *q, const char *what, FILE *out)
{
	if (q->proto == 0)
		return;
	fprintf(out, " meta l4proto %s", publish_proto(q));
	if (q->first == q->last)
		fprintf(out, " %s %u", what, q->first);
	else if (q->first > 0)
		fprintf(out, " %s %u-%u", what, q->first, q->last);
}

static void
put_from(const struct conf_publish *q, FILE *out)
{
	char text[PREFIX_STRLEN];
	const char *sep = "";

	if (q->said[KEY_PUBLISH_FROM] == 0)
		return;
	fprintf(out, " %s saddr {", ip_of(&q->match));
	for (size_t i = 0; i < q->from.n; i++)
		if (plan_of_family(&q->from.p[i],
		    addr_is_v4(&q->match) ? FAMILY_V4 : FAMILY_V6)) {
			fprintf(out, "%s %s", sep,
			    prefix_format(&q->from.p[i], text));
			sep = ",";
		}
	fputs(" }", out);
}

/* The host as the kernel knows it: with nat6 = npt, from outside. */
static const char *
format_to(const struct plan *p, const struct conf_publish *q,
    char buf[static ADDR_STRLEN])
{
	struct addr a = q->to;
	struct npt npt;

	if (!addr_is_v4(&a) && plan_npt(p, &npt) != NULL)
		npt_map(&npt, NPT_OUT, &a);
	return addr_format(&a, buf);
}

static void
put_dnat(const struct plan *p, const struct conf_publish *q, FILE *out)
{
	bool v4 = addr_is_v4(&q->to);
	char match[ADDR_STRLEN], to[ADDR_STRLEN];

	fprintf(out, "\t\t%s daddr %s", ip_of(&q->match),
	    addr_format(&q->match, match));
	put_ports(q, "th dport", out);
	put_from(q, out);
	format_to(p, q, to);
	if (q->to_port != 0)
		fprintf(out, " dnat %s to %s%s%s:%u\n", ip_of(&q->to),
		    v4 ? "" : "[", to, v4 ? "" : "]", q->to_port);
	else
		fprintf(out, " dnat %s to %s\n", ip_of(&q->to), to);
}

static void
put_open(const struct plan *p, const struct conf_publish *q, FILE *out)
{
	char match[ADDR_STRLEN], to[ADDR_STRLEN];

	fprintf(out, "\t\tct original %s daddr %s", ip_of(&q->match),
	    addr_format(&q->match, match));
	put_ports(q, "ct original proto-dst", out);
	fprintf(out, " %s daddr %s accept\n", ip_of(&q->to),
	    format_to(p, q, to));
}

/* Ports go before the rest of their address. */
static void
put_all(const struct plan *p, FILE *out,
    void (*put)(const struct plan *p, const struct conf_publish *q, FILE *out))
{
	const struct conf_publish *q;

	for (int whole = 0; whole < 2; whole++)
		for (size_t i = 0; (q = plan_next_published(p, &i)) != NULL;)
			if ((q->proto == 0) == whole)
				put(p, q, out);
}

void
plan_chains_publish(const struct plan *p, FILE *out)
{
	const char *dev[PLAN_DEVS];
	size_t n = plan_forwarders(p, dev);

	if (!plan_publishes(p))
		return;
	fprintf(out, "\tchain dstnat {\n"
	    "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	    "\t\tiifname { %s", plan_egress_list(p).text);
	for (size_t i = 0; i < n; i++)
		if (i > 0 || plan_egress_by_lan(p))
			fprintf(out, ", \"%s\"", dev[i]);
	fputs(" } goto published\n\t}\n\tchain published {\n", out);
	put_all(p, out, put_dnat);
	fputs("\t}\n\tchain opened {\n", out);
	put_all(p, out, put_open);
	fputs("\t}\n", out);
}

void
plan_hairpin(const struct plan *p, FILE *out)
{
	const struct plan_names egress = plan_egress(p);

	if (plan_publishes(p))
		fprintf(out, "\t\toifname %s ct status dnat ct state "
		    "{ established, related } accept\n"
		    "\t\toifname %s ct status dnat jump opened\n",
		    egress.text, egress.text);
}

/* For ports of the gateway's range where there are ports. */
static void
put_snat(const struct plan *p, const struct addr *to, const char *match,
    FILE *out)
{
	bool v4 = addr_is_v4(to);
	const struct plan_names egress = plan_egress(p);
	char a[ADDR_STRLEN];

	addr_format(to, a);
	fprintf(out, "\t\tiifname %s %s meta l4proto { tcp, udp } snat %s "
	    "to %s%s%s:%u-%u fully-random\n", egress.text, match,
	    ip_of(to), v4 ? "" : "[", a, v4 ? "" : "]",
	    p->self->nat_port_first, p->self->nat_port_last);
	fprintf(out, "\t\tiifname %s %s snat %s to %s\n", egress.text, match,
	    ip_of(to), a);
}

/* The sources of what client i sends, of one family; false: none. */
static bool
put_sources(const struct plan *p, const struct space *s, size_t i,
    enum family fam, FILE *out)
{
	struct prefix_list lan = { 0 }, site = { 0 };
	char text[PREFIX_STRLEN];
	bool any = false;

	if (!space_of(s, p->cf, i, &lan, &site))
		return false;
	if (p->cf->location[i].sources != CONF_SOURCES_LAN)
		site.n = 0;
	for (size_t k = 0; k < lan.n + site.n; k++) {
		const struct prefix *q = k < lan.n ? &lan.p[k] :
		    &site.p[k - lan.n];
		if (!plan_of_family(q, fam))
			continue;
		fprintf(out, "%s %s", any ? "," : fam == FAMILY_V4 ?
		    "ip saddr {" : "ip6 saddr {", prefix_format(q, text));
		any = true;
	}
	if (any)
		fputs(" }", out);
	prefix_list_fini(&lan);
	prefix_list_fini(&site);
	return any;
}

/* nat-address: a client's own. */
static void
put_nat_address(const struct plan *p, const struct space *s, size_t i,
    enum family fam, const struct addr *a, FILE *out)
{
	char *match;
	size_t n;
	FILE *f = open_memstream(&match, &n);

	if (f == NULL)
		return;
	bool any = put_sources(p, s, i, fam, f);
	fclose(f);
	if (any)
		put_snat(p, a, match, out);
	free(match);
}

static void
put_nat_addresses(const struct plan *p, FILE *out)
{
	const struct conf *cf = p->cf;
	struct space s;

	if (!space_init(&s, cf))
		return;
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_pair *pair = &cf->location[i].nat_address;
		if (!conf_is_client_of(cf, i, p->index))
			continue;
		if (pair->has4 && !plan_pools(p, FAMILY_V4))
			put_nat_address(p, &s, i, FAMILY_V4, &pair->v4, out);
		if (pair->has6 && !plan_pools(p, FAMILY_V6))
			put_nat_address(p, &s, i, FAMILY_V6, &pair->v6, out);
	}
	space_fini(&s);
}

void
plan_snat_publish(const struct plan *p, FILE *out)
{
	const struct conf_publish *q;
	char match[64 + PLAN_NAMES + ADDR_STRLEN], a[ADDR_STRLEN];

	for (size_t i = 0; (q = plan_next_published(p, &i)) != NULL;)
		if (q->proto == 0)
			fprintf(out, "\t\tiifname %s %s saddr %s snat %s "
			    "to %s\n", plan_egress(p).text,
			    ip_of(&q->to), format_to(p, q, match),
			    ip_of(&q->match), addr_format(&q->match, a));
	put_nat_addresses(p, out);
	for (size_t i = 0; (q = plan_next_published(p, &i)) != NULL;) {
		snprintf(match, sizeof(match), "oifname %s ct original "
		    "%s daddr %s", plan_egress(p).text,
		    ip_of(&q->match), addr_format(&q->match, a));
		put_snat(p, &q->match, match, out);
	}
}
