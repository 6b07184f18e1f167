/* SPDX-License-Identifier: ISC */
#ifndef BH_SOURCE_H
#define BH_SOURCE_H

/* Which of our addresses the kernel would speak to somebody from. */

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* A socket to ask by, of the network namespace that we are in; -1 and errno. */
int source_open(void);
/* False if there is no way, or no answer.  Does not wait. */
bool source_of(int fd, const struct addr *to, uint32_t mark, struct addr *from);

#endif
