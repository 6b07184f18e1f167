/* SPDX-License-Identifier: ISC */
#ifndef BH_EGRESS_H
#define BH_EGRESS_H

/* What bh-egress makes of the domain file, besides the guard. */

#include "conf/conf.h"
#include "nat/nat.h"
#include "policy/policy.h"

/* Is there a translator? */
bool egress_translates(const struct policy *pol);
/* That of location self, or NULL if it has none: with its state at path (NULL:
 * in memory), and a key of that seed (NULL: drawn, and the clock is the
 * machine's); the journal is that of nat_log. */
struct nat *egress_nat(const struct conf *cf, size_t self,
    const struct policy *pol, const char *path, const char *seed,
    int *journal);

#endif
