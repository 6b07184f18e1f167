/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "conf/guess.h"
#include "conf/prefixes.h"
#include "policy/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
check_location(struct lint *lt, const struct conf_breakout *b,
    const struct conf_ref *r)
{
	char text[LINT_TEXT];

	if (r->location == CONF_NONE) {
		if (!lt->cf->partial)
			lint_say_at(lt, &b->section, r->line,
			    BH_BREAKOUT_UNKNOWN, KEY_BREAKOUT_LOCATION, "%s",
			    lint_no_location(lt, r->name, text));
		return;
	}
	const struct conf_location *l = &lt->cf->location[r->location];
	if (l->role != CONF_ROLE_CLIENT) {
		if (!conf_broken(l, KEY_BACKHAUL))
			lint_say_at(lt, &b->section, r->line, BH_BREAKOUT_ROLE,
			    KEY_BREAKOUT_LOCATION, "%s is no backhaul client: "
			    "its Internet traffic is not sent elsewhere; take "
			    "it out, or say 'backhaul = client' there",
			    l->name);
		return;
	}
	if (l->uplink[0] != '\0' && strcmp(l->uplink, l->lan_interface) == 0)
		lint_say_at(lt, &b->section, r->line, BH_BREAKOUT_ONE_ARM,
		    KEY_BREAKOUT_LOCATION, "%s has one interface for LAN and "
		    "uplink; what is let out needs two", l->name);
}

static void
check_locations(struct lint *lt, const struct conf_breakout *b)
{
	if (b->locations.n == 0 && b->said[KEY_BREAKOUT_LOCATION] == 0)
		lint_say(lt, &b->section, BH_BREAKOUT_NOWHERE,
		    KEY_BREAKOUT_LOCATION, "the breakout is for nobody; say "
		    "location = NAME");
	for (size_t i = 0; i < b->locations.n; i++)
		check_location(lt, b, &b->locations.r[i]);
}

static void
check_groups(struct lint *lt, const struct conf_breakout *b, enum conf_key key,
    const struct conf_refs *refs)
{
	char hint[96];
	struct guess g;

	for (size_t i = 0; i < refs->n; i++) {
		if (refs->r[i].location != CONF_NONE || lt->cf->partial)
			continue;
		guess_init(&g, refs->r[i].name);
		for (size_t k = 0; k < lt->cf->ngroups; k++)
			guess_try(&g, lt->cf->group[k].name);
		lint_say_at(lt, &b->section, refs->r[i].line,
		    BH_BREAKOUT_UNKNOWN, key, "there is no [group %s]%s",
		    refs->r[i].name, guess_format(&g, hint));
	}
}

/* Whether the groups of one side have an address in common with a location. */
static bool
groups_meet(const struct lint *lt, const struct conf_refs *refs,
    const struct conf_location *l)
{
	const struct conf_prefixes *own[] = { &l->lan, &l->internal };

	for (size_t i = 0; i < refs->n; i++) {
		if (refs->r[i].location == CONF_NONE)
			return true;
		const struct conf_prefixes *ps =
		    &lt->cf->group[refs->r[i].location].members;
		for (size_t k = 0; k < 2; k++)
			for (size_t j = 0; j < own[k]->n; j++)
				if (prefixes_meet(ps->p, ps->n, &own[k]->p[j]))
					return true;
	}
	return refs->n == 0;
}

/* A source that no location of the breakout has cannot send anything there. */
static void
check_from(struct lint *lt, const struct conf_breakout *b)
{
	if (b->from.n == 0 || b->locations.n == 0)
		return;
	for (size_t i = 0; i < b->locations.n; i++) {
		int loc = b->locations.r[i].location;
		if (loc == CONF_NONE ||
		    groups_meet(lt, &b->from, &lt->cf->location[loc]))
			return;
	}
	lint_say(lt, &b->section, BH_BREAKOUT_NEVER, KEY_BREAKOUT_FROM,
	    "no address of these groups belongs to a location of the breakout, "
	    "so nothing matches");
}

