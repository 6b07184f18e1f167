/* SPDX-License-Identifier: ISC */
#include "engine/plan.h"

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

const struct addr *
plan_gateway(const struct plan *p, enum family fam)
{
	if (fam == FAMILY_V4)
		return p->self->has_gateway4 ? &p->self->gateway4 : NULL;
	return p->self->has_gateway6 ? &p->self->gateway6 : NULL;
}

bool
plan_of_family(const struct prefix *pfx, enum family fam)
{
	return (pfx->len >= PREFIX_V4 && addr_is_v4(&pfx->addr)) ==
	    (fam == FAMILY_V4);
}

bool
plan_one_arm(const struct plan *p)
{
	return strcmp(p->self->uplink, p->self->lan_interface) == 0;
}

bool
plan_egress_by_lan(const struct plan *p)
{
	if (plan_one_arm(p))
		return true;
	for (int fam = 0; fam < FAMILIES; fam++)
		if (plan_gateway(p, fam) != NULL &&
		    strcmp(p->host.gateway_dev[fam], p->self->lan_interface)
		    == 0)
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

	if (p->self->role != CONF_ROLE_SERVER)
		return n;
	n = add_dev(dev, n, p->self->uplink);
	for (int fam = 0; fam < FAMILIES; fam++)
		if (plan_gateway(p, fam) != NULL)
			n = add_dev(dev, n, p->host.gateway_dev[fam]);
	return n;
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

void
plan_env(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;
	bool peers = plan_has_peers(p), server = l->role == CONF_ROLE_SERVER;

	put_var(out, "LOCATION", l->name);
	put_var(out, "ROLE", role_names[l->role]);
	put_var(out, "PROGRAMS", !peers ? "" :
	    server ? "bh-tunnel bh-classify bh-egress" :
	    "bh-tunnel bh-classify");
	put_var(out, "TUN", peers ? l->interface : "");
	put_var(out, "EGRESS_TUN", server ? l->egress_interface : "");
	put_var(out, "LAN_IF", l->lan_interface);
	put_var(out, "UPLINK", l->uplink);
	fprintf(out, "MTU=%u\nPROTO=%d\n", l->mtu, PLAN_PROTO);
}

static void
put_conf4(FILE *out, const char *dev, const char *key, int value)
{
	fprintf(out, "net/ipv4/conf/%s/%s %d\n", dev, key, value);
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
		put_conf4(out, l->egress_interface, "bc_forwarding", 0);
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
	if (l->role == CONF_ROLE_SERVER)
		put_conf4(out, l->egress_interface, "forwarding", 1);
	for (size_t i = 0; i < n; i++)
		put_conf4(out, dev[i], "forwarding", 1);
	if (!p->host.has_v6)
		return;
	if (p->host.hears_ra)
		fprintf(out, "net/ipv6/conf/%s/accept_ra 2\n", l->uplink);
	fputs(PLAN_FORWARDING6 " 1\n", out);
}

void
plan_sysctl(const struct plan *p, FILE *out)
{
	const struct conf_location *l = p->self;

	/* A TUN of ours has no address, so this lets in only what a route
	 * leads back to by it; the guard sees the rest by itself. */
	put_conf4(out, l->interface, "rp_filter", 2);
	if (l->role == CONF_ROLE_SERVER)
		put_conf4(out, l->egress_interface, "rp_filter", 2);
	if (plan_turns_back(p)) {
		/* a hairpin is no detour */
		put_conf4(out, "all", "send_redirects", 0);
		put_conf4(out, l->egress_interface, "send_redirects", 0);
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
