/* SPDX-License-Identifier: ISC */
#include "policy/policy.h"

#include "domain.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * t/data/truth.txt.
 */
enum { NAMES = 32, LINE = 256 };

static const char *const point_name[POLICY_POINTS] = {
	[POLICY_OUT] = "out", [POLICY_IN] = "in", [POLICY_EGRESS] = "egress",
	[POLICY_RETURN] = "return", [POLICY_BACK] = "back",
};

struct truth {
	struct {
		char name[16];
		struct addr addr[2];
	} address[NAMES];
	size_t naddress;
	char rows[8][LINE];		/* of `rows never' */
	size_t nrows;
	bool in_rows;
	/* the table */
	struct policy pol;
	enum policy_point at;
	uint16_t from;
	char title[64];
	enum verdict want[NAMES][NAMES];	/* V_COUNT: not said yet */
	/* the block */
	size_t src[NAMES], nsrc;
	bool more_sources;
};

static uint16_t
site_of(const char *name, size_t n)
{
	for (uint16_t i = 0; i < SITES; i++)
		if (strlen(site_name[i]) == n &&
		    memcmp(site_name[i], name, n) == 0)
			return i;
	return PEER_NONE;
}

static size_t
address_of(const struct truth *t, const char *name)
{
	for (size_t i = 0; i < t->naddress; i++)
		if (strcmp(t->address[i].name, name) == 0)
			return i;
	bail("truth.txt: no such address", name);
}

/* Where a delivered packet has to go on to. */
static uint16_t
hop_wanted(const struct truth *t, enum verdict v, size_t dst)
{
	const char *name = t->address[dst].name;

	if (t->at == POLICY_OUT && v == V_INTERNET)
		return t->pol.server;
	if ((t->at == POLICY_OUT && v == V_PARTNER) ||
	    (t->at == POLICY_RETURN && v == V_INTERNET))
		return site_of(name, strcspn(name, "."));
	return PEER_NONE;
}

static bool
cell_holds(const struct truth *t, size_t src, size_t dst, int family)
{
	const struct ip ip = { .src = t->address[src].addr[family],
		.dst = t->address[dst].addr[family],
		.version = family == 0 ? 4 : 6, .proto = 17,
		.sport = 3 << 8 };
	struct decision d = policy_decide(&t->pol, t->at, &ip, t->from);
	enum verdict want = t->want[src][dst];

	if (d.verdict == want && d.peer == hop_wanted(t, want, dst))
		return true;
	printf("# IPv%d %s > %s: %s to %d, not %s\n", ip.version,
	    t->address[src].name, t->address[dst].name,
	    verdict_name(d.verdict), d.peer, want == V_COUNT ? "(no line)" :
	    verdict_name(want));
	return false;
}

static void
table_end(struct truth *t)
{
	size_t good = 0;

	if (t->title[0] == '\0')
		return;
	for (size_t s = 0; s < t->naddress; s++)
		for (size_t d = 0; d < t->naddress; d++)
			for (int f = 0; f < 2; f++)
				good += cell_holds(t, s, d, f);
	OKF(good == 2 * t->naddress * t->naddress,
	    "C5 C10 C11 C12 every cell at %s", t->title);
	policy_fini(&t->pol);
	t->title[0] = '\0';
}

static void
table_begin(struct truth *t, char *args)
{
	char at[16], self[16], from[16] = "";

	sscanf(args, "%15s %15s %15s", at, self, from);
	for (t->at = 0; strcmp(point_name[t->at], at) != 0;)
		if (++t->at == POLICY_POINTS)
			bail("truth.txt: no such point", at);
	t->pol = policy_of(site_of(self, strlen(self)));
	t->from = site_of(from, strlen(from));
	snprintf(t->title, sizeof(t->title), "%.60s", args);
	for (size_t s = 0; s < NAMES; s++)
		for (size_t d = 0; d < NAMES; d++)
			t->want[s][d] = V_COUNT;
}

static void
say(struct truth *t, enum verdict v, size_t dst, bool rest)
{
	for (size_t i = 0; i < t->nsrc; i++) {
		enum verdict *cell = &t->want[t->src[i]][dst];
		if (*cell == V_COUNT)
			*cell = v;
		else if (!rest)
			bail("truth.txt: said twice", t->address[dst].name);
	}
}

static void
verdict_row(struct truth *t, const char *line)
{
	char buf[LINE], *save;

	snprintf(buf, sizeof(buf), "%s", line);
	char *word = strtok_r(buf, " \t\n", &save);
	if (strcmp(word, "never") == 0) {
		for (size_t i = 0; i < t->nrows; i++)
			verdict_row(t, t->rows[i]);
		return;
	}
	enum verdict v = verdict_parse(word);
	if (v == V_COUNT)
		bail("truth.txt: no such verdict", word);
	while ((word = strtok_r(NULL, " \t\n", &save)) != NULL)
		if (strcmp(word, "*") == 0)
			for (size_t d = 0; d < t->naddress; d++)
				say(t, v, d, true);
		else
			say(t, v, address_of(t, word), false);
}

