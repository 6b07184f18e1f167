/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"
#include "conf/publish.h"
#include "packet/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [publish]: whether each one leads to a host, and nothing is in its way. */

/* It concerns the server as well. */
__attribute__((format(printf, 5, 6)))
static void
say(struct lint *lt, const struct conf_publish *p, enum code code,
    enum conf_key key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lint_vsay(lt, &p->section, p->said[key], code, key, fmt, ap);
	va_end(ap);
	if (p->server.location != CONF_NONE)
		diag_also(lt->d, p->server.name);
}

static bool
check_given(struct lint *lt, const struct conf_publish *p)
{
	static const struct {
		enum conf_key key;
		const char *example;
	} need[] = {
		{ KEY_PUBLISH_SERVER, "NAME" },
		{ KEY_PUBLISH_MATCH, "ADDRESS tcp PORT" },
		{ KEY_PUBLISH_TO, "ADDRESS:PORT" },
	};
	bool all = true;

	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (p->said[need[i].key] == 0) {
			say(lt, p, BH_PUBLISH_LACKS, need[i].key, "not given; "
			    "write '%s = %s'", conf_keys[need[i].key].name,
			    need[i].example);
			all = false;
		}
	return all;
}

static bool
check_server(struct lint *lt, const struct conf_publish *p)
{
	char text[LINT_TEXT];

	if (p->server.location == CONF_NONE) {
		if (!lt->cf->partial)
			say(lt, p, BH_PUBLISH_SERVER, KEY_PUBLISH_SERVER, "%s",
			    lint_no_location(lt, p->server.name, text));
		return false;
	}
	const struct conf_location *s = &lt->cf->location[p->server.location];
	if (publish_is_of(lt->cf, p, (size_t)p->server.location) ||
	    conf_broken(s, KEY_BACKHAUL) || conf_broken(s, KEY_ACTIVE))
		return true;
	say(lt, p, BH_PUBLISH_SERVER, KEY_PUBLISH_SERVER, "[location %s] %s; "
	    "only where clients' traffic goes out can something come in to "
	    "them", s->name, s->active ? "is no server" : "has 'active = no'");
	return false;
}

/* A client of the server, and `to' is of what it backhauls. */
static bool
leads_to(const struct conf *cf, const struct conf_publish *p, size_t i)
{
	const struct conf_location *c = &cf->location[i];

	return conf_is_client_of(cf, i, (size_t)p->server.location) &&
	    (conf_holds(&c->lan, &p->to) || (c->sources == CONF_SOURCES_LAN &&
	    conf_holds(&c->internal, &p->to)));
}

static void
check_to(struct lint *lt, const struct conf_publish *p)
{
	char a[ADDR_STRLEN];

	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *c = &lt->cf->location[i];
		if (lt->cf->partial || leads_to(lt->cf, p, i) ||
		    conf_broken(c, KEY_LAN) || conf_broken(c, KEY_INTERNAL) ||
		    conf_broken(c, KEY_SERVER) ||
		    conf_broken(c, KEY_SOURCES))
			return;
	}
	say(lt, p, BH_PUBLISH_TO, KEY_PUBLISH_TO, "%s is of no client of %s, "
	    "or not of what that client backhauls; give a host that is behind "
	    "one", addr_format(&p->to, a), p->server.name);
}

/* Nobody is not what an operator who opens something means. */
static void
check_from(struct lint *lt, const struct conf_publish *p)
{
	bool v4 = addr_is_v4(&p->match);

	if (p->said[KEY_PUBLISH_FROM] == 0)
		return;
	for (size_t i = 0; i < p->from.n; i++)
		if (addr_is_v4(&p->from.p[i].addr) == v4)
			return;
	say(lt, p, BH_PUBLISH_LACKS, KEY_PUBLISH_FROM, "it holds no address of "
	    "IPv%c, so it is open to nobody; name somebody, or take the line "
	    "out for everybody", v4 ? '4' : '6');
}

