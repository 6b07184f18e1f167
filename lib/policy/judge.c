/* SPDX-License-Identifier: ISC */
#include "policy/judge.h"

#include "base/die.h"

#include <stdbool.h>

void
judge_open(struct judge *j, const struct policy *pol)
{
	*j = (struct judge){ .pol = pol, .frags = frags_new(JUDGE_FRAGS) };
	if (pol->breakouts != NULL)
		j->flows = flows_new(JUDGE_FLOWS);
	if (j->frags == NULL || (pol->breakouts != NULL && j->flows == NULL))
		die(EXIT_RETRY, "cannot build the table of flows");
}

void
judge_close(struct judge *j)
{
	flows_free(j->flows);
	frags_free(j->frags);
}

static struct decision
refuse(enum verdict v)
{
	return (struct decision){ .verdict = v, .peer = PEER_NONE,
		.rule = JUDGE_NO_RULE };
}

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
judge_fragment(struct judge *j, const struct ip *ip, nsec now, bool asks,
    struct decision *d)
{
	uint16_t *decided = frags_entry(j->frags, ip, now);

	if (decided == NULL) {
		*d = refuse(V_FRAGMENT);
		return;
	}
	if (!asks)
		return;
	if (ip->frag_off == 0)
		*decided = find_breakout(j, ip);
	if (*decided == FRAG_UNDECIDED)
		*d = refuse(V_FRAGMENT);
	else
		policy_break_out(d, *decided);
}

static struct decision
judge_sound(struct judge *j, enum policy_point at, uint16_t from, nsec now,
    const struct ip *ip)
{
	struct decision d = policy_decide(j->pol, at, ip, from);
	bool asks = j->flows != NULL && at == POLICY_OUT &&
	    (d.verdict == V_INTERNET || d.verdict == V_NO_SERVER);

	if (frag_is(ip) && (asks || verdict_delivers(d.verdict)))
		judge_fragment(j, ip, now, asks, &d);
	else if (asks)
		policy_break_out(&d, find_breakout(j, ip));
	return d;
}

struct decision
judge_packet(struct judge *j, enum policy_point at, const uint8_t *p, size_t n,
    uint16_t from, nsec now, struct ip *ip)
{
	enum verdict v = ip_parse(ip, p, n);

	return judge_parsed(j, at, v, from, now, ip);
}

struct decision
judge_parsed(struct judge *j, enum policy_point at, enum verdict v,
    uint16_t from, nsec now, const struct ip *ip)
{
	return v == (enum verdict)V_NEXT ?
	    judge_sound(j, at, from, now, ip) : refuse(v);
}
