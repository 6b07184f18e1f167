/* SPDX-License-Identifier: ISC */
#ifndef BH_SANDBOX_USER_H
#define BH_SANDBOX_USER_H

/* The users that programs run as, one for each kind of process. */

#include <stdbool.h>
#include <sys/types.h>

struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* While there still are files to look into.  Exits with EXIT_FIX if there is no
 * such user, or if it is root. */
struct user user_find(const char *name);
/* Becomes it for good, with no other groups, read back; or exits with
 * EXIT_RETRY.  False: as nobody, because there was no number for it. */
bool user_become(struct user to);

#endif
