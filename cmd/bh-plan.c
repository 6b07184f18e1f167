/* SPDX-License-Identifier: ISC */
/* bh-plan: what the kernel must be told for a location.  See bh-plan(8). */

#include "base/die.h"
#include "conf/publish.h"
#include "io/nftgen.h"
#include "plan/plan.h"
#include "start/start.h"

#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] " \
	"env | sysctl | before | ip4 | ip6 | nft | gen | flows | bolt | " \
	"hop4 | hop6 | neigh"

enum { HOPS_MAX = 16 };

static void
print_ip4(const struct plan *p, FILE *out)
{
	plan_routes(p, FAMILY_V4, out);
}

static void
print_ip6(const struct plan *p, FILE *out)
{
	plan_routes(p, FAMILY_V6, out);
}

static void
print_hop4(const struct plan *p, FILE *out)
{
	plan_hop(p, FAMILY_V4, out);
}

static void
print_hop6(const struct plan *p, FILE *out)
{
	plan_hop(p, FAMILY_V6, out);
}

/* The number in a file of /proc/sys; -1 if there is none. */
static long
read_sysctl(const char *key)
{
	char name[160];
	long v;

	snprintf(name, sizeof(name), "/proc/sys/%s", key);
	FILE *f = fopen(name, "re");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

/* The last number of the line of RUNDIR/FILE that begins with that word; -1:
 * there is none. */
static long
read_noted(const struct plan *p, const char *file, const char *key)
{
	char path[256], line[192], name[128];
	long old, found = -1;

	snprintf(path, sizeof(path), "%s/%s", p->rundir, file);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f) != NULL)
		if ((sscanf(line, "%127s %*s %ld", name, &old) == 2 ||
		    sscanf(line, "%127s %ld", name, &old) == 2) &&
		    strcmp(name, key) == 0)
			found = old;
	fclose(f);
	return found;
}

/* A parameter as it was before `up', which notes what there was, and what it
 * changes. */
static long
read_before(const struct plan *p, const char *key)
{
	long v = read_noted(p, "before.plan", key);

	if (v < 0)
		v = read_noted(p, "sysctl.plan", key);
	return v >= 0 ? v : read_sysctl(key);
}

/* Writing to "all" overwrites each of these. */
static void
each_forwarding6(const struct plan *p, void (*put)(const struct plan *p,
    const char *key, FILE *out), FILE *out)
{
	const char *proc = "/proc/sys/";
	glob_t g;

	if (glob("/proc/sys/net/ipv6/conf/*/forwarding", 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *key = g.gl_pathv[i] + strlen(proc);
		if (strcmp(key, PLAN_FORWARDING6) != 0)
			put(p, key, out);
	}
	globfree(&g);
}

static void
put_along(const struct plan *p, const char *key, FILE *out)
{
	fprintf(out, "%s - %ld\n", key, read_before(p, key));
}

static void
put_now(const struct plan *p, const char *key, FILE *out)
{
	long now = read_sysctl(key);

	(void)p;
	if (now >= 0)
		fprintf(out, "%s %ld\n", key, now);
}

static void
put_wrong(const struct plan *p, const char *key, long value, FILE *out)
{
	long now = read_sysctl(key);

	if (now == value || now < 0)
		return;
	fprintf(out, "%s %ld %ld\n", key, value, read_before(p, key));
	if (strcmp(key, PLAN_FORWARDING6) == 0)
		each_forwarding6(p, put_along, out);
}

/* Of an interface that answers for many it is said for each. */
static bool
said_before(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *s = text; s < line; s += strlen(s) + 1)
		if (strlen(s) == n && memcmp(s, line, n) == 0)
			return true;
	return false;
}

static void
put_before(const struct plan *p, const char *key, long value, FILE *out)
{
	(void)value;
	put_now(p, key, out);
}

static void
each_sysctl(const struct plan *p, void (*put)(const struct plan *p,
    const char *key, long value, FILE *out), FILE *out)
{
	char *text, key[128];
	size_t n;
	long value;

	FILE *f = open_memstream(&text, &n);
	if (f == NULL)
		die(EXIT_RETRY, "cannot list kernel parameters");
	plan_sysctl(p, f);
	fclose(f);
	for (char *line = strtok(text, "\n"); line != NULL;
	    line = strtok(NULL, "\n"))
		if (!said_before(text, line) &&
		    sscanf(line, "%127s %ld", key, &value) == 2)
			put(p, key, value, out);
	free(text);
}

/* What is not yet as it must be, with what it was before `up'. */
static void
print_sysctl(const struct plan *p, FILE *out)
{
	each_sysctl(p, put_wrong, out);
}

/* All that may be changed, with what it is now. */
static void
print_before(const struct plan *p, FILE *out)
{
	each_sysctl(p, put_before, out);
	each_forwarding6(p, put_now, out);
}

/* Of what nftables has now: to know later whether it is the same. */
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
	{ "ip4", print_ip4, true },
	{ "ip6", print_ip6, true },
	{ "nft", plan_nft, false },
	{ "gen", print_gen, false },
	{ "flows", plan_flows, false },
	{ "bolt", plan_bolt, false },
	{ "hop4", print_hop4, false },
	{ "hop6", print_hop6, false },
	{ "neigh", plan_neigh, false },
};

static bool
from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	struct sockaddr_storage ss = { 0 };
	struct endpoint e;

	if (sa == NULL || (sa->sa_family != AF_INET &&
	    sa->sa_family != AF_INET6))
		return false;
	memcpy(&ss, sa, sa->sa_family == AF_INET ?
	    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
	if (!endpoint_from_sockaddr(&e, &ss))
		return false;
	*a = e.addr;
	return true;
}

