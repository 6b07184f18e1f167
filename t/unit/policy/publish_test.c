/* SPDX-License-Identifier: ISC */
/* What is published, as the clients of the server that publishes it see it. */
#include "policy/policy.h"

#include "domain.h"
#include "test.h"

enum { TCP = 6, UDP = 17, ICMP = 1, LATER = -1 };

/* By address, as the loader has them. */
static struct policy_published published[4] = {
	{ .first = 443, .last = 445, .proto = TCP },
	{ .first = 53, .last = 53, .proto = UDP },
	{ .first = 0, .last = 65535, .proto = 0 },
	{ .first = 80, .last = 80, .proto = TCP },
};
static const char *const outside[4] = { "192.0.2.50", "192.0.2.50",
	"192.0.2.60", "2001:db8:0:f000::50" };

static const struct {
	const char *dst;
	uint8_t proto;
	int port;
	bool open;
} row[] = {
	{ "192.0.2.50", TCP, 443, true },
	{ "192.0.2.50", TCP, 444, true },
	{ "192.0.2.50", TCP, 445, true },
	{ "192.0.2.50", TCP, 442, false },
	{ "192.0.2.50", TCP, 446, false },
	{ "192.0.2.50", TCP, 53, false },
	{ "192.0.2.50", UDP, 53, true },
	{ "192.0.2.50", UDP, 52, false },
	{ "192.0.2.50", UDP, 54, false },
	{ "192.0.2.50", UDP, 443, false },
	{ "192.0.2.50", ICMP, LATER, false },
	/* a fragment without ports: some are open */
	{ "192.0.2.50", TCP, LATER, true },
	{ "192.0.2.50", UDP, LATER, true },
	/* the rules of a neighbour are not its own */
	{ "192.0.2.51", TCP, 443, false },
	{ "192.0.2.49", TCP, 443, false },
	{ "192.0.2.51", TCP, LATER, false },
	/* a whole address */
	{ "192.0.2.60", TCP, 0, true },
	{ "192.0.2.60", UDP, 65535, true },
	{ "192.0.2.60", ICMP, LATER, true },
	{ "192.0.2.61", ICMP, LATER, false },
	{ "2001:db8:0:f000::50", TCP, 80, true },
	{ "2001:db8:0:f000::50", TCP, 81, false },
	{ "2001:db8:0:f000::50", TCP, 443, false },
	{ "2001:db8:0:f000::50", UDP, LATER, false },
	{ "2001:db8:0:f000::51", TCP, 80, false },
};

static struct policy
publishing(uint16_t self)
{
	struct policy pol = policy_of(self);
	struct lpm_entry e[3];
	size_t n = 0;

	for (uint32_t i = 0; i < 4; i++) {
		published[i].addr = addr(outside[i]);
		if (i == 0 || !addr_eq(&published[i].addr,
		    &published[i - 1].addr))
			e[n++] = (struct lpm_entry){
			    { published[i].addr, 128 }, i + 1 };
	}
	pol.published_at = lpm_new_of(e, n);
	pol.published = published;
	pol.npublished = 4;
	return pol;
}

static struct ip
packet(size_t i)
{
	struct addr dst = addr(row[i].dst);
	bool v4 = addr_is_v4(&dst);
	struct ip ip = { .src = addr(v4 ? "10.1.0.5" : "2001:db8:1::5"),
		.dst = dst, .version = v4 ? 4 : 6, .proto = row[i].proto,
		.sport = 40000, .ports = row[i].port != LATER };

	ip.dport = ip.ports ? (uint16_t)row[i].port : 0;
	return ip;
}

/* What the host behind a published address sends to who came by that. */
static const struct {
	const char *src;
	uint8_t proto;
	uint16_t sport, dport;
	bool open;
} answer[] = {
	{ "10.1.0.7", TCP, 8443, 20000, true },
	{ "10.1.0.7", TCP, 8444, 20000, false },
	{ "10.1.0.7", TCP, 8443, 16383, false },
	{ "10.1.0.7", TCP, 8443, 32768, false },
	{ "10.1.0.7", UDP, 8443, 20000, false },
	{ "10.1.0.8", TCP, 8443, 20000, false },
};

static void
test_answers(void)
{
	struct policy hq = publishing(HQ);

	published[0].to = addr("10.1.0.7");
	published[0].to_first = published[0].to_last = 8443;
	hq.nat_first = 16384;
	hq.nat_last = 32767;
	for (size_t i = 0; i < sizeof(answer) / sizeof(*answer); i++) {
		struct ip ip = { .src = addr(answer[i].src),
			.dst = addr(outside[0]), .version = 4,
			.proto = answer[i].proto, .ports = true,
			.sport = answer[i].sport, .dport = answer[i].dport };
		OKF(policy_decide(&hq, POLICY_EGRESS, &ip, BRANCH1).verdict ==
		    (answer[i].open ? V_INTERNET : V_INTERNAL),
		    "%s answers from %d to %d", answer[i].src,
		    answer[i].sport, answer[i].dport);
	}
	lpm_free(hq.published_at);
	policy_fini(&hq);
}

int
main(void)
{
	struct policy hq = publishing(HQ), none = policy_of(HQ);

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct ip ip = packet(i);
		struct decision d = policy_decide(&hq, POLICY_EGRESS, &ip,
		    BRANCH1);
		OKF(d.verdict == (row[i].open ? V_INTERNET : V_INTERNAL),
		    "%s protocol %d port %d is %s", row[i].dst, row[i].proto,
		    row[i].port, row[i].open ? "published" : "internal");
		OKF(policy_decide(&none, POLICY_EGRESS, &ip, BRANCH1).verdict
		    == V_INTERNAL, "and internal where nothing is published");
		/* it is the Internet's view, not that of any other point */
		OK(policy_decide(&hq, POLICY_OUT, &ip, PEER_NONE).verdict !=
		    V_INTERNET);
	}
	test_answers();
	lpm_free(hq.published_at);
	policy_fini(&hq);
	policy_fini(&none);
	return DONE();
}
