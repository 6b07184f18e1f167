/* SPDX-License-Identifier: ISC */
#include "capture/explain_packet.h"

#include "base/die.h"
#include "capture/packet_parse.h"
#include "conf/publish.h"
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
	enum policy_point at;
	uint16_t from;
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

	printf("  %-12s %s: ", what, addr_format(a, text));
	if (place == LPM_NONE)
		printf("no location has it\n");
	else
		printf("in %s of %s, %s\n", prefix_format(&p, net),
		    s->cf->location[PLACE_LOC(place)].name,
		    PLACE_PARTICIPATES(place) ? "takes part" :
		    "internal, does not take part");
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

/* Whatever is larger is told so, and TCP is told beforehand.  What a path takes
 * is only known to the tunnel that has looked for it. */
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

static struct decision
explain_step(const struct step *s, const uint8_t *p, size_t n)
{
	struct judge j;
	struct ip ip;

	judge_open(&j, s->pol);
	struct decision d = judge_packet(&j, s->at, p, n, s->from, 1, &ip);
	judge_close(&j);

	printf("%s: %s%s%s\n", s->cf->location[s->pol->self].name,
	    point_text[s->at], s->from != PEER_NONE ? " " : "",
	    s->from != PEER_NONE ? s->cf->location[s->from].name : "");
	if (d.rule != JUDGE_NO_RULE) {
		print_place(s, "source", &ip.src);
		print_groups(s, &ip.src);
		print_place(s, "destination", &ip.dst);
		print_groups(s, &ip.dst);
		print_rules(s, &d);
		print_breakouts(s, &d);
	}
	printf("  %s: %s (%s)\n",
	    verdict_delivers(d.verdict) ? "pass" : "refused",
	    verdict_name(d.verdict), verdict_why(d.verdict));
	if (d.breakout != BREAKOUT_NONE)
		printf("  it leaves by %s in clear, with that interface's "
		    "address\n", s->cf->location[s->pol->self].uplink);
	if (d.peer != PEER_NONE)
		print_hop(s, d.peer, ip.version);
	return d;
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

/* Before bh-egress sees it, what is published has its new destination. */
static size_t
translate(const struct step *s, uint8_t buf[static PACKET_PARSE_MAX],
    size_t n)
{
	char text[TEXT_MAX], src[ADDR_STRLEN], dst[ADDR_STRLEN];
	const struct conf_publish *p;
	struct ip ip;
	const char *why;
	bool icmp;

	if (s->at != POLICY_RETURN ||
	    ip_parse(&ip, buf, n) != (enum verdict)V_NEXT ||
	    (p = find_published(s, &ip)) == NULL)
		return n;
	print_published(s, p);
	icmp = ip.proto == PROTO_ICMP || ip.proto == PROTO_ICMP6;
	snprintf(text, sizeof(text), "[%s]:%d > [%s]:0 %u %d",
	    addr_format(&ip.src, src), icmp ? 0 : ip.sport,
	    addr_format(&p->to, dst), ip.proto, icmp ? ip.sport >> 8 :
	    p->to_port != 0 ? p->to_port : ip.dport);
	return packet_parse(text, buf, &why);
}

/* The address that a host leaves with, if it is one of its own. */
static bool
print_own(const struct step *s, const struct ip *ip)
{
	const struct conf *cf = s->cf;
	const struct conf_pair *pair = &cf->location[s->from].nat_address;
	bool v4 = ip->version == 4;
	char a[ADDR_STRLEN];

	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (p->proto != 0 || !publish_is_of(cf, p, s->pol->self) ||
		    !addr_eq(&p->to, &ip->src))
			continue;
		printf("  then it gets %s ([publish %s])\n",
		    addr_format(&p->match, a), p->name);
		return true;
	}
	if (!(v4 ? pair->has4 : pair->has6))
		return false;
	printf("  then it gets %s (nat-address)\n",
	    addr_format(v4 ? &pair->v4 : &pair->v6, a));
	return true;
}

/* What nat6 says of it, if it says anything. */
static bool
print_nat6(const struct step *s, const struct ip *ip)
{
	const struct conf_location *l = &s->cf->location[s->pol->self];
	struct addr a = ip->src;
	char text[ADDR_STRLEN];

	if (ip->version != 6 || l->nat6 == CONF_NAT6_AS_NAT ||
	    l->nat6 == CONF_NAT6_POOL)
		return false;
	if (l->nat6 == CONF_NAT6_NONE)
		printf("  then it leaves as it is (nat6 = none)\n");
	else if (s->pol->npt != NULL && npt_map(s->pol->npt, NPT_OUT, &a))
		printf("  then it becomes %s (nat6 = npt)\n",
		    addr_format(&a, text));
	else
		printf("  refused: %s (%s)\n", verdict_name(V_NPT),
		    verdict_why(V_NPT));
	return true;
}

static void
print_nat(const struct step *s, const uint8_t *packet, size_t n)
{
	const struct conf_location *l = &s->cf->location[s->pol->self];
	const struct conf_publish *p;
	struct ip ip;

	if (ip_parse(&ip, packet, n) != (enum verdict)V_NEXT)
		return;
	if ((p = find_published(s, &ip)) != NULL)
		print_published(s, p);
	else if (print_own(s, &ip) || print_nat6(s, &ip))
		return;
	else if (conf_nat_of(l, ip.version == 4) == CONF_NAT_MASQUERADE)
		printf("  then the kernel gives it the address of %s's uplink "
		    "(nat = masquerade)\n", l->name);
	else if (conf_nat_of(l, ip.version == 4) == CONF_NAT_POOL)
		printf("  then it gets an address of nat-pool (%s = pool)\n",
		    ip.version == 6 && l->nat6 == CONF_NAT6_POOL ? "nat6" :
		    "nat");
	else
		printf("  then it leaves as it is (nat = none)\n");
}

int
explain_packet(const struct conf *cf, const struct policy *pol,
    enum policy_point at, uint16_t from, const char *text)
{
	static struct policy far;
	struct step s = { cf, pol, at, from };
	uint8_t p[PACKET_PARSE_MAX];
	const char *why;
	size_t n = packet_parse(text, p, &why);

	if (n == 0)
		diex(EXIT_FIX, "-e: '%s': %s", text, why);
	n = translate(&s, p, n);
	struct decision d = explain_step(&s, p, n);
	if (d.peer != PEER_NONE && verdict_delivers(d.verdict)) {
		start_policy(&far, cf, d.peer);
		s = (struct step){ cf, &far, far_point(at, d.verdict),
			pol->self };
		d = explain_step(&s, p, n);
	}
	if (s.at == POLICY_EGRESS && verdict_delivers(d.verdict))
		print_nat(&s, p, n);
	return verdict_delivers(d.verdict) ? 0 : EXIT_NO;
}
