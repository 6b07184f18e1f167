/* SPDX-License-Identifier: ISC */
/*
 * How often each rule decides, of all pairs of addresses at the edges of what
 * the registries and the domain tell apart, as TCP and as ICMP error, at each
 * point of each location, from each peer.  t/data/truth.txt says what is right;
 * this says that nothing else has changed: t/data/policy.txt.  Where a rule is
 * meant to: GOLDEN=write build/release/t/unit/policy/policy_recorded_test.
 */
#include "policy/policy.h"
#include "policy/policy_rules.h"

#include "domain.h"
#include "test.h"

#include <string.h>

enum { LINE = 1024, RULES = 32 };

static const char *const atom[] = {
	/* by what they are */
	"0.0.0.0", "0.255.255.255", "1.0.0.0", "9.255.255.255", "10.99.0.1",
	"11.0.0.0", "100.63.255.255", "100.64.0.0", "100.100.100.199",
	"100.100.100.200", "100.100.100.201", "100.127.255.255", "100.128.0.0",
	"126.255.255.255", "127.0.0.1", "127.255.255.255", "128.0.0.0",
	"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0",
	"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0",
	"191.255.255.255", "192.0.0.0", "192.0.0.7", "192.0.0.8", "192.0.0.9",
	"192.0.0.255", "192.0.1.0", "192.88.98.255", "192.88.99.0",
	"192.88.99.255", "192.88.100.0", "192.167.255.255", "192.168.0.0",
	"192.168.255.255", "192.169.0.0", "198.17.255.255", "198.18.0.0",
	"198.19.255.255", "198.20.0.0", "223.255.255.255", "224.0.0.0",
	"239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
	"::", "::1", "::2", "::ffff:ffff", "::1:0:0", "::fffe:0:0",
	"64:ff9a:ffff:ffff::1", "64:ff9b::", "64:ff9b::ffff:ffff",
	"64:ff9b::1:0:0", "64:ff9b:0:1::", "64:ff9b:1::",
	"64:ff9b:1:ffff:ffff::1", "64:ff9b:2::", "ff:ffff:ffff:ffff::1",
	"100::", "100:0:0:1::1", "100:0:0:2::", "1fff:ffff::1", "2000::1",
	"2000:ffff::1", "2001::1", "2001:2:ffff::1", "2001:3::1",
	"2001:4:111::1", "2001:4:112::1", "2001:4:113::1", "2001:1ff:ffff::1",
	"2001:200::", "2001:ffff::1", "2002::", "2002:ffff::1", "2003::",
	"3fff:ffff::1", "4000::", "5eff:ffff::1", "5f00::", "5f00:ffff::1",
	"5f01::", "fbff:ffff::1", "fc00::", "fd00:ec2::253", "fd00:ec2::254",
	"fd00:ec2::255", "fdff:ffff::1", "fe00::", "fe7f:ffff::1", "fe80::",
	"febf:ffff::1", "fec0::", "feff:ffff::1", "ff00::", "ff02::1",
	/* by whose they are */
	"9.9.9.9", "10.0.0.1", "10.0.0.9", "10.0.200.9", "192.0.2.9",
	"10.1.0.1", "10.1.0.9", "10.1.200.9", "10.2.0.1", "10.2.0.9",
	"10.2.200.9", "10.3.0.1", "10.3.0.9", "10.3.200.9", "198.51.100.1",
	"2001:db8::1", "2001:db8::9", "2001:db8:0:f000::9", "2001:db8:1::1",
	"2001:db8:1::9", "2001:db8:1:f000::9", "2001:db8:2::9",
	"2001:db8:2:f000::9", "2001:db8:3::9", "2001:db8:3:f000::9",
	"2001:db8:ffff::3", "2620:fe::9",
};
enum { ATOMS = sizeof(atom) / sizeof(*atom) };

static const char *const point_name[POLICY_POINTS] = {
	[POLICY_OUT] = "out", [POLICY_IN] = "in", [POLICY_EGRESS] = "egress",
	[POLICY_RETURN] = "return", [POLICY_BACK] = "back",
};

