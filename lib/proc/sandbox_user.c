/* SPDX-License-Identifier: ISC */
#include "proc/sandbox_user.h"

#include "base/die.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { NOBODY = 65534 };	/* the kernel's own number for it */

/*
 * One for each kind of process, so that none can do anything to another, nor
 * can any other program of the host: contrib/sysusers.d makes them.  Where
 * there is no such user its number is taken by itself, which nobody else gives
 * out: it is beyond the 16 bits that systemd and adduser keep to, and before
 * the ranges of containers (subuid(5)).
 */
static const struct {
	const char *name;
	uid_t number;
} users[] = {
	{ "_bh-tunnel", 78001 },
	{ "_bh-keys", 78002 },
	{ "_bh-uapi", 78003 },
	{ "_bh-names", 78004 },
	{ "_bh-classify", 78005 },
	{ "_bh-egress", 78006 },
	{ "_bh-watch", 78007 },
	{ "_bh-journal", 78008 },
};

/* 0: none. */
static uid_t
number_of(const char *user)
{
	for (size_t i = 0; i < COUNT(users); i++)
		if (strcmp(user, users[i].name) == 0)
			return users[i].number;
	return 0;
}

/* What the kernel says counts, not that it returned 0. */
static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) < 0 ||
	    getresgid(&g[0], &g[1], &g[2]) < 0 || getgroups(0, NULL) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (u[i] != uid || g[i] != gid)
			return false;
	return true;
}

static bool
set_ids(uid_t uid, gid_t gid)
{
	return setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

struct user
user_find(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	uid_t number = number_of(name);

	if (pw != NULL && (pw->pw_uid == 0 || pw->pw_gid == 0))
		diex(EXIT_FIX, "user '%s' is root, or of root's group", name);
	if (pw != NULL)
		return (struct user){ name, pw->pw_uid, pw->pw_gid };
	if (number == 0)
		diex(EXIT_FIX, "there is no user '%s'", name);
	/* somebody has it after all */
	if (getpwuid(number) != NULL || getgrgid(number) != NULL)
		return (struct user){ name, NOBODY, NOBODY };
	return (struct user){ name, number, number };
}

bool
user_become(struct user to)
{
	if (setgroups(0, NULL) < 0)
		die(EXIT_RETRY, "cannot leave root's groups");
	bool done = set_ids(to.uid, to.gid);
	/* a user namespace that has not got so many */
	if (!done && errno == EINVAL) {
		to.uid = to.gid = NOBODY;
		done = set_ids(to.uid, to.gid);
	}
	if (!done)
		die(EXIT_RETRY, "cannot become user '%s'", to.name);
	if (!ids_are(to.uid, to.gid))
		diex(EXIT_RETRY, "did not become user '%s'", to.name);
	return to.uid != NOBODY;
}
