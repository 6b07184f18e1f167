/* SPDX-License-Identifier: ISC */
/*
 * The rules against their model, at every gateway of a domain and every point;
 * and what two gateways say of one packet fits together.
 */
#include "model.h"

#include "../unit/policy/domain.h"
#include "../unit/packet.h"

/* The gateways of the domain, as policies and as their models know them. */
static struct policy all[SITES];
static struct model models[SITES];

static void
build(void)
{
	enum { N = sizeof(domain) / sizeof(*domain) };
	static struct model_place place[N];

	for (size_t i = 0; i < N; i++) {
		place[i].net = net_of(domain[i].prefix);
		place[i].loc = (int)PLACE_LOC(domain[i].place);
		place[i].part = PLACE_PARTICIPATES(domain[i].place);
	}
	for (uint16_t i = 0; i < SITES; i++) {
		all[i] = policy_of(i);
		models[i] = (struct model){ .pol = &all[i], .place = place,
			.nplaces = N };
		for (int k = 0; k < 2; k++) {
			models[i].own[k] = addr(own_address[i][k]);
			models[i].endpoint[k] = addr(endpoint[k]);
		}
	}
}

/* What a gateway sends on, the next one delivers; or it is an endpoint, which
 * only the server refuses. */
static void
check_far(const struct policy *pol, enum policy_point at, const struct ip *ip,
    struct decision d)
{
	if (at != POLICY_OUT && at != POLICY_RETURN)
		must(d.peer == PEER_NONE);
	if (d.peer == PEER_NONE)
		return;
	must(d.verdict == V_PARTNER || d.verdict == V_INTERNET);
	must(d.peer < SITES && d.peer != pol->self);
	const struct policy *far = &all[d.peer];
	enum policy_point next = at == POLICY_OUT && d.verdict == V_INTERNET ?
	    POLICY_EGRESS : POLICY_IN;
	enum verdict v = policy_decide(far, next, ip, pol->self).verdict;
	if (d.verdict == V_PARTNER)
		must(v == V_PARTNER || v == V_SELF);
	else if (next == POLICY_EGRESS)
		must(v == V_INTERNET || v == V_ENDPOINT || v == V_MARTIAN);
	else
		must(verdict_delivers(v) || is_own(&models[d.peer], &ip->dst));
}

/* One in two addresses is that of a place; the rest are what the bytes say. */
static struct addr
take_addr(const uint8_t *b, bool six)
{
	static const char *const where[][2] = {
		{ "10.0.0.0", "2001:db8::" },
		{ "10.0.200.0", "2001:db8:0:f000::" },
		{ "192.0.2.0", "2001:db8:0:ffff::" },
		{ "10.1.0.0", "2001:db8:1::" },
		{ "10.1.200.0", "2001:db8:1:f000::" },
		{ "10.2.0.0", "2001:db8:2::" },
		{ "10.2.200.0", "2001:db8:2:f000::" },
		{ "10.3.0.0", "2001:db8:3::" },
		{ "203.0.113.0", "2a00::" }, { "192.0.0.0", "2001::" },
		{ "198.51.100.0", "2001:db8:ffff::" },
		{ "172.16.0.0", "fd00:ec2::" }, { "192.168.0.0", "fe80::" },
		{ "100.100.100.0", "64:ff9b::" }, { "169.254.0.0", "ff02::" },
		{ "0.0.0.0", "::" },
	};
	struct addr a = six ? addr_from_v6(b + 1) : addr_from_v4(b + 1);

	if (b[0] & 1) {
		a = addr(where[b[0] >> 4][six]);
		a.b[15] = b[16];
	}
	if (six && addr_is_v4(&a))	/* ip_parse lets none through */
		a.b[0] = 1;
	return a;
}

/* The same packet as bytes: parsed, it is what it was made from, and gets the
 * same verdict. */
static void
check_wire(const struct ip *ip, int from)
{
	enum { DATA = 24 };	/* ports, flags and all */
	uint8_t p[IP6_HLEN + 8 + DATA] = { 0 };
	bool six = ip->version == 6, later = ip->frag_off > 0;
	size_t hlen = six ? IP6_HLEN : IP4_HLEN;
	size_t n = hlen + (six && later ? 8 : 0) + DATA;
	struct ip got;

	if (six) {
		p[0] = 6 << 4;
		p[5] = (uint8_t)(n - IP6_HLEN);
		p[6] = later ? 44 : ip->proto;
		p[7] = 64;
		memcpy(p + 8, ip->src.b, 16);
		memcpy(p + 24, ip->dst.b, 16);
		p[40] = ip->proto;
		p[43] = (uint8_t)ip->frag_off;
	} else {
		p[0] = 4 << 4 | IP4_HLEN / 4;
		p[3] = (uint8_t)n;
		p[7] = (uint8_t)(ip->frag_off / 8);
		p[8] = 64;
		p[9] = ip->proto;
		memcpy(p + 12, ip->src.b + 12, 4);
		memcpy(p + 16, ip->dst.b + 12, 4);
		packet_sum_ip(p);
	}
	if (!later) {
		memset(p + hlen, 0, DATA);
		p[hlen] = (uint8_t)(ip->sport >> 8);
	}
	enum verdict v = ip_parse(&got, p, n);
	if (later && ip->proto == 6) {
		must(v == V_FRAGMENT);	/* RFC 3128 */
		return;
	}
	/* an extension header is no protocol, and this one makes no sense */
	if (v != (enum verdict)V_NEXT) {
		must(six && !later);
		return;
	}
	must(addr_eq(&got.src, &ip->src) && addr_eq(&got.dst, &ip->dst) &&
	    got.frag_off == ip->frag_off && got.version == ip->version);
	must(six || got.proto == ip->proto);
	if (got.proto != ip->proto)
		return;
	for (int i = 0; i < SITES; i++)
		for (int at = 0; at < POLICY_POINTS; at++)
			must(policy_decide(&all[i], at, &got,
			    (uint16_t)from).verdict ==
			    slow(&models[i], at, &got, from));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum { HEAD = 4, ADDR = 17, NEED = HEAD + 2 * ADDR };

	if (all[0].where == NULL)
		build();
	if (n < NEED)
		return 0;
	bool six = data[0] & 1;
	struct ip ip = { .version = six ? 6 : 4, .proto = data[1],
		.sport = (uint16_t)(data[2] << 8),
		.frag_off = data[0] & 2 ? 8 : 0 };
	if (data[0] & 4)
		ip.proto = six ? 58 : 1;
	ip.src = take_addr(data + HEAD, six);
	ip.dst = take_addr(data + HEAD + ADDR, six);
	int from = data[3] % SITES;
	for (uint16_t i = 0; i < SITES; i++)
		all[i].private_is_internal = (data[0] & 8) != 0;
	for (uint16_t i = 0; i < SITES; i++) {
		for (int at = 0; at < POLICY_POINTS; at++) {
			struct decision d = policy_decide(&all[i], at, &ip,
			    (uint16_t)from);
			must(d.verdict == slow(&models[i], at, &ip, from));
			if (at == POLICY_OUT || at == POLICY_RETURN)
				d = policy_decide(&all[i], at, &ip, PEER_NONE);
			must(d.verdict == slow(&models[i], at, &ip, from));
			check_far(&all[i], at, &ip, d);
		}
	}
	check_wire(&ip, from);
	return 0;
}
