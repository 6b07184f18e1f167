/* SPDX-License-Identifier: ISC */
#include "capture/explain_packet.h"

#include "base/die.h"
#include "base/special.h"
#include "capture/packet_parse.h"
#include "conf/publish.h"
#include "gate/egress.h"
#include "packet/wire.h"
#include "policy/judge.h"
#include "start/start.h"

#include <stdio.h>
#include <string.h>

enum {
	TCP_HLEN = 20,		/* without options */
	TEXT_MAX = 200,
};

/* What one gateway has to do with it. */
struct step {
	const struct conf *cf;
	const struct policy *pol;
	struct nat *nat;	/* NULL: nothing is translated here */
	enum policy_point at;
	uint16_t from;
};

/* A packet on its way, as it was when it came and as it is now. */
struct course {
	uint8_t p[PACKET_PARSE_MAX];
	size_t n;
	struct ip was, is;
	struct decision d;
};

static const char *const point_text[POLICY_POINTS] = {
	[POLICY_OUT] = "bh-classify, from the LAN",
	[POLICY_IN] = "bh-classify, out of the tunnel from",
	[POLICY_EGRESS] = "bh-egress, out of the tunnel from",
	[POLICY_RETURN] = "bh-egress, from the Internet",
	[POLICY_BACK] = "bh-classify, from the Internet by its uplink",
};

static void
print_place(const struct step *s, const char *what, const struct addr *a)
{
	char text[ADDR_STRLEN], net[PREFIX_STRLEN];
	struct prefix p;
	uint32_t place = lpm_explain(s->pol->where, a, &p);
	const struct special *k = special_find(addr_half(a, 0),
	    addr_half(a, 1));

	printf("  %-12s %s: ", what, addr_format(a, text));
	if (place == LPM_NONE)
		printf("no location has it\n");
	else
		printf("in %s of %s, %s\n", prefix_format(&p, net),
		    s->cf->location[PLACE_LOC(place)].name,
		    PLACE_PARTICIPATES(place) ? "takes part" :
		    "internal, does not take part");
	if (k != NULL && (k->kinds & SPECIAL_NEVER) != 0)
		printf("%15sin %s, %s (%s)\n", "",
		    prefix_format(&k->prefix, net), k->name, k->source);
}

static void
print_groups(const struct step *s, const struct addr *a)
{
	for (size_t i = 0; i < s->cf->ngroups; i++)
		if (conf_group_has(&s->cf->group[i], a))
			printf("%15sin group %s\n", "",
			    s->cf->group[i].name);
}

static void
print_rules(const struct step *s, const struct decision *d)
{
	const char *name, *text;

	for (unsigned i = 0; i <= d->rule &&
	    policy_rule(s->at, i, &name, &text); i++)
		printf("  %-4s %-16s %s\n", i == d->rule ? "yes" : "no", name,
		    text);
}

/* Each breakout that was tried, in order. */
static void
print_breakouts(const struct step *s, const struct decision *d)
{
	const struct breakouts *b = s->pol->breakouts;

	if (b == NULL || s->at != POLICY_OUT ||
	    (d->verdict != V_BREAKOUT && d->verdict != V_INTERNET))
		return;
	for (size_t i = 0; i < b->n; i++) {
		bool hit = b->rule[i].id == d->breakout;
		const struct conf_breakout *c =
		    &s->cf->breakout[b->rule[i].id - 1];
		printf("  %-4s breakout %s, line %d%s%s\n", hit ? "yes" : "no",
		    c->name, c->line, c->filter[0] != '\0' ? ": " : "",
		    c->filter);
		if (hit)
			return;
	}
}

/* The sender of a larger packet is told so, and TCP is told beforehand.  Only
 * the tunnel that has looked for it knows what a path takes. */
static void
print_hop(const struct step *s, uint16_t peer, int version)
{
	const struct conf_location *here = &s->cf->location[s->pol->self];
	const struct conf_location *there = &s->cf->location[peer];
	unsigned mtu = here->mtu < there->mtu ? here->mtu : there->mtu;

	printf("  next hop %s, by its tunnel\n", there->name);
	printf("  the tunnel takes %s%u bytes in one piece, "
	    "TCP segments of %u\n",
	    here->mtu_auto || there->mtu_auto ? "at most " : "",
	    mtu, mtu - (version == 4 ? IP4_HLEN : IP6_HLEN) - TCP_HLEN);
}

