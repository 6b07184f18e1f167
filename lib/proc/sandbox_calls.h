/* SPDX-License-Identifier: ISC */
#ifndef BH_SANDBOX_CALLS_H
#define BH_SANDBOX_CALLS_H

/* The system calls of each sandbox, and what some of them may be for, as a
 * program for the kernel (seccomp(2)) that kills who makes any other. */

#include "proc/sandbox.h"

#include <linux/filter.h>
#include <stddef.h>

enum { SANDBOX_FILTER_MAX = 400 };

/* How long it is. */
size_t sandbox_filter(struct sock_filter f[static SANDBOX_FILTER_MAX],
    enum sandbox which);

#endif
