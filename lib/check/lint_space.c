/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "conf/prefixes.h"

#include <stdlib.h>
#include <string.h>

/*
 * Which addresses are whose.  All of the domain's prefixes, endpoints and next
 * hops are sorted by address, the wider before the narrower; a pass over that
 * order meets every prefix while those that hold it are on two stacks, one of
 * lan and one of internal.  The prefixes of one location do not overlap, so of
 * a stack only the top two frames matter: one may be the location's own.
 */
enum kind { KIND_LAN, KIND_INTERNAL, KIND_ENDPOINT, KIND_GATEWAY };

struct item {
	struct prefix p;
	const struct conf_location *l;
	enum kind kind;
};

struct stack {
	const struct item **frame;
	size_t n;
};

struct sweep {
	struct lint *lt;
	struct item *item;
	size_t n;
	struct stack lan, internal;
	/* of each location: whom its last finding of a kind named */
	const struct conf_location **told;
};

/* The nearest prefix around an item that another location has. */
static const struct item *
stack_other(const struct stack *s, const struct conf_location *l)
{
	for (size_t i = s->n; i > 0 && i + 2 > s->n; i--)
		if (s->frame[i - 1]->l != l)
			return s->frame[i - 1];
	return NULL;
}

static const struct item *
stack_top(const struct stack *s)
{
	return s->n > 0 ? s->frame[s->n - 1] : NULL;
}

/* Takes away what ended before this item. */
static void
stack_unwind(struct stack *s, const struct prefix *p)
{
	while (s->n > 0 && !prefix_has(&s->frame[s->n - 1]->p, &p->addr))
		s->n--;
}

/* One finding of a kind for a pair of locations, not one for each prefix. */
static bool
told(struct sweep *sw, const struct conf_location *l,
    const struct conf_location *other, unsigned kind)
{
	const struct conf_location **t =
	    &sw->told[(size_t)(l - sw->lt->cf->location) * 3 + kind];
	bool was = *t == other;

	*t = other;
	return was;
}

/* False: not for the first time. */
static bool
meet(struct sweep *sw, const struct item *it, const struct item *around,
    enum code code, enum conf_key key, enum conf_key their,
    const char *advice)
{
	char a[PREFIX_STRLEN], b[PREFIX_STRLEN];

	if (told(sw, it->l, around->l, (unsigned)(code - BH_LAN_LAN)))
		return false;
	if (code == BH_INTERNAL_INTERNAL && it->p.len == around->p.len)
		advice = "they are the same, and it belongs here only";
	lint_say(sw->lt, &it->l->section, code, key, "%s overlaps %s of "
	    "[location %s], '%s' in line %d; %s", prefix_format(&it->p, a),
	    prefix_format(&around->p, b), around->l->name, keys_name(their),
	    around->l->said[their], advice);
	diag_also(sw->lt->d, around->l->name);
	return true;
}

/* Semantics C30: two that do not know each other overlap, and a third that
 * knows both could not tell which of them it is to send to. */
static void
check_between(struct sweep *sw, const struct item *it,
    const struct item *around)
{
	struct lint *lt = sw->lt;
	size_t a = (size_t)(it->l - lt->cf->location);
	size_t b = (size_t)(around->l - lt->cf->location);
	char text[PREFIX_STRLEN];

	if (lt->searches == 0 || conf_has_tunnel(lt->cf, a, b))
		return;
	lt->searches--;
	for (size_t i = 0; i < lt->cf->nlocations; i++) {
		const struct conf_location *l = &lt->cf->location[i];
		if (!conf_has_tunnel(lt->cf, i, a) ||
		    !conf_has_tunnel(lt->cf, i, b))
			continue;
		lint_say(lt, &l->section, BH_INDIRECT, KEY_PARTNERS,
		    "it has tunnels with %s and %s, which both have %s, so it "
		    "could not tell whose a packet is; renumber one of the "
		    "two, or exclude it there with '!'", around->l->name,
		    it->l->name, prefix_format(&it->p, text));
		diag_also(lt->d, it->l->name);
		return;
	}
}

static void
check_lan(struct sweep *sw, const struct item *it)
{
	const struct item *lan = stack_other(&sw->lan, it->l);
	const struct item *internal = stack_other(&sw->internal, it->l);

	if (lan != NULL) {
		if (meet(sw, it, lan, BH_LAN_LAN, KEY_LAN, KEY_LAN,
		    "an address takes part at one location only; renumber, or "
		    "exclude it on one side with '!'"))
			check_between(sw, it, lan);
	} else if (internal != NULL)
		meet(sw, it, internal, BH_INTERNAL_INTERNAL, KEY_LAN,
		    KEY_INTERNAL, "the narrower prefix wins");
}

