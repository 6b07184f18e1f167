/* SPDX-License-Identifier: ISC */
#include "wg/index.h"

/* Where the index is, or the free place where it would be. */
static uint32_t
probe(const struct index_table *t, uint32_t index)
{
	uint32_t i = index & t->mask;

	while (t->entry[i].index != 0 && t->entry[i].index != index)
		i = (i + 1) & t->mask;
	return i;
}

uint16_t
index_find(const struct index_table *t, uint32_t index)
{
	const struct index_entry *e = &t->entry[probe(t, index)];

	return index != 0 && e->index == index ? e->owner : INDEX_NONE;
}

uint32_t
index_add(struct index_table *t, uint32_t wish, uint16_t owner)
{
	while (wish == 0 || index_find(t, wish) != INDEX_NONE)
		wish += UINT8_MAX + 1;
	t->entry[probe(t, wish)] = (struct index_entry){ wish, owner };
	return wish;
}

/* Moves up what a free place would cut off from its home (Knuth 6.4 R). */
static void
close_gap(struct index_table *t, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & t->mask; t->entry[i].index != 0;
	    i = (i + 1) & t->mask) {
		uint32_t home = t->entry[i].index & t->mask;
		if (((i - home) & t->mask) < ((i - gap) & t->mask))
			continue;
		t->entry[gap] = t->entry[i];
		t->entry[i].index = 0;
		gap = i;
	}
}

void
index_remove(struct index_table *t, uint32_t index)
{
	uint32_t i = probe(t, index);

	if (index == 0 || t->entry[i].index != index)
		return;
	t->entry[i].index = 0;
	close_gap(t, i);
}
