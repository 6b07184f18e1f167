/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <stdlib.h>
#include <string.h>

/* Partners, and whether two that have a tunnel can find each other. */

static void
check_partner(struct lint *lt, const struct conf_location *l,
    const struct conf_ref *r)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *p = &cf->location[r->location];
	size_t self = (size_t)(l - cf->location);

	if (p == l) {
		lint_say_at(lt, &l->section, r->line, BH_PARTNER_SELF,
		    KEY_PARTNERS, "a location is not its own partner; take it "
		    "out");
		return;
	}
	if (!p->active)
		lint_say_at(lt, &l->section, r->line, BH_PARTNER_INACTIVE,
		    KEY_PARTNERS, "[location %s] has 'active = no': nothing is "
		    "exchanged with it", p->name);
	else if (!conf_partners(cf, self, (size_t)r->location) &&
	    !conf_broken(p, KEY_PARTNERS) && !conf_broken(l, KEY_ACTIVE))
		lint_say_at(lt, &l->section, r->line, BH_PARTNER_ONE_SIDED,
		    KEY_PARTNERS, "[location %s] does not name %s: everything "
		    "between them would be refused; write 'partners = %s' "
		    "there, or take it out here", p->name, l->name, l->name);
	else
		return;
	diag_also(lt->d, p->name);
}

/* Partners are sorted by location, so the same one twice is side by side. */
static void
check_partners(struct lint *lt, const struct conf_location *l)
{
	char text[LINT_TEXT];

	for (size_t i = 0; i < l->partners.n; i++) {
		const struct conf_ref *r = &l->partners.r[i];
		if (r->location == CONF_NONE && lt->cf->partial)
			continue;
		if (r->location == CONF_NONE)
			lint_say_at(lt, &l->section, r->line,
			    BH_PARTNER_UNKNOWN, KEY_PARTNERS, "%s",
			    lint_no_location(lt, r->name, text));
		else if (i > 0 && r[-1].location == r->location)
			lint_say_at(lt, &l->section, r->line, BH_PARTNER_TWICE,
			    KEY_PARTNERS, "%s is named twice; take one out",
			    r->name);
		else
			check_partner(lt, l, r);
	}
}

static void
check_way(struct lint *lt, const struct conf_location *l, enum conf_key key,
    const struct conf_ref *r)
{
	const struct conf_location *p = &lt->cf->location[r->location];

	if (p->said[KEY_ENDPOINT] != 0)
		return;
	lint_say_at(lt, &l->section, r->line, BH_NO_WAY, key, "neither %s nor "
	    "%s has an endpoint, so neither can begin; write 'endpoint = "
	    "NAME:PORT' at the one that can be reached", l->name, p->name);
	diag_also(lt->d, p->name);
}

/* For each pair that has a tunnel, once. */
static void
check_ways(struct lint *lt, size_t self)
{
	const struct conf *cf = lt->cf;
	const struct conf_location *l = &cf->location[self];

	if (l->said[KEY_ENDPOINT] != 0)
		return;
	for (size_t i = 0; i < l->servers.n; i++) {
		const struct conf_ref *r = &l->servers.r[i];
		if (r->location != CONF_NONE &&
		    conf_is_client_of(cf, self, (size_t)r->location))
			check_way(lt, l, KEY_SERVER, r);
	}
	for (size_t i = 0; i < l->partners.n; i++) {
		const struct conf_ref *r = &l->partners.r[i];
		if (r->location <= (int)self ||
		    conf_is_client_of(cf, self, (size_t)r->location) ||
		    (i > 0 && r[-1].location == r->location))
			continue;
		if (conf_partners(cf, self, (size_t)r->location) &&
		    !conf_is_client_of(cf, (size_t)r->location, self))
			check_way(lt, l, KEY_PARTNERS, r);
	}
}

