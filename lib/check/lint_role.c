/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <string.h>

/* Roles: clients send Internet traffic to servers. */

static bool
may_have(const struct lint *lt, const struct conf_location *l, unsigned of)
{
	return (of & (KEY_OF_CLIENT | KEY_OF_SERVER)) == 0 ||
	    (l->role == CONF_ROLE_CLIENT && (of & KEY_OF_CLIENT) != 0) ||
	    (l->role == CONF_ROLE_SERVER && (of & KEY_OF_SERVER) != 0) ||
	    ((of & KEY_OF_BREAKOUT) != 0 && conf_has_breakout(lt->cf,
	    (size_t)(l - lt->cf->location)));
}

static void
check_role_keys(struct lint *lt, const struct conf_location *l)
{
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (l->said[k] != 0 && !may_have(lt, l, conf_keys[k].of))
			lint_say(lt, &l->section, BH_KEY_ROLE, k, "the key is "
			    "for a %s, and this has 'backhaul = %s'; take it "
			    "out, or correct the role", conf_role_name(
			    conf_keys[k].of & KEY_OF_CLIENT ? CONF_ROLE_CLIENT :
			    CONF_ROLE_SERVER), conf_role_name(l->role));
}

/* If others are active, one may be out of service for a while. */
static void
say_inactive(struct lint *lt, const struct conf_location *l,
    const struct conf_ref *r)
{
	const struct conf *cf = lt->cf;

	for (size_t i = 0; i < cf->nlocations; i++)
		if (conf_is_client_of(cf, (size_t)(l - cf->location), i)) {
			lint_say_at(lt, &l->section, r->line, BH_SERVER_OFF,
			    KEY_SERVER, "[location %s] has 'active = no', so "
			    "there is one server less to turn to; take it out "
			    "of the list if it does not come back", r->name);
			return;
		}
	lint_say_at(lt, &l->section, r->line, BH_SERVER_INACTIVE, KEY_SERVER,
	    "[location %s] has 'active = no'; name an active server, or this "
	    "location's Internet traffic goes nowhere", r->name);
}

static void
check_server(struct lint *lt, const struct conf_location *l,
    const struct conf_ref *r)
{
	char text[LINT_TEXT];

	if (r->location == CONF_NONE) {
		if (!lt->cf->partial)
			lint_say_at(lt, &l->section, r->line, BH_SERVER_UNKNOWN,
			    KEY_SERVER, "%s", lint_no_location(lt, r->name,
			    text));
		return;
	}
	const struct conf_location *s = &lt->cf->location[r->location];
	if (!s->active)
		say_inactive(lt, l, r);
	else if (s->role != CONF_ROLE_SERVER && !conf_broken(s, KEY_BACKHAUL))
		lint_say_at(lt, &l->section, r->line, BH_SERVER_ROLE,
		    KEY_SERVER, "[location %s] is no server, it has 'backhaul "
		    "= %s'; name one that has 'backhaul = server'", s->name,
		    conf_role_name(s->role));
	else
		return;
	diag_also(lt->d, s->name);
}

static void
check_client(struct lint *lt, const struct conf_location *l)
{
	for (size_t i = 0; i < l->servers.n; i++)
		check_server(lt, l, &l->servers.r[i]);
	if (l->servers.n > 0)
		lint_servers(lt, l);
	else if (!conf_broken(l, KEY_SERVER))
		lint_say_at(lt, &l->section, l->said[KEY_BACKHAUL],
		    BH_CLIENT_NO_SERVER, KEY_SERVER, "a client needs a server; "
		    "write 'server = NAME'");
}

static void
check_role(struct lint *lt, const struct conf_location *l)
{
	if (!l->active || conf_broken(l, KEY_BACKHAUL))
		return;
	check_role_keys(lt, l);
	if (l->role == CONF_ROLE_CLIENT)
		check_client(lt, l);
	else if (l->said[KEY_SERVER] != 0 && l->role == CONF_ROLE_SERVER)
		lint_say(lt, &l->section, BH_ROLE_BOTH, KEY_SERVER,
		    "a location is a client or a server, not both; take out "
		    "'server' or write 'backhaul = client'");
	else if (l->said[KEY_SERVER] != 0)
		lint_say(lt, &l->section, BH_ROLE_UNSAID, KEY_SERVER,
		    "only a client has a server; write 'backhaul = client' or "
		    "take the line out");
}

/* How many active locations have each role; false: one cannot be
 * told. */
