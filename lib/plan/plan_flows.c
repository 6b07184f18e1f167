/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "conf/space.h"

#include <assert.h>
#include <stdlib.h>

/*
 * How long the kernel keeps what it translates for us, and how much of it one
 * may have.  Masquerade has as many ports towards an address as nat-ports has:
 * of these a location and a host have a share each, counted by the address that
 * they go to, so that who fills his own takes nothing from the others.
 *
 * No part of the guard: where the kernel lacks something of it, all else holds.
 * Counting asks for the location as a number in a register, for which nftables
 * offers none; the priority of a flow's first packet serves as one.
 */

enum {
	SHARES_MAX = 8,		/* more of them are not busy at once */
	HOSTS = 4,		/* of these in a location's share */
	SYN_SENT = 30,		/* seconds; a SYN comes again sooner */
	DNS = 10,		/* RFC 4787 REQ-5a: a port for each question */
	ELEMENTS = 65535,
};
static_assert(CONF_LOCATIONS_MAX <= UINT16_MAX, "a location is a minor");

static const char *
ip_of(enum family fam)
{
	return fam == FAMILY_V4 ? "ip" : "ip6";
}

static void
put_timeout(enum family fam, const char *name, const char *proto,
    const char *policy, FILE *out)
{
	fprintf(out, "\tct timeout %s%c {\n\t\tprotocol %s\n\t\tl3proto %s\n"
	    "\t\tpolicy = { %s }\n\t}\n", name, fam == FAMILY_V4 ? '4' : '6',
	    proto, ip_of(fam), policy);
}

static void
put_timeouts(const struct plan *p, enum family fam, FILE *out)
{
	const struct conf_pool *pool = &p->self->pool;
	char policy[96];

	snprintf(policy, sizeof(policy), "unreplied : %u, replied : %u",
	    pool->udp, pool->udp);
	put_timeout(fam, "udp", "udp", policy, out);
	snprintf(policy, sizeof(policy), "unreplied : %d, replied : %d", DNS,
	    DNS);
	put_timeout(fam, "dns", "udp", policy, out);
	snprintf(policy, sizeof(policy), "syn_sent : %d, established : %u",
	    SYN_SENT, pool->tcp);
	put_timeout(fam, "tcp", "tcp", policy, out);
}

static void
chain_begin(const struct plan *p, FILE *out)
{
	fprintf(out, "\tchain begin {\n\t\ttype filter hook prerouting "
	    "priority mangle; policy accept;\n"
	    "\t\tiifname %s ct state new goto timeouts\n\t}\n"
	    "\tchain timeouts {\n", plan_egress(p).text);
	plan_each(out, "meta nfproto ipv$v udp dport != 53 "
	    "ct timeout set \"udp$v\"");
	plan_each(out, "meta nfproto ipv$v udp dport 53 "
	    "ct timeout set \"dns$v\"");
	plan_each(out, "meta nfproto ipv$v meta l4proto tcp "
	    "ct timeout set \"tcp$v\"");
	fputs("\t}\n", out);
}

static unsigned
count_clients(const struct plan *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->cf->nlocations; i++)
		n += conf_is_client_of(p->cf, i, p->index);
	return n;
}

static unsigned
site_share(const struct plan *p)
{
	const struct conf_location *l = p->self;
	unsigned ports = l->nat_port_last - l->nat_port_first + 1u;
	unsigned n = count_clients(p);

	if (l->said[KEY_NAT_QUOTA_LOCATION] != 0)
		return l->pool.site_flows;
	return n > SHARES_MAX ? ports / SHARES_MAX : n > 0 ? ports / n : ports;
}

static unsigned
host_share(const struct plan *p)
{
	unsigned n = site_share(p) / HOSTS;

	if (p->self->said[KEY_NAT_QUOTA_HOST] != 0)
		return p->self->pool.host_flows;
	return n > 0 ? n : 1;
}

/* All that is a location's, in as few prefixes as there can be. */
static bool
list_location(const struct plan *p, const struct space *s, size_t i,
    struct prefix_list *all)
{
	struct prefix_list list[2] = { 0 }, none = { 0 };
	bool ok = space_of(s, p->cf, i, &list[0], &list[1]);

	for (size_t n = 0; ok && n < list[1].n; n++)
		ok = prefix_list_add(&list[0], &list[1].p[n]);
	ok = ok && prefixes_normal(&list[0], &none, all);
	prefix_list_fini(&list[0]);
	prefix_list_fini(&list[1]);
	return ok;
}

/* The addresses of each client; NULL: no memory, or clients are not told
 * apart. */
