/* SPDX-License-Identifier: ISC */
#ifndef BH_CAGES_H
#define BH_CAGES_H

#include <stdbool.h>

/* What the kernel says of each process of the gateway at rundir, a line each:
 * who it is, and which layers of its sandbox hold.  An exit status. */
int cages_print(const char *rundir, bool json);

#endif