static void
check_like(struct lint *lt, const struct conf_publish *p)
{
	if (addr_is_v4(&p->match) != addr_is_v4(&p->to))
		say(lt, p, BH_PUBLISH_UNLIKE, KEY_PUBLISH_TO, "it is of "
		    "another family than 'match'; nothing is translated "
		    "between IPv4 and IPv6");
	else if (p->to_port != 0 && p->first != p->last)
		say(lt, p, BH_PUBLISH_UNLIKE, KEY_PUBLISH_TO, "'match' has %s, "
		    "which keep%s; leave out ':%u', or give 'match' one port",
		    p->proto == 0 ? "all of an address" : "several ports",
		    p->proto == 0 ? "s its ports" : " their numbers",
		    p->to_port);
}

/* All of the addresses at which this domain's tunnels end are in use, and so
 * is the range that clients are translated to. */
static void
check_port(struct lint *lt, const struct conf_publish *p)
{
	const struct conf_location *s = &lt->cf->location[p->server.location];
	struct addr end;
	bool here = addr_parse(&end, s->endpoint_host) &&
	    addr_eq(&end, &p->match);
	unsigned first = s->nat_port_first, last = s->nat_port_last;

	if ((here && (p->proto == 0 || publish_has(p, &p->match, PROTO_UDP,
	    s->listen_port))) || (here && publish_has(p, &p->match, PROTO_UDP,
	    s->endpoint_port)))
		say(lt, p, BH_PUBLISH_PORT, KEY_PUBLISH_MATCH, "it holds UDP "
		    "port %u of this address, where the tunnel of %s ends; "
		    "leave that out", s->endpoint_port, s->name);
	else if (conf_nat_of(s, addr_is_v4(&p->match)) ==
	    CONF_NAT_MASQUERADE && p->proto != 0 &&
	    p->first <= last && first <= p->last)
		say(lt, p, BH_PUBLISH_PORT, KEY_PUBLISH_MATCH, "its ports meet "
		    "%u-%u ('nat-ports' of %s), to which clients are "
		    "translated; choose others, or another range there", first,
		    last, s->name);
}

/* Our translator gets what is routed to the gateway, not what is for it. */
static void
check_own(struct lint *lt, const struct conf_publish *p)
{
	const struct conf_location *s = &lt->cf->location[p->server.location];
	char a[ADDR_STRLEN];

	if (conf_nat_of(s, addr_is_v4(&p->match)) == CONF_NAT_POOL &&
	    lint_is_own(s, &p->match))
		say(lt, p, BH_POOL_OWN, KEY_PUBLISH_MATCH, "%s is %s's own, "
		    "and with 'nat = pool' what comes to it does not reach "
		    "bh-egress; publish another that is routed there",
		    addr_format(&p->match, a), s->name);
}

static void
check_match(struct lint *lt, const struct conf_publish *p)
{
	const struct prefix host = { p->match, 128 };
	const struct prefix *s = lint_special(&host);
	char a[ADDR_STRLEN], b[PREFIX_STRLEN];

	addr_format(&p->match, a);
	if (s != NULL)
		say(lt, p, BH_PUBLISH_SPECIAL, KEY_PUBLISH_MATCH, "%s is of "
		    "%s, and nobody sends to it from elsewhere; give an "
		    "address that is routed to %s", a, prefix_format(s, b),
		    p->server.name);
	else if (p->server.location != CONF_NONE && lint_private_outside(
	    &lt->cf->location[p->server.location], &host))
		say(lt, p, BH_OUTSIDE_PRIVATE, KEY_PUBLISH_MATCH,
		    "%s is private, and the Internet cannot send to it; right "
		    "if something before %s translates to it: 'nat-upstream = "
		    "yes' there", a, p->server.name);
	for (size_t i = 0; s == NULL && i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (!conf_holds(&l->internal, &p->match) &&
		    !conf_holds(&l->lan, &p->match))
			continue;
		say(lt, p, BH_PUBLISH_INSIDE, KEY_PUBLISH_MATCH,
		    "%s is internal at %s, so hosts of other locations are "
		    "refused what the Internet may; exclude it there with "
		    "'!%s'", a, l->name, a);
		return;
	}
}