static void
source_row(struct truth *t, char *line)
{
	char *save;

	if (!t->more_sources)
		t->nsrc = 0;
	t->more_sources = true;
	for (char *word = strtok_r(line, " \t\n", &save); word != NULL;
	    word = strtok_r(NULL, " \t\n", &save)) {
		size_t n = strlen(word);
		if (word[n - 1] == ':') {
			word[n - 1] = '\0';
			t->more_sources = false;
		}
		t->src[t->nsrc++] = address_of(t, word);
	}
}

static void
address_row(struct truth *t, const char *args)
{
	char name[16], four[ADDR_STRLEN], six[ADDR_STRLEN];

	sscanf(args, "%15s %47s %47s", name, four, six);
	snprintf(t->address[t->naddress].name, sizeof(name), "%s", name);
	t->address[t->naddress].addr[0] = addr(four);
	t->address[t->naddress++].addr[1] = addr(six);
}

static void
truth_row(struct truth *t, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#') {
		t->in_rows = t->in_rows && line[0] == '#';
	} else if (strncmp(line, "address ", 8) == 0) {
		address_row(t, line + 8);
	} else if (strncmp(line, "rows ", 5) == 0) {
		t->in_rows = true;
	} else if (t->in_rows) {
		snprintf(t->rows[t->nrows++], LINE, "%s", line);
	} else if (strncmp(line, "at ", 3) == 0) {
		table_end(t);
		table_begin(t, line + 3);
	} else if (line[0] == '\t') {
		verdict_row(t, line);
	} else {
		source_row(t, line);
	}
}

static void
test_truth(void)
{
	static struct truth t;
	char line[LINE];
	FILE *f = fopen("t/data/truth.txt", "r");

	if (f == NULL)
		bail("cannot open", "t/data/truth.txt");
	while (fgets(line, sizeof(line), f) != NULL)
		truth_row(&t, line);
	table_end(&t);
	fclose(f);
}

/*
 * What the table has no room for.
 */
static enum verdict
decide(const struct policy *pol, enum policy_point at, uint16_t from,
    const char *src, const char *dst)
{
	struct ip ip = { .src = addr(src), .dst = addr(dst), .proto = 6 };

	ip.version = addr_is_v4(&ip.src) ? 4 : 6;
	return policy_decide(pol, at, &ip, from).verdict;
}

