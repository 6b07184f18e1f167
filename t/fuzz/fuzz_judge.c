/* SPDX-License-Identifier: ISC */
/*
 * Bytes in, verdict out: ip_parse and the judge against their models, at one of
 * many gateways.  An input chooses the gateway, the point, the sender and where
 * the addresses lie; the rest is the packet.
 */
#include "gates.h"
#include "model_ip.h"

#include <stddef.h>

/* An address of the packet's gets the bits of a spot before its own. */
static void
put_at(uint8_t *at, bool six, const struct spot *sp)
{
	const size_t skip = six ? 0 : PREFIX_V4 / 8;

	for (size_t i = skip; i < 16; i++)
		at[i - skip] = (uint8_t)((at[i - skip] & ~sp->mask[i]) |
		    sp->addr[i]);
}

/* What the first bytes of an input choose. */
enum {
	PLACE_SRC = 1 << 0,
	PLACE_DST = 1 << 1,
	MEND_LENGTH = 1 << 2,
	MEND_SUM = 1 << 3,
};

static void
mend(uint8_t *p, size_t n, unsigned how, const uint8_t *where)
{
	bool six = n > 0 && p[0] >> 4 == 6;

	if (n < (six ? IP6_HLEN : IP4_HLEN) || (!six && p[0] >> 4 != 4))
		return;
	if (how & PLACE_SRC)
		put_at(p + (six ? 8 : 12), six, &spot[six][where[0] % SPOTS]);
	if (how & PLACE_DST)
		put_at(p + (six ? 24 : 16), six, &spot[six][where[1] % SPOTS]);
	if (how & MEND_LENGTH)
		wire_put16(p + (six ? 4 : 2), (uint16_t)(six ? n - 40 : n));
	size_t hlen = (p[0] & 15u) * 4;
	if (six || (how & MEND_SUM) == 0 || hlen < IP4_HLEN || hlen > n)
		return;
	unsigned sum = 0;
	wire_put16(p + 10, 0);
	for (size_t i = 0; i < hlen; i += 2)
		sum += get16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	wire_put16(p + 10, (uint16_t)~(sum + (sum >> 16)));
}

/* An empty fragment fits nowhere, and one without a first before it is refused
 * where its first would decide. */
static enum verdict
expected(const struct model *tw, enum policy_point at, const struct ip *ip,
    int from)
{
	struct model blind = *tw;
	bool later = ip->frag_off > 0;

	blind.breakout = NULL;
	enum verdict v = slow(&blind, at, ip, from);
	bool asked = tw->breakout != NULL && at == POLICY_OUT &&
	    (v == V_INTERNET || v == V_NO_SERVER);
	if ((ip->more || later) && (asked || verdict_delivers(v)) &&
	    (ip->frag_len == 0 || (asked && later)))
		return V_FRAGMENT;
	return asked ? slow(tw, at, ip, from) : v;
}

static uint32_t
place_of(const struct model *tw, const struct addr *a)
{
	struct home h = home_of(tw, a);

	return h.loc < 0 ? LPM_NONE : PLACE(h.loc, h.part);
}

static void
check_hop(const struct model *tw, enum policy_point at, const struct ip *ip,
    struct decision d)
{
	if (at == POLICY_OUT && d.verdict == V_INTERNET)
		must(d.peer == tw->pol->server);
	else if ((at == POLICY_OUT && d.verdict == V_PARTNER) ||
	    (at == POLICY_RETURN && d.verdict == V_INTERNET))
		must(d.peer == home_of(tw, &ip->dst).loc);
	else
		must(d.peer == PEER_NONE);
	if (d.verdict == V_BREAKOUT && at == POLICY_OUT)
		must(d.breakout == breakout(ip));
	if (d.rule == JUDGE_NO_RULE)
		return;
	must(d.place[0] == place_of(tw, &ip->src));
	must(d.place[1] == place_of(tw, &ip->dst));
}

/* What follows a first fragment goes where it went (RFC 791 3.2: same source,
 * destination, protocol, identification). */
static void
check_later(struct judge *j, enum policy_point at, const struct ip *first,
    int from, nsec now, struct decision d)
{
	struct question q = { .at = at, .from = (uint16_t)from, .now = now,
		.ip = *first };
	struct ip *later = &q.ip;

	later->frag_off = first->frag_len;
	later->ports = later->more = false;
	later->sport = later->dport = 0;
	if (!verdict_delivers(d.verdict) || is_error(first))
		return;
	struct decision e = judge_ask(j, &q);
	must(e.verdict == d.verdict && e.peer == d.peer);
}

enum { HEAD = 6 };

/* Mostly another gateway and other addresses, often one field of a header: what
 * is left to chance goes no deeper than the first check. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
	static const uint8_t field[2][8] = { { 1, 6, 7, 8, 9, 20, 22, 23 },
		{ 0, 6, 6, 7, 40, 42, 43, 49 } };
	static const uint8_t proto[8] = { 6, 17, 1, 58, 44, 60, 132, 0 };
	uint64_t r = (seed + 1ull) * 0x9e3779b97f4a7c15, s = r >> 7;

	if (n < HEAD + IP4_HLEN)
		return LLVMFuzzerMutate(data, n, max);
	for (size_t i = 0; i < HEAD; i++)
		data[i] = (uint8_t)(r >> (8 + 8 * i));
	if (r >> 61 != 0)
		data[2] |= 0xf0;
	size_t at = HEAD + field[data[HEAD] >> 4 == 6][s % 8];
	if ((r >> 58 & 3) == 0 && at < n)
		data[at] = s & 8 ? (uint8_t)(s >> 4) : proto[s >> 4 & 7];
	return r >> 56 & 3 ? n : HEAD +
	    LLVMFuzzerMutate(data + HEAD, n - HEAD, max - HEAD);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static nsec now = NSEC_SEC;
	struct ip ip, want;

	if (gate[0].where == NULL)
		build_all();
	if (n < HEAD || n - HEAD > EDGE_ROOM)
		return 0;
	const size_t i = get16(data) % GATES;
	enum policy_point at = (enum policy_point)(data[2] % POLICY_POINTS);
	int from = data[3] % (SITES + 1) == SITES ? PEER_NONE :
	    data[3] % (SITES + 1);
	uint8_t *p = at_edge(data + HEAD, n - HEAD);
	mend(p, n - HEAD, data[2] >> 4, data + 4);

	struct judge *j = &judge[gate[i].breakouts != NULL];
	j->pol = &gate[i];
	now += FRAG_LIFE;	/* what was before is forgotten */
	struct question q = { .at = at, .from = (uint16_t)from, .p = p,
		.n = n - HEAD, .now = now };
	struct decision d = judge_ask(j, &q);
	ip = q.ip;
	enum verdict v = model_parse(&want, p, n - HEAD);
	if (v == (enum verdict)V_NEXT || v == V_TTL)
		must(memcmp(&ip, &want, offsetof(struct ip, ports) + 1) == 0);
	if (v != (enum verdict)V_NEXT) {
		must(d.verdict == v && d.peer == PEER_NONE);
		return 0;
	}
	must(d.verdict == expected(&model[i], at, &ip, from));
	check_hop(&model[i], at, &ip, d);
	if (ip.more && ip.frag_off == 0)
		check_later(j, at, &ip, from, now, d);
	return 0;
}
