/* SPDX-License-Identifier: ISC */
#ifndef BH_BATCH_H
#define BH_BATCH_H

/* How many packets are handled at a time is a matter of speed only.  A build
 * with -DBATCH=N takes N everywhere: t/batch.bats sees that the same comes
 * out. */
#ifdef BATCH
#define BATCH_OF(n) BATCH
#else
#define BATCH_OF(n) (n)
#endif

#endif
