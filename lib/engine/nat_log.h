/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_LOG_H
#define BH_NAT_LOG_H

/* What a translator tells: a line for each block of ports that a host takes or
 * gives back, none for flows or destinations (RFC 6888 REQ-12, -14, 4). */

#include "conf/conf.h"
#include "net/nat.h"

/* Prints what has happened since the last call to standard error. */
void nat_log(struct nat *n, const struct conf *cf);
/* With nat-deterministic: what an answer is computed from later, when the
 * domain file is another one (RFC 7422 4).  Once, at the start. */
void nat_log_epoch(const struct nat *n, const struct conf *cf, uint64_t wall);

#endif