static void
check_internal(struct sweep *sw, const struct item *it)
{
	const struct item *lan = stack_other(&sw->lan, it->l);
	const struct item *internal = stack_other(&sw->internal, it->l);

	if (lan != NULL)
		meet(sw, it, lan, BH_LAN_INTERNAL, KEY_INTERNAL, KEY_LAN,
		    "its hosts would be refused as this location's; exclude it "
		    "on one side with '!'");
	else if (internal != NULL)
		meet(sw, it, internal, BH_INTERNAL_INTERNAL, KEY_INTERNAL,
		    KEY_INTERNAL, "the narrower prefix wins");
}

static void
check_endpoint(struct sweep *sw, const struct item *it)
{
	const struct item *lan = stack_top(&sw->lan);
	const struct item *around = lan != NULL ? lan :
	    stack_top(&sw->internal);
	char a[PREFIX_STRLEN];

	if (around == NULL)
		return;
	lint_say(sw->lt, &it->l->section, lan != NULL ?
	    BH_ENDPOINT_INSIDE : BH_ENDPOINT_INTERNAL, KEY_ENDPOINT,
	    "%s is inside %s, '%s' of [location %s]: %s'!%s'",
	    it->l->endpoint_host, prefix_format(&around->p, a), lan != NULL ?
	    "lan" : "internal", around->l->name, lan != NULL ? "the tunnel "
	    "would lead into itself; exclude it there with " : "hosts of other "
	    "locations cannot reach it; exclude it there with ",
	    it->l->endpoint_host);
	diag_also(sw->lt->d, around->l->name);
}

static void
check_gateway(struct sweep *sw, const struct item *it)
{
	const struct item *lan = stack_other(&sw->lan, it->l);
	const struct item *around = lan != NULL ? lan :
	    stack_other(&sw->internal, it->l);
	char a[ADDR_STRLEN], b[PREFIX_STRLEN];

	if (around == NULL)
		return;
	lint_say(sw->lt, &it->l->section, BH_GATEWAY_ELSEWHERE,
	    KEY_DEFAULT_GATEWAY, "%s is inside %s of [location %s]; the next "
	    "hop must be a neighbour of this gateway", addr_format(&it->p.addr,
	    a), prefix_format(&around->p, b), around->l->name);
	diag_also(sw->lt->d, around->l->name);
}

static int
cmp_item(const void *a, const void *b)
{
	const struct item *p = a, *q = b;
	int c = prefix_cmp(&p->p, &q->p);

	if (c == 0)
		c = (int)p->kind - (int)q->kind;
	return c != 0 ? c : p->l->line - q->l->line;
}

static void
visit(struct sweep *sw, const struct item *it)
{
	static void (*const check[])(struct sweep *, const struct item *) = {
		[KIND_LAN] = check_lan,
		[KIND_INTERNAL] = check_internal,
		[KIND_ENDPOINT] = check_endpoint,
		[KIND_GATEWAY] = check_gateway,
	};

	stack_unwind(&sw->lan, &it->p);
	stack_unwind(&sw->internal, &it->p);
	check[it->kind](sw, it);
	if (it->kind == KIND_LAN)
		sw->lan.frame[sw->lan.n++] = it;
	else if (it->kind == KIND_INTERNAL)
		sw->internal.frame[sw->internal.n++] = it;
}

static void
put_prefixes(struct sweep *sw, const struct conf_location *l,
    const struct conf_prefixes *ps, enum kind kind)
{
	for (size_t i = 0; i < ps->n; i++)
		sw->item[sw->n++] = (struct item){ ps->p[i], l, kind };
}

static void
put_host(struct sweep *sw, const struct conf_location *l,
    const struct addr *a, enum kind kind)
{
	sw->item[sw->n++] = (struct item){ { *a, 128 }, l, kind };
}

static void
put_location(struct sweep *sw, const struct conf_location *l)
{
	struct addr a;

	put_prefixes(sw, l, &l->lan, KIND_LAN);
	put_prefixes(sw, l, &l->internal, KIND_INTERNAL);
	if (addr_parse(&a, l->endpoint_host))
		put_host(sw, l, &a, KIND_ENDPOINT);
	if (l->has_gateway4)
		put_host(sw, l, &l->gateway4, KIND_GATEWAY);
	if (l->has_gateway6)
		put_host(sw, l, &l->gateway6, KIND_GATEWAY);
}

static size_t
count_items(const struct conf *cf)
{
	size_t n = 0;

	for (size_t i = 0; i < cf->nlocations; i++)
		n += cf->location[i].lan.n + cf->location[i].internal.n + 3;
	return n;
}

