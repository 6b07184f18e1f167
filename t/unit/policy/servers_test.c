/* SPDX-License-Identifier: ISC */
/* A client's choice of servers, and the question it asks them. */

#include "test.h"

#include "packet/echo.h"
#include "policy/servers.h"

#include <stdlib.h>
#include <string.h>

#define S(n) ((nsec)(n) * NSEC_SEC + NSEC_SEC * 1000)

static struct servers
two(bool balance, bool probing, nsec hold)
{
	return (struct servers){ .n = 2, .balance = balance,
		.probing = probing, .hold = hold,
		.s = { { .peer = 3, .salt = 1 }, { .peer = 7, .salt = 2 } } };
}

/* Whom an Internet packet goes to. */
static uint16_t
used(const struct servers *sv)
{
	struct policy pol = { .server = PEER_NONE };

	servers_choose(sv, &pol);
	return pol.server;
}

/* Asks whom there is to ask, and lets those answer that live. */
static void
pass(struct servers *sv, nsec from, nsec to, unsigned alive)
{
	unsigned i;

	for (nsec now = from; now < to; now += NSEC_SEC / 2) {
		servers_sent(sv, used(sv), now);
		while (servers_question(sv, now, &i))
			;
		for (i = 0; i < sv->n; i++)
			if ((alive >> i & 1) != 0)
				servers_heard(sv, i, now);
		servers_tick(sv, now);
	}
}

static void
test_failover(void)
{
	struct servers sv = two(false, false, 0);

	OK(used(&sv) == 3);
	pass(&sv, S(0), S(100), 3);
	OK(used(&sv) == 3 && servers_state(&sv, 1) == SERVER_READY);
	pass(&sv, S(100), S(114), 2);
	OK(used(&sv) == 3);
	pass(&sv, S(114), S(117), 2);
	OK(used(&sv) == 7 && servers_state(&sv, 0) == SERVER_DOWN);
	pass(&sv, S(117), S(118), 3);
	OK(used(&sv) == 3);
	pass(&sv, S(118), S(150), 0);
	OK(used(&sv) == PEER_NONE);
	pass(&sv, S(150), S(151), 2);
	OK(used(&sv) == 7);
}

static void
test_failback(void)
{
	struct servers sv = two(false, false, 60 * NSEC_SEC);

	pass(&sv, S(0), S(20), 2);
	OK(used(&sv) == 7);
	pass(&sv, S(20), S(79), 3);
	OK(used(&sv) == 7 && servers_state(&sv, 0) == SERVER_HELD);
	pass(&sv, S(79), S(82), 3);
	OK(used(&sv) == 3);
	sv = two(false, false, SERVERS_NEVER);
	pass(&sv, S(0), S(20), 2);
	pass(&sv, S(20), S(9999), 3);
	OK(used(&sv) == 7);
	/* the other fails: there is no point in waiting */
	pass(&sv, S(9999), S(10016), 1);
	OK(used(&sv) == 3);
}

/* What flaps during its hold begins it anew, and one that is silent then is
 * not believed. */
static void
test_flapping(void)
{
	struct servers sv = two(false, false, 60 * NSEC_SEC);

	pass(&sv, S(0), S(20), 2);
	pass(&sv, S(20), S(21), 3);
	OK(servers_state(&sv, 0) == SERVER_HELD);
	pass(&sv, S(21), S(79), 2);
	OK(servers_state(&sv, 0) == SERVER_DOWN && used(&sv) == 7);
}

static void
test_questions(void)
{
	struct servers sv = two(false, false, 0);
	unsigned i, n[2] = { 0, 0 };

	/* the one that is not used now and then; the used one if it leaves
	 * data without answer, once */
	for (nsec now = S(0); now < S(60); now += NSEC_SEC / 2) {
		servers_heard(&sv, 0, now);
		while (servers_question(&sv, now, &i))
			n[i]++;
		servers_heard(&sv, 1, now);
		servers_tick(&sv, now);
	}
	OK(n[0] == 0 && n[1] == 2);
	servers_sent(&sv, 3, S(60));
	OK(!servers_question(&sv, S(62), &i) || i != 0);
	while (servers_question(&sv, S(71), &i))
		n[i]++;
	OK(n[0] == 1);
	while (servers_question(&sv, S(72), &i))
		n[i]++;
	OK(n[0] == 1);
	/* with a probe all of them, always, and data asks nothing */
	sv = two(false, true, 0);
	pass(&sv, S(0), S(10), 3);
	OK(used(&sv) == 3);
	pass(&sv, S(10), S(13), 2);
	OK(used(&sv) == 3);
	pass(&sv, S(13), S(16), 2);
	OK(used(&sv) == 7);
}