/* Asks the judgement that runs live, and notes what it did to the packet. */
static void
ask(const struct step *s, struct course *c)
{
	struct question q = { .at = s->at, .from = s->from, .p = c->p,
		.n = c->n, .now = 1 };
	struct judge j;

	ip_parse(&c->was, c->p, c->n);
	judge_init(&j, s->pol);
	j.nat = s->nat;
	c->d = judge_ask(&j, &q);
	judge_fini(&j);
	ip_parse(&c->is, c->p, c->n);
}

/* The guard sees a packet as it is inside. */
static void
print_guard(const struct step *s, const struct course *c)
{
	const struct ip *ip = s->at == POLICY_RETURN ? &c->is : &c->was;

	if (ip->version == 0)
		return;
	print_place(s, "source", &ip->src);
	print_groups(s, &ip->src);
	print_place(s, "destination", &ip->dst);
	print_groups(s, &ip->dst);
	if (c->d.rule == JUDGE_NO_RULE)
		return;
	print_rules(s, &c->d);
	print_breakouts(s, &c->d);
}

static void
explain_step(const struct step *s, struct course *c)
{
	const struct decision *d = &c->d;

	ask(s, c);
	printf("%s: %s%s%s\n", s->cf->location[s->pol->self].name,
	    point_text[s->at], s->from != PEER_NONE ? " " : "",
	    s->from != PEER_NONE ? s->cf->location[s->from].name : "");
	print_guard(s, c);
	printf("  %s: %s (%s)\n",
	    verdict_delivers(d->verdict) ? "pass" : "refused",
	    verdict_name(d->verdict), verdict_why(d->verdict));
	if (d->breakout != BREAKOUT_NONE)
		printf("  it leaves by %s in clear, with that interface's "
		    "address\n", s->cf->location[s->pol->self].uplink);
	if (d->peer != PEER_NONE)
		print_hop(s, d->peer, c->is.version);
}

/* Where a packet turns up that was sent on to a peer. */
static enum policy_point
far_point(enum policy_point at, enum verdict v)
{
	return at == POLICY_OUT && v == V_INTERNET ? POLICY_EGRESS : POLICY_IN;
}

static const struct conf_publish *
find_published(const struct step *s, const struct ip *ip)
{
	return publish_find(s->cf, s->pol->self, &ip->src, &ip->dst, ip->proto,
	    ip->dport);
}

static void
print_published(const struct step *s, const struct conf_publish *p)
{
	char match[PUBLISH_STRLEN], to[PUBLISH_STRLEN];

	printf("%s: [publish %s], %s leads to %s\n",
	    s->cf->location[s->pol->self].name, p->name,
	    publish_format_match(p, match), publish_format_to(p, to));
}

static bool
pools(const struct step *s, const struct ip *ip)
{
	return ip->version == 4 ? s->pol->pool4 : s->pol->pool6;
}

/* Before bh-egress sees it, the kernel gives what is published its new
 * destination (plan/plan_publish.c), unless bh-egress translates itself. */
static void
translate(const struct step *s, struct course *c)
{
	char text[TEXT_MAX], src[ADDR_STRLEN], dst[ADDR_STRLEN];
	const struct conf_publish *p;
	struct ip ip;
	const char *why;

	if (s->at != POLICY_RETURN ||
	    ip_parse(&ip, c->p, c->n) != (enum verdict)V_NEXT ||
	    (p = find_published(s, &ip)) == NULL)
		return;
	print_published(s, p);
	if (pools(s, &ip))
		return;
	bool icmp = ip.proto == PROTO_ICMP || ip.proto == PROTO_ICMP6;
	snprintf(text, sizeof(text), "[%s]:%d > [%s]:0 %u %d",
	    addr_format(&ip.src, src), icmp ? 0 : ip.sport,
	    addr_format(&p->to, dst), ip.proto, icmp ? ip.sport >> 8 :
	    p->to_port != 0 ? p->to_port : ip.dport);
	c->n = packet_parse(text, c->p, &why);
}

