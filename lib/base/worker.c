/* SPDX-License-Identifier: ISC */
#include "base/worker.h"

#include <stdio.h>

const char *
worker_name(char buf[WORKER_NAMELEN], const char *of, unsigned worker)
{
	snprintf(buf, WORKER_NAMELEN, worker == 0 ? "%s" : "%s-%u", of,
	    worker);
	return buf;
}