/* Private space is the company's, whoever has it. */
static void
check_to(struct lint *lt, const struct conf_breakout *b)
{
	if (b->to.n == 0 || !lt->cf->private_is_internal)
		return;
	for (size_t i = 0; i < b->to.n; i++) {
		int group = b->to.r[i].location;
		if (group == CONF_NONE)
			return;
		const struct conf_prefixes *ps = &lt->cf->group[group].members;
		for (size_t k = 0; k < ps->n; k++)
			if (!prefix_is_private(&ps->p[k]))
				return;
	}
	lint_say(lt, &b->section, BH_BREAKOUT_NEVER, KEY_BREAKOUT_TO,
	    "these groups hold private addresses only, which are never "
	    "Internet; nothing matches");
}

/* libpcap's work grows with these, for all filters of a domain together: some
 * seconds, since every program does it before it starts. */
#define WORK_MAX (UINT64_C(1) << 27)

static uint64_t
work(uint64_t steps)
{
	return steps * steps;
}

/* False: there is no time for it, which is said once; *left is 0 then. */
static bool
afford(struct lint *lt, const struct conf_breakout *b, uint64_t *left)
{
	unsigned steps = filter_steps(b->filter);

	if (steps > FILTER_STEPS_MAX)
		return true;	/* it is refused without being compiled */
	if (work(steps) < *left) {
		*left -= work(steps);
		return true;
	}
	if (*left > 0)
		lint_say(lt, &b->section, BH_BREAKOUT_FILTER,
		    KEY_BREAKOUT_FILTER, "the filters of all breakouts take "
		    "too many steps together; from here on they are not looked "
		    "at; name addresses as groups, and ports as ranges");
	*left = 0;
	return false;
}

/* It was compiled again and again to find what is wrong with it. */
static void
charge_blame(const struct conf_breakout *b, uint64_t *left)
{
	uint64_t needs = 4 * work(filter_steps(b->filter));

	*left = needs < *left ? *left - needs : 1;
}

static void
check_filter(struct lint *lt, const struct conf_breakout *b, uint64_t *left)
{
	char why[FILTER_WHYLEN];
	struct bpf_program f;

	if (b->said[KEY_BREAKOUT_FILTER] == 0) {
		if (b->said[KEY_BREAKOUT_FROM] == 0 &&
		    b->said[KEY_BREAKOUT_TO] == 0)
			lint_say(lt, &b->section, BH_BREAKOUT_EMPTY,
			    KEY_BREAKOUT_FILTER, "the breakout would let out "
			    "everything; say 'filter', 'from' or 'to'");
		return;
	}
	if (b->broken != 0 || b->filter[0] == '\0' || !afford(lt, b, left))
		return;
	switch (filter_compile(&f, b->filter, why)) {
	case FILTER_BAD:
		lint_say(lt, &b->section, BH_BREAKOUT_FILTER,
		    KEY_BREAKOUT_FILTER, "%s; see bh.conf(5)", why);
		charge_blame(b, left);
		return;
	case FILTER_NEVER:
		lint_say(lt, &b->section, BH_BREAKOUT_NEVER,
		    KEY_BREAKOUT_FILTER, "the expression contradicts itself: "
		    "nothing matches");
		return;
	case FILTER_ALWAYS:
		if (b->from.n == 0 && b->to.n == 0)
			lint_say(lt, &b->section, BH_BREAKOUT_ALWAYS,
			    KEY_BREAKOUT_FILTER, "everything matches: all "
			    "Internet traffic of these locations leaves in "
			    "clear");
		break;
	case FILTER_SOME:
		break;
	}
	pcap_freecode(&f);
}

static bool
groups_have(const struct lint *lt, const struct conf_refs *refs,
    const struct prefix *p)
{
	for (size_t i = 0; i < refs->n; i++) {
		int group = refs->r[i].location;
		if (group != CONF_NONE && prefixes_find(
		    lt->cf->group[group].members.p,
		    lt->cf->group[group].members.n, p) != NULL)
			return true;
	}
	return refs->n == 0;
}

/* The breakout's filter (NULL: none) lets out a query for a name, by UDP or
 * TCP. */
static bool
lets_out_queries(const struct bpf_program *f, const struct addr *from,
    const struct addr *resolver)
{
	struct ip ip = { .src = *from, .dst = *resolver, .sport = 40000,
		.dport = 53, .version = addr_is_v4(resolver) ? 4 : 6,
		.ports = true };
	bool out = f == NULL;

	for (int tcp = 0; !out && tcp < 2; tcp++) {
		ip.proto = tcp ? 6 : 17;
		out = filter_matches(f, &ip);
	}
	return out;
}

