/* SPDX-License-Identifier: ISC */
#ifndef BH_VIEW_H
#define BH_VIEW_H

/* What the files that gather facts share. */

#include "plan/plan.h"
#include "policy/servers.h"
#include "show/facts.h"

/* The location that facts are gathered about. */
struct view {
	struct facts *fs;
	struct plan plan;	/* of a host that nothing is known of */
	const struct conf *cf;
	const struct space *space;
	const struct conf_location *l;
	size_t i;
	struct servers servers;	/* of a client */
	char leaves[400];	/* their names, in words */
	bool client, serves;
	bool plain;		/* runs WireGuard, and nothing of ours */
};

/* Where Internet traffic leaves, as what, and what comes in. */
void facts_get_way(struct view *v);
/* What the gateway's kernel is told: devices, routes, filters. */
void facts_get_host(struct view *v);

#endif
