/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

#include <stdlib.h>
#include <string.h>

/* nat-address: a client's packets leave its server with it. */

/* One of a client's two addresses, at one of its servers. */
static void
check_address(struct lint *lt, const struct conf_location *c,
    const struct addr *a)
{
	const struct prefix host = { *a, 128 };
	const struct prefix *s = lint_special(&host);
	const struct conf *cf = lt->cf;
	char text[ADDR_STRLEN];

	addr_format(a, text);
	if (s != NULL)
		lint_say(lt, &c->section, BH_NAT_ADDRESS_SPECIAL,
		    KEY_NAT_ADDRESS, "%s is no address that somebody answers "
		    "to; give a public one that is routed to the server", text);
	for (size_t i = 0; s == NULL && i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		if (!conf_holds(&l->internal, a) && !conf_holds(&l->lan, a))
			continue;
		lint_say(lt, &c->section, BH_NAT_ADDRESS_SPECIAL,
		    KEY_NAT_ADDRESS, "%s is internal at %s; give a public one, "
		    "or exclude it there with '!%s'", text, l->name, text);
		break;
	}
	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (p->broken != 0 || p->proto != 0 || !addr_eq(&p->match, a))
			continue;
		lint_say(lt, &c->section, BH_NAT_ADDRESS_PUBLISHED,
		    KEY_NAT_ADDRESS, "all of %s is [publish %s] in line %d; "
		    "choose another, or publish ports of it only", text,
		    p->name, p->line);
	}
}

/* Findings that name all servers of a client, and so are made once. */
static void
check_servers(struct lint *lt, size_t i)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *c = &cf->location[i];
	const struct conf_location *first = NULL, *other = NULL;
	const struct prefix v4 = { c->nat_address.v4, 128 };
	const struct prefix v6 = { c->nat_address.v6, 128 };
	bool private = false;

	for (size_t k = 0; k < cf->nlocations; k++) {
		const struct conf_location *s = &cf->location[k];
		if (!conf_is_client_of(cf, i, k))
			continue;
		private |= (c->nat_address.has4 &&
		    lint_private_outside(s, &v4)) ||
		    (c->nat_address.has6 && lint_private_outside(s, &v6));
		*(first == NULL ? &first : &other) = s;
	}
	if (private)
		lint_say(lt, &c->section, BH_OUTSIDE_PRIVATE, KEY_NAT_ADDRESS,
		    "the address is private, and nobody outside answers to it; "
		    "right if it is translated again behind the server: "
		    "'nat-upstream = yes' there");
	if (other != NULL) {
		lint_say(lt, &c->section, BH_NAT_ADDRESS_SERVERS,
		    KEY_NAT_ADDRESS, "traffic leaves with it at %s and at %s, "
		    "and answers come to one place; right if its route follows "
		    "a failover", first->name, other->name);
		diag_also(lt->d, other->name);
	}
}

/* With nat6 = npt it is another finding (lint_npt). */
static void
check_server(struct lint *lt, const struct conf_location *c,
    const struct conf_location *s, bool v4)
{
	const struct conf_pair *pair = &c->nat_address;
	const struct addr *a = v4 ? &pair->v4 : &pair->v6;
	char text[ADDR_STRLEN];

	if (!(v4 ? pair->has4 : pair->has6) || conf_broken(s, KEY_NAT) ||
	    conf_broken(s, KEY_NAT6) || (!v4 && s->nat6 == CONF_NAT6_NPT))
		return;
	if (conf_nat_of(s, v4) == CONF_NAT_NONE) {
		lint_say(lt, &c->section, BH_NAT_ADDRESS_NO_NAT,
		    KEY_NAT_ADDRESS, "[location %s] has '%s = none'; take the "
		    "line out, or let that translate", s->name, !v4 && s->nat6
		    == CONF_NAT6_NONE ? "nat6" : "nat");
		diag_also(lt->d, s->name);
	} else if (conf_nat_of(s, v4) == CONF_NAT_POOL && lint_is_own(s, a)) {
		lint_say(lt, &c->section, BH_POOL_OWN,
		    KEY_NAT_ADDRESS, "%s is %s's own, and with 'nat = pool' "
		    "what is answered to it would not reach bh-egress; give "
		    "another that is routed there", addr_format(a, text),
		    s->name);
		diag_also(lt->d, s->name);
	}
}