/* Without a packet, and without an answer. */
static void
test_idle(void)
{
	struct servers sv = two(false, false, 0);
	unsigned looks = 0, asked = 0, i;
	nsec now = S(0);

	sv.n = 1;
	OK(used(&sv) == 3);
	for (; now < S(600); looks++, now = servers_due(&sv, now)) {
		servers_tick(&sv, now);
		while (servers_question(&sv, now, &i))
			asked++;
		servers_heard(&sv, 0, now);
	}
	OKF(asked >= 10 && asked <= 20 && looks <= 21,
	    "F21: the only one is asked when it is not heard of (%u), and "
	    "otherwise left alone (%u)", asked, looks);
	nsec end = now + 70 * NSEC_SEC;
	for (looks = 0; now < end && used(&sv) != PEER_NONE; looks++,
	    now = servers_due(&sv, now)) {
		servers_tick(&sv, now);
		while (servers_question(&sv, now, &i))
			;
	}
	OKF(servers_state(&sv, 0) == SERVER_DOWN && now < end,
	    "F21: and down when it does not answer, packets or not");
	servers_heard(&sv, 0, now);
	servers_tick(&sv, now);
	OKF(used(&sv) == 3, "F21: until it does");
}

/* Half a second at a time: whose tunnels answer, and by whom the probe does. */
static void
probe(struct servers *sv, nsec from, nsec to, unsigned tunnels, unsigned alive)
{
	static uint64_t number;
	unsigned i;

	for (nsec now = from; now < to; now += NSEC_SEC / 2) {
		number++;
		for (i = 0; i < sv->n; i++)
			servers_seen(sv, i, (tunnels >> i & 1) != 0 ? number :
			    sv->s[i].seen, now);
		servers_tick(sv, now);
		while (servers_question(sv, now, &i))
			;
		for (i = 0; i < sv->n; i++)
			if ((alive >> i & 1) != 0)
				servers_heard(sv, i, now);
	}
}

static void
test_suspect(void)
{
	struct servers sv = two(false, true, 0);

	sv.n = 1;
	probe(&sv, S(0), S(10), 1, 1);
	OKF(used(&sv) == 3 && !servers_unanswered(&sv, S(10)),
	    "F11: one server, and the probe answers");
	probe(&sv, S(10), S(1000), 1, 0);
	OKF(used(&sv) == 3 && servers_unanswered(&sv, S(1000)),
	    "F11: the probe is silent, the tunnel is not: stay");
	probe(&sv, S(1000), S(1029), 0, 0);
	OK(used(&sv) == 3);
	probe(&sv, S(1029), S(1035), 0, 0);
	OKF(used(&sv) == PEER_NONE, "F11: both are: nobody");
	probe(&sv, S(1035), S(1036), 1, 0);
	OKF(used(&sv) == 3, "F11: the tunnel is back, that suffices");

	sv = two(false, true, 0);
	probe(&sv, S(0), S(10), 3, 3);
	probe(&sv, S(10), S(100), 3, 0);
	OKF(used(&sv) == 3 && servers_state(&sv, 1) == SERVER_READY,
	    "F11: of two nobody moves");
	probe(&sv, S(100), S(106), 3, 2);
	OKF(used(&sv) == 7 && servers_state(&sv, 0) == SERVER_DOWN,
	    "F11: the one by which it answers is better");
	probe(&sv, S(106), S(200), 3, 0);
	OKF(used(&sv) == 7, "F11: then it answers by none: stay there");
	probe(&sv, S(200), S(216), 1, 0);
	OKF(used(&sv) == 3, "F11: that one's tunnel dies: the other's has "
	    "only the probe against it");
	probe(&sv, S(216), S(240), 0, 0);
	OKF(used(&sv) == PEER_NONE, "F11: none is left");
	probe(&sv, S(240), S(242), 2, 0);
	OK(used(&sv) == 7);
	probe(&sv, S(242), S(250), 3, 1);
	OKF(used(&sv) == 3, "F11: and all is as it was");
}

