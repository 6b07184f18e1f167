/* SPDX-License-Identifier: ISC */
#include "proc/sandbox.h"

#include "base/die.h"
#include "proc/sandbox_calls.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#ifndef PR_SET_MDWE	/* Linux 6.3; Debian 12's headers are older */
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* The runtime of AddressSanitizer maps memory, starts a thread that traces us
 * and reads /proc as it exits: builds with it go without the layers that would
 * forbid that, and are for tests only. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum { NOBODY = 65534 };	/* the kernel's own number for it */

#define CAP(c) (UINT32_C(1) << (c))
#define PORT (CAP(CAP_NET_ADMIN) | CAP(CAP_NET_BIND_SERVICE))

static const struct manner {
	uint32_t caps;		/* kept, if they are there */
	bool at_will;		/* takes memory, and connects, as it likes */
	bool starts;		/* a process, and is not narrowed itself */
	bool files;		/* reads those that everybody may */
	bool secret;		/* has keys, or those of sessions */
} manners[] = {
	[SANDBOX_TUNNEL] = { .secret = true },
	[SANDBOX_ALONE] = { .secret = true },
	[SANDBOX_ALONE_KEYS] = { .caps = PORT, .secret = true },
	[SANDBOX_SPARE] = { .starts = true, .secret = true },
	[SANDBOX_UAPI] = { .secret = true },
	[SANDBOX_WATCH] = { .at_will = true },
	[SANDBOX_RESOLVE] = { .at_will = true },
	[SANDBOX_FILES] = { .files = true },
	[SANDBOX_NAMES] = { .at_will = true, .starts = true, .files = true },
};

static void
enter_seccomp(enum sandbox which)
{
	struct sock_filter filter[SANDBOX_FILTER_MAX];
	struct sock_fprog prog = {
		.len = (unsigned short)sandbox_filter(filter, which),
		.filter = filter,
	};

	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &prog) != 0)
		die(EXIT_RETRY, "cannot filter system calls");
}

/*
 * Landlock, without the header of any particular kernel: which rights each
 * version of its ABI knows (landlock(7)).  All that are known are taken, and
 * no rule gives one back.
 */
static const struct {
	int abi;
	uint64_t fs, net, scoped;
} rights[] = {
	{ 1, 0x1fff, 0, 0 },	/* files and directories */
	{ 2, 0x3fff, 0, 0 },	/* links between directories */
	{ 3, 0x7fff, 0, 0 },	/* truncate */
	{ 4, 0x7fff, 3, 0 },	/* TCP bind and connect */
	{ 5, 0xffff, 3, 0 },	/* ioctl of devices opened from now on */
	{ 6, 0xffff, 3, 3 },	/* abstract sockets and signals */
};

static bool
landlock_is_absent(void)
{
	return errno == ENOSYS || errno == EOPNOTSUPP;
}

static void
enter_landlock(const struct manner *t)
{
	struct {
		uint64_t fs, net, scoped;
	} attr = { 0 };
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 && landlock_is_absent())
		return;
	for (size_t i = 0; i < COUNT(rights) && rights[i].abi <= abi; i++) {
		attr.fs = rights[i].fs;
		attr.net = t->at_will ? 0 : rights[i].net;
		attr.scoped = rights[i].scoped;
	}
	int fd = (int)syscall(__NR_landlock_create_ruleset, &attr,
	    sizeof(attr), 0);
	if (fd < 0 || syscall(__NR_landlock_restrict_self, fd, 0) < 0)
		die(EXIT_RETRY, "cannot restrict access by landlock");
	close(fd);
}

static void
limit(int resource, const char *what)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(resource, &none) < 0)
		die(EXIT_RETRY, "cannot forbid %s", what);
}

static void
set_process(int option, unsigned long value, const char *what)
{
	if (prctl(option, value, 0, 0, 0) < 0)
		die(EXIT_RETRY, "cannot set %s", what);
}

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

struct ids {
	uid_t uid;
	gid_t gid;
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

static struct ids
find_user(const char *user)
{
	const struct passwd *pw = getpwnam(user);
	uid_t number = number_of(user);

	if (pw != NULL && (pw->pw_uid == 0 || pw->pw_gid == 0))
		diex(EXIT_FIX, "user '%s' is root, or of root's group", user);
	if (pw != NULL)
		return (struct ids){ pw->pw_uid, pw->pw_gid };
	if (number == 0)
		diex(EXIT_FIX, "there is no user '%s'", user);
	/* somebody has it after all */
	if (getpwuid(number) != NULL || getgrgid(number) != NULL)
		return (struct ids){ NOBODY, NOBODY };
	return (struct ids){ number, number };
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
set_ids(struct ids to)
{
	return setresgid(to.gid, to.gid, to.gid) == 0 &&
	    setresuid(to.uid, to.uid, to.uid) == 0;
}

static void
become(const char *user, struct ids to)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) < 0)
		die(EXIT_RETRY, "cannot leave root's groups");
	bool done = set_ids(to);
	/* a user namespace that has not got so many */
	if (!done && errno == EINVAL) {
		to = (struct ids){ NOBODY, NOBODY };
		done = set_ids(to);
	}
	if (!done)
		die(EXIT_RETRY, "cannot become user '%s'", user);
	if (!ids_are(to.uid, to.gid))
		diex(EXIT_RETRY, "did not become user '%s'", user);
	if (to.uid == NOBODY)
		warnx("no user '%s', and no number for it: runs as nobody, "
		    "and whatever else does can end it", user);
}