static int
cmp_endpoint(const void *a, const void *b)
{
	const struct conf_location *p = *(const struct conf_location *const *)a;
	const struct conf_location *q = *(const struct conf_location *const *)b;
	int c = strcmp(p->endpoint_host, q->endpoint_host);

	if (c == 0)
		c = p->endpoint_port - q->endpoint_port;
	return c != 0 ? c : p->line - q->line;
}

static void
check_shared(struct lint *lt, const struct conf_location **l, size_t n)
{
	if (n > 1)
		qsort(l, n, sizeof(*l), cmp_endpoint);
	for (size_t i = 1; i < n; i++) {
		const struct conf_location *a = l[i - 1], *b = l[i];
		if (strcmp(a->endpoint_host, b->endpoint_host) != 0 ||
		    a->endpoint_port != b->endpoint_port)
			continue;
		lint_say(lt, &b->section, BH_ENDPOINT_SHARED, KEY_ENDPOINT,
		    "[location %s] has the same; two gateways behind one "
		    "address need two ports", a->name);
		diag_also(lt->d, a->name);
	}
}

static void
check_endpoints(struct lint *lt)
{
	const struct conf *cf = lt->cf;
	const struct conf_location **l = calloc(cf->nlocations + 1,
	    sizeof(*l));
	size_t n = 0;

	if (l == NULL) {
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	for (size_t i = 0; i < cf->nlocations; i++)
		if (cf->location[i].active &&
		    cf->location[i].endpoint_host[0] != '\0')
			l[n++] = &cf->location[i];
	check_shared(lt, l, n);
	free(l);
}

void
lint_peers(struct lint *lt)
{
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		if (!lt->cf->location[i].active)
			continue;
		check_partners(lt, &lt->cf->location[i]);
		check_ways(lt, i);
	}
	check_endpoints(lt);
}

const struct lint_explanation explain_peers[] = {
	{ BH_NO_WAY,
	    "Of two locations that talk, one must know where to send the "
	    "first datagram. A location behind a translating router can do "
	    "without an endpoint if the other has one: it dials out and keeps "
	    "the way open ('keepalive').",
	    "[location hq]\n[location branch1]\nserver = hq",
	    "[location hq]\nendpoint = hq.example.net:51820\n"
	    "[location branch1]\nserver = hq" },
	{ BH_ENDPOINT_SHARED,
	    "Datagrams to one address and port arrive at one gateway. Two "
	    "behind one public address need two ports, each forwarded to its "
	    "own.",
	    "[location a]\nendpoint = 192.0.2.1:51820\n[location b]\n"
	    "endpoint = 192.0.2.1:51820",
	    "[location a]\nendpoint = 192.0.2.1:51820\n[location b]\n"
	    "endpoint = 192.0.2.1:51821" },
	{ BH_PARTNER_UNKNOWN,
	    "A partner is the NAME of another [location NAME] of this file.",
	    "partners = brnach1",
	    "partners = branch1" },
	{ BH_PARTNER_INACTIVE,
	    "The partner takes no part in the domain for now. Nothing is sent "
	    "to it and nothing taken from it.",
	    "[location a]\nactive = no\n[location b]\npartners = a",
	    "[location a]\nactive = yes\n[location b]\npartners = a" },
	{ BH_PARTNER_SELF,
	    "Traffic inside a location needs no tunnel. Was another location "
	    "meant?",
	    "[location a]\npartners = a",
	    "[location a]\npartners = b" },
	{ BH_PARTNER_ONE_SIDED,
	    "Partnership is mutual: each of the two names the other. If only "
	    "one does, both gateways drop everything between them, and no "
	    "program can tell which of the two was meant.",
	    "[location a]\npartners = b\n[location b]",
	    "[location a]\npartners = b\n[location b]\npartners = a" },
	{ BH_PARTNER_TWICE,
	    "Naming a partner once is enough. Was another location meant by "
	    "one of the two?",
	    "partners = a, b, a",
	    "partners = a, b" },
	{ .text = NULL },
};
