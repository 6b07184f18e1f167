/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

/* One network's IPv6 for another's (RFC 6296). */

/* A prefix of a list that the network does not hold all of; NULL: none. */
static const struct prefix *
find_outside(const struct conf_prefixes *ps, const struct prefix *net)
{
	for (size_t i = 0; i < ps->n; i++)
		if (!addr_is_v4(&ps->p[i].addr) &&
		    prefixes_find(net, 1, &ps->p[i]) == NULL)
			return &ps->p[i];
	return NULL;
}

static void
check_client(struct lint *lt, const struct conf_location *s,
    const struct conf_location *c, const struct prefix *in)
{
	const struct prefix *p = find_outside(&c->lan, in);
	char a[PREFIX_STRLEN], b[PREFIX_STRLEN];

	if (p == NULL && c->sources == CONF_SOURCES_LAN)
		p = find_outside(&c->internal, in);
	if (p != NULL) {
		lint_say(lt, &s->section, BH_NPT_SPREAD, KEY_NAT6, "%s of %s "
		    "is not of %s, the one network that a prefix of /%u can "
		    "stand for; take a wider one, or number the clients out of "
		    "one network", prefix_format(p, a), c->name,
		    prefix_format(in, b), in->len);
		diag_also(lt->d, c->name);
	}
	if (c->nat_address.has6) {
		lint_say(lt, &c->section, BH_NPT_NAT_ADDRESS, KEY_NAT_ADDRESS,
		    "[location %s] has 'nat6 = npt', by which each host of "
		    "IPv6 has an address of its own; take the IPv6 one out",
		    s->name);
		diag_also(lt->d, s->name);
	}
}

static void
check_overlap(struct lint *lt, const struct conf_location *s)
{
	const struct prefix *special = lint_special(&s->npt);
	char a[PREFIX_STRLEN];

	if (special != NULL)
		lint_say(lt, &s->section, BH_NPT_OVERLAP, KEY_NAT6,
		    "the prefix overlaps %s, from which nobody is answered; "
		    "give one that is routed to this server",
		    prefix_format(special, a));
	else if (lint_private_outside(s, &s->npt))
		lint_say(lt, &s->section, BH_OUTSIDE_PRIVATE, KEY_NAT6,
		    "%s is private, and nobody outside answers to it; right if "
		    "it is translated again behind this server: 'nat-upstream "
		    "= yes'", prefix_format(&s->npt, a));
	for (size_t i = 0; special == NULL && i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (!prefixes_meet(l->lan.p, l->lan.n, &s->npt) &&
		    !prefixes_meet(l->internal.p, l->internal.n, &s->npt))
			continue;
		lint_say(lt, &s->section, BH_NPT_OVERLAP, KEY_NAT6,
		    "the prefix overlaps a network of %s; give one that nobody "
		    "has and that is routed to this server", l->name);
		diag_also(lt->d, l->name);
		return;
	}
}

void
lint_npt(struct lint *lt)
{
	const struct conf *cf = lt->cf;
	struct prefix in;

	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *s = &cf->location[i];
		if (!s->active || s->role != CONF_ROLE_SERVER ||
		    s->nat6 != CONF_NAT6_NPT)
			continue;
		check_overlap(lt, s);
		if (!conf_npt_inside(cf, i, &in)) {
			lint_say(lt, &s->section, BH_NPT_NOBODY, KEY_NAT6,
			    "no client of this server has IPv6, so nothing is "
			    "translated");
			continue;
		}
		for (size_t k = 0; k < cf->nlocations; k++)
			if (conf_is_client_of(cf, k, i))
				check_client(lt, s, &cf->location[k], &in);
	}
}

const struct lint_explanation explain_npt[] = {
	{ BH_NPT_SPREAD,
	    "One prefix stands for one network of the same length, and each "
	    "host's address for one other. What all clients of this server "
	    "have of IPv6 has to lie in one network of that length: two "
	    "clients with a /48 each need a prefix of /47 or wider, and "
	    "neighbouring numbers.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 2001:db8:1::/48\n[location b]\nlan = 2001:db8:2::/48",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 2001:db8:1:1000::/52\n[location b]\n"
	    "lan = 2001:db8:1:2000::/52" },
	{ BH_NPT_OVERLAP,
	    "The prefix is what the clients' hosts are known by outside, so "
	    "it is nobody's own network. It has to be routed to the server.",
	    "[location hq]\ninternal = 2001:db8::/48\nnat6 = npt 2001:db8::/48",
	    "[location hq]\ninternal = 2001:db8::/48\n"
	    "nat6 = npt 2001:db8:f::/48" },
	{ BH_NPT_NAT_ADDRESS,
	    "By 'nat6 = npt' every host has an outside address of its own, "
	    "which tells locations apart already. An IPv6 address that is one "
	    "client's would take that from its hosts.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "server = hq\nnat-address = 198.51.100.9, 2001:db8:e::9",
	    "[location a]\nserver = hq\nnat-address = 198.51.100.9" },
	{ BH_NPT_NOBODY,
	    "The key does nothing until a client of this server has IPv6 in "
	    "its lan.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 10.1.0.0/20",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 10.1.0.0/20, 2001:db8:1::/52" },
	{ .text = NULL },
};
