/* SPDX-License-Identifier: ISC */
#ifndef BH_MONITOR_H
#define BH_MONITOR_H

/* What the kernel says of this host's links and neighbours, and of what was set
 * up there by us: routes, rules, parameters, a table of nftables (rtnetlink(7),
 * nft(8)). */

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MONITOR_DEAD_MAX = 16, MONITOR_FDS = 2 };

struct monitor_news {
	bool link;		/* a link or an address came, went or changed */
	struct addr dead[MONITOR_DEAD_MAX];	/* do not answer */
	size_t ndead;
	bool ours;		/* something of ours may have changed */
};

/* By what is ours known?  By the protocol of routes and by the table's name;
 * rules and parameters are not told apart. */
struct monitor {
	uint8_t protocol;
	const char *table;
	int fd[MONITOR_FDS];	/* to wait for; -1: none */
};

/* -1 and errno. */
int monitor_open(struct monitor *m, uint8_t protocol, const char *table);
/* Adds what there is to read at both; news that were lost count as all. */
void monitor_read(const struct monitor *m, struct monitor_news *news);

#endif
