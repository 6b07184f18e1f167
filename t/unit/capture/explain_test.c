/* SPDX-License-Identifier: ISC */
/*
 * What -e says of a packet is what the programs that run live decide, at the
 * first gateway and at the one that it is sent on to: for packets drawn from
 * addresses of every kind, and every way to translate.
 */
#include "capture/explain_packet.h"

#include "base/die.h"
#include "capture/packet_parse.h"
#include "gate/egress.h"
#include "packet/ip.h"
#include "policy/judge.h"
#include "start/start.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKETS = 300, STEPS = 2, HQ = 0, BRANCH1 = 1 };

static const char domain[] =
    "[domain]\nname = t\n"
    "[location hq]\n"
    "public-key = f2VrIDLrU0pTGaTVjPKcWzJCNnoFWCUAZ9LMnFv5smo=\n"
    "endpoint = 198.51.100.1:51820\n"
    "lan = 10.0.0.0/20, 2001:db8::/52\n"
    "internal = 10.0.0.0/16, 2001:db8::/48\n"
    "address = 10.0.0.1, 2001:db8::1\n"
    "partners = branch1\nbackhaul = server\nuplink = eth0\n"
    "lan-interface = eth1\n%s"
    "[location branch1]\n"
    "public-key = 2DDkT+Oc2aN5bEcfDYW4wgsIJwPVKxqvgMFSAEpn13Y=\n"
    "lan = 10.1.0.0/20, 2001:db8:1::/52\n"
    "internal = 10.1.0.0/16, 2001:db8:1::/48\n"
    "address = 10.1.0.1, 2001:db8:1::1\n"
    "partners = hq\nbackhaul = client\nserver = hq\nuplink = eth0\n"
    "lan-interface = eth1\n%s"
    "[publish web]\nserver = hq\nmatch = 203.0.113.9 tcp 443\n"
    "to = 10.1.0.5:8443\n"
    "[publish whole]\nserver = hq\nmatch = 203.0.113.10\nto = 10.1.0.6\n";

static const struct {
	const char *name, *server, *client;
} ways[] = {
	{ "masquerade", "nat = masquerade\n", "" },
	{ "none", "nat = none\nnat-upstream = yes\n", "" },
	{ "npt", "nat = masquerade\nnat6 = npt 2001:db8:f000::/44\n", "" },
	{ "pool", "nat = pool\nnat-pool = 203.0.113.0/30, 2a00::/126\n"
	    "nat6 = pool\nnat-table = 1024\n", "" },
	{ "nat-address", "nat = pool\nnat-pool = 203.0.113.0/30\n"
	    "nat-table = 1024\n", "nat-address = 203.0.113.5\n" },
};

static const char *const address[2][14] = {
	{ "10.0.0.5", "10.0.200.5", "10.0.0.1", "10.1.0.5", "10.1.0.6",
	    "10.1.200.5", "10.1.0.1", "172.20.0.5", "192.0.2.80",
	    "203.0.113.1", "203.0.113.9", "203.0.113.10", "198.51.100.1",
	    "198.18.0.1" },
	{ "2001:db8::5", "2001:db8:0:f000::5", "2001:db8::1", "2001:db8:1::5",
	    "2001:db8:1::6", "2001:db8:1:f000::5", "2001:db8:1::1", "fd12::5",
	    "2a01::80", "2a00::1", "2001:db8:f001::5", "2001:db8:f001:1::1",
	    "2001:db8:1:ffff::5", "64:ff9b::1" },
};
static const char *const proto[] = { "tcp 443", "tcp 8443", "udp 53",
	"icmp", "icmp 3", "icmp 11", "esp", "132 7", "tcp" };

static const struct {
	size_t here;
	enum policy_point at;
	uint16_t from;
} places[] = {
	{ BRANCH1, POLICY_OUT, PEER_NONE }, { BRANCH1, POLICY_IN, HQ },
	{ HQ, POLICY_OUT, PEER_NONE }, { HQ, POLICY_IN, BRANCH1 },
	{ HQ, POLICY_EGRESS, BRANCH1 }, { HQ, POLICY_RETURN, PEER_NONE },
};

static uint64_t state = 19;

static size_t
draw(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(state >> 33) % n;
}

static void
load(struct conf *cf, const char *server, const char *client)
{
	char text[4096];
	struct diags ds;

	snprintf(text, sizeof(text), domain, server, client);
	FILE *f = fmemopen(text, strlen(text), "r");
	diag_init(&ds);
	conf_load(cf, &ds, f);
	fclose(f);
	for (size_t i = 0; i < ds.n; i++)
		if (ds.errors > 0)
			diag_print(&ds.d[i], "explain_test", stdout);
	OK(ds.errors == 0);
	diag_fini(&ds);
}

/* Each step as "verdict", with "!" before it if it is refused. */
struct said {
	char step[STEPS][40];
	size_t n;
};

