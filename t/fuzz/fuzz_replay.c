/* SPDX-License-Identifier: ISC */
/*
 * The replay window against a list of what was accepted.  The input is steps
 * of three bytes: how the counter is made, and a number of 16 bits for that.
 */
#include "fuzz.h"

#include "wg/replay.h"

enum { MOST = 1500 };

struct model {
	uint64_t accepted[MOST], greatest;
	size_t n;
};

static bool
model_accept(struct model *t, uint64_t c)
{
	if (c >= REJECT_AFTER_MESSAGES)
		return false;
	if (t->n > 0 && c < t->greatest && t->greatest - c > REPLAY_WINDOW)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (t->accepted[i] == c)
			return false;
	if (t->n == 0 || c > t->greatest)
		t->greatest = c;
	t->accepted[t->n++] = c;
	return true;
}

/* Near the greatest, near the edges of the window, of a word, of everything. */
static uint64_t
make_counter(uint64_t greatest, const uint8_t *step)
{
	uint64_t v = (uint64_t)step[1] << 8 | step[2];

	switch (step[0] % 8) {
	case 0:
		return greatest + v;
	case 1:
		return greatest - v;
	case 2:
		return greatest - REPLAY_WINDOW - 128 + v % 256;
	case 3:
		return (greatest & ~(uint64_t)63) + v;
	case 4:
		return greatest + (v << 13);
	case 5:
		return greatest ^ (uint64_t)1 << v % 64;
	case 6:
		return REJECT_AFTER_MESSAGES - 32768 + v;
	default:
		return v;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct model t;
	struct replay r;

	t.n = t.greatest = 0;
	replay_init(&r);
	for (size_t i = 0; i + 3 <= n && i / 3 < MOST; i += 3) {
		uint64_t c = make_counter(t.greatest, data + i);
		if (replay_accept(&r, c) != model_accept(&t, c))
			abort();
		if (t.n > 0 && r.next != t.greatest + 1)
			abort();
	}
	return 0;
}