/* ---- what a packet leaves a server as ---- */

/* The address that is its source's alone outside, and by which key; NULL. */
static const struct addr *
own_outside(const struct step *s, const struct ip *ip, const char **key)
{
	const struct conf *cf = s->cf;
	const struct conf_pair *pair = &cf->location[s->from].nat_address;
	bool v4 = ip->version == 4;

	*key = NULL;
	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (p->proto != 0 || !publish_is_of(cf, p, s->pol->self) ||
		    !addr_eq(&p->to, &ip->src))
			continue;
		*key = p->name;
		return &p->match;
	}
	return v4 && pair->has4 ? &pair->v4 : !v4 && pair->has6 ? &pair->v6 :
	    NULL;
}

static void
print_own(const struct addr *own, const char *publish)
{
	char a[ADDR_STRLEN];

	if (publish != NULL)
		printf("  then it gets %s ([publish %s])\n",
		    addr_format(own, a), publish);
	else
		printf("  then it gets %s (nat-address)\n",
		    addr_format(own, a));
}

/* bh-egress has translated it.  Which of the pool's addresses a host gets is
 * drawn anew by each translator. */
static void
print_translated(const struct step *s, const struct course *c)
{
	const char *publish;
	const struct addr *own = own_outside(s, &c->was, &publish);
	char a[ADDR_STRLEN];

	if (!pools(s, &c->was))
		printf("  then it becomes %s (nat6 = npt)\n",
		    addr_format(&c->is.src, a));
	else if (own != NULL && addr_eq(own, &c->is.src))
		print_own(own, publish);
	else
		printf("  then it gets an address of nat-pool (%s = pool)\n",
		    c->was.version == 6 && s->cf->location[s->pol->self].nat6 ==
		    CONF_NAT6_POOL ? "nat6" : "nat");
}

/* bh-egress has left it as it is; the kernel may not. */
static void
print_untranslated(const struct step *s, const struct course *c)
{
	const struct conf_location *l = &s->cf->location[s->pol->self];
	bool v4 = c->was.version == 4;
	const char *publish;
	const struct addr *own = own_outside(s, &c->was, &publish);

	if (own != NULL)
		print_own(own, publish);
	else if (conf_nat_of(l, v4) == CONF_NAT_MASQUERADE)
		printf("  then the kernel gives it the address of %s's uplink "
		    "(nat = masquerade)\n", l->name);
	else
		printf("  then it leaves as it is (%s = none)\n", v4 ||
		    l->nat6 == CONF_NAT6_AS_NAT ? "nat" : "nat6");
}

static void
print_nat(const struct step *s, const struct course *c)
{
	const struct conf_publish *p = find_published(s, &c->was);

	if (p != NULL)
		print_published(s, p);
	else if (!addr_eq(&c->was.src, &c->is.src))
		print_translated(s, c);
	else
		print_untranslated(s, c);
}

/* At the peer that a packet was sent on to. */
static void
explain_far(struct step *s, struct course *c)
{
	static struct policy far;
	uint16_t here = s->pol->self, there = c->d.peer;
	int journal = -1;

	start_policy(&far, s->cf, there);
	s->at = far_point(s->at, c->d.verdict);
	s->nat = s->at != POLICY_EGRESS ? NULL :
	    egress_nat(s->cf, there, &far, NULL, "", &journal);
	s->pol = &far;
	s->from = here;
	explain_step(s, c);
}

int
explain_packet(const struct explain_packet *e, const char *text)
{
	struct step s = { e->cf, e->pol, e->nat, e->at, e->from };
	struct course c = { .n = 0 };
	const char *why;

	c.n = packet_parse(text, c.p, &why);
	if (c.n == 0)
		diex(EXIT_FIX, "-e: '%s': %s", text, why);
	translate(&s, &c);
	explain_step(&s, &c);
	if (c.d.peer != PEER_NONE && verdict_delivers(c.d.verdict))
		explain_far(&s, &c);
	if (s.at == POLICY_EGRESS && verdict_delivers(c.d.verdict))
		print_nat(&s, &c);
	return verdict_delivers(c.d.verdict) ? 0 : EXIT_NO;
}
