/* SPDX-License-Identifier: ISC */
/* W6, and W1 of what went wrong elsewhere: time stamps of initiations, with
 * clocks that are wrong, and programs that are started again. */
#include "test.h"

#include "wg/noise.h"
#include "wg/stamps.h"

#include <stdlib.h>
#include <string.h>

#define SEC NSEC_SEC
#define DAY (24 * 3600 * SEC)
#define YEAR (365 * DAY)
#define NOW ((uint64_t)1700000000 * SEC)

static struct stamps s;

/* A stamp comes while our own clock shows `wall'; true: it is taken. */
static bool
comes(uint64_t stamp, uint64_t wall)
{
	uint8_t t[TAI64N_LEN];

	noise_tai64n(t, stamp);
	if (!stamps_fresh(&s, t, wall))
		return false;
	stamps_accept(&s, t, wall);
	return true;
}

static void
test_order(void)
{
	memset(&s, 0, sizeof(s));
	OK(comes(NOW, NOW));
	OKF(!comes(NOW, NOW), "W6: the same again is a replay");
	OK(!comes(NOW - 1, NOW));
	OK(comes(NOW + 1, NOW));
	OKF(comes(NOW + DAY, NOW) && !comes(NOW + DAY, NOW),
	    "W6: a day ahead is nothing special");
}

static void
test_future(void)
{
	memset(&s, 0, sizeof(s));
	OK(comes(NOW, NOW));
	OKF(comes(NOW + 20 * YEAR, NOW + SEC),
	    "W1: a clock is 20 years ahead: it is believed");
	OK(comes(NOW + 20 * YEAR + 5 * SEC, NOW + 6 * SEC));
	OKF(comes(NOW + 10 * SEC, NOW + 10 * SEC),
	    "W1: it is right again, and forgot: the next one is taken");
	OKF(!comes(NOW + 20 * YEAR, NOW + 11 * SEC) &&
	    !comes(NOW + 20 * YEAR + 5 * SEC, NOW + 11 * SEC) &&
	    !comes(NOW + 20 * YEAR + 2 * SEC, NOW + 11 * SEC) &&
	    !comes(NOW + 10 * SEC, NOW + 11 * SEC) && !comes(NOW, NOW),
	    "W1: and nothing of what was taken is taken again");
	OKF(!comes(NOW + 20 * YEAR, NOW + 20 * YEAR) &&
	    !comes(NOW + 20 * YEAR + 5 * SEC, NOW + 20 * YEAR),
	    "W1: nor when that time has come");
	OK(comes(NOW + 20 * YEAR - DAY, NOW + 20 * YEAR));
	OK(comes(NOW + 20 * YEAR + 6 * SEC, NOW + 20 * YEAR));
	OKF(!comes(NOW + 20 * YEAR + 5 * SEC, NOW + 20 * YEAR) &&
	    s.odd_last[0] == 0 && s.odd_first[0] == 0, "W1: then it is forgotten, as it is just old");
}

/* It is ours that is wrong. */
static void
test_own_clock(void)
{
	memset(&s, 0, sizeof(s));
	OKF(comes(NOW, 0) && comes(NOW + SEC, SEC) && !comes(NOW, SEC) &&
	    !comes(NOW + SEC, SEC), "W1: we are in 1970: later ones are taken");
	OK(comes(NOW + 2 * SEC, NOW + 2 * SEC));
	OKF(!comes(NOW + SEC, NOW + 2 * SEC) &&
	    comes(NOW + 3 * SEC, NOW + 3 * SEC),
	    "W1: the time is set, and nobody is shut out");
	OKF(comes(NOW + 20 * YEAR, NOW) && comes(NOW + 4 * SEC, NOW),
	    "W1: a clock far ahead is still told from that");
	memset(&s, 0, sizeof(s));
	OK(comes(NOW, NOW + 20 * YEAR) && comes(NOW + 1, NOW) &&
	    !comes(NOW, NOW));
}