/* Every registered special-purpose prefix: first, last, and its neighbours. */
static void
test_special(void)
{
	static const struct {
		const char *addr;
		enum verdict want;
	} dst[] = {
		{ "0.0.0.0", V_SPECIAL }, { "0.255.255.255", V_SPECIAL },
		{ "1.0.0.0", V_INTERNET }, { "1.1.1.1", V_INTERNET },
		{ "9.255.255.255", V_INTERNET }, { "10.255.0.1", V_PRIVATE },
		{ "11.0.0.0", V_INTERNET },
		{ "100.63.255.255", V_INTERNET },
		{ "100.64.0.0", V_PRIVATE }, { "100.127.255.255", V_PRIVATE },
		{ "100.128.0.0", V_INTERNET },
		{ "100.100.100.200", V_SPECIAL },
		{ "126.255.255.255", V_INTERNET },
		{ "127.0.0.0", V_SPECIAL }, { "127.255.255.255", V_SPECIAL },
		{ "128.0.0.0", V_INTERNET },
		{ "169.253.255.255", V_INTERNET },
		{ "169.254.0.0", V_LINKLOCAL },
		{ "169.254.169.254", V_LINKLOCAL },
		{ "169.254.255.255", V_LINKLOCAL },
		{ "169.255.0.0", V_INTERNET },
		{ "172.15.255.255", V_INTERNET },
		{ "172.16.0.0", V_PRIVATE }, { "172.31.255.255", V_PRIVATE },
		{ "172.32.0.0", V_INTERNET },
		{ "191.255.255.255", V_INTERNET },
		{ "192.0.0.0", V_SPECIAL }, { "192.0.0.8", V_SPECIAL },
		{ "192.0.0.192", V_SPECIAL }, { "192.0.0.255", V_SPECIAL },
		{ "192.0.1.0", V_INTERNET },
		{ "192.31.196.1", V_INTERNET },
		{ "192.88.98.255", V_INTERNET },
		{ "192.88.99.1", V_SPECIAL }, { "192.88.100.0", V_INTERNET },
		{ "192.167.255.255", V_INTERNET },
		{ "192.168.0.0", V_PRIVATE }, { "192.168.255.255", V_PRIVATE },
		{ "192.169.0.0", V_INTERNET },
		{ "198.17.255.255", V_INTERNET },
		{ "198.18.0.0", V_SPECIAL }, { "198.19.255.255", V_SPECIAL },
		{ "198.20.0.0", V_INTERNET },
		{ "198.51.100.2", V_INTERNET }, { "203.0.113.1", V_INTERNET },
		{ "223.255.255.255", V_INTERNET },
		{ "224.0.0.0", V_MULTICAST },
		{ "239.255.255.255", V_MULTICAST },
		{ "240.0.0.0", V_SPECIAL }, { "255.255.255.254", V_SPECIAL },
		{ "255.255.255.255", V_MULTICAST },
		{ "::", V_SPECIAL }, { "::1", V_SPECIAL },
		{ "::10.0.0.1", V_SPECIAL }, { "::1:0:0:0", V_INTERNET },
		{ "64:ff9b::a00:1", V_SPECIAL },
		{ "64:ff9b::1:0:0", V_INTERNET },
		{ "64:ff9b:1::", V_SPECIAL },
		{ "64:ff9b:1:ffff:ffff::", V_SPECIAL },
		{ "64:ff9b:2::", V_INTERNET },
		{ "100::1", V_SPECIAL }, { "100:0:0:1::1", V_SPECIAL },
		{ "100:0:0:2::", V_INTERNET },
		{ "2001::1", V_SPECIAL }, { "2001:2::1", V_SPECIAL },
		{ "2001:3::1", V_INTERNET }, { "2001:4:112::1", V_INTERNET },
		{ "2001:4:113::1", V_SPECIAL }, { "2001:20::1", V_SPECIAL },
		{ "2001:1ff:ffff::", V_SPECIAL }, { "2001:200::", V_INTERNET },
		{ "2001:db8:abcd::1", V_INTERNET },
		{ "2001:4860:4860::8888", V_INTERNET },
		{ "2002:a00:1::", V_SPECIAL }, { "2003::1", V_INTERNET },
		{ "3fff::1", V_INTERNET }, { "5f00::1", V_SPECIAL },
		{ "fbff::1", V_INTERNET }, { "fc00::1", V_PRIVATE },
		{ "fd00:ec2::254", V_SPECIAL }, { "fd00:ec2::253", V_PRIVATE },
		{ "fdff:ffff::", V_PRIVATE }, { "fe00::1", V_INTERNET },
		{ "fe80::1", V_LINKLOCAL }, { "febf:ffff::", V_LINKLOCAL },
		{ "fec0::1", V_SPECIAL }, { "feff:ffff::", V_SPECIAL },
		{ "ff02::1", V_MULTICAST }, { "ff05::2", V_MULTICAST },
	};
	struct policy pol = policy_of(BRANCH1), hq = policy_of(HQ);

	for (size_t i = 0; i < sizeof(dst) / sizeof(*dst); i++) {
		const char *src = strchr(dst[i].addr, ':') != NULL ?
		    "2001:db8:1::5" : "10.1.0.5";
		OKF(decide(&pol, POLICY_OUT, PEER_NONE, src, dst[i].addr) ==
		    dst[i].want && decide(&hq, POLICY_EGRESS, BRANCH1, src,
		    dst[i].addr) == dst[i].want, "R9 N9 to %s: %s",
		    dst[i].addr, verdict_name(dst[i].want));
	}
	policy_fini(&pol);
	policy_fini(&hq);
}

static void
test_private_is_internal_no(void)
{
	struct policy b1 = policy_of(BRANCH1), hq = policy_of(HQ);

	b1.private_is_internal = hq.private_is_internal = false;
	OK(decide(&b1, POLICY_OUT, PEER_NONE, "10.1.0.5", "10.99.0.1") ==
	    V_INTERNET);
	OK(decide(&b1, POLICY_OUT, PEER_NONE, "10.1.0.5", "10.0.200.1") ==
	    V_ELSEWHERE);
	OK(decide(&b1, POLICY_IN, HQ, "10.99.0.1", "10.1.0.5") == V_INTERNET);
	OK(decide(&hq, POLICY_EGRESS, BRANCH1, "10.1.0.5", "fd12::1") ==
	    V_INTERNET);
	OK(decide(&hq, POLICY_EGRESS, BRANCH1, "2001:db8:1::5",
	    "fd00:ec2::254") == V_SPECIAL);
	OK(decide(&hq, POLICY_EGRESS, BRANCH1, "10.1.0.5",
	    "100.100.100.200") == V_SPECIAL);
	OK(decide(&hq, POLICY_RETURN, PEER_NONE, "10.99.0.1", "10.1.0.5") ==
	    V_INTERNET);
	policy_fini(&b1);
	policy_fini(&hq);
}

