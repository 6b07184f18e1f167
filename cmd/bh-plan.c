/* SPDX-License-Identifier: ISC */
/* bh-plan: what the kernel must be told for a location.  See bh-plan(8). */

#include "base/die.h"
#include "conf/publish.h"
#include "io/nftgen.h"
#include "plan/plan_host.h"
#include "start/start.h"

#include <string.h>
#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] " \
	"env | sysctl | before | ip4 | ip6 | nft | gen | flows | bolt | " \
	"hop4 | hop6 | neigh"

static void
print_sysctl(const struct plan *p, FILE *out)
{
	if (!plan_sysctl_wrong(p, out))
		die(EXIT_RETRY, "cannot list kernel parameters");
}

static void
print_before(const struct plan *p, FILE *out)
{
	if (!plan_sysctl_now(p, out))
		die(EXIT_RETRY, "cannot list kernel parameters");
}

/* The generation of nftables' rules: whoever asks again knows whether they are
 * the same. */
static void
print_gen(const struct plan *p, FILE *out)
{
	uint32_t gen;

	(void)p;
	if (!nftgen_read(&gen))
		die(EXIT_RETRY, "cannot ask nftables");
	fprintf(out, "%u\n", gen);
}

static const struct {
	const char *name;
	void (*print)(const struct plan *p, FILE *out);
	bool whole;	/* for `up': default-gateway must be there */
} texts[] = {
	{ "env", plan_env, false },
	{ "sysctl", print_sysctl, false },
	{ "before", print_before, false },
	{ "ip4", plan_ip4, true },
	{ "ip6", plan_ip6, true },
	{ "nft", plan_nft, false },
	{ "gen", print_gen, false },
	{ "flows", plan_flows, false },
	{ "bolt", plan_bolt, false },
	{ "hop4", plan_hop4, false },
	{ "hop6", plan_hop6, false },
	{ "neigh", plan_neigh, false },
};

static void
need(const struct plan *p, const char *key, const char *value)
{
	if (*value == '\0')
		diex(EXIT_FIX, "[location %s] %s: missing; a gateway cannot "
		    "be set up without it", p->self->name, key);
}

/* A port that a program of this host may get by itself can be shadowed. */
static void
check_ports(const struct plan *p)
{
	const struct conf_location *l = p->self;
	long first = plan_read_sysctl("net/ipv4/ip_local_port_range");

	if (l->role != CONF_ROLE_SERVER || l->nat != CONF_NAT_MASQUERADE)
		return;
	if (first >= 0 && l->nat_port_last >= first)
		diex(EXIT_FIX, "[location %s] nat-ports: %u-%u reaches into "
		    "this host's own ports, which start at %ld "
		    "(net.ipv4.ip_local_port_range)", l->name,
		    l->nat_port_first, l->nat_port_last, first);
	if (l->listen_port >= l->nat_port_first &&
	    l->listen_port <= l->nat_port_last)
		diex(EXIT_FIX, "[location %s] nat-ports: %u-%u holds the "
		    "tunnel's own port %u", l->name, l->nat_port_first,
		    l->nat_port_last, l->listen_port);
}

static void
check_nat_address(const struct plan *p, size_t i, const struct addr *a)
{
	char buf[ADDR_STRLEN];

	if (plan_is_own(p, a))
		diex(EXIT_FIX, "[location %s] nat-address: %s is this host's "
		    "own address; with 'nat = pool' give one that is routed "
		    "to it", p->cf->location[i].name, addr_format(a, buf));
}

/* Our translator gets what is routed to it, not what is for the host itself. */
static void
check_published(const struct plan *p)
{
	char buf[ADDR_STRLEN];

	for (size_t i = 0; i < p->cf->npublish; i++) {
		const struct conf_publish *q = &p->cf->publish[i];
		if (publish_is_of(p->cf, q, p->index) && plan_is_own(p,
		    &q->match) && plan_pools(p, addr_is_v4(&q->match) ?
		    FAMILY_V4 : FAMILY_V6))
			diex(EXIT_FIX, "[publish %s] match: %s is this host's "
			    "own address; with 'nat = pool' publish one that "
			    "is routed to it", q->name,
			    addr_format(&q->match, buf));
	}
	for (size_t i = 0; i < p->cf->nlocations; i++) {
		const struct conf_pair *pair = &p->cf->location[i].nat_address;
		if (!conf_is_client_of(p->cf, i, p->index))
			continue;
		if (pair->has4 && plan_pools(p, FAMILY_V4))
			check_nat_address(p, i, &pair->v4);
		if (pair->has6 && plan_pools(p, FAMILY_V6))
			check_nat_address(p, i, &pair->v6);
	}
}

static void
check_gateways(const struct plan *p)
{
	char buf[ADDR_STRLEN];

	if (p->self->role != CONF_ROLE_SERVER)
		return;
	for (int fam = 0; fam < FAMILIES; fam++) {
		const struct addr *gw = plan_gateway(p, (enum family)fam);
		if (gw != NULL && plan_dev_of(p, gw) == NULL)
			diex(EXIT_RETRY, "[location %s] default-gateway: no "
			    "interface is on the network of %s",
			    p->self->name, addr_format(gw, buf));
	}
}

static void
check(const struct plan *p)
{
	if (!plan_has_peers(p))
		return;
	need(p, "lan-interface", p->self->lan_interface);
	if (p->self->role != CONF_ROLE_NONE)
		need(p, "uplink", p->self->uplink);
	check_ports(p);
	check_published(p);
}

static const char *
parse(struct start *s, int argc, char *argv[])
{
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS)) != -1)
		if (!start_option(s, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	if (optind + 1 != argc)
		start_usage(SYNOPSIS);
	return argv[optind];
}

int
main(int argc, char *argv[])
{
	struct start s;
	struct conf cf;
	char rundir[128];

	const char *what = parse(&s, argc, argv);
	start_conf(&cf, &s);
	struct plan p = { .cf = &cf, .index = start_location(&cf, &s) };
	p.self = &cf.location[p.index];
	p.rundir = start_rundir(&s, &cf, p.index, rundir);
	plan_real_name(cf.location[p.index].uplink);
	plan_real_name(cf.location[p.index].lan_interface);
	const char *why = plan_look(&p);
	if (why != NULL)
		die(EXIT_RETRY, "%s", why);
	check(&p);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, what) == 0) {
			if (texts[i].whole)
				check_gateways(&p);
			texts[i].print(&p, stdout);
			die_unwritten();
			return 0;
		}
	start_usage(SYNOPSIS);
}
