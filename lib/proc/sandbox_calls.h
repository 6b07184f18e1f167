/* SPDX-License-Identifier: ISC */
#ifndef BH_SANDBOX_CALLS_H
#define BH_SANDBOX_CALLS_H

/* The system calls of each sandbox, and what some of them may be for, as a
 * program for the kernel (seccomp(2)) that kills who makes any other. */

#include "proc/sandbox.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SANDBOX_FILTER_MAX = 400, SANDBOX_VALUES = 3 };

/* An argument, but for the bits that do not matter, is one of these: in those
 * sandboxes (a bit each), or the call is not allowed after all. */
struct sandbox_purpose {
	uint32_t who;
	unsigned call, arg;
	uint32_t ignored;
	unsigned n;
	uint32_t value[SANDBOX_VALUES];
};

struct sandbox_option {
	int level, name;
};

struct sandbox_rules {
	const unsigned *call;
	size_t n;
	const struct sandbox_option *option;	/* of setsockopt(2) */
	size_t noptions;
	bool any_option;		/* a resolver's, of its own sockets */
};

/* The tables, also for whoever would check the filter. */
const struct sandbox_rules *sandbox_rules(enum sandbox which);
const struct sandbox_purpose *sandbox_purposes(size_t *n);

/* How long it is. */
size_t sandbox_filter(struct sock_filter f[static SANDBOX_FILTER_MAX],
    enum sandbox which);

#endif
