/* SPDX-License-Identifier: ISC */
#ifndef BH_PART_H
#define BH_PART_H

/* Several processes may be one program: what is the first one's has the
 * program's name, what is another's a number behind it. */

enum { PART_NAMELEN = 32 };

/* "bh-tunnel", "bh-tunnel-1", ... */
const char *part_name(char buf[PART_NAMELEN], const char *of, unsigned part);

#endif