/* ICMP errors of the two gateways on the way: without them traceroute(8) and
 * path MTU discovery fail (RFC 1191, RFC 8201, RFC 7600). */
static void
test_icmp_errors(void)
{
	static const struct {
		const char *src;
		uint8_t version, proto, type;
		enum verdict at_hq, at_b1, at_b2;
	} row[] = {
		{ "10.0.0.1", 4, 1, 3, V_INTERNET, V_PARTNER, V_INTERNET },
		{ "10.0.0.1", 4, 1, 11, V_INTERNET, V_PARTNER, V_INTERNET },
		{ "10.0.0.1", 4, 1, 0, V_NOT_PARTNER, V_PARTNER,
		    V_NOT_PARTNER },
		{ "10.0.0.1", 4, 1, 5, V_NOT_PARTNER, V_PARTNER,
		    V_NOT_PARTNER },
		{ "10.0.0.1", 4, 6, 3, V_NOT_PARTNER, V_PARTNER,
		    V_NOT_PARTNER },
		{ "10.0.0.9", 4, 1, 3, V_NOT_PARTNER, V_PARTNER, V_INTERNET },
		{ "192.0.0.8", 4, 1, 11, V_INTERNET, V_INTERNET, V_INTERNET },
		{ "192.0.0.8", 4, 1, 8, V_MARTIAN, V_MARTIAN, V_MARTIAN },
		{ "192.0.0.9", 4, 1, 11, V_MARTIAN, V_MARTIAN, V_MARTIAN },
		{ "127.0.0.1", 4, 1, 11, V_MARTIAN, V_MARTIAN, V_MARTIAN },
		{ "2001:db8::1", 6, 58, 2, V_INTERNET, V_PARTNER, V_INTERNET },
		{ "2001:db8::1", 6, 58, 128, V_NOT_PARTNER, V_PARTNER,
		    V_NOT_PARTNER },
		{ "2001:db8::1", 6, 1, 3, V_NOT_PARTNER, V_PARTNER,
		    V_NOT_PARTNER },
	};
	struct policy hq = policy_of(HQ), b1 = policy_of(BRANCH1),
	    b2 = policy_of(BRANCH2);

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct ip ip = { .src = addr(row[i].src),
			.version = row[i].version, .proto = row[i].proto,
			.sport = (uint16_t)(row[i].type << 8) };
		bool six = row[i].version == 6;
		ip.dst = addr(six ? "2001:db8:1::5" : "10.1.0.5");
		struct decision d = policy_decide(&hq, POLICY_RETURN, &ip,
		    PEER_NONE);
		bool good = d.verdict == row[i].at_hq &&
		    d.peer == (d.verdict == V_INTERNET ? BRANCH1 : PEER_NONE);
		good = good && policy_decide(&b1, POLICY_IN, &ip, HQ).verdict
		    == row[i].at_b1;
		ip.dst = addr(six ? "2001:db8:2::5" : "10.2.0.5");
		good = good && policy_decide(&b2, POLICY_IN, &ip, HQ).verdict
		    == row[i].at_b2;
		OKF(good, "R2 R5 IPv%d protocol %d type %d from %s",
		    ip.version, ip.proto, row[i].type, row[i].src);
	}
	policy_fini(&hq);
	policy_fini(&b1);
	policy_fini(&b2);
}

static void
test_corners(void)
{
	struct policy b1 = policy_of(BRANCH1);

	/* a peer that is none: never taken for one */
	OK(decide(&b1, POLICY_IN, 77, "203.0.113.9", "10.1.0.5") == V_SPOOF);
	OK(decide(&b1, POLICY_IN, PEER_NONE, "10.0.0.5", "10.1.0.5") ==
	    V_SPOOF);
	b1.server = PEER_NONE;
	OK(decide(&b1, POLICY_OUT, PEER_NONE, "10.1.0.5", "203.0.113.9") ==
	    V_NO_SERVER);
	policy_fini(&b1);
}

/* The rules can be listed, each with a name of its own and a text. */
static void
test_rules(void)
{
	const char *name, *text, *other;

	for (enum policy_point at = 0; at < POLICY_POINTS; at++) {
		unsigned n = 0, bad = 0;
		for (; policy_rule(at, n, &name, &text); n++) {
			bad += *text == '\0';
			for (unsigned k = 0; k < n; k++) {
				policy_rule(at, k, &other, &text);
				bad += strcmp(name, other) == 0;
			}
		}
		OKF(n > 5 && bad == 0, "the %u rules of '%s' have names", n,
		    point_name[at]);
	}
}

int
main(void)
{
	test_truth();
	test_special();
	test_private_is_internal_no();
	test_icmp_errors();
	test_corners();
	test_rules();
	return DONE();
}
