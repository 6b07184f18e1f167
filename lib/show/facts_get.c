/* SPDX-License-Identifier: ISC */
#include "show/view.h"

#include "conf/prefixes.h"

#include <stdio.h>
#include <string.h>

/* The location's role and peers, and then the rest. */

static void
get_role(struct view *v)
{
	const char *plain = v->plain ? ", by plain WireGuard" : "";

	if (!v->l->active)
		facts_add(v->fs, TOPIC_ROLE, "inactive: takes no part, and "
		    "what it calls its own is refused elsewhere");
	else if (v->servers.n > 0)
		facts_add(v->fs, TOPIC_ROLE, "backhaul client of %s%s",
		    v->leaves, plain);
	else if (v->client)
		facts_add(v->fs, TOPIC_ROLE, "backhaul client of nobody");
	else if (v->serves)
		facts_add(v->fs, TOPIC_ROLE, "backhaul server");
	else
		facts_add(v->fs, TOPIC_ROLE, "none: has no part in backhaul%s",
		    plain);
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (conf_is_client_of(v->cf, i, v->i))
			facts_add(v->fs, TOPIC_SERVES, "%s",
			    v->cf->location[i].name);
}

/* "hq", "hq, else dr", or "hq or dr, by host" */
static void
name_servers(struct view *v)
{
	const struct servers *sv = &v->servers;
	size_t n = 0;

	for (unsigned i = 0; i < sv->n && n < sizeof(v->leaves); i++)
		n += (size_t)snprintf(v->leaves + n, sizeof(v->leaves) - n,
		    "%s%s", i == 0 ? "" : sv->balance ? " or " : ", else ",
		    v->cf->location[sv->s[i].peer].name);
	if (sv->balance && sv->n > 1 && n < sizeof(v->leaves))
		snprintf(v->leaves + n, sizeof(v->leaves) - n, ", by host");
}

static void
add_normal(struct view *v, enum topic t, struct prefix_list *in)
{
	struct prefix_list none = { 0 }, out = { 0 };

	if (!prefixes_normal(in, &none, &out))
		v->fs->failed = true;
	facts_add_prefixes(v->fs, t, out.p, out.n);
	prefix_list_fini(&out);
}

static void
get_site(struct view *v)
{
	struct prefix_list lan = { 0 }, site = { 0 };

	if (!space_of(v->space, v->cf, v->i, &lan, &site))
		v->fs->failed = true;
	add_normal(v, TOPIC_LAN, &lan);
	add_normal(v, TOPIC_SITE, &site);
	prefix_list_fini(&lan);
	prefix_list_fini(&site);
}

static void
get_partners(struct view *v)
{
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (conf_partners(v->cf, v->i, i))
			facts_add(v->fs, TOPIC_PARTNER, "%s, by a tunnel of "
			    "their own and no other way",
			    v->cf->location[i].name);
}

static void
get_refused(struct view *v)
{
	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_REFUSED, "addresses of other locations that "
	    "are not its partners or do not take part");
	if (v->serves)
		facts_add(v->fs, TOPIC_REFUSED, "clients' traffic to its own "
		    "internal addresses, and from these to clients");
	if (v->cf->private_is_internal)
		facts_add(v->fs, TOPIC_REFUSED, "private addresses that no "
		    "location claims (RFC 1918, 6598, 4193)");
	facts_add(v->fs, TOPIC_REFUSED, "sources that are not of the site, "
	    "multicast and special addresses");
}

/* To one peer: who calls whom. */
static void
add_peer(struct view *v, const struct conf_location *p)
{
	const char *they = p->endpoint_host, *we = v->l->endpoint_host;
	bool v6 = strchr(they, ':') != NULL;

	if (*they == '\0')
		facts_add(v->fs, TOPIC_PEER, "%s, which calls", p->name);
	else
		facts_add(v->fs, TOPIC_PEER, "%s at %s%s%s:%u%s", p->name,
		    v6 ? "[" : "", they, v6 ? "]" : "", p->endpoint_port,
		    *we != '\0' ? ", or it calls" : "");
}

static void
get_tunnel(struct view *v)
{
	const struct conf_location *l = v->l;
	char key[KEY_STRLEN];

	if (l->said[KEY_PUBLIC_KEY] != 0)
		facts_add(v->fs, TOPIC_KEY, "%s", key_format(&l->public_key,
		    key));
	if (!plan_has_peers(&v->plan))
		return;
	if (l->keepalive > 0)
		facts_add(v->fs, TOPIC_LISTEN, "listens on UDP port %u, and is "
		    "kept open every %u s", l->listen_port, l->keepalive);
	else
		facts_add(v->fs, TOPIC_LISTEN, "listens on UDP port %u",
		    l->listen_port);
	for (size_t i = 0; i < v->cf->nlocations; i++)
		if (conf_has_tunnel(v->cf, v->i, i))
			add_peer(v, &v->cf->location[i]);
	facts_add(v->fs, TOPIC_MTU, "is %s%u inside the tunnel: TCP segments "
	    "of %u bytes (IPv4) or %u (IPv6)", l->mtu_auto ? "at most " : "",
	    l->mtu, l->mtu - 40, l->mtu - 60);
	if (v->plain)
		return;
	if (l->dscp == CONF_DSCP_COPY)
		facts_add(v->fs, TOPIC_DSCP, "show the class (DSCP) of what is "
		    "in them");
	else
		facts_add(v->fs, TOPIC_DSCP, "have DSCP %u", l->dscp);
	if (l->icmp_errors > 0)
		facts_add(v->fs, TOPIC_ERRORS, "are told, %u times a second "
		    "at most", l->icmp_errors);
	else
		facts_add(v->fs, TOPIC_ERRORS, "are not told, but of what is "
		    "too big");
}

void
facts_get(struct facts *fs, const struct conf *cf, const struct space *s,
    size_t i)
{
	const struct conf_location *l = &cf->location[i];
	struct view v = { .fs = fs, .cf = cf, .space = s, .l = l, .i = i,
		.plan = { .cf = cf, .self = l, .index = i },
	};

	v.client = l->active && l->role == CONF_ROLE_CLIENT;
	v.serves = l->active && l->role == CONF_ROLE_SERVER;
	v.plain = l->lan_interface[0] == '\0' && l->uplink[0] == '\0';
	servers_init(&v.servers, cf, i);
	name_servers(&v);
	get_role(&v);
	if (!l->active) {
		get_site(&v);
		return;
	}
	facts_get_way(&v);
	get_site(&v);
	get_partners(&v);
	get_refused(&v);
	get_tunnel(&v);
	facts_get_host(&v);
}
