/* SPDX-License-Identifier: ISC */
#ifndef BH_T_HEAP_H
#define BH_T_HEAP_H

/* Is anything left in memory?  What mallinfo2(3) counts before and after. */

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

/* Starts the test again, without the thread's cache: what waits in it counts as
 * used.  First of all. */
static inline void
heap_begin(char *argv[])
{
	if (getenv("GLIBC_TUNABLES") == NULL &&
	    setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0)
		execv("/proc/self/exe", argv);
}

static inline size_t
heap_used(void)
{
	return mallinfo2().uordblks;
}

#endif
