/* SPDX-License-Identifier: ISC */
/* What a gate says to people while it runs. */
#include "gate/gate.h"

#include "base/die.h"

#include <stdio.h>

#define STRANGER_EVERY (60 * NSEC_SEC)

void
gate_note_stranger(struct gate *g, const struct ip *ip)
{
	g->stranger.addr = ip->src;
	g->stranger.count++;
}

void
gate_tell_stranger(struct gate *g)
{
	struct stranger *s = &g->stranger;
	char text[ADDR_STRLEN];

	if (s->count == 0 || g->now < s->next)
		return;
	warnx("refused %llu packets from the LAN, the last from %s, which "
	    "takes no part here: is it missing in 'lan' or 'internal'?",
	    (unsigned long long)s->count, addr_format(&s->addr, text));
	s->count = 0;
	s->next = g->now + STRANGER_EVERY;
}

void
gate_note_cut(struct gate *g, const char *device, uint64_t cut)
{
	if (cut == 1)
		warnx("%s refuses super-packets, which this kernel should take:"
		    " they are cut here, which costs time", device);
	g->st->cut++;
}

void
gate_report(const struct gate *g)
{
	const struct counters *st = g->st;
	char line[900];
	size_t n = (size_t)snprintf(line, sizeof(line), "in=%llu",
	    (unsigned long long)st->in);

	for (enum verdict v = 0; v < V_COUNT && n < sizeof(line); v++)
		if (st->count[v] != 0)
			n += (size_t)snprintf(line + n, sizeof(line) - n,
			    " %s=%llu", verdict_name(v),
			    (unsigned long long)st->count[v]);
	warnx("%s", line);
}
