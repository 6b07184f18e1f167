/* SPDX-License-Identifier: ISC */
#include "engine/translate.h"

#include "engine/gate.h"

static const enum verdict sound = (enum verdict)V_NEXT;

static struct decision
outbound(struct nat *nat, const struct nat_packet *pk, struct decision d,
    nsec now)
{
	enum verdict v = verdict_delivers(d.verdict) ?
	    nat_outbound(nat, pk, now) : sound;

	if (v != sound)
		d.verdict = v;
	return d;
}

/* The guard sees the packet as it will be, and decides whether it will. */
static struct decision
inbound(const struct policy *pol, struct nat *nat, struct nat_packet *pk,
    struct ip *ip, nsec now)
{
	struct nat_way way;
	enum verdict v = nat_inbound(nat, pk, &way, now);
	struct ip inside = *ip;

	if (v != sound)
		return (struct decision){ v, PEER_NONE, GATE_NO_RULE };
	inside.dst = way.inside;
	struct decision d = policy_decide(pol, POLICY_RETURN, &inside,
	    PEER_NONE);
	if (verdict_delivers(d.verdict))
		nat_deliver(nat, pk, &way, now);
	return d;
}

struct decision
translate_judge(const struct policy *pol, struct nat *nat,
    enum policy_point at, uint8_t *p, size_t n, const struct vnet *vnet,
    uint16_t from, nsec now, struct ip *ip)
{
	if (nat == NULL || at == POLICY_EGRESS) {
		struct decision d = gate_judge(pol, at, p, n, from, ip);
		struct nat_packet pk = { p, ip, vnet, from };
		return nat == NULL ? d : outbound(nat, &pk, d, now);
	}
	enum verdict v = ip_parse(ip, p, n);
	if (v != sound)
		return (struct decision){ v, PEER_NONE, GATE_NO_RULE };
	struct nat_packet pk = { p, ip, vnet, from };
	return inbound(pol, nat, &pk, ip, now);
}
