/* SPDX-License-Identifier: ISC */
#include "plan/plan_host.h"

#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { HOPS_MAX = 16 };

long
plan_read_sysctl(const char *key)
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
	return v >= 0 ? v : plan_read_sysctl(key);
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
	long now = plan_read_sysctl(key);

	(void)p;
	if (now >= 0)
		fprintf(out, "%s %ld\n", key, now);
}

static void
put_wrong(const struct plan *p, const char *key, long value, FILE *out)
{
	long now = plan_read_sysctl(key);

	if (now == value || now < 0)
		return;
	fprintf(out, "%s %ld %ld\n", key, value, read_before(p, key));
	if (strcmp(key, PLAN_FORWARDING6) == 0)
		each_forwarding6(p, put_along, out);
}

/* plan_sysctl says it once for each address that an interface answers for. */
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

static bool
each_sysctl(const struct plan *p, void (*put)(const struct plan *p,
    const char *key, long value, FILE *out), FILE *out)
{
	char *text, key[128];
	size_t n;
	long value;

	FILE *f = open_memstream(&text, &n);
	if (f == NULL)
		return false;
	plan_sysctl(p, f);
	fclose(f);
	for (char *line = strtok(text, "\n"); line != NULL;
	    line = strtok(NULL, "\n"))
		if (!said_before(text, line) &&
		    sscanf(line, "%127s %ld", key, &value) == 2)
			put(p, key, value, out);
	free(text);
	return true;
}

bool
plan_sysctl_wrong(const struct plan *p, FILE *out)
{
	return each_sysctl(p, put_wrong, out);
}

bool
plan_sysctl_now(const struct plan *p, FILE *out)
{
	if (!each_sysctl(p, put_before, out))
		return false;
	each_forwarding6(p, put_now, out);
	return true;
}

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
	    bit < 128 && addr_bit(&mask, bit); bit++)
		n++;
	return (uint8_t)(n + (sa->sa_family == AF_INET ? PREFIX_V4 : 0));
}

static bool
look_at_addresses(struct plan *p)
{
	struct ifaddrs *list, *ifa;
	size_t n = 0;

	if (getifaddrs(&list) < 0)
		return false;
	for (ifa = list; ifa != NULL; ifa = ifa->ifa_next)
		n++;
	struct plan_net *net = calloc(n + 1, sizeof(*net));
	for (ifa = list; net != NULL && ifa != NULL; ifa = ifa->ifa_next) {
		struct plan_net *at = &net[p->host.nnets];
		if (!from_sockaddr(&at->own, ifa->ifa_addr))
			continue;
		at->len = mask_bits(ifa->ifa_netmask);
		snprintf(at->dev, sizeof(at->dev), "%s", ifa->ifa_name);
		p->host.nnets++;
	}
	p->host.net = net;
	freeifaddrs(list);
	return net != NULL;
}

void
plan_real_name(char name[static IFNAMSIZ])
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

static bool
look_at_devices(struct plan *p)
{
	struct if_nameindex *list = if_nameindex();
	size_t n = 0;

	if (list == NULL)
		return false;
	while (list[n].if_index != 0)
		n++;
	struct plan_dev *d = calloc(n + 1, sizeof(*d));
	for (size_t i = 0; d != NULL && i < n; i++)
		snprintf(d[i].name, sizeof(d[i].name), "%s", list[i].if_name);
	if_freenameindex(list);
	if (d == NULL)
		return false;
	look_at_routes(d, n, "/proc/net/route", scan_route4);
	look_at_routes(d, n, "/proc/net/ipv6_route", scan_route6);
	p->host.dev = d;
	p->host.ndevs = n;
	return true;
}

/* RUNDIR/hop: bh-keep notes there the addresses of default-gateway's name. */
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

const char *
plan_look(struct plan *p)
{
	if (!look_at_addresses(p))
		return "cannot list the addresses of this host";
	if (!look_at_devices(p))
		return "cannot list the interfaces of this host";
	look_at_hops(p);
	look_at_forwarding(p);
	return NULL;
}
