/* SPDX-License-Identifier: ISC */
#include "wg/seen.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool
seen_init(struct seen *s, uint16_t npeers, const uint8_t random[static 16])
{
	uint32_t size = 64;

	/* two places a peer, and as many free */
	while (size < npeers * 4u)
		size *= 2;
	memcpy(s->secret, random, sizeof(s->secret));
	s->mask = size - 1;
	s->entry = calloc(size, sizeof(*s->entry));
	return s->entry != NULL;
}

void
seen_free(struct seen *s)
{
	free(s->entry);
}

static uint32_t
home_of(const struct seen *s, const struct endpoint *e)
{
	uint8_t text[sizeof(e->addr) + sizeof(e->port)];
	uint64_t hash;

	memcpy(text, &e->addr, sizeof(e->addr));
	memcpy(text + sizeof(e->addr), &e->port, sizeof(e->port));
	crypto_shorthash((unsigned char *)&hash, text, sizeof(text),
	    s->secret);
	return (uint32_t)hash & s->mask;
}

/* Where the place is, or the free entry where it would be. */
static struct seen_entry *
probe(const struct seen *s, const struct endpoint *e)
{
	uint32_t i = home_of(s, e);

	while (s->entry[i].n > 0 && (s->entry[i].at.port != e->port ||
	    !addr_eq(&s->entry[i].at.addr, &e->addr)))
		i = (i + 1) & s->mask;
	return &s->entry[i];
}

static void
enter(struct seen *s, const struct endpoint *e, nsec until)
{
	struct seen_entry *at = probe(s, e);

	at->at = *e;
	at->n++;
	at->until = until;
}

/* Moves up what a free place would cut off from its home (Knuth 6.4 R). */
static void
leave(struct seen *s, const struct endpoint *e)
{
	uint32_t gap = (uint32_t)(probe(s, e) - s->entry);

	if (s->entry[gap].n == 0 || --s->entry[gap].n > 0)
		return;
	for (uint32_t i = (gap + 1) & s->mask; s->entry[i].n > 0;
	    i = (i + 1) & s->mask) {
		uint32_t home = home_of(s, &s->entry[i].at);
		if (((i - home) & s->mask) < ((i - gap) & s->mask))
			continue;
		s->entry[gap] = s->entry[i];
		s->entry[i].n = 0;
		gap = i;
	}
}

void
seen_move(struct seen *s, const struct endpoint *was,
    const struct endpoint *is, nsec until)
{
	if (was->port != 0) {
		leave(s, was);
		leave(s, &(struct endpoint){ .addr = was->addr });
	}
	if (is->port != 0) {
		enter(s, is, until);
		enter(s, &(struct endpoint){ .addr = is->addr }, until);
	}
}

uint32_t
seen_at(const struct seen *s, const struct endpoint *e, nsec now)
{
	const struct seen_entry *at = probe(s, e);

	return at->until > now ? at->n : 0;
}

uint32_t
seen_behind(const struct seen *s, const struct addr *a, nsec now)
{
	return seen_at(s, &(struct endpoint){ .addr = *a }, now);
}