/* Names tell as much as what is done with them. */
static void
check_resolvers(struct lint *lt, const struct conf_breakout *b,
    const struct bpf_program *f, const struct conf_location *l)
{
	char text[ADDR_STRLEN];

	for (size_t i = 0; i < l->resolver.n && l->lan.n > 0; i++) {
		const struct prefix *r = &l->resolver.p[i];
		size_t k = addr_is_v4(&l->lan.p[0].addr) ==
		    addr_is_v4(&r->addr) ? 0 : l->lan.n - 1;
		if (prefixes_find(l->internal.p, l->internal.n, r) != NULL ||
		    (prefix_is_private(r) && lt->cf->private_is_internal) ||
		    !groups_meet(lt, &b->from, l) ||
		    !groups_have(lt, &b->to, r) ||
		    !lets_out_queries(f, &l->lan.p[k].addr, &r->addr))
			continue;
		lint_say(lt, &b->section, BH_RESOLVER_CLEAR,
		    KEY_BREAKOUT_FILTER, "it lets out what %s asks its "
		    "resolver %s: names leave in clear; exclude port 53, or "
		    "name another resolver there", l->name,
		    addr_format(&r->addr, text));
		diag_also(lt->d, l->name);
	}
}

static void
check_queries(struct lint *lt, const struct conf_breakout *b)
{
	char why[FILTER_WHYLEN];
	struct bpf_program f;
	bool any = b->filter[0] == '\0', resolvers = false;

	for (size_t k = 0; k < b->locations.n; k++)
		resolvers |= lt->cf->location[b->locations.r[k].location].
		    resolver.n > 0;
	if (!resolvers)
		return;
	if (!any) {
		enum filter_kind kind = filter_compile(&f, b->filter, why);
		if (kind != FILTER_SOME && kind != FILTER_ALWAYS)
			return;
	}
	for (size_t k = 0; k < b->locations.n; k++)
		check_resolvers(lt, b, any ? NULL : &f,
		    &lt->cf->location[b->locations.r[k].location]);
	if (!any)
		pcap_freecode(&f);
}

/* Every name of b is one of a's, or a names none: then all may. */
static bool
covers(const struct conf_refs *a, const struct conf_refs *b, bool none_is_all)
{
	if (a->n == 0 && none_is_all)
		return true;
	for (size_t i = 0; i < b->n; i++) {
		size_t k = 0;
		while (k < a->n && strcmp(a->r[k].name, b->r[i].name) != 0)
			k++;
		if (k == a->n)
			return false;
	}
	return b->n > 0;
}

/* Two filters that there is no time to compare do not cover each other. */
static bool
filter_covers(const struct conf_breakout *a, const struct conf_breakout *b,
    uint64_t *left)
{
	if (a->filter[0] == '\0' || strcmp(a->filter, b->filter) == 0)
		return true;
	uint64_t needs = work(filter_steps(a->filter) +
	    (uint64_t)filter_steps(b->filter));
	if (b->filter[0] == '\0' || needs > *left)
		return false;
	*left -= needs;
	return filter_within(b->filter, a->filter);
}

static bool
is_whole(const struct conf_breakout *b)
{
	return b->broken == 0 && b->locations.n > 0 &&
	    (b->filter[0] != '\0' || b->from.n > 0 || b->to.n > 0);
}

enum { LOOK_BACK = 32 };

static void
check_shadowed(struct lint *lt, size_t i, uint64_t *left)
{
	const struct conf_breakout *b = &lt->cf->breakout[i];

	for (size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0;
	    k < i && is_whole(b); k++) {
		const struct conf_breakout *a = &lt->cf->breakout[k];
		if (!is_whole(a) || !covers(&a->locations, &b->locations,
		    false) || !covers(&a->from, &b->from, true) ||
		    !covers(&a->to, &b->to, true) || !filter_covers(a, b, left))
			continue;
		lint_say(lt, &b->section, BH_BREAKOUT_SHADOWED, KEY_NONE,
		    "[breakout %s] in line %d lets all of it out before; this "
		    "one never matches", a->name, a->line);
		return;
	}
}

