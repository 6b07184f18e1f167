/* SPDX-License-Identifier: ISC */
#include "policy/judge.h"

#include "base/die.h"

#include <stdbool.h>

static const enum verdict sound = (enum verdict)V_NEXT;

void
judge_init(struct judge *j, const struct policy *pol)
{
	*j = (struct judge){ .pol = pol, .frags = frags_new(JUDGE_FRAGS) };
	if (pol->breakouts != NULL)
		j->flows = flows_new(JUDGE_FLOWS);
	if (j->frags == NULL || (pol->breakouts != NULL && j->flows == NULL))
		die(EXIT_RETRY, "cannot build the table of flows");
}

void
judge_fini(struct judge *j)
{
	flows_free(j->flows);
	frags_free(j->frags);
}

struct decision
judge_refuse(enum verdict v)
{
	return (struct decision){ .verdict = v, .peer = PEER_NONE,
		.rule = JUDGE_NO_RULE };
}

/* ---- of the LAN's side: breakouts ---- */

/* Once a flow. */
static uint16_t
find_breakout(struct judge *j, const struct ip *ip)
{
	bool known;
	uint16_t *answer = flows_entry(j->flows, ip, &known);

	if (!known)
		*answer = breakout_find(j->pol->breakouts, ip);
	return *answer;
}

/* A later fragment goes where its first went; one that comes before it, nobody
 * knows where to. */
static void
judge_fragment(struct judge *j, const struct question *q, bool asks,
    struct decision *d)
{
	uint16_t *decided = frags_entry(j->frags, &q->ip, q->now);

	if (decided == NULL) {
		*d = judge_refuse(V_FRAGMENT);
		return;
	}
	if (!asks)
		return;
	if (q->ip.frag_off == 0)
		*decided = find_breakout(j, &q->ip);
	if (*decided == FRAG_UNDECIDED)
		*d = judge_refuse(V_FRAGMENT);
	else
		policy_break_out(d, *decided);
}

static struct decision
judge_lan(struct judge *j, const struct question *q)
{
	struct decision d = policy_decide(j->pol, q->at, &q->ip, q->from);
	bool asks = j->flows != NULL && q->at == POLICY_OUT &&
	    (d.verdict == V_INTERNET || d.verdict == V_NO_SERVER);

	if (frag_is(&q->ip) && (asks || verdict_delivers(d.verdict)))
		judge_fragment(j, q, asks, &d);
	else if (asks)
		policy_break_out(&d, find_breakout(j, &q->ip));
	return d;
}

/* ---- of the Internet's side: translation ---- */

/* A family that has a way of its own, or none, is nothing to the translator. */
static bool
is_nats(const struct judge *j, const struct question *q)
{
	return j->nat != NULL && q->p != NULL &&
	    (q->ip.version == 4 ? j->pol->pool4 : j->pol->pool6);
}

static bool
renumbers(const struct judge *j, struct question *q, enum npt_dir dir)
{
	return j->pol->npt == NULL || q->p == NULL ||
	    npt_packet(j->pol->npt, dir, q->p, &q->ip);
}

static struct nat_packet
nat_packet_of(const struct question *q)
{
	return (struct nat_packet){ q->p, &q->ip, q->vnet, q->from };
}

static enum verdict
outbound(struct judge *j, struct question *q)
{
	if (is_nats(j, q)) {
		const struct nat_packet pk = nat_packet_of(q);
		return nat_outbound(j->nat, &pk, q->now);
	}
	return renumbers(j, q, NPT_OUT) ? sound : V_NPT;
}

/* The guard sees the packet as it will be, and decides whether it will. */
static struct decision
inbound_nat(struct judge *j, const struct question *q)
{
	const struct nat_packet pk = nat_packet_of(q);
	struct nat_way way;
	enum verdict v = nat_inbound(j->nat, &pk, &way, q->now);
	struct ip inside = q->ip;

	if (v != sound)
		return judge_refuse(v);
	inside.dst = way.inside;
	struct decision d = policy_decide(j->pol, POLICY_RETURN, &inside,
	    PEER_NONE);
	if (verdict_delivers(d.verdict))
		nat_deliver(j->nat, &pk, &way, q->now);
	return d;
}

static struct decision
inbound(struct judge *j, struct question *q)
{
	if (is_nats(j, q))
		return inbound_nat(j, q);
	if (!renumbers(j, q, NPT_IN))
		return judge_refuse(V_NPT);
	return policy_decide(j->pol, POLICY_RETURN, &q->ip, PEER_NONE);
}

/* RFC 5722, of what is let through only: a fragment that the translator holds
 * comes once more. */
static struct decision
no_overlap(struct judge *j, const struct question *q, struct decision d)
{
	if (frag_is(&q->ip) && verdict_delivers(d.verdict) &&
	    frags_entry(j->frags, &q->ip, q->now) == NULL)
		return judge_refuse(V_FRAGMENT);
	return d;
}

static struct decision
judge_out(struct judge *j, struct question *q)
{
	struct decision d = policy_decide(j->pol, q->at, &q->ip, q->from);

	if (verdict_delivers(d.verdict)) {
		enum verdict v = outbound(j, q);
		d.verdict = v != sound ? v : d.verdict;
	}
	return no_overlap(j, q, d);
}

struct decision
judge_ask(struct judge *j, struct question *q)
{
	enum verdict v = q->p != NULL ? ip_parse(&q->ip, q->p, q->n) : sound;

	if (v != sound)
		return judge_refuse(v);
	if (q->at == POLICY_EGRESS)
		return judge_out(j, q);
	if (q->at == POLICY_RETURN)
		return no_overlap(j, q, inbound(j, q));
	return judge_lan(j, q);
}
