/* SPDX-License-Identifier: ISC */
#include "engine/translate.h"

#include "engine/gate.h"

static const enum verdict sound = (enum verdict)V_NEXT;

static struct decision
refuse(enum verdict v)
{
	return (struct decision){ v, PEER_NONE, GATE_NO_RULE };
}

/* IPv6 that has a way of its own, or none, is nothing to the translator. */
static bool
is_nats(const struct policy *pol, const struct nat *nat, const struct ip *ip)
{
	return nat != NULL && (ip->version == 4 || !pol->own6);
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

struct decision
translate_judge(const struct policy *pol, struct nat *nat,
    enum policy_point at, uint8_t *p, size_t n, const struct vnet *vnet,
    uint16_t from, nsec now, struct ip *ip)
{
	if (at == POLICY_RETURN) {
		enum verdict v = ip_parse(ip, p, n);
		struct nat_packet pk = { p, ip, vnet, PEER_NONE };
		return v != sound ? refuse(v) :
		    inbound(pol, nat, &pk, ip, now);
	}
	struct decision d = gate_judge(pol, at, p, n, from, ip);
	if (at == POLICY_EGRESS && verdict_delivers(d.verdict)) {
		struct nat_packet pk = { p, ip, vnet, from };
		enum verdict v = outbound(pol, nat, &pk, ip, now);
		d.verdict = v != sound ? v : d.verdict;
	}
	return d;
}
