/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_LOG_H
#define BH_NAT_LOG_H

/* What a translator tells: a line for each block of ports that a host takes or
 * gives back, none for flows or destinations (RFC 6888 REQ-12, -14, 4). */

#include "conf/conf.h"
#include "nat/nat.h"

/*
 * Prints what has happened since the last call: who has what to *journal
 * (nat_journal.h), if that is not -1 (it becomes so when nobody reads it any
 * more), all else to standard error.  Neither is waited for.
 */
void nat_log(struct nat *n, const struct conf *cf, int *journal);
/* Once, at the start: if there is nothing that goes on, that nobody has a block
 * now; and with nat-deterministic what an answer is computed from later, when
 * the domain file is another one (RFC 7422 4). */
void nat_log_start(struct nat *n, const struct conf *cf, uint64_t wall,
    int *journal);

#endif