/* Bits of a netmask, in the 16-byte form. */
static uint8_t
mask_bits(const struct sockaddr *sa)
{
	struct addr mask;
	uint8_t n = 0;

	if (!from_sockaddr(&mask, sa))
		return 128;
	/* getifaddrs(3) gives an IPv4 mask as an address: ::ffff:m.m.m.m */
	for (unsigned bit = sa->sa_family == AF_INET ? PREFIX_V4 : 0;
	    bit < 128 && (mask.b[bit / 8] & 0x80 >> bit % 8) != 0; bit++)
		n++;
	return (uint8_t)(n + (sa->sa_family == AF_INET ? PREFIX_V4 : 0));
}

static void
look_at_host(struct plan *p)
{
	struct ifaddrs *list, *ifa;
	size_t n = 0;

	if (getifaddrs(&list) < 0)
		die(EXIT_RETRY, "cannot list the addresses of this host");
	for (ifa = list; ifa != NULL; ifa = ifa->ifa_next)
		n++;
	struct plan_net *net = calloc(n + 1, sizeof(*net));
	if (net == NULL)
		die(EXIT_RETRY, "cannot list the addresses of this host");
	for (ifa = list; ifa != NULL; ifa = ifa->ifa_next) {
		struct plan_net *at = &net[p->host.nnets];
		if (!from_sockaddr(&at->own, ifa->ifa_addr))
			continue;
		at->len = mask_bits(ifa->ifa_netmask);
		snprintf(at->dev, sizeof(at->dev), "%s", ifa->ifa_name);
		p->host.nnets++;
	}
	p->host.net = net;
	freeifaddrs(list);
}

/* A name of an interface may be one of several that it has (ip-link(8),
 * altname): rules match one only. */
static void
resolve_name(char name[static IFNAMSIZ])
{
	char real[IFNAMSIZ];
	unsigned i = if_nametoindex(name);

	if (i != 0 && if_indextoname(i, real) != NULL)
		memcpy(name, real, IFNAMSIZ);
}

/* The interface of a line that says a default route, or one half of it. */
static bool
scan_route4(const char *line, char dev[static IFNAMSIZ])
{
	unsigned mask;

	return sscanf(line, "%15s %*s %*s %*s %*s %*s %*s %x", dev, &mask) ==
	    2 && (mask & 0xffffff7f) == 0;
}

static bool
scan_route6(const char *line, char dev[static IFNAMSIZ])
{
	unsigned len;

	return sscanf(line, "%*s %x %*s %*s %*s %*s %*s %*s %*s %15s", &len,
	    dev) == 2 && len <= 1 && strcmp(dev, "lo") != 0;
}

static void
look_at_routes(struct plan_dev *d, size_t n, const char *file,
    bool (*scan)(const char *line, char dev[static IFNAMSIZ]))
{
	char line[256], dev[IFNAMSIZ];
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		for (size_t i = 0; scan(line, dev) && i < n; i++)
			if (strcmp(d[i].name, dev) == 0)
				d[i].outward = true;
	fclose(f);
}

static void
look_at_devices(struct plan *p)
{
	struct if_nameindex *list = if_nameindex();
	size_t n = 0;

	if (list == NULL)
		die(EXIT_RETRY, "cannot list the interfaces of this host");
	while (list[n].if_index != 0)
		n++;
	struct plan_dev *d = calloc(n + 1, sizeof(*d));
	if (d == NULL)
		die(EXIT_RETRY, "cannot list the interfaces of this host");
	for (size_t i = 0; i < n; i++)
		snprintf(d[i].name, sizeof(d[i].name), "%s", list[i].if_name);
	if_freenameindex(list);
	look_at_routes(d, n, "/proc/net/route", scan_route4);
	look_at_routes(d, n, "/proc/net/ipv6_route", scan_route6);
	p->host.dev = d;
	p->host.ndevs = n;
}

/* RUNDIR/hop: what bh-keep has learned of the name of default-gateway. */
static void
look_at_hops(struct plan *p)
{
	static struct addr hop[HOPS_MAX];
	char path[256], word[ADDR_STRLEN];

	p->host.hop = hop;
	snprintf(path, sizeof(path), "%s/hop", p->rundir);
	FILE *f = p->self->gateway_name[0] != '\0' ? fopen(path, "re") : NULL;
	if (f == NULL)
		return;
	while (p->host.nhops < HOPS_MAX && fscanf(f, "%47s", word) == 1)
		p->host.nhops += addr_parse(&hop[p->host.nhops], word);
	fclose(f);
}

static long
read_conf(const struct plan *p, const char *family, const char *dev,
    const char *key)
{
	char name[96];

	snprintf(name, sizeof(name), "net/%s/conf/%s/%s", family, dev, key);
	return read_before(p, name);
}

static void
look_at_forwarding(struct plan *p)
{
	const char *dev[PLAN_DEVS];
	size_t n = plan_forwarders(p, dev);

	for (size_t i = 0; i < n; i++)
		p->host.forwards4[i] =
		    read_conf(p, "ipv4", dev[i], "forwarding") > 0;
	long v6 = read_before(p, PLAN_FORWARDING6);
	p->host.has_v6 = v6 >= 0;
	p->host.forwards6 = v6 > 0;
	p->host.hears_ra = v6 == 0 &&
	    read_conf(p, "ipv6", p->self->uplink, "accept_ra") == 1;
}

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
	long first = read_sysctl("net/ipv4/ip_local_port_range");

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
	resolve_name(cf.location[p.index].uplink);
	resolve_name(cf.location[p.index].lan_interface);
	look_at_host(&p);
	look_at_devices(&p);
	look_at_hops(&p);
	look_at_forwarding(&p);
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