static void
run(struct sweep *sw)
{
	const struct conf *cf = sw->lt->cf;

	for (size_t i = 0; i < cf->nlocations; i++)
		if (cf->location[i].active)
			put_location(sw, &cf->location[i]);
	if (sw->n > 1)
		qsort(sw->item, sw->n, sizeof(*sw->item), cmp_item);
	for (size_t i = 0; i < sw->n; i++)
		visit(sw, &sw->item[i]);
}

static void
sweep(struct lint *lt)
{
	size_t n = count_items(lt->cf) + 1;
	struct sweep sw = {
		.lt = lt,
		.item = calloc(n, sizeof(*sw.item)),
		.lan.frame = calloc(n, sizeof(*sw.lan.frame)),
		.internal.frame = calloc(n, sizeof(*sw.internal.frame)),
		.told = calloc(lt->cf->nlocations * 3 + 1, sizeof(*sw.told)),
	};

	if (sw.item != NULL && sw.lan.frame != NULL &&
	    sw.internal.frame != NULL && sw.told != NULL)
		run(&sw);
	else
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
	free(sw.item);
	free(sw.lan.frame);
	free(sw.internal.frame);
	free(sw.told);
}

void
lint_space(struct lint *lt)
{
	sweep(lt);
	for (size_t i = 0; i < lt->cf->nlocations; i++)
		if (lt->cf->location[i].active) {
			lint_own_space(lt, &lt->cf->location[i]);
			lint_own_hosts(lt, &lt->cf->location[i]);
		}
}

const struct lint_explanation explain_space[] = {
	{ BH_GATEWAY_ELSEWHERE,
	    "'default-gateway' is the next hop of backhauled traffic and must "
	    "be a neighbour of the server. An address of another location "
	    "would send the traffic back into a tunnel.",
	    "[location hq]\ndefault-gateway = 10.1.0.254\n[location a]\n"
	    "lan = 10.1.0.0/20",
	    "[location hq]\ndefault-gateway = 10.0.0.254\n[location a]\n"
	    "lan = 10.1.0.0/20" },
	{ BH_ENDPOINT_INSIDE,
	    "An endpoint is an address of the outer network. If it took part "
	    "at a site, the way to it would lead through the tunnel that ends "
	    "there. Take it out: 'lan = 192.0.2.0/24, !192.0.2.1'.",
	    "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24, !192.0.2.1" },
	{ BH_ENDPOINT_INTERNAL,
	    "The tunnel's own datagrams reach it: they never enter a tunnel. "
	    "Hosts of other locations do not, since it is internal. Right for "
	    "a public block of the company's that holds the gateway.",
	    "endpoint = 192.0.2.1:51820\ninternal = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\ninternal = 192.0.2.0/24, !192.0.2.1" },
	{ BH_LAN_LAN,
	    "A packet goes to the location whose 'lan' holds its destination. "
	    "If two claim it, one of them gets the other's traffic. Renumber, "
	    "or exclude the part that is not there with '!'.",
	    "[location a]\nlan = 10.1.0.0/20\n[location b]\nlan = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n[location b]\n"
	    "lan = 10.1.8.0/24" },
	{ BH_LAN_INTERNAL,
	    "The longest prefix decides where an address belongs. A part of "
	    "this lan, or all of it, is claimed by another location's "
	    "'internal' with a prefix as long or longer, so its hosts would "
	    "be refused as that location's. Exclude it on one side with '!'.",
	    "[location a]\nlan = 10.1.0.0/20\n[location b]\n"
	    "internal = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n[location b]\n"
	    "internal = 10.1.8.0/24" },
	{ BH_INTERNAL_INTERNAL,
	    "The longest prefix decides where an address belongs, so this "
	    "works: what is left of the wider network belongs to its location "
	    "and is refused elsewhere. Often the wider one is as wide as the "
	    "whole company (10.0.0.0/8); make sure that this is what you "
	    "mean.",
	    "[location hq]\ninternal = 10.0.0.0/8\n[location a]\n"
	    "internal = 10.1.0.0/16",
	    "[location hq]\ninternal = 10.0.0.0/16\n[location a]\n"
	    "internal = 10.1.0.0/16" },
	{ BH_INDIRECT,
	    "Two locations that have no tunnel with each other see no "
	    "conflict, but a third one that has a tunnel with both does: it "
	    "has one route for the addresses and two places to send them to. "
	    "Renumber one site, or exclude at one of them what is not there.",
	    "[location a]\nlan = 10.5.0.0/24\npartners = hq\n[location b]\n"
	    "lan = 10.5.0.0/24\npartners = hq\n[location hq]\npartners = a, b",
	    "[location b]\nlan = 10.6.0.0/24\npartners = hq" },
	{ .text = NULL },
};
