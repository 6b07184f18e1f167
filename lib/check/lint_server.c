/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"
#include "policy/policy.h"

#include <string.h>

/* Several servers of one client, and how it chooses among them. */

static void
check_count(struct lint *lt, const struct conf_location *l)
{
	static const enum conf_key only[] = { KEY_SERVER_MODE, KEY_FAILBACK };

	if (l->servers.n > POLICY_SERVERS_MAX)
		lint_say(lt, &l->section, BH_SERVERS_ROOM, KEY_SERVER,
		    "%zu servers are named, and a client chooses among %d at "
		    "most; keep those that it may really use", l->servers.n,
		    (int)POLICY_SERVERS_MAX);
	if (l->servers.n != 1 || conf_broken(l, KEY_SERVER))
		return;
	for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++)
		if (l->said[only[i]] != 0 && !conf_broken(l, only[i]))
			lint_say(lt, &l->section, BH_SERVER_ALONE, only[i],
			    "there is one server, so there is no choice; name "
			    "another in 'server', or take this line out");
}

/* Both servers depend on *what; false: on nothing that the file tells. */
static bool
share(const struct conf_location *a, const struct conf_location *b,
    char what[static 80])
{
	char text[ADDR_STRLEN];

	if (*a->endpoint_host != '\0' &&
	    strcmp(a->endpoint_host, b->endpoint_host) == 0)
		snprintf(what, 80, "the endpoint %.60s", a->endpoint_host);
	else if (a->has_gateway4 && b->has_gateway4 &&
	    addr_eq(&a->gateway4, &b->gateway4))
		snprintf(what, 80, "the next hop %s",
		    addr_format(&a->gateway4, text));
	else if (a->has_gateway6 && b->has_gateway6 &&
	    addr_eq(&a->gateway6, &b->gateway6))
		snprintf(what, 80, "the next hop %s",
		    addr_format(&a->gateway6, text));
	else
		return false;
	return true;
}

static bool
same_nat(const struct conf_location *a, const struct conf_location *b)
{
	return a->nat == b->nat && a->nat_upstream == b->nat_upstream;
}

static void
check_pair(struct lint *lt, const struct conf_location *l,
    const struct conf_location *a, const struct conf_location *b, int line)
{
	char what[80];

	if (share(a, b, what)) {
		lint_say_at(lt, &l->section, line, BH_SERVERS_TOGETHER,
		    KEY_SERVER, "%s and %s have %s in common: when that fails, "
		    "both are gone; name a server that stands elsewhere",
		    a->name, b->name, what);
		diag_also(lt->d, b->name);
	}
	if (!same_nat(a, b)) {
		lint_say_at(lt, &l->section, line, BH_SERVERS_NAT, KEY_SERVER,
		    "%s and %s translate differently, so what is behind them "
		    "sees this site in two ways; give both the same 'nat' and "
		    "'nat-upstream'", a->name, b->name);
		diag_also(lt->d, b->name);
	}
}

/* Each with the first that is not the same, so that a list of n has at most n
 * findings of a kind. */
static void
check_pairs(struct lint *lt, const struct conf_location *l)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *first = NULL;

	for (size_t i = 0; i < l->servers.n && i < POLICY_SERVERS_MAX; i++) {
		const struct conf_ref *r = &l->servers.r[i];
		bool twice = false;
		for (size_t k = 0; k < i; k++)
			twice |= strcmp(l->servers.r[k].name, r->name) == 0;
		if (twice)
			lint_say_at(lt, &l->section, r->line, BH_SERVER_TWICE,
			    KEY_SERVER, "%s is named twice; take one out",
			    r->name);
		if (twice || r->location == CONF_NONE ||
		    !conf_is_client_of(cf, (size_t)(l - cf->location),
		    (size_t)r->location))
			continue;
		const struct conf_location *s = &cf->location[r->location];
		if (first == NULL)
			first = s;
		else
			check_pair(lt, l, first, s, r->line);
	}
}

/* The location that a probe's address belongs to, or NULL. */
static const struct conf_location *
owner(const struct conf *cf, const struct prefix *p)
{
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *o = &cf->location[i];
		if (prefixes_find(o->lan.p, o->lan.n, p) != NULL ||
		    prefixes_find(o->internal.p, o->internal.n, p) != NULL)
			return o;
	}
	return NULL;
}

static void
check_probe(struct lint *lt, const struct conf_location *l)
{
	const struct prefix p = { l->probe, 128 };
	char a[ADDR_STRLEN];

	if (l->said[KEY_PROBE] == 0 || conf_broken(l, KEY_PROBE))
		return;
	const struct conf_location *o = owner(lt->cf, &p);
	addr_format(&l->probe, a);
	if (o != NULL)
		lint_say(lt, &l->section, BH_PROBE_CLASS, KEY_PROBE, "%s is of "
		    "[location %s]: servers refuse to send it out; ask an "
		    "address of the Internet", a, o->name);
	else if (lint_special(&p) != NULL ||
	    (lt->cf->private_is_internal && prefix_is_private(&p)))
		lint_say(lt, &l->section, BH_PROBE_CLASS, KEY_PROBE, "%s is no "
		    "address of the Internet: servers refuse to send it out; "
		    "ask one that is always there", a);
	if (conf_probe_source(l) == NULL && !conf_broken(l, KEY_ADDRESS))
		lint_say(lt, &l->section, BH_PROBE_SOURCE, KEY_PROBE,
		    "the gateway needs an address of that family to ask from; "
		    "write 'address = ...', its own on the LAN");
}

/* An answer goes to the server that the site uses, wherever the question came
 * from. */
