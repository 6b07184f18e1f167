/* SPDX-License-Identifier: ISC */
#include "engine/plan.h"

#include "conf/publish.h"

/*
 * What is published, where the kernel translates.  A packet for it is given its
 * new destination before it is routed; the guard lets in what was, and what
 * answers that.  A client's host that asks for a published address comes back
 * by the same device (a hairpin), and from the published address, so that the
 * answer does, too (RFC 4787 REQ-9).
 */

static const char *
ip_of(const struct addr *a)
{
	return addr_is_v4(a) ? "ip" : "ip6";
}

static const struct conf_publish *
next(const struct plan *p, size_t *i)
{
	while (*i < p->cf->npublish) {
		const struct conf_publish *q = &p->cf->publish[(*i)++];
		if (publish_is_of(p->cf, q, p->index))
			return q;
	}
	return NULL;
}

bool
plan_publishes(const struct plan *p)
{
	size_t i = 0;

	return next(p, &i) != NULL;
}

static bool
is_own(const struct plan *p, const struct addr *a)
{
	for (size_t i = 0; i < p->host.nown; i++)
		if (addr_eq(a, &p->host.own[i]))
			return true;
	return false;
}

const struct addr *
plan_taken(const struct plan *p, size_t *i)
{
	const struct conf_publish *q;

	while ((q = next(p, i)) != NULL)
		if (!is_own(p, &q->match))
			return &q->match;
	return NULL;
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

	if (q->from.line == 0)
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

static void
put_dnat(const struct conf_publish *q, FILE *out)
{
	bool v4 = addr_is_v4(&q->to);
	char match[ADDR_STRLEN], to[ADDR_STRLEN];

	fprintf(out, "\t\t%s daddr %s", ip_of(&q->match),
	    addr_format(&q->match, match));
	put_ports(q, "th dport", out);
	put_from(q, out);
	addr_format(&q->to, to);
	if (q->to_port != 0)
		fprintf(out, " dnat %s to %s%s%s:%u\n", ip_of(&q->to),
		    v4 ? "" : "[", to, v4 ? "" : "]", q->to_port);
	else
		fprintf(out, " dnat %s to %s\n", ip_of(&q->to), to);
}

static void
put_open(const struct conf_publish *q, FILE *out)
{
	char match[ADDR_STRLEN], to[ADDR_STRLEN];

	fprintf(out, "\t\tct original %s daddr %s", ip_of(&q->match),
	    addr_format(&q->match, match));
	put_ports(q, "ct original proto-dst", out);
	fprintf(out, " %s daddr %s accept\n", ip_of(&q->to),
	    addr_format(&q->to, to));
}

/* Ports go before the rest of their address. */
static void
put_all(const struct plan *p, FILE *out,
    void (*put)(const struct conf_publish *q, FILE *out))
{
	const struct conf_publish *q;

	for (int whole = 0; whole < 2; whole++)
		for (size_t i = 0; (q = next(p, &i)) != NULL;)
			if ((q->proto == 0) == whole)
				put(q, out);
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
	    "\t\tiifname { \"%s\"", p->self->egress_interface);
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
	if (plan_publishes(p))
		fprintf(out, "\t\toifname \"%s\" ct status dnat ct state "
		    "{ established, related } accept\n"
		    "\t\toifname \"%s\" ct status dnat jump opened\n",
		    p->self->egress_interface, p->self->egress_interface);
}

/* For ports of the gateway's range where there are ports. */
static void
put_snat(const struct plan *p, const struct addr *to, const char *match,
    FILE *out)
{
	bool v4 = addr_is_v4(to);
	char a[ADDR_STRLEN];

	addr_format(to, a);
	fprintf(out, "\t\tiifname \"%s\" %s meta l4proto { tcp, udp } snat %s "
	    "to %s%s%s:%u-%u fully-random\n", p->self->egress_interface, match,
	    ip_of(to), v4 ? "" : "[", a, v4 ? "" : "]",
	    p->self->nat_port_first, p->self->nat_port_last);
	fprintf(out, "\t\tiifname \"%s\" %s snat %s to %s\n",
	    p->self->egress_interface, match, ip_of(to), a);
}

void
plan_snat_publish(const struct plan *p, FILE *out)
{
	const struct conf_publish *q;
	char match[64 + IFNAMSIZ + ADDR_STRLEN], a[ADDR_STRLEN];

	for (size_t i = 0; (q = next(p, &i)) != NULL;)
		if (q->proto == 0)
			fprintf(out, "\t\tiifname \"%s\" %s saddr %s snat %s "
			    "to %s\n", p->self->egress_interface,
			    ip_of(&q->to), addr_format(&q->to, match),
			    ip_of(&q->match), addr_format(&q->match, a));
	for (size_t i = 0; (q = next(p, &i)) != NULL;) {
		snprintf(match, sizeof(match), "oifname \"%s\" ct original "
		    "%s daddr %s", p->self->egress_interface,
		    ip_of(&q->match), addr_format(&q->match, a));
		put_snat(p, &q->match, match, out);
	}
}
