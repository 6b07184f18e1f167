/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "wg/message.h"
#include "wg/stage.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS = 5, SLOTS = 300, SIZE = 8, STEPS = 100000 };

static void
push(struct stage *s, uint32_t peer, uint32_t n, nsec now, uint16_t *evicted)
{
	struct staged *p = stage_push(s, peer, now, evicted);

	p->len = SIZE;
	memcpy(p->packet, &n, sizeof(n));
}

static uint32_t
pop(struct stage *s, uint32_t peer)
{
	const struct staged *p = stage_pop(s, peer);
	uint32_t n = UINT32_MAX;

	if (p != NULL)
		memcpy(&n, p->packet, sizeof(n));
	return n;
}

static void
test_order(void)
{
	struct stage *s = stage_new(PEERS, SLOTS, SIZE);
	unsigned out = 0, wrong = 0;
	uint16_t e;

	for (uint32_t i = 0; i < STAGE_PER_PEER + 3; i++) {
		push(s, 1, i, 1, &e);
		out += e == SIZE;
	}
	OKF(out == 3 && stage_count(s, 1) == STAGE_PER_PEER,
	    "W19: 128 wait, the oldest make room");
	for (uint32_t i = 3; i < STAGE_PER_PEER + 3; i++)
		wrong += pop(s, 1) != i;
	OKF(wrong == 0, "and come out in order");
	OK(stage_pop(s, 1) == NULL && stage_due(s) == 0);
	stage_free(s);
}

static void
test_pool(void)
{
	struct stage *s = stage_new(PEERS, SLOTS, SIZE);
	uint16_t e;

	for (uint32_t i = 0; i < SLOTS; i++)
		push(s, i % 3, i, i + 1, &e);
	push(s, 4, 1000, SLOTS + 1, &e);
	OKF(e == SIZE && stage_count(s, 0) == SLOTS / 3 - 1,
	    "a full pool: the oldest of all makes room");
	OK(pop(s, 0) == 3 && pop(s, 1) == 1 && pop(s, 4) == 1000);
	stage_free(s);
}

static void
test_age(void)
{
	struct stage *s = stage_new(PEERS, SLOTS, SIZE);
	uint16_t e;

	push(s, 0, 1, 1000, &e);
	push(s, 1, 2, 2000, &e);
	OK(stage_due(s) == 1000 + 90 * NSEC_SEC);
	OK(stage_expired(s, 999 + 90 * NSEC_SEC) == NULL);
	const struct staged *p = stage_expired(s, 1000 + 90 * NSEC_SEC);
	OKF(p != NULL && p->peer == 0, "W7: nothing waits over 90 s");
	OK(stage_expired(s, 1000 + 90 * NSEC_SEC) == NULL);
	OK(stage_count(s, 0) == 0 && stage_count(s, 1) == 1);
	stage_free(s);
}

/* Whatever is done: what went in is in there or came out, once. */
static void
test_balance(unsigned seed)
{
	struct stage *s = stage_new(PEERS, SLOTS, SIZE);
	unsigned in = 0, out = 0, left = 0, wrong = 0;
	uint32_t last[PEERS] = { 0 };
	uint16_t e;

	srand(seed);
	for (uint32_t i = 1; i <= STEPS; i++) {
		uint32_t peer = (uint32_t)rand() % PEERS, n;
		if (rand() % 5 < 3) {
			push(s, peer, i, i, &e);
			in++;
			out += e > 0;
		} else if ((n = pop(s, peer)) != UINT32_MAX) {
			wrong += n <= last[peer];
			last[peer] = n;
			out++;
		}
	}
	for (uint32_t i = 0; i < PEERS; i++)
		left += stage_count(s, i);
	OKF(in == out + left && wrong == 0, "%u in, %u out, %u left (seed %u)",
	    in, out, left, seed);
	stage_free(s);
}

int
main(void)
{
	test_order();
	test_pool();
	test_age();
	for (unsigned seed = 1; seed <= 3; seed++)
		test_balance(seed);
	return DONE();
}
