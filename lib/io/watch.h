/* SPDX-License-Identifier: ISC */
#ifndef BH_WATCH_H
#define BH_WATCH_H

/* What the kernel says of this host's links and neighbours, and of what was set
 * up there by us: routes, rules, parameters, a table of nftables (rtnetlink(7),
 * nft(8)). */

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WATCH_DEAD_MAX = 16, WATCH_FDS = 2 };

struct watch_news {
	bool link;		/* a link or an address came, went or changed */
	struct addr dead[WATCH_DEAD_MAX];	/* do not answer */
	size_t ndead;
	bool ours;		/* something of ours may have changed */
};

/* By what is ours known?  By the protocol of routes and by the table's name;
 * rules and parameters are not told apart. */
struct watch {
	uint8_t protocol;
	const char *table;
	int fd[WATCH_FDS];	/* to wait for; -1: none */
};

/* -1 and errno. */
int watch_open(struct watch *w, uint8_t protocol, const char *table);
/* Adds what there is to read at both; news that were lost count as all. */
void watch_read(const struct watch *w, struct watch_news *news);

#endif