static void
check_one(struct lint *lt, const struct conf_publish *p)
{
	if (p->broken != 0 || !check_given(lt, p) || !check_server(lt, p))
		return;
	check_to(lt, p);
	check_from(lt, p);
	check_like(lt, p);
	check_port(lt, p);
	check_own(lt, p);
	check_match(lt, p);
}

/* By server, address and protocol, then by ports. */
static int
cmp_match(const void *a, const void *b)
{
	const struct conf_publish *p = *(const struct conf_publish *const *)a;
	const struct conf_publish *q = *(const struct conf_publish *const *)b;
	int c = p->server.location - q->server.location;

	if (c == 0)
		c = memcmp(&p->match, &q->match, sizeof(p->match));
	if (c == 0)
		c = p->proto - q->proto;
	if (c == 0)
		c = p->first - q->first;
	return c != 0 ? c : p->line - q->line;
}

/* The widest so far is what the next can meet. */
static void
check_meet(struct lint *lt, const struct conf_publish **p, size_t n)
{
	const struct conf_publish *wide = NULL;

	qsort(p, n, sizeof(*p), cmp_match);
	for (size_t i = 0; i < n; i++) {
		const struct conf_publish *q = p[i];
		if (q->broken != 0 || q->said[KEY_PUBLISH_MATCH] == 0)
			continue;
		bool meet = wide != NULL && publish_meet(wide, q) &&
		    wide->server.location == q->server.location;
		if (meet)
			say(lt, q, BH_PUBLISH_MEET, KEY_PUBLISH_MATCH,
			    "[publish %s] opens that already, in line %d; take "
			    "it out of one of them", wide->name,
			    wide->said[KEY_PUBLISH_MATCH]);
		if (!meet || q->last > wide->last)
			wide = q;
	}
}

/* By server and host. */
static int
cmp_to(const void *a, const void *b)
{
	const struct conf_publish *p = *(const struct conf_publish *const *)a;
	const struct conf_publish *q = *(const struct conf_publish *const *)b;
	int c = p->server.location - q->server.location;

	if (c == 0)
		c = memcmp(&p->to, &q->to, sizeof(p->to));
	return c != 0 ? c : p->line - q->line;
}

/* Two that lead to one host lead to one port of it. */
static bool
meet_inside(const struct conf_publish *p, const struct conf_publish *q)
{
	unsigned a = p->to_port != 0 ? p->to_port : p->first;
	unsigned b = q->to_port != 0 ? q->to_port : q->first;

	return (p->proto == 0 || q->proto == 0 || p->proto == q->proto) &&
	    a <= b + (unsigned)(q->last - q->first) &&
	    b <= a + (unsigned)(p->last - p->first);
}

static bool
is_pooled(const struct lint *lt, const struct conf_publish *p)
{
	return p->broken == 0 && p->said[KEY_PUBLISH_TO] != 0 &&
	    p->said[KEY_PUBLISH_MATCH] != 0 &&
	    p->server.location != CONF_NONE &&
	    conf_nat_of(&lt->cf->location[p->server.location],
	    addr_is_v4(&p->match)) == CONF_NAT_POOL;
}

static void
check_hosts(struct lint *lt, const struct conf_publish **p, size_t n)
{
	qsort(p, n, sizeof(*p), cmp_to);
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && is_pooled(lt, p[i]) &&
		    is_pooled(lt, p[k]) && p[i]->server.location ==
		    p[k]->server.location && addr_eq(&p[i]->to, &p[k]->to);
		    k++) {
			if (!meet_inside(p[i], p[k]))
				continue;
			say(lt, p[k], BH_PUBLISH_HOST, KEY_PUBLISH_TO,
			    "[publish %s] in line %d leads to the same port of "
			    "that host, and with 'nat = pool' it answers from "
			    "one address; use another port", p[i]->name,
			    p[i]->said[KEY_PUBLISH_TO]);
			break;
		}
}