static void
note(struct said *s, bool pass, const char *verdict)
{
	if (s->n < STEPS)
		snprintf(s->step[s->n], sizeof(s->step[0]), "%s%s",
		    pass ? "" : "!", verdict);
	s->n++;
}

/* ---- what the programs decide ---- */

static struct decision
pass_gate(const struct policy *pol, struct nat *nat, enum policy_point at,
    uint16_t from, uint8_t *p, size_t n)
{
	struct question q = { .at = at, .from = from, .p = p, .n = n,
		.now = 1 };
	struct judge j;

	judge_init(&j, pol);
	j.nat = nat;
	struct decision d = judge_ask(&j, &q);
	judge_fini(&j);
	return d;
}

static void
live(const struct conf *cf, const struct policy pol[static 2], size_t k,
    const char *text, struct said *s)
{
	uint8_t p[PACKET_PARSE_MAX];
	const char *why;
	size_t n = packet_parse(text, p, &why), here = places[k].here;
	enum policy_point at = places[k].at;
	int journal;

	for (uint16_t from = places[k].from;;) {
		struct nat *nat = at == POLICY_EGRESS || at == POLICY_RETURN ?
		    egress_nat(cf, here, &pol[here], NULL, "", &journal) :
		    NULL;
		struct decision d = pass_gate(&pol[here], nat, at, from, p, n);
		note(s, verdict_delivers(d.verdict), verdict_name(d.verdict));
		if (d.peer == PEER_NONE || !verdict_delivers(d.verdict))
			return;
		at = at == POLICY_OUT && d.verdict == V_INTERNET ?
		    POLICY_EGRESS : POLICY_IN;
		from = (uint16_t)here;
		here = d.peer;
	}
}

/* ---- what is said ---- */

static void
read_said(FILE *f, struct said *s)
{
	char line[512], verdict[32];

	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "  pass: %31s", verdict) == 1)
			note(s, true, verdict);
		else if (sscanf(line, "  refused: %31s", verdict) == 1)
			note(s, false, verdict);
}

/* The exit status. */
static int
explained(const struct explain_packet *e, const char *text, struct said *s)
{
	FILE *f = tmpfile();
	int out = dup(STDOUT_FILENO);

	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	int code = explain_packet(e, text);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(f);
	read_said(f, s);
	fclose(f);
	return code;
}

/* The kernel translates for what is published there before bh-egress sees it,
 * which is no judgement of ours. */
static bool
is_kernels(const struct policy *pol, size_t k, const char *dst)
{
	return places[k].at == POLICY_RETURN && !pol->pool4 &&
	    (strcmp(dst, "203.0.113.9") == 0 ||
	    strcmp(dst, "203.0.113.10") == 0);
}

static bool
agrees(const struct conf *cf, const struct policy pol[static 2], bool *passed)
{
	size_t k = draw(sizeof(places) / sizeof(*places)), v6 = draw(2);
	const char *dst = address[v6][draw(14)];
	const struct policy *here = &pol[places[k].here];
	struct said want = { .n = 0 }, got = { .n = 0 };
	char text[200];
	int journal;

	snprintf(text, sizeof(text), "%s > %s %s", address[v6][draw(14)], dst,
	    proto[draw(sizeof(proto) / sizeof(*proto))]);
	if (is_kernels(here, k, dst))
		return true;
	live(cf, pol, k, text, &want);
	bool egress = places[k].at == POLICY_EGRESS ||
	    places[k].at == POLICY_RETURN;
	int code = explained(&(struct explain_packet){ cf, here, egress ?
	    egress_nat(cf, places[k].here, here, NULL, "", &journal) : NULL,
	    places[k].at, places[k].from }, text, &got);
	*passed = code == 0;
	if (memcmp(&want, &got, sizeof(want)) == 0 &&
	    (code == 0) == (want.step[want.n - 1][0] != '!'))
		return true;
	printf("# %s at %s: live %s %s, -e %s %s (%d)\n", text,
	    cf->location[places[k].here].name, want.step[0], want.step[1],
	    got.step[0], got.step[1], code);
	return false;
}

int
main(void)
{
	static struct conf cf;
	static struct policy pol[2];

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		size_t bad = 0, passed = 0;
		load(&cf, ways[i].server, ways[i].client);
		start_policy(&pol[HQ], &cf, HQ);
		start_policy(&pol[BRANCH1], &cf, BRANCH1);
		for (size_t k = 0; k < PACKETS; k++) {
			bool pass = false;
			bad += !agrees(&cf, pol, &pass);
			passed += pass;
		}
		OKF(bad == 0, "%s: -e says of %d packets what the programs "
		    "decide", ways[i].name, PACKETS);
		OKF(passed > PACKETS / 50, "... of which %zu pass", passed);
	}
	return DONE();
}
