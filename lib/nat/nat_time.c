/* SPDX-License-Identifier: ISC */
#include "nat/nat_time.h"

static uint32_t *
slot(struct nat_wheel *w, uint32_t second)
{
	return &w->slot[second % NAT_SLOTS];
}

void
nat_wheel_add(struct nat_wheel *w, struct nat_table *t, uint32_t i)
{
	uint32_t when = t->flow[i].expires;

	if (when < w->at)
		when = w->at;
	else if (when - w->at >= NAT_SLOTS)
		when = w->at + NAT_SLOTS - 1;
	t->link[i].timer = *slot(w, when);
	*slot(w, when) = i;
	if (when < w->next)
		w->next = when;
}

uint32_t
nat_wheel_next(struct nat_wheel *w, struct nat_table *t, uint32_t now,
    unsigned *budget)
{
	if (now == NAT_NEVER)
		now--;			/* no second comes after it */
	if (now >= w->at && now - w->at >= NAT_SLOTS)
		w->at = now - NAT_SLOTS + 1;	/* each slot once is all */
	while (w->at <= now) {
		uint32_t i = *slot(w, w->at);
		if (i == 0) {
			w->at++;
			continue;
		}
		if (*budget == 0)
			return 0;
		(*budget)--;
		uint32_t next = t->link[i].timer;
		__builtin_prefetch(&t->flow[next]);
		__builtin_prefetch(&t->link[next]);
		*slot(w, w->at) = next;
		if (t->flow[i].expires <= now)
			return i;
		nat_wheel_add(w, t, i);
	}
	return 0;
}

/* Each second is passed by once, however often this is asked. */
uint32_t
nat_wheel_due(struct nat_wheel *w, const struct nat_table *t)
{
	if (t->used == 0)
		return w->next = NAT_NEVER;
	if (w->next < w->at || w->next == NAT_NEVER)
		w->next = w->at;
	while (*slot(w, w->next) == 0 && w->next - w->at < NAT_SLOTS)
		w->next++;
	return w->next;
}