/* Protocol, and what stands where a source port would. */
static const struct {
	uint8_t proto[2];
	uint16_t sport[2];
	uint16_t frag_off;
} kind[] = {
	{ { 6, 6 }, { 4000, 4000 }, 0 }, { { 1, 58 }, { 11 << 8, 3 << 8 }, 0 },
	{ { 1, 58 }, { 11 << 8, 3 << 8 }, 8 }, { { 58, 1 }, { 768, 768 }, 0 },
	{ { 1, 58 }, { 2 << 8, 0 }, 0 }, { { 1, 58 }, { 3 << 8, 1 << 8 }, 0 },
	{ { 1, 58 }, { 4 << 8, 127 << 8 }, 0 },
	{ { 1, 58 }, { 5 << 8, 128 << 8 }, 0 },
	{ { 1, 58 }, { 12 << 8, 129 << 8 }, 0 },
	{ { 1, 58 }, { 13 << 8, 255 << 8 }, 0 },
	{ { 1, 58 }, { 10 << 8, 130 << 8 }, 0 },
};
enum { KINDS = sizeof(kind) / sizeof(*kind) };

/* What is decided beside the verdict, which the rule says. */
static uint32_t
more_of(const struct decision *d)
{
	return d->peer * 31u + d->place[0] * 7u + d->place[1];
}

static void
count(const struct policy *pol, enum policy_point at, uint16_t from,
    unsigned n[RULES], uint32_t *more)
{
	for (size_t s = 0; s < ATOMS; s++)
		for (size_t d = 0; d < ATOMS; d++) {
			struct ip ip = { .src = addr(atom[s]),
				.dst = addr(atom[d]) };
			bool v6 = !addr_is_v4(&ip.src);
			ip.version = v6 ? 6 : 4;
			for (size_t k = 0; addr_is_v4(&ip.dst) != v6 && k < KINDS;
			    k++) {
				ip.proto = kind[k].proto[v6];
				ip.sport = kind[k].sport[v6];
				ip.frag_off = kind[k].frag_off;
				struct decision got = policy_decide(pol, at,
				    &ip, from);
				n[got.rule]++;
				*more = *more * 33 + more_of(&got);
			}
		}
}

static void
record(const struct policy *pol, enum policy_point at, uint16_t from,
    const char *how, char line[LINE])
{
	unsigned n[RULES] = { 0 };
	uint32_t more = 0;
	const char *name, *text;

	count(pol, at, from, n, &more);
	size_t len = (size_t)snprintf(line, LINE, "%s %s from %s%s:",
	    point_name[at], site_name[pol->self], from < SITES ?
	    site_name[from] : "nobody", how);
	for (unsigned r = 0; policy_rule(at, r, &name, &text); r++)
		len += (size_t)snprintf(line + len, LINE - len, " %s=%u", name,
		    n[r]);
	snprintf(line + len, LINE - len, " %08x\n", more);
}

static FILE *golden;
static bool writes;

static void
compare(const char *got)
{
	char want[LINE] = "";

	if (writes)
		fputs(got, golden);
	bool same = writes || (fgets(want, sizeof(want), golden) != NULL &&
	    strcmp(got, want) == 0);
	OKF(same, "recorded: %.*s", (int)strcspn(got, ":"), got);
	if (!same)
		printf("# -%s# +%s", want, got);
}

static void
compare_decisions(const struct policy *pol, enum policy_point at, uint16_t from,
    const char *how)
{
	char got[LINE];

	record(pol, at, from, how, got);
	compare(got);
}

static void
test_recorded(void)
{
	for (uint16_t self = 0; self < SITES; self++) {
		struct policy pol = policy_of(self);
		for (enum policy_point at = 0; at < POLICY_POINTS; at++) {
			for (uint16_t from = 0; from <= SITES; from++)
				compare_decisions(&pol, at, from, "");
			pol.private_is_internal = false;
			compare_decisions(&pol, at, HQ,
			    ", private is nobody's");
			pol.private_is_internal = true;
		}
		policy_fini(&pol);
	}
}

/* What the rules are called, and say of themselves. */
static void
test_texts(void)
{
	const char *name, *text;

	for (enum policy_point at = 0; at < POLICY_POINTS; at++)
		for (unsigned r = 0; policy_rule(at, r, &name, &text); r++) {
			char got[LINE];
			snprintf(got, LINE, "%s %s: %s\n", point_name[at],
			    name, text);
			compare(got);
		}
}

/* The last rule of each point takes whatever there is. */
static void
test_last(void)
{
	for (enum policy_point at = 0; at < POLICY_POINTS; at++) {
		const struct rules *t = &policy_points[at];
		OKF(t->n <= RULES && t->rule[t->n - 1].yes == 0 &&
		    t->rule[t->n - 1].no == 0, "the last rule of '%s'",
		    point_name[at]);
	}
}

