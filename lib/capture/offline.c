/* SPDX-License-Identifier: ISC */
#include "capture/offline.h"

#include "base/die.h"
#include "capture/explain_packet.h"
#include "capture/trace.h"

#include <string.h>

/* A comma list; -c may also be repeated. */
static void
select_verdicts(struct offline *o, const char *list)
{
	char name[32];

	o->select = true;
	for (;; list++) {
		size_t n = strcspn(list, ",");
		size_t room = n < sizeof(name) ? n : sizeof(name) - 1;
		memcpy(name, list, room);
		name[room] = '\0';
		unsigned v = strcmp(name, "not-ip") == 0 ? TRACE_NOT_IP :
		    verdict_parse(name);
		if (v == V_COUNT && strcmp(name, "not-ip") != 0)
			diex(EXIT_FIX, "-c: no verdict is called '%s'; "
			    "see bh(7)", name);
		o->selected[v] = true;
		list += n;
		if (*list == '\0')
			return;
	}
}

static const char *const directions[OFFLINE_DIRECTIONS] = {
	[OFFLINE_OUT] = "out", [OFFLINE_IN] = "in", [OFFLINE_BACK] = "back",
};

static enum offline_direction
direction(const char *arg)
{
	for (int d = 0; d < OFFLINE_DIRECTIONS; d++)
		if (strcmp(arg, directions[d]) == 0)
			return (enum offline_direction)d;
	diex(EXIT_FIX, "-d: '%s' is no direction: out, in or back", arg);
}

bool
offline_option(struct offline *o, int opt, const char *arg)
{
	switch (opt) {
	case 'c':
		select_verdicts(o, arg);
		return true;
	case 'd':
		o->direction = direction(arg);
		o->directed = true;
		return true;
	case 'e':
		o->explain = arg;
		return true;
	case 'j':
		o->json = true;
		return true;
	case 'p':
		o->peer = arg;
		return true;
	case 'r':
		o->read = arg;
		return true;
	case 's':
		o->summary = true;
		return true;
	case 'w':
		o->write = arg;
		return true;
	default:
		return false;
	}
}

bool
offline_asked(const struct offline *o)
{
	if (o->explain != NULL && (o->read != NULL || o->write != NULL ||
	    o->select || o->json || o->summary))
		diex(EXIT_FIX, "-e goes with -d and -p only");
	if (o->explain == NULL && o->read == NULL &&
	    (o->write != NULL || o->select || o->json || o->summary ||
	    o->peer != NULL || o->directed))
		diex(EXIT_FIX, "-c, -d, -j, -p, -s and -w need -r");
	return o->explain != NULL || o->read != NULL;
}

/* The only one of a kind: the server of a client, the client of a server that
 * has no other. */
static uint16_t
only_peer(const struct policy *pol, enum policy_point at)
{
	uint16_t found = PEER_NONE;

	for (uint16_t i = 0; i < pol->nsites; i++) {
		if (at == POLICY_EGRESS ? !pol->site[i].client :
		    !pol->site[i].server)
			continue;
		if (found != PEER_NONE)
			return PEER_NONE;
		found = i;
	}
	return found;
}

/* Whom packets come from at this point. */
static uint16_t
find_peer(const struct offline *o, enum policy_point at, const struct conf *cf,
    const struct policy *pol)
{
	bool needed = at == POLICY_IN || at == POLICY_EGRESS;

	if (!needed && o->peer != NULL)
		diex(EXIT_FIX, "-p: these packets come from no peer "
		    "(see -d)");
	if (!needed)
		return PEER_NONE;
	int i = o->peer != NULL ? conf_find(cf, o->peer) :
	    (int)only_peer(pol, at);
	if (i == CONF_NONE)
		diex(EXIT_FIX, "-p: no location is called '%s'", o->peer);
	if (i == PEER_NONE)
		diex(EXIT_FIX, "which location do these packets come from? "
		    "say it with -p");
	return (uint16_t)i;
}

int
offline_run(const struct offline *o, const struct offline_points *at,
    const struct conf *cf, const struct policy *pol)
{
	struct trace t = {
		.cf = cf, .pol = pol, .nat = o->nat,
		.at = at->at[o->direction],
		.both = !o->directed && at->at[OFFLINE_OUT] == POLICY_OUT,
		.direction = directions[o->direction],
		.read = o->read, .write = o->write,
		.json = o->json, .summary = o->summary, .select = o->select,
	};

	if (t.at == POLICY_POINTS)
		diex(EXIT_FIX, "-d back: what comes back from a breakout, "
		    "bh-classify decides on");
	t.from = find_peer(o, t.at, cf, pol);
	if (o->explain != NULL) {
		int code = explain_packet(&(struct explain_packet){ cf, pol,
		    o->nat, t.at, t.from }, o->explain);
		die_unwritten();
		return code;
	}
	memcpy(t.selected, o->selected, sizeof(t.selected));
	return trace_run(&t);
}