static void
test_seen(void)
{
	struct servers sv = two(false, false, 0);

	servers_sent(&sv, 3, S(0));
	servers_seen(&sv, 0, 5, S(1));
	OK(sv.s[0].asked == 0);
	servers_sent(&sv, 3, S(2));
	servers_seen(&sv, 0, 5, S(3));
	OK(sv.s[0].asked == S(2));
}

static uint16_t
hop(const struct policy *pol, unsigned host)
{
	struct ip ip = { .version = 4, .proto = 17,
		.src = { .b = { [10] = 0xff, [11] = 0xff, 10, 1,
		    (uint8_t)(host >> 8), (uint8_t)host } },
		.dst = { .b = { [10] = 0xff, [11] = 0xff, 203, 0, 113, 9 } } };
	struct decision d = policy_decide(pol, POLICY_OUT, &ip, PEER_NONE);

	return d.verdict == V_INTERNET ? d.peer : PEER_NONE;
}

static struct lpm *
table(const char *text)
{
	struct lpm_entry e = { .value = PLACE(0, true) };
	bool host_bits;

	if (text == NULL)
		return lpm_new_of(NULL, 0);
	if (!prefix_parse(&e.prefix, text, &host_bits))
		abort();
	return lpm_new_of(&e, 1);
}

/* All hosts of a /20: each keeps its server whoever comes and goes. */
static void
test_balance(void)
{
	enum { HOSTS = 4096 };
	static uint16_t was[HOSTS];
	struct policy_site site[9] = { { .whole_lan = true } };
	struct lpm *lan = table("10.1.0.0/20"), *none = table(NULL);
	struct policy pol = { .where = lan, .endpoints = none, .own = none,
		.site = site, .nsites = 9, .role = ROLE_CLIENT };
	struct servers sv = two(true, false, 0);
	unsigned n = 0, moved = 0, kept = 0;

	sv.s[2] = (struct server){ .peer = 8, .salt = 99 };
	sv.n = 3;
	servers_choose(&sv, &pol);
	for (unsigned i = 0; i < HOSTS; i++)
		n += (was[i] = hop(&pol, i)) == 3;
	OK(n > HOSTS / 4 && n < HOSTS / 2);
	sv.s[0].down = true;
	servers_choose(&sv, &pol);
	for (unsigned i = 0; i < HOSTS; i++) {
		kept += hop(&pol, i) == was[i];
		moved += was[i] != 3 && hop(&pol, i) != was[i];
	}
	OK(kept == HOSTS - n && moved == 0);
	sv.s[1].down = sv.s[2].down = true;
	servers_choose(&sv, &pol);
	OK(hop(&pol, 1) == PEER_NONE);
	lpm_free(lan);
	lpm_free(none);
}

static void
test_echo(void)
{
	static const char *const pair[2][2] = {
		{ "10.1.0.1", "192.0.2.1" }, { "2001:db8:1::1", "2001:db8::9" },
	};

	for (int i = 0; i < 2; i++) {
		struct echo e = { .id = 0x1234, .seq = 7 };
		uint8_t p[ECHO_ROOM];
		struct ip ip;
		OK(addr_parse(&e.src, pair[i][0]) &&
		    addr_parse(&e.dst, pair[i][1]));
		size_t n = echo_build(p, &e);
		OK(ip_parse(&ip, p, n) == (enum verdict)V_NEXT && ip.len == n);
		OK(ip.dport == 0x1234 && !echo_answers(&e, &ip));
		ip.sport = i == 0 ? 0 : 129 << 8;
		struct addr a = ip.src;
		ip.src = ip.dst;
		ip.dst = a;
		OK(echo_answers(&e, &ip));
		ip.dport++;
		OK(!echo_answers(&e, &ip));
	}
}

int
main(void)
{
	test_failover();
	test_failback();
	test_flapping();
	test_questions();
	test_idle();
	test_suspect();
	test_seen();
	test_balance();
	test_echo();
	return DONE();
}
