/* SPDX-License-Identifier: ISC */
#ifndef BH_OPEN_H
#define BH_OPEN_H

#include <stdio.h>

/* fopen(3) of what an operator named; "-" is the standard stream.  On an error
 * a line and exit: 100 if there is no such file, else 111. */
FILE *open_named(const char *name, const char *mode, FILE *standard);

#endif
