/* SPDX-License-Identifier: ISC */
/* The search for a path's MTU, on simulated paths. */
#include "test.h"

#include "packet/pmtu.h"

#include <string.h>

enum { OVER = 60, MAX = 1440, LATE = 8192 };

/* A path to a peer: what it takes, how long, what gets lost. */
static struct {
	uint16_t takes;		/* inner bytes; 0: the peer is deaf */
	nsec rtt;
	unsigned loss;		/* per cent, both ways together */
	uint32_t seed;
} path;

static struct {
	nsec at;
	uint16_t round, size;
} echo[LATE];
static unsigned first_echo, last_echo;
static unsigned long probes;
static nsec now;
static struct pmtu m;

static bool
lost(void)
{
	path.seed = path.seed * 1664525 + 1013904223;
	return (path.seed >> 16) % 100 < path.loss;
}

static void
send_probes(const uint16_t *size, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		probes++;
		if (size[i] > path.takes || lost())
			continue;
		echo[last_echo % LATE].at = now + path.rtt;
		echo[last_echo % LATE].round = m.round;
		echo[last_echo++ % LATE].size = size[i];
	}
}

/* Lets so much time pass, with large packets every millisecond, or none. */
static void
run(nsec d, bool large)
{
	for (nsec end = now + d; now < end; now += NSEC_MS) {
		uint16_t size[PMTU_ASK + 1];
		for (; first_echo != last_echo &&
		    echo[first_echo % LATE].at <= now; first_echo++)
			pmtu_heard(&m, echo[first_echo % LATE].round,
			    echo[first_echo % LATE].size, now);
		if (large && pmtu_sent(&m, m.mtu))
			pmtu_wake(&m, now);
		if (m.due != 0 && m.due <= now)
			send_probes(size, pmtu_step(&m, now, size));
	}
}

static void
begin(uint16_t takes, nsec rtt, unsigned loss)
{
	memset(&m, 0, sizeof(m));
	path.takes = takes;
	path.rtt = rtt;
	path.loss = loss;
	path.seed = 1;
	first_echo = last_echo;
	probes = 0;
	now += NSEC_SEC;
	pmtu_begin(&m, MAX, OVER, now);
}

static void
test_finds(void)
{
	unsigned wrong = 0;

	begin(MAX, 20 * NSEC_MS, 0);
	OKF(m.mtu == PMTU_USUAL, "begins with what is usual");
	run(100 * NSEC_MS, false);
	OKF(m.mtu == MAX && probes == 2 && m.due == 0,
	    "P7 an ordinary path costs two probes");
	unsigned long before = probes;
	run(10 * NSEC_SEC, true);
	OKF(m.mtu == MAX && probes - before >= 30 && probes - before <= 42,
	    "P7 and two each half a second while it is used: %lu",
	    probes - before);
	for (uint16_t takes = PMTU_LEAST; takes <= MAX; takes++) {
		begin(takes, 20 * NSEC_MS, 0);
		run(NSEC_SEC, false);
		wrong += m.mtu != takes || m.phase != PMTU_FOUND;
	}
	OKF(wrong == 0, "every MTU is found to the byte, within a second");
	begin(300, 20 * NSEC_MS, 0);
	run(2 * NSEC_SEC, false);
	OKF(m.mtu == PMTU_LEAST, "none below the least");
}

static void
test_black_hole(void)
{
	static const nsec rtt[] = { NSEC_MS, 20 * NSEC_MS, 100 * NSEC_MS,
		200 * NSEC_MS };

	for (size_t i = 0; i < sizeof(rtt) / sizeof(*rtt); i++) {
		nsec worst = 0;
		for (nsec phase = 0; phase < 500; phase += 25) {
			begin(MAX, rtt[i], 0);
			run(3 * NSEC_SEC + phase * NSEC_MS, true);
			path.takes = 1220;
			nsec since = now;
			while (m.mtu > 1220 && now < since + 9 * NSEC_SEC)
				run(NSEC_MS, true);
			if (now - since > worst)
				worst = now - since;
		}
		OKF(worst < 2 * NSEC_SEC, "G39 round trip %u ms: a black hole "
		    "lasts %u ms", (unsigned)(rtt[i] / NSEC_MS),
		    (unsigned)(worst / NSEC_MS));
		run(5 * NSEC_SEC, true);
		OK(m.mtu == 1220);
	}
}