/* Needs CAP_SETPCAP; who has not got it cannot use the set either, since
 * no-new-privs keeps execve(2) from handing anything out. */
static void
drop_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
	    cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM)
			die(EXIT_RETRY, "cannot drop capability %lu", cap);
}

static void
drop_capabilities(uint32_t but)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct c[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (but != 0 && syscall(__NR_capget, &h, c) < 0)
		die(EXIT_RETRY, "cannot read capabilities");
	but &= c[0].permitted;
	memset(c, 0, sizeof(c));
	c[0].effective = c[0].permitted = but;
	if (syscall(__NR_capset, &h, c) < 0 || syscall(__NR_capget, &h, c) < 0)
		die(EXIT_RETRY, "cannot drop capabilities");
	c[0].effective &= ~but;
	c[0].permitted &= ~but;
	for (size_t i = 0; i < COUNT(c); i++)
		if ((c[i].effective | c[i].permitted | c[i].inheritable) != 0)
			diex(EXIT_RETRY, "capabilities are still there");
}

/* Memory that was writable never becomes executable; new kernels only. */
static void
refuse_exec_gain(void)
{
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0 &&
	    errno != EINVAL && errno != EOPNOTSUPP)
		die(EXIT_RETRY, "cannot forbid new code");
}

/*
 * The root of all files is a directory that is empty and has no name, so that
 * nothing can be made in it either.  Where nowhere is room for one for a
 * moment, landlock and the filter have to do.
 */
static void
empty_root(void)
{
	char run[] = "/run/bh-XXXXXX", tmp[] = "/tmp/bh-XXXXXX";
	const char *dir = mkdtemp(run);

	if (dir == NULL)
		dir = mkdtemp(tmp);
	if (dir == NULL)
		return;
	bool there = chdir(dir) == 0;
	rmdir(dir);
	if (!there || chroot(".") < 0)
		die(EXIT_RETRY, "cannot leave the file system");
}

/*
 * Of memory that a key may be in, which is all that can be written to and is
 * nobody else's, nothing gets to a disk.  Pages are locked when they are
 * touched, which those in use have been.  Where we may not (RLIMIT_MEMLOCK), it
 * is still in no dump.
 */
static struct {
	void *at;
	size_t size;
} secret[64];
static size_t nsecrets;

static void
find_secrets(void)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	char line[512], may[5];
	unsigned long from, to;
	FILE *f = fopen("/proc/self/maps", "re");

	setrlimit(RLIMIT_MEMLOCK, &any);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (nsecrets == COUNT(secret) || sscanf(line, "%lx-%lx %4s",
		    &from, &to, may) != 3 || strcmp(may, "rw-p") != 0)
			continue;
		secret[nsecrets].at = (void *)from;
		secret[nsecrets++].size = to - from;
	}
	if (f != NULL)
		fclose(f);
	for (size_t i = 0; i < nsecrets; i++)
		madvise(secret[i].at, secret[i].size, MADV_DONTDUMP);
}

static void
lock_secrets(void)
{
	for (size_t i = 0; i < nsecrets; i++)
		mlock2(secret[i].at, secret[i].size, MLOCK_ONFAULT);
}

void
sandbox_enter(enum sandbox which, const char *user)
{
	die_hurry();
	const struct manner *m = &manners[which];
	bool root = geteuid() == 0;
	struct ids to = root ? find_user(user) : (struct ids){ 0 };

	limit(RLIMIT_CORE, "core dumps");
	if (m->secret)
		find_secrets();
	lock_secrets();
	if (root && !m->files && !SANITIZED)
		empty_root();
	set_process(PR_SET_NO_NEW_PRIVS, 1, "no-new-privs");
	drop_bounding_set();
	if (m->caps != 0)
		set_process(PR_SET_KEEPCAPS, 1, "which capabilities stay");
	become(user, to);
	drop_capabilities(m->caps);
	if (SANITIZED)
		return;
	set_process(PR_SET_DUMPABLE, 0, "non-dumpable");
	if (!m->starts)
		limit(RLIMIT_NPROC, "processes");
	refuse_exec_gain();
	if (!m->files)
		enter_landlock(m);
	enter_seccomp(which);
}

void
sandbox_narrow(enum sandbox which)
{
	if (SANITIZED)
		return;
	limit(RLIMIT_NPROC, "processes");
	lock_secrets();		/* no child inherits that */
	/* what SANDBOX_SPARE starts has it already, and may not ask */
	if (manners[which].at_will)
		enter_landlock(&manners[which]);
	enter_seccomp(which);
}
