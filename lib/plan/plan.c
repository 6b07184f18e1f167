/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include "base/worker.h"

#include <string.h>

static const char *const role_names[] = {
	[CONF_ROLE_NONE] = "none",
	[CONF_ROLE_CLIENT] = "client",
	[CONF_ROLE_SERVER] = "server",
};

bool
plan_has_peers(const struct plan *p)
{
	if (p->self->role != CONF_ROLE_NONE)
		return true;
	for (size_t i = 0; i < p->cf->nlocations; i++)
		if (i != p->index && conf_partners(p->cf, p->index, i))
			return true;
	return false;
}

static bool
is_on(const struct plan_net *n, const struct addr *a)
{
	struct prefix net = { n->own, n->len };

	for (unsigned bit = net.len; bit < 128; bit++)
		net.addr.b[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return prefix_has(&net, a);
}

const char *
plan_dev_of(const struct plan *p, const struct addr *a)
{
	const struct plan_net *best = NULL;

	for (size_t i = 0; i < p->host.nnets; i++) {
		const struct plan_net *n = &p->host.net[i];
		if (addr_eq(&n->own, a))
			return NULL;
		if (is_on(n, a) && (best == NULL || n->len >= best->len))
			best = n;
	}
	return best != NULL ? best->dev : NULL;
}

bool
plan_has_gateway(const struct plan *p)
{
	const struct conf_location *l = p->self;

	return l->role == CONF_ROLE_SERVER && (l->has_gateway4 ||
	    l->has_gateway6 || l->gateway_name[0] != '\0');
}

bool
plan_breaks_out(const struct plan *p)
{
	return conf_has_breakout(p->cf, p->index);
}

bool
plan_has_egress(const struct plan *p)
{
	return p->self->role == CONF_ROLE_SERVER || plan_breaks_out(p);
}

/* Each between quotes, those after the first behind `gap'. */
static struct plan_names
list_egresses(const struct plan *p, const char *quote, const char *gap)
{
	struct plan_names list = { "" };
	char name[IFNAMSIZ];
	size_t n = 0;

	for (unsigned i = 0; i < conf_egresses(p->self); i++)
		n += (size_t)snprintf(list.text + n, sizeof(list.text) - n,
		    "%s%s%s%s", i > 0 ? gap : "", quote,
		    conf_egress_device(p->self, i, name), quote);
	return list;
}

struct plan_names
plan_egress_words(const struct plan *p)
{
	return list_egresses(p, "", ", ");
}

struct plan_names
plan_egress_list(const struct plan *p)
{
	return list_egresses(p, "\"", ", ");
}

struct plan_names
plan_egress(const struct plan *p)
{
	struct plan_names list = plan_egress_list(p), set;

	snprintf(set.text, sizeof(set.text), conf_egresses(p->self) > 1 ?
	    "{ %s }" : "%s", list.text);
	return set;
}

const struct addr *
plan_gateway(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	for (size_t i = 0; i < p->host.nhops; i++)
		if (addr_is_v4(&p->host.hop[i]) == (fam == FAMILY_V4) &&
		    plan_dev_of(p, &p->host.hop[i]) != NULL)
			return &p->host.hop[i];
	if (fam == FAMILY_V4)
		return l->has_gateway4 ? &l->gateway4 : NULL;
	return l->has_gateway6 ? &l->gateway6 : NULL;
}

const char *
plan_gateway_dev(const struct plan *p, enum family fam)
{
	const struct addr *gw = plan_gateway(p, fam);

	return gw != NULL ? plan_dev_of(p, gw) : NULL;
}

bool
plan_of_family(const struct prefix *pfx, enum family fam)
{
	return (pfx->len >= PREFIX_V4 && addr_is_v4(&pfx->addr)) ==
	    (fam == FAMILY_V4);
}

bool
plan_asks(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	if (fam == FAMILY_V6 && l->nat6 != CONF_NAT6_AS_NAT)
		return l->nat6 == CONF_NAT6_NPT;
	return l->nat == CONF_NAT_MASQUERADE;
}

bool
plan_pools(const struct plan *p, enum family fam)
{
	const struct conf_location *l = p->self;

	return l->role == CONF_ROLE_SERVER &&
	    conf_nat_of(l, fam == FAMILY_V4) == CONF_NAT_POOL;
}

bool
plan_translates(const struct plan *p, enum family fam)
{
	return p->self->role == CONF_ROLE_SERVER &&
	    (plan_asks(p, fam) || plan_pools(p, fam));
}

const struct npt *
plan_npt(const struct plan *p, struct npt *t)
{
	struct prefix in;

	return p->self->role == CONF_ROLE_SERVER &&
	    p->self->nat6 == CONF_NAT6_NPT &&
	    conf_npt_inside(p->cf, p->index, &in) &&
	    npt_init(t, &in, &p->self->npt) ? t : NULL;
}

bool
plan_one_arm(const struct plan *p)
{
	return strcmp(p->self->uplink, p->self->lan_interface) == 0;
}

bool
plan_egress_by_lan(const struct plan *p)
{
	const char *dev;

	if (plan_one_arm(p))
		return true;
	for (int fam = 0; fam < FAMILIES; fam++)
		if ((dev = plan_gateway_dev(p, (enum family)fam)) != NULL &&
		    strcmp(dev, p->self->lan_interface) == 0)
			return true;
	return false;
}

static size_t
add_dev(const char *dev[PLAN_DEVS], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(dev[i], name) == 0)
			return n;
	dev[n] = name;
	return n + 1;
}

size_t
plan_forwarders(const struct plan *p, const char *dev[PLAN_DEVS])
{
	size_t n = add_dev(dev, 0, p->self->lan_interface);
	const char *gw;

	if (!plan_has_egress(p))
		return n;
	n = add_dev(dev, n, p->self->uplink);
	for (int fam = 0; fam < FAMILIES; fam++)
		if ((gw = plan_gateway_dev(p, (enum family)fam)) != NULL)
			n = add_dev(dev, n, gw);
	return n;
}

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
			for (int k = 15; k >= 0 && ++a.b[k] == 0; k--)
				;
		}
	}
}

static void
answer_all(const struct plan *p, answer_fn *put, void *arg)
{
	const struct addr *a;

	if (p->self->role != CONF_ROLE_SERVER)
		return;
	for (size_t i = 0; (a = plan_taken(p, &i)) != NULL;)
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
	put_var(out, "ROLE", role_names[l->role]);
	put_programs(p, out);
	put_var(out, "HOP_NAME", server ? l->gateway_name : "");
	put_var(out, "TUN", peers ? l->interface : "");
	put_var(out, "EGRESS_TUN",
	    plan_has_egress(p) ? list_egresses(p, "", " ").text : "");
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
