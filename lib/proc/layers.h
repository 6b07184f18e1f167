/* SPDX-License-Identifier: ISC */
#ifndef BH_LAYERS_H
#define BH_LAYERS_H

#include <stdbool.h>

/* What the kernel says of each process of the gateway at rundir, a line each:
 * who it is, and which layers of its sandbox hold.  An exit status. */
int layers_print(const char *rundir, bool json);

#endif