static void
test_silence(void)
{
	begin(0, 20 * NSEC_MS, 0);
	run(10 * NSEC_SEC, true);
	OKF(m.phase == PMTU_DEAF && m.mtu == PMTU_USUAL && probes == 6,
	    "a peer that knows no probes is left alone, with what is usual");
	run(500 * NSEC_SEC, true);
	OK(probes == 6);
	path.takes = 1400;
	run(200 * NSEC_SEC, true);
	OKF(m.mtu == 1400, "and asked again after ten minutes");
	/* the tunnel is dead: that says nothing of sizes */
	path.takes = 0;
	run(20 * NSEC_SEC, true);
	OKF(m.mtu == 1400 && m.phase == PMTU_FOUND, "P7 all lost is no MTU");
	path.takes = 1400;
	run(20 * NSEC_SEC, false);
	unsigned long before = probes;
	run(100 * NSEC_SEC, false);
	OKF(probes == before, "who sends nothing large sends no probes");
}

static void
test_raise(void)
{
	begin(1220, 20 * NSEC_MS, 0);
	run(2 * NSEC_SEC, true);
	OK(m.mtu == 1220);
	path.takes = MAX;
	run(590 * NSEC_SEC, true);
	OKF(m.mtu == 1220, "P6 no larger size is tried for ten minutes");
	run(20 * NSEC_SEC, true);
	OKF(m.mtu == MAX, "P6 then it is, while packets flow");
	begin(1220, 20 * NSEC_MS, 0);
	run(2 * NSEC_SEC, false);
	path.takes = MAX;
	run(610 * NSEC_SEC, false);
	OKF(m.mtu == MAX, "P6 and while none do");
}

static void
test_loss(void)
{
	unsigned low = 0, high = 0;

	for (uint32_t seed = 1; seed <= 50; seed++) {
		begin(1420, 20 * NSEC_MS, 3);
		path.seed = seed;
		for (int s = 0; s < 60; s++) {
			run(NSEC_SEC, true);
			low += s > 1 && m.mtu < 1420;
			high += m.mtu > 1420;
		}
	}
	OKF(high == 0, "P7 loss never makes it too large");
	OKF(low < 30, "P7 3 %% of loss is no MTU: too small for %u of 3000 s",
	    low);
}

static void
test_lies(void)
{
	begin(1220, 20 * NSEC_MS, 0);
	run(2 * NSEC_SEC, true);
	for (unsigned size = 0; size < 65536; size++)
		for (int d = -1; d <= 1; d++)
			pmtu_heard(&m, (uint16_t)(m.round + d), (uint16_t)size,
			    now);
	OKF(m.mtu == 1220, "answers that nobody asked for");
	begin(1220, 20 * NSEC_MS, 0);
	uint16_t size[PMTU_ASK + 1];
	unsigned changed = 0;
	pmtu_step(&m, now, size);
	struct pmtu before = m;
	for (unsigned n = 0; n < 65536; n++)
		for (int d = -1; d <= 1; d += 2) {
			pmtu_heard(&m, (uint16_t)(m.round + d), (uint16_t)n,
			    now);
			changed += memcmp(&m, &before, sizeof(m)) != 0;
		}
	for (unsigned n = MAX + 1; n < 65536; n++) {
		pmtu_heard(&m, m.round, (uint16_t)n, now);
		changed += memcmp(&m, &before, sizeof(m)) != 0;
	}
	OKF(changed == 0, "nor of another round, or too large");
}

int
main(void)
{
	test_finds();
	test_black_hole();
	test_silence();
	test_raise();
	test_loss();
	test_lies();
	return DONE();
}
