/* SPDX-License-Identifier: ISC */
#ifndef BH_WATCH_H
#define BH_WATCH_H

/* What the kernel says of this host's links and neighbours (rtnetlink(7)). */

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

enum { WATCH_DEAD_MAX = 16 };

struct watch_news {
	bool link;		/* a link or an address came, went or changed */
	struct addr dead[WATCH_DEAD_MAX];	/* do not answer */
	size_t ndead;
};

/* A descriptor to wait for; -1 and errno. */
int watch_open(void);
/* All there is to read; news that were lost count as a link's. */
void watch_read(int fd, struct watch_news *w);

#endif