static void
check_published(struct lint *lt, const struct conf_location *l)
{
	bool balance = l->server_mode == CONF_MODE_BALANCE;

	for (size_t i = 0; l->servers.n > 1 && i < lt->cf->npublish; i++) {
		const struct conf_publish *p = &lt->cf->publish[i];
		const struct prefix to = { p->to, 128 };
		if (p->server.location == CONF_NONE ||
		    (!balance && p->server.location ==
		    l->servers.r[0].location) ||
		    (prefixes_find(l->lan.p, l->lan.n, &to) == NULL &&
		    prefixes_find(l->internal.p, l->internal.n, &to) == NULL))
			continue;
		lint_say(lt, &l->section, BH_SERVER_PUBLISH, KEY_SERVER,
		    "[publish %s] comes in at %s, and this site's answers "
		    "leave %s %s; publish at the server that they leave by",
		    p->name, p->server.name, balance ? "by any of its servers,"
		    : "at", balance ? "host by host" : l->servers.r[0].name);
		diag_also(lt->d, p->server.name);
	}
}

/* Cryptokey routing has one owner for all of the Internet. */
static void
check_plain(struct lint *lt, const struct conf_location *l)
{
	size_t n = l->servers.n;

	if (n > 1 && l->said[KEY_UPLINK] == 0 &&
	    l->said[KEY_LAN_INTERFACE] == 0 &&
	    strcmp(l->servers.r[n - 1].name, l->servers.r[0].name) != 0)
		lint_say(lt, &l->section, BH_SERVERS_PLAIN, KEY_SERVER,
		    "without 'uplink' and 'lan-interface' this location runs "
		    "plain WireGuard, which sends all Internet traffic to %s "
		    "whether it answers or not; name that alone",
		    l->servers.r[0].name);
}

void
lint_servers(struct lint *lt, const struct conf_location *l)
{
	check_count(lt, l);
	check_pairs(lt, l);
	check_probe(lt, l);
	check_published(lt, l);
	check_plain(lt, l);
}

const struct lint_explanation explain_servers[] = {
	{ BH_SERVER_TWICE,
	    "Naming a server once is enough. Was another location meant by "
	    "one of the two?",
	    "server = hq, hq",
	    "server = hq, dr" },
	{ BH_SERVERS_TOGETHER,
	    "A second server is there for the day when the first is not. Two "
	    "that share an address, a line or a next hop are lost on the same "
	    "day. Only what the file tells is seen here: look also at "
	    "providers, power and the building.",
	    "[location hq]\nendpoint = 192.0.2.1:51820\n[location dr]\n"
	    "endpoint = 192.0.2.1:51821",
	    "[location hq]\nendpoint = 192.0.2.1:51820\n[location dr]\n"
	    "endpoint = 198.51.100.1:51820" },
	{ BH_SERVERS_NAT,
	    "After a failover, or host by host when balanced, this site's "
	    "traffic would be translated at one server and not at the other, "
	    "so filters and logs behind them see different addresses, and "
	    "answers may not come back. Give both servers the same 'nat' and "
	    "'nat-upstream'.",
	    "[location hq]\nnat = masquerade\n[location dr]\nnat = none",
	    "[location hq]\nnat = masquerade\n[location dr]\n"
	    "nat = masquerade" },
	{ BH_SERVERS_ROOM,
	    "A client keeps a tunnel open to each of its servers and chooses "
	    "among 16 at most. Most need two.",
	    "server = s1, s2, ... s17",
	    "server = s1, s2" },
	{ BH_SERVER_ALONE,
	    "'server-mode' and 'failback' say how to choose among several "
	    "servers, and 'server' names one. Probably the second was "
	    "forgotten: 'server = hq, dr'.",
	    "server = hq\nfailback = now",
	    "server = hq, dr\nfailback = now" },
	{ BH_PROBE_CLASS,
	    "'probe' is asked through each server's tunnel and out to the "
	    "Internet, so that a server without Internet counts as down. The "
	    "guard at the server refuses addresses of the company, private "
	    "and special ones, so it would say nothing of any server. Use "
	    "one that answers ping and belongs to the provider, or a public "
	    "resolver.",
	    "probe = 10.0.0.1",
	    "probe = 192.0.2.1" },
	{ BH_PROBE_SOURCE,
	    "The gateway asks the probe from its own address on the LAN, "
	    "since the server lets out nothing else. 'address' must have one "
	    "of the probe's family, inside 'lan' (or 'internal', unless "
	    "'backhaul-sources = participating'): 'address = 10.1.0.1'.",
	    "probe = 192.0.2.1",
	    "probe = 192.0.2.1\naddress = 10.1.0.1" },
	{ BH_SERVERS_PLAIN,
	    "WireGuard by itself sends a packet to the one peer that owns its "
	    "destination, and 0.0.0.0/0 has one owner. So a phone or a router "
	    "in a cloud has no second server; its file (bh-check -e) has the "
	    "first one.",
	    "[location phone]     ; without interfaces\nserver = hq, dr",
	    "[location phone]\nserver = hq" },
	{ BH_SERVER_PUBLISH,
	    "Who asks from the Internet comes in by the server that "
	    "publishes, and the answer of the host goes out by the server "
	    "that its site uses. With another one it leaves with another "
	    "address, and the connection never comes about. Publish at the "
	    "site's first server, and use 'server-mode = failover'; while "
	    "that is down, what it publishes is down too.",
	    "[location a]\nserver = hq, dr\n[publish web]\nserver = dr\n"
	    "to = 10.1.0.20",
	    "[location a]\nserver = hq, dr\n[publish web]\nserver = hq\n"
	    "to = 10.1.0.20" },
	{ .text = NULL },
};
