/* SPDX-License-Identifier: ISC */
/* Tables that are allocated: each piece fails in turn. */
#include "test.h"
#include "scarce.h"

#include "packet/flow.h"
#include "packet/frag.h"
#include "packet/lpm.h"

#include <sodium.h>

enum { ROOM = 100, PREFIXES = 300 };

static void *
make_frags(void)
{
	return frags_new(ROOM);
}

static void
unmake_frags(void *p)
{
	frags_free(p);
}

static void *
make_flows(void)
{
	return flows_new(ROOM);
}

static void
unmake_flows(void *p)
{
	flows_free(p);
}

static void
prefixes(struct lpm_entry e[static PREFIXES])
{
	for (unsigned i = 0; i < PREFIXES; i++)
		e[i] = (struct lpm_entry){ .prefix = { { { 0x20, 1,
		    (uint8_t)(i >> 4), (uint8_t)(i << 4) } },
		    (uint8_t)(28 + i % 3) }, .value = i };
}

static void *
make_lpm(void)
{
	struct lpm_entry e[PREFIXES];

	prefixes(e);
	/* so few that sorting them takes no memory that it can do without */
	return lpm_new_of(e, 20);
}

static void *
make_reserved(void)
{
	struct lpm *t = lpm_new(PREFIXES);
	struct lpm_entry e[PREFIXES];

	prefixes(e);
	if (t != NULL)
		lpm_refill(t, e, PREFIXES / 3);
	return t;
}

static void
unmake_lpm(void *p)
{
	lpm_free(p);
}

int
main(void)
{
	static const struct scarce_row rows[] = {
		{ "fragments", make_frags, unmake_frags, true, 2 },
		{ "flows", make_flows, unmake_flows, true, 2 },
		{ "a table of prefixes", make_lpm, unmake_lpm, true, 3 },
		{ "one that is filled later", make_reserved, unmake_lpm, true,
		    3 },
	};

	if (sodium_init() < 0)
		return 1;
	scarce_rows(rows, sizeof(rows) / sizeof(*rows));
	frags_free(NULL);
	flows_free(NULL);
	lpm_free(NULL);
	return DONE();
}