static struct prefix_list *
list_locations(const struct plan *p)
{
	struct prefix_list *of = calloc(p->cf->nlocations, sizeof(*of));
	struct space s;

	if (of == NULL || !space_init(&s, p->cf)) {
		free(of);
		return NULL;
	}
	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (conf_is_client_of(p->cf, i, p->index) &&
		    !list_location(p, &s, i, &of[i]))
			of[i].n = 0;
	space_fini(&s);
	return of;
}

static void
free_locations(const struct plan *p, struct prefix_list *of)
{
	for (size_t i = 0; of != NULL && i < p->cf->nlocations; i++)
		prefix_list_fini(&of[i]);
	free(of);
}

/* Which location, 1 for the first, an address is of. */
static void
put_locations(const struct plan *p, const struct prefix_list *of,
    enum family fam, FILE *out)
{
	char buf[PREFIX_STRLEN];
	bool any = false;
	int v = fam == FAMILY_V4 ? 4 : 6;

	fprintf(out, "\tmap location%d {\n\t\ttype ipv%d_addr : classid\n"
	    "\t\tflags interval\n", v, v);
	for (size_t i = 0; i < p->cf->nlocations; i++)
		for (size_t n = 0; n < of[i].n; n++) {
			if (!plan_of_family(&of[i].p[n], fam))
				continue;
			fprintf(out, "%s%s : 0:%zx", any ? ",\n\t\t\t" :
			    "\t\telements = {\n\t\t\t",
			    prefix_format(&of[i].p[n], buf), i + 1);
			any = true;
		}
	fprintf(out, "%s\t}\n", any ? " }\n" : "");
}

static void
put_counted(const char *name, const char *type, int v, FILE *out)
{
	fprintf(out, "\tset %s%d {\n\t\ttype %s . ipv%d_addr\n"
	    "\t\tsize %d\n\t\tflags dynamic\n\t}\n", name, v, type, v,
	    ELEMENTS);
}

static void
put_site_share(const struct plan *p, const struct prefix_list *of,
    enum family fam, int v, FILE *out)
{
	put_locations(p, of, fam, out);
	put_counted("site", "classid", v, out);
	fprintf(out, "\tchain site%d {\n"
	    "\t\tadd @site%d { meta priority . %s daddr ct count over %u } "
	    "counter name \"site_share\" drop\n"
	    "\t\tmeta priority set none\n\t}\n", v, v, ip_of(fam),
	    site_share(p));
}

/* Once a flow, when its first packet has passed all that refuses. */
static void
put_shares(const struct plan *p, const struct prefix_list *of,
    enum family fam, FILE *out)
{
	int v = fam == FAMILY_V4 ? 4 : 6;

	if (of != NULL)
		put_site_share(p, of, fam, v, out);
	put_counted("host", v == 4 ? "ipv4_addr" : "ipv6_addr", v, out);
	fprintf(out, "\tchain share%d {\n"
	    "\t\tadd @host%d { %s saddr . %s daddr ct count over %u } "
	    "counter name \"host_share\" drop\n", v, v, ip_of(fam), ip_of(fam),
	    host_share(p));
	if (of != NULL)
		fprintf(out, "\t\tmeta priority set %s saddr map @location%d "
		    "goto site%d\n", ip_of(fam), v, v);
	fputs("\t}\n", out);
}

static void
chains_shares(const struct plan *p, FILE *out)
{
	struct prefix_list *of = count_clients(p) > 1 ? list_locations(p) :
	    NULL;

	for (int f = 0; f < FAMILIES; f++)
		put_shares(p, of, (enum family)f, out);
	free_locations(p, of);
	fprintf(out, "\tchain shares {\n\t\ttype filter hook forward "
	    "priority filter + 20; policy accept;\n"
	    "\t\tiifname %s ct state new ct status & confirmed == 0 "
	    "meta l4proto { tcp, udp } goto share\n\t}\n\tchain share {\n",
	    plan_egress(p).text);
	plan_each(out, "meta nfproto ipv$v goto share$v");
	fputs("\t}\n", out);
}

void
plan_flows(const struct plan *p, FILE *out)
{
	bool server = p->self->role == CONF_ROLE_SERVER;

	fputs("table inet backhaul_flows {}\n"
	    "delete table inet backhaul_flows\n", out);
	if (!plan_breaks_out(p) &&
	    !(server && p->self->nat == CONF_NAT_MASQUERADE))
		return;
	fprintf(out, "table inet backhaul_flows {\n\tcomment \"%s\"\n"
	    "\tcounter host_share {}\n\tcounter site_share {}\n", p->rundir);
	for (int f = 0; f < FAMILIES; f++)
		put_timeouts(p, (enum family)f, out);
	chain_begin(p, out);
	if (server)
		chains_shares(p, out);
	fputs("}\n", out);
}
