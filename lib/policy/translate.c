/* SPDX-License-Identifier: ISC */
#include "policy/translate.h"

static const enum verdict sound = (enum verdict)V_NEXT;

static struct decision
refuse(enum verdict v)
{
	return (struct decision){ .verdict = v, .peer = PEER_NONE,
		.rule = JUDGE_NO_RULE };
}

/* A family that has a way of its own, or none, is nothing to the translator. */
static bool
is_nats(const struct policy *pol, const struct nat *nat, const struct ip *ip)
{
	return nat != NULL && (ip->version == 4 ? pol->pool4 : pol->pool6);
}

static enum verdict
outbound(const struct policy *pol, struct nat *nat, struct nat_packet *pk,
    struct ip *ip, nsec now)
{
	if (is_nats(pol, nat, ip))
		return nat_outbound(nat, pk, now);
	if (pol->npt != NULL && !npt_packet(pol->npt, NPT_OUT, pk->p, ip))
		return V_NPT;
	return sound;
}

/* The guard sees the packet as it will be, and decides whether it will. */
static struct decision
inbound_nat(const struct policy *pol, struct nat *nat, struct nat_packet *pk,
    const struct ip *ip, nsec now)
{
	struct nat_way way;
	enum verdict v = nat_inbound(nat, pk, &way, now);
	struct ip inside = *ip;

	if (v != sound)
		return refuse(v);
	inside.dst = way.inside;
	struct decision d = policy_decide(pol, POLICY_RETURN, &inside,
	    PEER_NONE);
	if (verdict_delivers(d.verdict))
		nat_deliver(nat, pk, &way, now);
	return d;
}

static struct decision
inbound(const struct policy *pol, struct nat *nat, struct nat_packet *pk,
    struct ip *ip, nsec now)
{
	if (is_nats(pol, nat, ip))
		return inbound_nat(pol, nat, pk, ip, now);
	if (pol->npt != NULL && !npt_packet(pol->npt, NPT_IN, pk->p, ip))
		return refuse(V_NPT);
	return policy_decide(pol, POLICY_RETURN, ip, PEER_NONE);
}

/* RFC 5722, of what is let through only: a fragment that the translator holds
 * comes once more. */
static struct decision
no_overlap(struct judge *j, const struct ip *ip, nsec now, struct decision d)
{
	if (frag_is(ip) && verdict_delivers(d.verdict) &&
	    frags_entry(j->frags, ip, now) == NULL)
		return refuse(V_FRAGMENT);
	return d;
}

struct decision
translate_judge(struct judge *j, struct nat *nat, enum policy_point at,
    uint8_t *p, size_t n, const struct vnet *vnet, uint16_t from, nsec now,
    struct ip *ip)
{
	const struct policy *pol = j->pol;

	if ((nat == NULL && pol->npt == NULL) ||
	    (at != POLICY_EGRESS && at != POLICY_RETURN))
		return judge_packet(j, at, p, n, from, now, ip);
	enum verdict v = ip_parse(ip, p, n);
	if (v != sound)
		return refuse(v);
	struct nat_packet pk = { p, ip, vnet, from };
	if (at == POLICY_RETURN)
		return no_overlap(j, ip, now, inbound(pol, nat, &pk, ip, now));
	struct decision d = policy_decide(pol, at, ip, from);
	if (verdict_delivers(d.verdict)) {
		v = outbound(pol, nat, &pk, ip, now);
		d.verdict = v != sound ? v : d.verdict;
	}
	return no_overlap(j, ip, now, d);
}