static bool
count_roles(const struct conf *cf, size_t count[static 3],
    const struct conf_location *first[static 3])
{
	bool sure = !cf->partial;

	for (size_t i = cf->nlocations; i-- > 0;) {
		const struct conf_location *l = &cf->location[i];
		if (!l->active)
			continue;
		/* one that has a server but no role was reported */
		sure = sure && !conf_broken(l, KEY_BACKHAUL) &&
		    (l->role != CONF_ROLE_NONE || l->said[KEY_SERVER] == 0);
		count[l->role]++;
		first[l->role] = l;
	}
	return sure;
}

static void
check_domain(struct lint *lt)
{
	const struct conf_location *first[3] = { NULL };
	size_t n[3] = { 0 };

	if (!count_roles(lt->cf, n, first))
		return;
	size_t clients = n[CONF_ROLE_CLIENT], servers = n[CONF_ROLE_SERVER];
	if (clients > 0 && servers == 0)
		diag_add(lt->d, first[CONF_ROLE_CLIENT]->said[KEY_BACKHAUL],
		    BH_NO_SERVER, "", "", "the domain has clients but no "
		    "server: their Internet traffic would go nowhere; write "
		    "'backhaul = server' in one location");
	else if (servers > 0 && clients == 0)
		diag_add(lt->d, first[CONF_ROLE_SERVER]->said[KEY_BACKHAUL],
		    BH_NO_CLIENT, "", "", "the domain has a server but no "
		    "client; write 'backhaul = client' and 'server = %s' in "
		    "one location", first[CONF_ROLE_SERVER]->name);
	else if (clients + servers == 0 && n[CONF_ROLE_NONE] > 1)
		diag_add(lt->d, 0, BH_NO_BACKHAUL, "", "", "no location is "
		    "client or server: there are partners only, and Internet "
		    "traffic stays where it is");
}

/* Marks the servers in use; false: none is, or a client's is not known, which
 * was reported. */
static bool
mark_used(const struct conf *cf, bool used[static CONF_LOCATIONS_MAX])
{
	bool any = false;

	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		if (!l->active || l->role != CONF_ROLE_CLIENT)
			continue;
		if (l->servers.n == 0)
			return false;
		for (size_t k = 0; k < l->servers.n; k++) {
			int server = l->servers.r[k].location;
			if (server == CONF_NONE ||
			    !conf_is_client_of(cf, i, (size_t)server))
				return false;
			used[server] = any = true;
		}
	}
	return any;
}

static void
check_idle(struct lint *lt)
{
	bool used[CONF_LOCATIONS_MAX] = { false };

	if (!mark_used(lt->cf, used))
		return;
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (l->active && l->role == CONF_ROLE_SERVER && !used[i])
			lint_say(lt, &l->section, BH_SERVER_IDLE, KEY_BACKHAUL,
			    "no active client names this server");
	}
}

/* A filter that stands in the way of one family only: the other is refused. */
static void
check_gateway(struct lint *lt, size_t server)
{
	const struct conf_location *s = &lt->cf->location[server];
	bool v4 = !s->has_gateway4;

	if (s->role != CONF_ROLE_SERVER ||
	    conf_broken(s, KEY_DEFAULT_GATEWAY) ||
	    s->has_gateway4 == s->has_gateway6)
		return;
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *c = &lt->cf->location[i];
		if (!conf_is_client_of(lt->cf, i, server) ||
		    !conf_has_family(&c->lan, v4))
			continue;
		lint_say(lt, &s->section, BH_GATEWAY_HALF, KEY_DEFAULT_GATEWAY,
		    "there is no next hop for IPv%c, so the Internet traffic "
		    "of %s in that family is refused; add one if the filter "
		    "has it", v4 ? '4' : '6', c->name);
		diag_also(lt->d, c->name);
		return;
	}
}

/* Does anything say that the site has IPv6? */
static bool
shows_v6(const struct conf_location *s)
{
	return conf_has_family(&s->lan, false) ||
	    conf_has_family(&s->internal, false) ||
	    conf_has_family(&s->address, false) || s->has_gateway6 ||
	    s->gateway_name[0] != '\0' || s->said[KEY_NAT6] != 0 ||
	    strchr(s->endpoint_host, ':') != NULL;
}

static void
check_v6(struct lint *lt, size_t server)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *s = &cf->location[server];

	if (s->nat == CONF_NAT_POOL || conf_broken(s, KEY_LAN) || shows_v6(s))
		return;		/* a pool says itself what it lacks */
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *c = &cf->location[i];
		if (!conf_is_client_of(cf, i, server) ||
		    !conf_has_family(&c->lan, false))
			continue;
		lint_say(lt, &s->section, BH_V6_NOWHERE, KEY_LAN, "%s sends "
		    "its IPv6 here, and nothing says that this site has any: "
		    "list its prefixes if it has, or take those of the clients "
		    "out", c->name);
		diag_also(lt->d, c->name);
		return;
	}
}