static void
test_break_out(void)
{
	const char *name, *text;
	struct decision d = { .verdict = V_INTERNET, .peer = 3, .rule = 1 };

	policy_break_out(&d, BREAKOUT_NONE);
	OK(d.verdict == V_INTERNET && d.peer == 3 && d.rule == 1);
	policy_break_out(&d, 5);
	OK(d.verdict == V_BREAKOUT && d.peer == PEER_NONE && d.breakout == 5);
	OK(policy_rule(POLICY_OUT, d.rule, &name, &text) &&
	    strcmp(name, "breakout") == 0);
}

/* An address of a kind that is reachable anywhere may be a location's. */
static void
test_claimed(void)
{
	static const char *const claimed[] = { "2001:3::9", "2001:4:112::9" };
	struct policy pol = policy_of(HQ);
	struct lpm_entry e[] = { { { addr("2001:3::"), 32 }, PLACE(BRANCH2, 0) },
		{ { addr("2001:4:112::"), 48 }, PLACE(BRANCH2, 0) },
		{ { addr("2001:db8:1::"), 48 }, PLACE(BRANCH1, 1) } };

	lpm_free(pol.where);
	pol.where = lpm_new_of(e, 3);
	for (size_t i = 0; i < 2; i++) {
		struct ip ip = { .version = 6, .proto = 6,
			.src = addr("2001:db8:1::9"), .dst = addr(claimed[i]) };
		OKF(policy_decide(&pol, POLICY_EGRESS, &ip, BRANCH1).verdict ==
		    V_ELSEWHERE, "%s is a location's", claimed[i]);
	}
	policy_fini(&pol);
}

/* Each host keeps its server as long as that is usable, and each server has
 * about as many. */
static void
test_shares(void)
{
	struct policy pol = policy_of(BRANCH1);
	unsigned n[4] = { 0 }, moved = 0, wrong = 0;
	uint32_t shares = 0;

	pol.nshare = 4;
	for (uint16_t i = 0; i < 4; i++)
		pol.share[i] = (struct policy_share){ i,
			0x9e3779b97f4a7c15 * (i + 1u) };
	for (unsigned h = 0; h < 4096; h++) {
		struct ip ip = { .version = 4, .proto = 6,
			.dst = addr("9.9.9.9"), .src = addr("10.1.0.0") };
		ip.src.b[14] = (uint8_t)(h >> 8);
		ip.src.b[15] = (uint8_t)h;
		uint16_t was = policy_decide(&pol, POLICY_OUT, &ip,
		    PEER_NONE).peer;
		if (h == 1)
			continue;	/* the gateway's */
		pol.nshare = 3;
		uint16_t is = policy_decide(&pol, POLICY_OUT, &ip,
		    PEER_NONE).peer;
		pol.nshare = 4;
		n[was < 4 ? was : 0]++;
		shares = shares * 33 + was;
		moved += was != 3 && is != was;
		wrong += was > 3 || is > 2;
	}
	OKF(wrong == 0 && moved == 0, "G19: only who had the one that is gone "
	    "has another");
	for (unsigned h = 0; h < 4096; h++) {
		struct ip ip = { .version = 6, .proto = 6,
			.dst = addr("2620:fe::9"), .src = addr("2001:db8:1::") };
		ip.src.b[6] = (uint8_t)(h >> 8);
		ip.src.b[15] = (uint8_t)h;
		shares = shares * 33 + policy_decide(&pol, POLICY_OUT, &ip,
		    PEER_NONE).peer;
	}
	/* nor does it with another release */
	OKF(shares == 0x5d50274b, "G19: each has the one that it had: %x", shares);
	for (int i = 0; i < 4; i++)
		OKF(n[i] > 850 && n[i] < 1200, "G19: server %d has %u of 4095",
		    i, n[i]);
	pol.nshare = 1;
	struct ip ip = { .version = 4, .proto = 6, .dst = addr("9.9.9.9"),
		.src = addr("10.1.0.9") };
	pol.share[0].peer = 9;
	OKF(policy_decide(&pol, POLICY_OUT, &ip, PEER_NONE).peer == HQ,
	    "G19: of one there is no choice");
	policy_fini(&pol);
}

int
main(void)
{
	writes = getenv("GOLDEN") != NULL;
	golden = fopen("t/data/policy.txt", writes ? "w" : "r");
	if (golden == NULL)
		bail("cannot open", "t/data/policy.txt");
	test_recorded();
	test_texts();
	test_last();
	test_break_out();
	test_claimed();
	test_shares();
	fclose(golden);
	return DONE();
}
