/* SPDX-License-Identifier: ISC */
#include "packet/allowed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation.  What is in force is a list in lpm_order, and a table
 * grown from it.  Changes are appended to a journal.  To commit, the journal
 * is sorted (stably: of one prefix, the order of changes is kept) and merged
 * with the list into a second list, which takes its place.  To clear a peer
 * costs nothing at first: it notes how long the journal was, and all that the
 * peer got before then is left out.  The value of an entry is its owner + 1.
 */
struct change {
	struct lpm_entry entry;
	uint32_t at;		/* in the journal, from 1 */
	bool taken;		/* taken away, not given */
};

struct owner {
	uint32_t first;		/* in the list, plus one; 0: none */
	uint32_t cleared;	/* what is older in the journal does not count;
				 * 0: never, or before the last commit */
	bool lost;		/* all that was in force */
};

struct allowed {
	struct lpm *lpm;
	struct lpm_entry *list, *spare;
	struct change *journal, *scratch;
	uint32_t *next;		/* of the same owner in the list, plus one */
	struct owner *owner;
	size_t room, n, noted;
	uint16_t npeers;
};

static bool
has_memory(const struct allowed *a)
{
	return a->lpm != NULL && a->list != NULL && a->spare != NULL &&
	    a->journal != NULL && a->scratch != NULL && a->next != NULL &&
	    a->owner != NULL;
}

struct allowed *
allowed_new(size_t room, uint16_t npeers)
{
	struct allowed *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->lpm = lpm_new(room);
	a->list = calloc(room + 1, sizeof(*a->list));
	a->spare = calloc(room + 1, sizeof(*a->spare));
	a->journal = calloc(room + 1, sizeof(*a->journal));
	a->scratch = calloc(room + 1, sizeof(*a->scratch));
	a->next = calloc(room + 1, sizeof(*a->next));
	a->owner = calloc(npeers + 1u, sizeof(*a->owner));
	a->room = room;
	a->npeers = npeers;
	if (has_memory(a))
		return a;
	allowed_free(a);
	return NULL;
}

void
allowed_free(struct allowed *a)
{
	lpm_free(a->lpm);
	free(a->list);
	free(a->spare);
	free(a->journal);
	free(a->scratch);
	free(a->next);
	free(a->owner);
	free(a);
}

size_t
allowed_room(const struct allowed *a)
{
	return a->room - a->n - a->noted;
}

size_t
allowed_count(const struct allowed *a)
{
	return a->n;
}

/* ---- noting ---- */

static void
note(struct allowed *a, const struct prefix *p, uint16_t peer, bool taken)
{
	assert(allowed_room(a) > 0 && peer < a->npeers);
	struct change *c = &a->journal[a->noted++];
	*c = (struct change){ { *p, peer + 1u }, (uint32_t)a->noted, taken };
}

void
allowed_add(struct allowed *a, const struct prefix *p, uint16_t peer)
{
	note(a, p, peer, false);
}

void
allowed_remove(struct allowed *a, const struct prefix *p, uint16_t peer)
{
	note(a, p, peer, true);
}

void
allowed_clear(struct allowed *a, uint16_t peer)
{
	a->owner[peer].lost = true;
	a->owner[peer].cleared = (uint32_t)a->noted;
}

/* ---- committing ---- */

static void
merge(struct change *to, const struct change *x, size_t nx,
    const struct change *y, size_t ny)
{
	while (nx > 0 && ny > 0) {
		bool second = lpm_order(&y->entry, &x->entry) < 0;
		*to++ = second ? *y++ : *x++;
		*(second ? &ny : &nx) -= 1;
	}
	memcpy(to, x, nx * sizeof(*x));
	memcpy(to + nx, y, ny * sizeof(*y));
}

/* By merging from the bottom up: stable, and without recursion or memory,
 * which qsort(3) would take. */
static void
sort_journal(struct allowed *a)
{
	for (size_t run = 1; run < a->noted; run *= 2) {
		for (size_t i = 0; i < a->noted; i += 2 * run) {
			size_t left = a->noted - i;
			size_t nx = left < run ? left : run;
			size_t ny = left - nx < run ? left - nx : run;
			const struct change *x = a->journal + i;
			merge(a->scratch + i, x, nx, x + nx, ny);
		}
		struct change *sorted = a->scratch;
		a->scratch = a->journal;
		a->journal = sorted;
	}
}

/* What is left of a prefix that `value' owned (0: nobody) after those changes
 * at the front of the journal that concern it; *used: how many. */
static uint32_t
settle(const struct allowed *a, const struct change *c, size_t n,
    uint32_t value, size_t *used)
{
	size_t i = 0;

	if (value != 0 && a->owner[value - 1].lost)
		value = 0;
	for (; i < n && lpm_order(&c[i].entry, &c->entry) == 0; i++) {
		uint32_t of = c[i].entry.value;
		if (c[i].taken)
			value = value == of ? 0 : value;
		else
			value = c[i].at > a->owner[of - 1].cleared ? of : 0;
	}
	*used = i;
	return value;
}

static void
merge_journal(struct allowed *a)
{
	const struct lpm_entry *e = a->list, *end = e + a->n;
	size_t at = 0, n = 0, used;

	while (e < end || at < a->noted) {
		const struct change *c = a->journal + at;
		int order = e == end ? 1 : at == a->noted ? -1 :
		    lpm_order(e, &c->entry);
		struct lpm_entry kept = order <= 0 ? *e : c->entry;
		kept.value = settle(a, c, order >= 0 ? a->noted - at : 0,
		    order <= 0 ? e->value : 0, &used);
		e += order <= 0;
		at += used;
		if (kept.value != 0)
			a->spare[n++] = kept;
	}
	a->n = n;
}

/* Chains each owner's prefixes, from the last, so that they come in order. */
static void
chain(struct allowed *a)
{
	memset(a->owner, 0, a->npeers * sizeof(*a->owner));
	for (size_t i = a->n; i-- > 0;) {
		struct owner *o = &a->owner[a->list[i].value - 1];
		a->next[i] = o->first;
		o->first = (uint32_t)i + 1;
	}
}

void
allowed_commit(struct allowed *a)
{
	struct lpm_entry *old = a->list;

	sort_journal(a);
	merge_journal(a);
	a->list = a->spare;
	a->spare = old;
	a->noted = 0;
	chain(a);
	lpm_refill(a->lpm, a->list, a->n);
}

/* ---- asking ---- */

uint16_t
allowed_owner(const struct allowed *a, const struct addr *addr)
{
	uint32_t value = lpm_lookup(a->lpm, addr);

	return value == LPM_NONE ? ALLOWED_NOBODY : (uint16_t)(value - 1);
}

const struct prefix *
allowed_next(const struct allowed *a, uint16_t peer, uint32_t *at)
{
	uint32_t i = *at == 0 ? a->owner[peer].first : a->next[*at - 1];

	if (i == 0)
		return NULL;
	*at = i;
	return &a->list[i - 1].prefix;
}
