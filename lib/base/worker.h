/* SPDX-License-Identifier: ISC */
#ifndef BH_WORKER_H
#define BH_WORKER_H

/* Several processes may be one program: what is the first one's has the
 * program's name, what is another's a number behind it. */

enum { WORKER_NAMELEN = 32 };

/* "bh-tunnel", "bh-tunnel-1", ... */
const char *worker_name(char buf[WORKER_NAMELEN], const char *of,
    unsigned worker);

#endif