static void
test_sent(void)
{
	uint8_t a[TAI64N_LEN], b[TAI64N_LEN];

	memset(&s, 0, sizeof(s));
	stamps_next(&s, NOW + 20 * YEAR, a);
	stamps_next(&s, NOW, b);
	OKF(memcmp(b, a, TAI64N_LEN) > 0,
	    "W6: what we send is never earlier than what we sent");
	OK(s.sent == NOW + 20 * YEAR + 1);
	stamps_next(&s, NOW + 21 * YEAR, a);
	OK(s.sent == NOW + 21 * YEAR);
}

/* A stamp of n seconds; 0: none. */
static void
put(uint8_t *t, unsigned n)
{
	memset(t, 0, TAI64N_LEN);
	if (n != 0)
		noise_tai64n(t, n * SEC);
}

static bool
is(const uint8_t *t, unsigned n)
{
	uint8_t want[TAI64N_LEN];

	put(want, n);
	return memcmp(t, want, TAI64N_LEN) == 0;
}

/* Two lives of one peer: the later of each, and an interval of both. */
static void
test_merge(void)
{
	static const struct {
		unsigned sent, got, first, last;
	} life[] = {
		{ 0, 0, 0, 0 }, { 1, 7, 0, 0 }, { 2, 5, 100, 100 },
		{ 3, 3, 90, 105 }, { 4, 9, 103, 120 }, { 5, 1, 80, 85 },
	};
	const size_t n = sizeof(life) / sizeof(*life);
	unsigned wrong = 0;

	for (size_t i = 0; i < n * n; i++) {
		struct stamps two[2];
		unsigned first = UINT32_MAX, last = 0, got = 0, sent = 0;
		for (int k = 0; k < 2; k++) {
			size_t l = k == 0 ? i / n : i % n;
			two[k].sent = life[l].sent;
			put(two[k].got, life[l].got);
			put(two[k].odd_first, life[l].first);
			put(two[k].odd_last, life[l].last);
			if (life[l].first != 0 && life[l].first < first)
				first = life[l].first;
			last = life[l].last > last ? life[l].last : last;
			got = life[l].got > got ? life[l].got : got;
			sent = life[l].sent > sent ? life[l].sent : sent;
		}
		stamps_merge(&two[0], &two[1]);
		wrong += two[0].sent != sent || !is(two[0].got, got) ||
		    !is(two[0].odd_first, last == 0 ? 0 : first) ||
		    !is(two[0].odd_last, last);
	}
	OKF(wrong == 0, "W1: what two lives have seen, the third has");
}

/* Nothing twice, whatever the clocks do and however often all is forgotten
 * but what was noted; a list that forgets nothing is the judge. */
static void
test_random(void)
{
	enum { N = 20000, SEEN = 4096 };
	static uint64_t seen[SEEN];
	struct stamps noted;
	size_t nseen = 0;
	int twice = 0, lost = 0;

	memset(&s, 0, sizeof(s));
	srandom(7);
	for (int i = 0; i < N; i++) {
		uint64_t t = NOW + (uint64_t)i * SEC;
		uint64_t theirs = t + (random() % 50 == 0 ? 20 * YEAR : 0);
		/* not both at once: nobody could tell then */
		uint64_t ours = t + (theirs == t && random() % 50 == 0 ?
		    30 * YEAR : 0);
		bool again = nseen > 0 && random() % 3 == 0;
		uint64_t stamp = again ? seen[(size_t)random() % nseen] :
		    theirs;
		bool ok = comes(stamp, ours);
		twice += again && ok;
		lost += !again && !ok;
		if (ok && nseen < SEEN)
			seen[nseen++] = stamp;
		noted = s;
		memset(&s, 0, sizeof(s));
		stamps_merge(&s, &noted);
	}
	OKF(twice == 0, "W1: of %d stamps none is taken twice", N);
	OKF(lost == 0, "W1: and who is honest is never shut out (%d)", lost);
}

int
main(void)
{
	test_order();
	test_future();
	test_own_clock();
	test_sent();
	test_merge();
	test_random();
	return DONE();
}
