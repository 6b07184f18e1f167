/* SPDX-License-Identifier: ISC */
/* The replay window (W12): the kernel's table, whole windows, a reference model. */
#include "wg/replay.h"

#include "draw.h"
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW REPLAY_WINDOW
#define LIM (WINDOW + 1)
#define REJECT REJECT_AFTER_MESSAGES

/* The steps of the self-test of Linux, in its order (reference W12). */
static const struct step {
	uint64_t counter;
	bool accept;
} table[] = {
	{ 0, true },
	{ 1, true },
	{ 1, false },
	{ 9, true },
	{ 8, true },
	{ 7, true },
	{ 7, false },
	{ LIM, true },
	{ LIM - 1, true },
	{ LIM - 1, false },
	{ LIM - 2, true },
	{ 2, true },
	{ 2, false },
	{ LIM + 16, true },
	{ 3, false },
	{ LIM + 16, false },
	{ LIM * 4, true },
	{ LIM * 4 - (LIM - 1), true },
	{ 10, false },
	{ LIM * 4 - LIM, false },
	{ LIM * 4 - (LIM + 1), false },
	{ LIM * 4 - (LIM - 2), true },
	{ LIM * 4 + 1 - LIM, false },
	{ 0, false },
	{ REJECT, false },
	{ REJECT - 1, true },
	{ REJECT, false },
	{ REJECT - 1, false },
	{ REJECT - 2, true },
	{ REJECT + 1, false },
	{ REJECT + 2, false },
	{ REJECT - 2, false },
	{ REJECT - 3, true },
	{ 0, false },
};
static_assert(sizeof(table) / sizeof(table[0]) == 34, "all of them");

static void
test_table(void)
{
	struct replay r;

	replay_init(&r);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		OKF(replay_accept(&r, table[i].counter) == table[i].accept,
		    "W12 step %zu: %" PRIu64 " is %s", i + 1, table[i].counter,
		    table[i].accept ? "accepted" : "dropped");
}

/* Counters first..last, in either order, then two more. */
static const struct sweep {
	uint64_t first, last;
	struct step then[2];
} sweeps[] = {
	{ 1, WINDOW, { { 0, true }, { 0, false } } },
	{ 2, WINDOW + 1, { { 1, true }, { 0, false } } },
	{ WINDOW, 0, { { 0, false }, { WINDOW, false } } },
	{ WINDOW + 1, 1, { { 0, false }, { 1, false } } },
	{ WINDOW, 1, { { WINDOW + 1, true }, { 0, false } } },
	{ WINDOW, 1, { { 0, true }, { WINDOW + 1, true } } },
};

static void
test_sweeps(void)
{
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		const struct sweep *s = &sweeps[i];
		uint64_t step = s->first < s->last ? 1 : UINT64_MAX;
		struct replay r;
		bool good = true;

		replay_init(&r);
		for (uint64_t c = s->first; c != s->last + step; c += step)
			good = good && replay_accept(&r, c);
		for (int k = 0; k < 2; k++)
			good = good && replay_accept(&r, s->then[k].counter) ==
			    s->then[k].accept;
		OKF(good, "W12 sweep %zu: %" PRIu64 " to %" PRIu64, i + 1,
		    s->first, s->last);
	}
}

/*
 * The reference model keeps what it has seen in a set that is as large as the walk
 * is long, and knows no window but the definition.
 */
enum { STEPS = 2000000, ROUNDS = 8, SPAN = STEPS * 16 };

struct model {
	uint64_t base;		/* the walk begins here */
	uint64_t greatest;
	bool any;
	uint8_t seen[SPAN];
};

static bool
model_accept(struct model *t, uint64_t c)
{
	if (c >= REJECT)
		return false;
	if (t->any && c < t->greatest && t->greatest - c > WINDOW)
		return false;
	if (t->seen[c - t->base])
		return false;
	t->seen[c - t->base] = 1;
	if (!t->any || c > t->greatest)
		t->greatest = c;
	t->any = true;
	return true;
}

/* Mostly near the greatest, some far back, some a leap ahead. */
static uint64_t
propose(struct model *t, uint64_t *seed)
{
	uint64_t at = t->any ? t->greatest : t->base, d = draw(seed), back;

	switch (d % 8) {
	case 0:
		return at + 1 + (d >> 8) % 64;
	case 1:
		back = (d >> 8) % 20000;
		break;
	case 2:
		back = WINDOW - 3 + (d >> 8) % 6;
		break;
	case 3:
		return (d >> 32) % 1024 == 0 ? at + (d >> 8) % 20000 : at + 1;
	default:
		back = (d >> 8) % 200;
		break;
	}
	return at - t->base < back ? t->base : at - back;
}

static bool
walk(struct model *t, uint64_t base, uint64_t *seed)
{
	struct replay r;

	memset(t, 0, sizeof(*t));
	t->base = base;
	replay_init(&r);
	for (int i = 0; i < STEPS; i++) {
		uint64_t c = propose(t, seed);
		if (c - base >= SPAN || replay_accept(&r, c) !=
		    model_accept(t, c)) {
			printf("# step %d, counter %" PRIu64 "\n", i, c);
			return false;
		}
	}
	return true;
}

static void
test_model(void)
{
	static const uint64_t bases[ROUNDS] = { 0, 1, 63,
		(uint64_t)1 << 32, ((uint64_t)1 << 32) - 1000,
		(uint64_t)1 << 60, (uint64_t)1 << 63, REJECT - 100000 };
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) :
	    (uint64_t)time(NULL);
	struct model *t = malloc(sizeof(*t));

	printf("# SEED=%" PRIu64 "\n", seed);
	for (int i = 0; i < ROUNDS; i++)
		OKF(walk(t, bases[i], &seed), "W12 %d steps from %" PRIu64
		    " as a set does", STEPS, bases[i]);
	free(t);
}

/* A gap clears each word once: leaps over nearly everything there is are over
 * at once, and nothing before a leap is taken again. */
static void
test_gaps(void)
{
	bool good = true;

	for (int i = 0; i < 100000; i++) {
		struct replay r;
		replay_init(&r);
		good = good && replay_accept(&r, 5) &&
		    replay_accept(&r, REJECT - 1) && !replay_accept(&r, 5) &&
		    replay_accept(&r, REJECT - 1 - WINDOW) &&
		    !replay_accept(&r, REJECT - 2 - WINDOW);
	}
	OKF(good, "W12, others W2: a leap from 5 to 2^64-8131, 100000 times");
}

int
main(void)
{
	test_table();
	test_sweeps();
	test_model();
	test_gaps();
	return DONE();
}
