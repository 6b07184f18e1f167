/* SPDX-License-Identifier: ISC */
#include "wg/stage.h"

#include "wg/message.h"

#include <stdlib.h>

#define NIL UINT32_MAX

struct queue {
	uint32_t head, tail, n;
};

/*
 * Slots in use are chained twice: by age over all peers, and by age within
 * their peer.  A packet leaves from the head of its peer's queue only, and the
 * oldest of all is always such a head.
 */
struct stage {
	struct staged *slot;
	struct queue *queue;
	uint8_t *memory;
	uint32_t oldest, newest;
	uint32_t spare;			/* free slots, chained by behind */
};

static void
stage_link(struct stage *s, uint32_t npeers, uint32_t slots, size_t size)
{
	for (uint32_t i = 0; i < npeers; i++)
		s->queue[i] = (struct queue){ NIL, NIL, 0 };
	for (uint32_t i = 0; i < slots; i++) {
		s->slot[i].packet = s->memory + i * size;
		s->slot[i].behind = i + 1 < slots ? i + 1 : NIL;
	}
	s->oldest = s->newest = NIL;
	s->spare = 0;
}

struct stage *
stage_new(uint32_t npeers, uint32_t slots, size_t size)
{
	struct stage *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->slot = calloc(slots, sizeof(*s->slot));
	s->queue = calloc(npeers, sizeof(*s->queue));
	s->memory = calloc(slots, size);
	if (s->slot == NULL || s->queue == NULL || s->memory == NULL) {
		stage_free(s);
		return NULL;
	}
	stage_link(s, npeers, slots, size);
	return s;
}

void
stage_free(struct stage *s)
{
	if (s == NULL)
		return;
	free(s->slot);
	free(s->queue);
	free(s->memory);
	free(s);
}

/* Takes the peer's oldest out of both chains and frees its slot, whose bytes
 * stay until somebody pushes. */
const struct staged *
stage_pop(struct stage *s, uint32_t peer)
{
	struct queue *q = &s->queue[peer];
	uint32_t i = q->head;

	if (i == NIL)
		return NULL;
	struct staged *p = &s->slot[i];
	q->head = p->behind;
	q->n--;
	*(p->older != NIL ? &s->slot[p->older].newer : &s->oldest) = p->newer;
	*(p->newer != NIL ? &s->slot[p->newer].older : &s->newest) = p->older;
	p->behind = s->spare;
	s->spare = i;
	return p;
}

/* Sees to it that there is a free slot and room in the peer's queue. */
static uint16_t
make_room(struct stage *s, uint32_t peer)
{
	const struct staged *p = NULL;

	if (s->queue[peer].n == STAGE_PER_PEER)
		p = stage_pop(s, peer);
	else if (s->spare == NIL)
		p = stage_pop(s, s->slot[s->oldest].peer);
	return p == NULL ? 0 : p->len;
}

/* Puts a slot at the end of both chains. */
static void
append(struct stage *s, struct queue *q, uint32_t i)
{
	struct staged *p = &s->slot[i];

	p->behind = p->newer = NIL;
	p->older = s->newest;
	*(s->newest != NIL ? &s->slot[s->newest].newer : &s->oldest) = i;
	s->newest = i;
	*(q->n > 0 ? &s->slot[q->tail].behind : &q->head) = i;
	q->tail = i;
	q->n++;
}

struct staged *
stage_push(struct stage *s, uint32_t peer, nsec now, uint16_t *evicted)
{
	*evicted = make_room(s, peer);
	uint32_t i = s->spare;
	struct staged *p = &s->slot[i];
	s->spare = p->behind;
	append(s, &s->queue[peer], i);
	p->since = now;
	p->peer = peer;
	return p;
}

const struct staged *
stage_before(struct stage *s, nsec since)
{
	if (s->oldest == NIL || s->slot[s->oldest].since >= since)
		return NULL;
	return stage_pop(s, s->slot[s->oldest].peer);
}

const struct staged *
stage_expired(struct stage *s, nsec now)
{
	nsec due = stage_due(s);

	if (due == 0 || due > now)
		return NULL;
	return stage_pop(s, s->slot[s->oldest].peer);
}

nsec
stage_due(const struct stage *s)
{
	if (s->oldest == NIL)
		return 0;
	return s->slot[s->oldest].since + REKEY_ATTEMPT_TIME;
}

uint32_t
stage_count(const struct stage *s, uint32_t peer)
{
	return s->queue[peer].n;
}
