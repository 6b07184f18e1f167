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
	stamps_take(&s, t, wall);
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
	    s.odd_last[0] == 0, "W1: then it is forgotten, as it is just old");
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
	test_random();
	return DONE();
}
