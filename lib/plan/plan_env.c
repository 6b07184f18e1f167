/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "base/worker.h"

#include <string.h>

/* Text for sh(1), sysctl(8) and ip-neighbour(8). */

/* Something for each address of this server's that lies on an interface's
 * network without being the host's own. */
typedef void answer_fn(const struct addr *a, const char *dev, void *arg);

static void
answer_one(const struct plan *p, const struct addr *a, answer_fn *put,
    void *arg)
{
	const char *dev = plan_dev_of(p, a);

	if (dev != NULL)
		put(a, dev, arg);
}

/* nat-pool, of which there are not many (lint_pools). */
static void
answer_pool(const struct plan *p, answer_fn *put, void *arg)
{
	const struct conf_prefixes *ps = &p->self->pool.addr;

	for (size_t i = 0; i < ps->n; i++) {
		enum family fam = plan_of_family(&ps->p[i], FAMILY_V4) ?
		    FAMILY_V4 : FAMILY_V6;
		struct addr a = ps->p[i].addr;
		uint32_t n = UINT32_C(1) << (128 - ps->p[i].len);
		for (; plan_pools(p, fam) && n > 0; n--) {
			answer_one(p, &a, put, arg);
			addr_step(&a, 1);
		}
	}
}

static void
answer_all(const struct plan *p, answer_fn *put, void *arg)
{
	const struct addr *a;

	if (p->self->role != CONF_ROLE_SERVER)
		return;
	for (size_t i = 0; (a = plan_proxied(p, &i)) != NULL;)
		answer_one(p, a, put, arg);
	answer_pool(p, put, arg);
}

/* One assignment that eval cannot misread, whatever the value holds. */
static void
put_var(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s='", name);
	for (; *value != '\0'; value++)
		if (*value == '\'')
			fputs("'\\''", out);
		else
			fputc(*value, out);
	fputs("'\n", out);
}

static void
put_programs(const struct plan *p, FILE *out)
{
	unsigned n = p->self->role == CONF_ROLE_SERVER ?
	    conf_egresses(p->self) : 0;
	char name[WORKER_NAMELEN];

	if (!plan_has_peers(p)) {
		put_var(out, "PROGRAMS", "");
		return;
	}
	fputs("PROGRAMS='bh-tunnel bh-classify", out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, " %s", worker_name(name, "bh-egress", i));
	fputs(" bh-keep'\n", out);
}

void
plan_env(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	bool peers = plan_has_peers(p), server = l->role == CONF_ROLE_SERVER;

	put_var(out, "LOCATION", l->name);
	put_var(out, "ROLE", conf_role_name(l->role));
	put_programs(p, out);
	put_var(out, "HOP_NAME", server ? l->gateway_name : "");
	put_var(out, "TUN", peers ? l->interface : "");
	put_var(out, "EGRESS_TUN",
	    plan_has_egress(p) ? plan_egresses(p, "", " ").text : "");
	put_var(out, "LAN_IF", l->lan_interface);
	put_var(out, "UPLINK", l->uplink);
	fprintf(out, "MTU=%u\nPROTO=%d\n", l->mtu, PLAN_PROTO);
}

static void
put_conf4(FILE *out, const char *dev, const char *key, int value)
{
	fprintf(out, "net/ipv4/conf/%s/%s %d\n", dev, key, value);
}

static void
put_egresses4(FILE *out, const struct plan *p, const char *key, int value)
{
	char name[IFNAMSIZ];

	for (unsigned i = 0; i < conf_egresses(p->self); i++)
		put_conf4(out, conf_egress_device(p->self, i, name), key,
		    value);
}

/* A router learns routes from no redirect (RFC 1812 5.2.7.2).  Whether one is
 * heeded is asked of the interface and of all, by "and" where it forwards and
 * by "or" where it does not; IPv6 never heeds one while it forwards.  And it
 * sends nothing to all hosts of a network at once (RFC 2644). */
static void
sysctl_router(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;

	put_conf4(out, "all", "accept_redirects", 0);
	put_conf4(out, l->uplink, "accept_redirects", 0);
	put_conf4(out, l->interface, "bc_forwarding", 0);
	if (l->role == CONF_ROLE_SERVER)
		put_egresses4(out, p, "bc_forwarding", 0);
}

/* IPv4 forwards by the interface a packet comes in by, so only ours are
 * opened; IPv6 has one switch for all, and with it a host stops to listen to
 * router advertisements unless accept_ra is 2. */
static void
sysctl_forward(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	const char *dev[PLAN_DEVS];
	size_t n = plan_forwarders(p, dev);

	put_conf4(out, l->interface, "forwarding", 1);
	if (plan_has_egress(p))
		put_egresses4(out, p, "forwarding", 1);
	for (size_t i = 0; i < n; i++)
		put_conf4(out, dev[i], "forwarding", 1);
	if (!p->host.has_v6)
		return;
	if (p->host.hears_ra)
		fprintf(out, "net/ipv6/conf/%s/accept_ra 2\n", l->uplink);
	fputs(PLAN_FORWARDING6 " 1\n", out);
}

/* Answers come at once, and by ND at all. */
static void
put_sysctl(const struct addr *a, const char *dev, void *out)
{
	if (addr_is_v4(a))
		fprintf(out, "net/ipv4/neigh/%s/proxy_delay 0\n", dev);
	else
		fprintf(out, "net/ipv6/neigh/%s/proxy_delay 0\n"
		    "net/ipv6/conf/%s/proxy_ndp 1\n", dev, dev);
}

static void
put_neigh(const struct addr *a, const char *dev, void *out)
{
	char text[ADDR_STRLEN];

	fprintf(out, "neigh replace proxy %s dev %s\n", addr_format(a, text),
	    dev);
}

void
plan_neigh(const struct plan *p, FILE *out)
{
	answer_all(p, put_neigh, out);
}

void
plan_sysctl(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;

	/* A TUN of ours has no address, so this lets in only what a route
	 * leads back to by it; the guard sees the rest by itself. */
	put_conf4(out, l->interface, "rp_filter", 2);
	if (plan_has_egress(p))
		put_egresses4(out, p, "rp_filter", 2);
	answer_all(p, put_sysctl, out);
	if (plan_turns_back(p)) {
		/* a hairpin is no detour */
		put_conf4(out, "all", "send_redirects", 0);
		put_egresses4(out, p, "send_redirects", 0);
	}
	if (plan_one_arm(p)) {
		/* RFC 1812 5.2.7.2: the hosts must keep asking us */
		put_conf4(out, "all", "send_redirects", 0);
		put_conf4(out, l->lan_interface, "send_redirects", 0);
	} else if (l->role == CONF_ROLE_CLIENT) {
		/* the uplink's neighbours learn nothing of the LAN */
		put_conf4(out, l->uplink, "arp_ignore", 1);
	}
	sysctl_router(p, out);
	sysctl_forward(p, out);
}