void
lint_breakouts(struct lint *lt)
{
	uint64_t compile = WORK_MAX, compare = WORK_MAX;

	for (size_t i = 0; i < lt->cf->nbreakouts; i++) {
		const struct conf_breakout *b = &lt->cf->breakout[i];
		check_locations(lt, b);
		check_groups(lt, b, KEY_BREAKOUT_FROM, &b->from);
		check_groups(lt, b, KEY_BREAKOUT_TO, &b->to);
		check_from(lt, b);
		check_to(lt, b);
		check_filter(lt, b, &compile);
	}
	/* not with one that does not compile */
	for (size_t i = 0; lt->d->errors == 0 && i < lt->cf->nbreakouts; i++)
		check_queries(lt, &lt->cf->breakout[i]);
	for (size_t i = 0; lt->d->errors == 0 && i < lt->cf->nbreakouts; i++)
		check_shadowed(lt, i, &compare);
}

const struct lint_explanation explain_breakouts[] = {
	{ BH_RESOLVER_CLEAR,
	    "The site asks a resolver of the Internet, and the breakout "
	    "matches the questions, so the names of all that the site looks "
	    "at leave by its own uplink, in clear, past the server and its "
	    "filters. Let the breakout be about what was meant, or give the "
	    "site a resolver that is reached through the server.",
	    "[location a]\nresolver = 192.0.2.53\n[breakout all-udp]\n"
	    "location = a\nfilter = udp",
	    "[breakout all-udp]\nlocation = a\nfilter = udp and not port 53" },
	{ BH_BREAKOUT_FILTER,
	    "The filter is an expression of pcap-filter(7) about what all "
	    "packets of a flow have in common: addresses, protocol, ports, "
	    "and of ICMP type, code and identifier. Whatever else a packet "
	    "holds differs within a flow, and names of hosts mean something "
	    "else tomorrow; neither may decide what leaves in clear.",
	    "filter = tcp prot 443",
	    "filter = tcp port 443" },
	{ BH_BREAKOUT_NEVER,
	    "Nothing can match: the expression contradicts itself, or no "
	    "address of a group that it names can be meant. What somebody "
	    "wanted to leave here goes through the tunnel.",
	    "filter = tcp and udp port 3478",
	    "filter = (tcp or udp) and port 3478" },
	{ BH_BREAKOUT_ALWAYS,
	    "All Internet traffic of these hosts leaves in clear by their own "
	    "uplink, and none of it passes the filters at the server. If that "
	    "is meant, the location need not be a client.",
	    "filter = ip or ip6",
	    "filter = udp port 3478" },
	{ BH_BREAKOUT_SHADOWED,
	    "Breakouts are tried in the order of the file and the first that "
	    "matches wins, so this one never does. Its counters will stay at "
	    "zero; take it out, or put the narrower one first.",
	    "[breakout a]\nfilter = udp\n[breakout b]\nfilter = udp port 3478",
	    "[breakout b]\nfilter = udp port 3478" },
	{ BH_BREAKOUT_NOWHERE,
	    "A breakout is for the locations it names; without one it is for "
	    "nobody.",
	    "[breakout a]\nfilter = udp port 3478",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ BH_BREAKOUT_UNKNOWN,
	    "The location or group is not in the file. Is it misspelt?",
	    "location = brnach1",
	    "location = branch1" },
	{ BH_BREAKOUT_ROLE,
	    "Only a backhaul client sends its Internet traffic elsewhere, so "
	    "only there something can be let out on the spot. At a location "
	    "without role Internet traffic leaves by its own routes as it is; "
	    "a server lets everything out.",
	    "[breakout a]\nlocation = hq     ; a server",
	    "[breakout a]\nlocation = branch1" },
	{ BH_BREAKOUT_ONE_ARM,
	    "What is let out is recognised on its way back by the interface "
	    "it comes in by, and the guard never forwards between uplink and "
	    "LAN. Both need two interfaces; give the gateway a second one, or "
	    "a VLAN.",
	    "uplink = eth0\nlan-interface = eth0",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_BREAKOUT_EMPTY,
	    "Without filter, from and to a breakout would let out everything. "
	    "Say at least one of them.",
	    "[breakout a]\nlocation = branch1",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ .text = NULL },
};
