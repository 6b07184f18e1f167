/* SPDX-License-Identifier: ISC */
#ifndef BH_WATCH_H
#define BH_WATCH_H

/*
 * What passes on an interface, judged as if this location's gateway stood
 * there, and added up.  Nothing is touched: not the interface, not a packet.
 */

#include "conf/conf.h"
#include "policy/policy.h"

#include <stdbool.h>

struct watch {
	const struct conf *cf;
	const struct policy *pol;
	const char *ifname;
	unsigned seconds;	/* 0: until a signal */
	bool json;
	int ready_fd, notifier;	/* ready_tell */
};

/* Until the time is over or a signal comes; prints what was seen, and returns
 * the exit status. */
int watch_run(const struct watch *w);

#endif
