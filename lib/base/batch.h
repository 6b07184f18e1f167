/* SPDX-License-Identifier: ISC */
#ifndef BH_BATCH_H
#define BH_BATCH_H

/* How many packets are handled at a time is a matter of speed only.  A build
 * with -DBH_BATCH=N takes N everywhere: t/path-batch.bats sees that the same
 * comes out. */
#ifdef BH_BATCH
#define BATCH_OF(n) BH_BATCH
#else
#define BATCH_OF(n) (n)
#endif

#endif
