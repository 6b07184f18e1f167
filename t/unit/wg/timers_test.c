/* SPDX-License-Identifier: ISC */
/* The queue of deadlines and the table of indices, against reference models. */
#include "test.h"

#include "wg/index.h"
#include "wg/timers.h"

#include <stdlib.h>
#include <string.h>

enum { NODES = 200, STEPS = 200000, ENTRIES = 256, LIVE = 64 };

static nsec
slow_first(const struct timer *t)
{
	nsec first = 0;

	for (int i = 0; i < NODES; i++)
		if (t[i].due != 0 && (first == 0 || t[i].due < first))
			first = t[i].due;
	return first;
}

static void
test_timers(unsigned seed)
{
	static struct timer t[NODES];
	struct timer *heap[NODES];
	struct timers q = { heap, 0 };
	unsigned wrong = 0;

	srand(seed);
	for (int i = 0; i < STEPS / 10; i++) {
		struct timer *x = &t[rand() % NODES];
		timers_set(&q, x, rand() % 4 == 0 ? 0 : 1 + (nsec)rand() % 999);
		const struct timer *f = timers_first(&q);
		wrong += (f == NULL ? 0 : f->due) != slow_first(t);
	}
	OKF(wrong == 0, "the first deadline is the first (seed %u)", seed);
	nsec last = 0;
	while (timers_first(&q) != NULL) {
		struct timer *f = timers_first(&q);
		wrong += f->due < last;
		last = f->due;
		timers_set(&q, f, 0);
	}
	OKF(wrong == 0, "they come out in order");
}

/* What is entered for a wish: itself, or what comes 256 after it, and so on. */
static uint32_t
slow_wish(const struct index_entry *live, uint32_t wish)
{
	for (int i = 0; i < LIVE; i++)
		if (wish == live[i].index)	/* of those that are free: 0 */
			return slow_wish(live, wish + 256);
	return wish;
}

static void
test_index(unsigned seed)
{
	static struct index_entry entry[ENTRIES];
	struct index_table t = { entry, ENTRIES - 1 };
	struct index_entry live[LIVE] = { { 0, 0 } };
	unsigned wrong = 0;

	memset(entry, 0, sizeof(entry));
	srand(seed);
	for (int i = 0; i < STEPS; i++) {
		struct index_entry *e = &live[rand() % LIVE];
		if (e->index != 0) {
			index_remove(&t, e->index);
			wrong += index_find(&t, e->index) != INDEX_NONE;
			e->index = 0;
		} else {
			/* few distinct homes, the end of the table among
			 * them: long chains that wrap */
			uint32_t wish = (uint32_t)rand() % 8 - 4;
			uint32_t first = slow_wish(live, wish);
			e->owner = (uint16_t)(rand() % 1000);
			e->index = index_add(&t, wish, e->owner);
			wrong += e->index != first;
		}
		e = &live[rand() % LIVE];
		wrong += e->index != 0 && index_find(&t, e->index) != e->owner;
	}
	for (int i = 0; i < LIVE; i++)
		if (live[i].index != 0)
			wrong += index_find(&t, live[i].index) !=
			    live[i].owner;
	OKF(wrong == 0, "each index leads to its owner (seed %u)", seed);
	OK(index_find(&t, 0) == INDEX_NONE);
	index_remove(&t, 0);
	index_remove(&t, 123456);
}

int
main(void)
{
	for (unsigned seed = 1; seed <= 3; seed++) {
		test_timers(seed);
		test_index(seed);
	}
	return DONE();
}