void
lint_publish(struct lint *lt)
{
	size_t n = lt->cf->npublish;
	const struct conf_publish **p = calloc(n + 1, sizeof(*p));

	if (p == NULL) {
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		p[i] = &lt->cf->publish[i];
		check_one(lt, p[i]);
	}
	check_meet(lt, p, n);
	check_hosts(lt, p, n);
	free(p);
}

const struct lint_explanation explain_publish[] = {
	{ BH_PUBLISH_LACKS,
	    "A [publish] needs 'server', 'match' and 'to'; only 'from', whom "
	    "it is open to, may be left out, and then it is open to "
	    "everybody. One that holds nobody of the family of 'match' is a "
	    "mistake: take the section out to close it.",
	    "[publish web]\nmatch = 198.51.100.9 tcp 443",
	    "[publish web]\nserver = hq\nmatch = 198.51.100.9 tcp 443\n"
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_SERVER,
	    "What is published comes in where clients' traffic goes out, at a "
	    "server, since answers have to return the same way and from the "
	    "same address.",
	    "server = branch1",
	    "server = hq" },
	{ BH_PUBLISH_TO,
	    "The server hands published traffic to the tunnel of the client "
	    "that has the host. A host of the server's own, of a partner or "
	    "of another server's client is not reached so, nor one that its "
	    "client does not backhaul (backhaul-sources).",
	    "to = 10.99.0.20:8443",
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_UNLIKE,
	    "'match' and 'to' are of one family, and only a single port can "
	    "become another port: a range, and a whole address, keep theirs.",
	    "match = 198.51.100.9 tcp 8000-8010\nto = 10.1.0.20:80",
	    "match = 198.51.100.9 tcp 8000-8010\nto = 10.1.0.20" },
	{ BH_PUBLISH_MEET,
	    "One packet would go to two hosts, and which of them gets it "
	    "would depend on the order of the file. Ports of an address go "
	    "before its whole: '198.51.100.9 tcp 443' to one host and "
	    "'198.51.100.9' to another is no conflict.",
	    "[publish a]\nmatch = 198.51.100.9 tcp 443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 400-500",
	    "[publish a]\nmatch = 198.51.100.9 tcp 443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 444-500" },
	{ BH_PUBLISH_PORT,
	    "The address and port are in use already: by the tunnel, whose "
	    "datagrams would be handed on to a host of a branch, or by the "
	    "range that clients' connections are translated to, from which a "
	    "client could be given the published port and receive what is "
	    "meant for the published host.",
	    "endpoint = 198.51.100.9:51820\nmatch = 198.51.100.9 udp 51820",
	    "endpoint = 198.51.100.9:51820\nmatch = 198.51.100.9 udp 51821" },
	{ BH_PUBLISH_SPECIAL,
	    "Loopback, multicast and the like are no address that somebody "
	    "elsewhere can send to.",
	    "match = 127.0.0.1 tcp 443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_PUBLISH_INSIDE,
	    "Hosts of other locations ask for it as the Internet does, by "
	    "their server; but what is internal at another location their "
	    "gateways refuse. Exclude the published address from 'internal' "
	    "of where it is, if they are to reach it.",
	    "internal = 198.51.100.0/24\nmatch = 198.51.100.9 tcp 443",
	    "internal = 198.51.100.0/24, !198.51.100.9\n"
	    "match = 198.51.100.9 tcp 443" },
	{ BH_PUBLISH_HOST,
	    "With 'nat = pool' each port of an inside host has one outside "
	    "(RFC 4787 REQ-1), and it answers with that; what came by another "
	    "would be answered from the wrong address. Let the host listen on "
	    "another port for one of them, or translate with 'nat = "
	    "masquerade', which goes by connections.",
	    "[location hq]\nnat = pool\n[publish a]\n"
	    "match = 198.51.100.9 tcp 443\nto = 10.1.0.5:8443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 8443\nto = 10.1.0.5:8443",
	    "[publish b]\nmatch = 198.51.100.9 tcp 8443\nto = 10.1.0.5:9443" },
	{ .text = NULL },
};
