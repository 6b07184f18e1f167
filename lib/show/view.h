/* SPDX-License-Identifier: ISC */
#ifndef BH_VIEW_H
#define BH_VIEW_H

/* The files that gather facts share the location they look at. */

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

/* The way of Internet traffic: server, translation, breakouts, [publish]. */
void facts_get_way(struct view *v);
/* The gateway's kernel: devices, routes, filters. */
void facts_get_host(struct view *v);

#endif