void
lint_roles(struct lint *lt)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		check_role(lt, &lt->cf->location[i]);
		check_gateway(lt, i);
		check_v6(lt, i);
	}
	check_domain(lt);
	check_idle(lt);
}

const struct lint_explanation explain_roles[] = {
	{ BH_CLIENT_NO_SERVER,
	    "A client names the location that lets its Internet traffic out: "
	    "'server = NAME'.",
	    "backhaul = client",
	    "backhaul = client\nserver = hq" },
	{ BH_SERVER_UNKNOWN,
	    "'server' is the NAME of a [location NAME] of this file that has "
	    "'backhaul = server'.",
	    "server = qh",
	    "server = hq" },
	{ BH_SERVER_INACTIVE,
	    "The server takes no part in the domain for now, so the client's "
	    "Internet traffic would be refused. Name another, or make it "
	    "active.",
	    "[location hq]\nactive = no\n[location a]\nserver = hq",
	    "[location hq]\nactive = yes\n[location a]\nserver = hq" },
	{ BH_SERVER_ROLE,
	    "The location named as server does not act as one, so it would "
	    "refuse everything. In particular a client of a client does not "
	    "exist.",
	    "[location hq]\nbackhaul = none\n[location a]\nserver = hq",
	    "[location hq]\nbackhaul = server\n[location a]\nserver = hq" },
	{ BH_ROLE_BOTH,
	    "The roles exclude each other: a server lets traffic out where it "
	    "is, and has no server of its own.",
	    "backhaul = server\nserver = dr",
	    "backhaul = server" },
	{ BH_ROLE_UNSAID,
	    "The role is never guessed from other keys. A client says "
	    "'backhaul = client' and 'server = NAME'.",
	    "server = hq",
	    "backhaul = client\nserver = hq" },
	{ BH_KEY_ROLE,
	    "The key means nothing in this location's role. Either the role "
	    "is wrong, or the key was copied from elsewhere.",
	    "backhaul = client\nnat = none",
	    "backhaul = client" },
	{ BH_SERVER_IDLE,
	    "No active client names this server. Right if it waits for one.",
	    "[location dr]\nbackhaul = server",
	    "[location dr]\nbackhaul = server\n[location a]\nserver = hq, dr" },
	{ BH_GATEWAY_HALF,
	    "With 'default-gateway' what clients send goes to that next hop "
	    "and no other, since any other way would go past the filter. A "
	    "family without one is refused. Write both, for example 'default- "
	    "gateway = 192.0.2.1, 2001:db8::1', or leave it so if that family "
	    "is to be closed.",
	    "default-gateway = 192.0.2.1",
	    "default-gateway = 192.0.2.1, 2001:db8::1" },
	{ BH_SERVER_OFF,
	    "The others take its place, in the order of the list. If it is "
	    "out of service for a while that is as it should be.",
	    "[location dr]\nactive = no\n[location a]\nserver = hq, dr",
	    "[location a]\nserver = hq" },
	{ BH_NO_SERVER,
	    "A client sends all Internet traffic of its LAN to a server. "
	    "Without a server all of it is refused; nothing is let out in "
	    "clear instead.",
	    "[location hq]\nbackhaul = none",
	    "[location hq]\nbackhaul = server" },
	{ BH_NO_CLIENT,
	    "A server without any client has nothing to let out. If it is "
	    "only a partner of others, write 'backhaul = none'.",
	    "[location branch1]\nbackhaul = none",
	    "[location branch1]\nbackhaul = client\nserver = hq" },
	{ BH_NO_BACKHAUL,
	    "The domain has partners only. That works: their traffic with "
	    "each other goes through tunnels. Internet traffic of each "
	    "location is not touched.",
	    "[location branch1]\npartners = hq",
	    "[location branch1]\npartners = hq\nbackhaul = client\n"
	    "server = hq" },
	{ BH_V6_NOWHERE,
	    "IPv6 is treated as IPv4 is: the clients send it to their server, "
	    "and if there is none at the server's site it ends there, which "
	    "hosts notice as slow connections that fall back to IPv4. Nothing "
	    "in the file says that the site has IPv6. Right if its uplink has.",
	    "[location hq]\nlan = 10.0.0.0/20\n"
	    "[location a]\nlan = 10.1.0.0/20, 2001:db8:1::/52\n"
	    "server = hq",
	    "[location hq]\nlan = 10.0.0.0/20, 2001:db8:0::/52\n"
	    "[location a]\nlan = 10.1.0.0/20, 2001:db8:1::/52\n"
	    "server = hq" },
	{ .text = NULL },
};