static void
check_client(struct lint *lt, size_t i)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *c = &cf->location[i];
	const struct conf_pair *pair = &c->nat_address;

	if (c->said[KEY_NAT_ADDRESS] == 0 || c->role != CONF_ROLE_CLIENT ||
	    !c->active)
		return;
	if (pair->has4)
		check_address(lt, c, &pair->v4);
	if (pair->has6)
		check_address(lt, c, &pair->v6);
	check_servers(lt, i);
	for (size_t k = 0; k < cf->nlocations; k++) {
		if (!conf_is_client_of(cf, i, k))
			continue;
		check_server(lt, c, &cf->location[k], true);
		check_server(lt, c, &cf->location[k], false);
	}
}

/* A client has the address. */
struct use {
	const struct addr *a;
	const struct conf_location *l;
};

static int
cmp_use(const void *a, const void *b)
{
	const struct use *p = a, *q = b;
	int c = memcmp(p->a, q->a, sizeof(*p->a));

	return c != 0 ? c : p->l->line - q->l->line;
}

static void
check_shared(struct lint *lt)
{
	struct use *use = calloc(2 * lt->cf->nlocations + 1, sizeof(*use));
	size_t n = 0;

	for (size_t i = 0; use != NULL && i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (!l->active)
			continue;
		if (l->nat_address.has4)
			use[n++] = (struct use){ &l->nat_address.v4, l };
		if (l->nat_address.has6)
			use[n++] = (struct use){ &l->nat_address.v6, l };
	}
	if (n > 1)
		qsort(use, n, sizeof(*use), cmp_use);
	for (size_t i = 1; i < n; i++) {
		if (!addr_eq(use[i - 1].a, use[i].a))
			continue;
		lint_say(lt, &use[i].l->section, BH_NAT_ADDRESS_SHARED,
		    KEY_NAT_ADDRESS, "%s has the same, in line %d; nobody "
		    "outside can tell the two apart", use[i - 1].l->name, use[i
		    - 1].l->said[KEY_NAT_ADDRESS]);
		diag_also(lt->d, use[i - 1].l->name);
	}
	free(use);
}

void
lint_nat_addresses(struct lint *lt)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++)
		check_client(lt, i);
	check_shared(lt);
}

const struct lint_explanation explain_nat_addresses[] = {
	{ BH_NAT_ADDRESS_NO_NAT,
	    "'nat-address' is what a client's traffic leaves its server with. "
	    "A server with 'nat = none' lets it leave with its own.",
	    "[location hq]\nnat = none\n[location a]\n"
	    "nat-address = 198.51.100.9",
	    "[location hq]\nnat = masquerade\n[location a]\n"
	    "nat-address = 198.51.100.9" },
	{ BH_NAT_ADDRESS_SHARED,
	    "The key is there to tell locations apart by their public "
	    "address, and these two cannot be told apart. Right if that is "
	    "meant: they share its ports.",
	    "[location a]\nnat-address = 198.51.100.9\n[location b]\n"
	    "nat-address = 198.51.100.9",
	    "[location a]\nnat-address = 198.51.100.9\n[location b]\n"
	    "nat-address = 198.51.100.10" },
	{ BH_NAT_ADDRESS_PUBLISHED,
	    "An address that is published without a port is one host's, in "
	    "and out; the ports of what the rest of a location sends would be "
	    "that host's as well. Publish single ports of it, or give the "
	    "location another address.",
	    "nat-address = 198.51.100.9\n[publish all]\nmatch = 198.51.100.9",
	    "nat-address = 198.51.100.10\n[publish all]\n"
	    "match = 198.51.100.9" },
	{ BH_NAT_ADDRESS_SPECIAL,
	    "Nobody answers to loopback, multicast and the like, and an "
	    "address inside a site of this domain is refused by the guard of "
	    "every other. Give a public address that is routed to the server, "
	    "or that is on its uplink's network.",
	    "nat-address = 127.0.0.1",
	    "nat-address = 198.51.100.9" },
	{ BH_NAT_ADDRESS_SERVERS,
	    "A client's traffic leaves with its nat-address at whichever "
	    "server takes it, but the answers come to the one place that the "
	    "address is routed to. After a failover, or host by host with "
	    "'server-mode = balance', they do not find the flow. Right if the "
	    "route moves along, by BGP or because the servers share a "
	    "network.",
	    "[location a]\nserver = hq, dr\nnat-address = 198.51.100.9",
	    "[location a]\nserver = hq\nnat-address = 198.51.100.9" },
	{ .text = NULL },
};
