/* SPDX-License-Identifier: ISC */
#include "proc/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
trust_owner(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool
judge(const char *path, const struct stat *st, char why[static TRUST_WHYLEN])
{
	if (S_ISLNK(st->st_mode))
		snprintf(why, TRUST_WHYLEN, "%s is a symbolic link; name the "
		    "directory itself", path);
	else if (!S_ISDIR(st->st_mode))
		snprintf(why, TRUST_WHYLEN, "%s is no directory", path);
	else if (!trust_owner(st))
		snprintf(why, TRUST_WHYLEN, "%s belongs to user %u; run "
		    "'chown root %s', if you know what is in it", path,
		    (unsigned)st->st_uid, path);
	else if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		snprintf(why, TRUST_WHYLEN, "%s can be written by others than "
		    "its owner; run 'chmod 700 %s'", path, path);
	return why[0] == '\0';
}

bool
trust_directory(const char *path, char why[static TRUST_WHYLEN])
{
	struct stat st;

	why[0] = '\0';
	return stat(path, &st) == 0 && judge(path, &st, why);
}

bool
trust_real_directory(const char *path, char why[static TRUST_WHYLEN])
{
	char plain[PATH_MAX];
	struct stat st;
	size_t n = strlen(path);

	why[0] = '\0';
	/* "link/" is what the link leads to */
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n >= sizeof(plain)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(plain, path, n);
	plain[n] = '\0';
	return lstat(plain, &st) == 0 && judge(plain, &st, why);
}
