/* SPDX-License-Identifier: ISC */
#ifndef BH_TRUST_H
#define BH_TRUST_H

/* What another user could change is not used by a program that may be root. */

#include <stdbool.h>
#include <sys/stat.h>

enum { TRUST_WHYLEN = 640 };

/* It belongs to root, or to whoever runs the program. */
bool trust_owner(const struct stat *st);
/* A directory of such an owner in which nobody else can write.  False: `why'
 * says what is wrong and the command that mends it, or errno is why nobody can
 * tell and `why' is empty. */
bool trust_directory(const char *path, char why[static TRUST_WHYLEN]);
/* The same, and it is no symbolic link. */
bool trust_real_directory(const char *path, char why[static TRUST_WHYLEN]);

#endif
