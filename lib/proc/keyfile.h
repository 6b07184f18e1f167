/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYFILE_H
#define BH_KEYFILE_H

/* Files that hold one key, in one line. */

#include "base/key.h"
#include "proc/trust.h"

enum keyfile {
	KEYFILE_GOOD,
	KEYFILE_NONE,	/* it cannot be read: errno */
	KEYFILE_OWNER,	/* another user's, who can change it */
	KEYFILE_OPEN,	/* others may read it */
	KEYFILE_BAD,	/* it holds no key */
};

/* *k is zero unless it is good.  What is no file (a pipe, a terminal) has no
 * owner to be judged by. */
enum keyfile keyfile_read(struct key *k, const char *path);
/* Why not, and the command that mends it; `make' is the command of bh-key(1)
 * that makes such a key.  Call it before errno changes. */
const char *keyfile_why(enum keyfile what, const char *path, const char *make,
    char why[static TRUST_WHYLEN]);

#endif
