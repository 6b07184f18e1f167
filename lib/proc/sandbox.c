/* SPDX-License-Identifier: ISC */
#include "proc/sandbox.h"

#include "base/die.h"
#include "proc/sandbox_calls.h"
#include "proc/sandbox_landlock.h"
#include "proc/sandbox_user.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

#define CAP(c) (UINT32_C(1) << (c))
#define PORT (CAP(CAP_NET_ADMIN) | CAP(CAP_NET_BIND_SERVICE))

static const struct manner {
	uint32_t caps;		/* kept, if they are there */
	bool at_will;		/* takes memory, and connects, as it likes */
	bool starts;		/* a process, and is not narrowed itself */
	bool files;		/* reads those that everybody may */
	bool network;		/* makes sockets, which are the host's */
	bool secret;		/* has keys, or those of sessions */
} manners[] = {
	[SANDBOX_TUNNEL] = { .secret = true },
	[SANDBOX_ALONE] = { .secret = true },
	[SANDBOX_ALONE_KEYS] = { .caps = PORT, .network = true,
	    .secret = true },
	[SANDBOX_SPARE] = { .starts = true, .secret = true },
	[SANDBOX_UAPI] = { .secret = true },
	[SANDBOX_WATCH] = { .at_will = true },
	[SANDBOX_RESOLVE] = { .at_will = true, .network = true },
	[SANDBOX_FILES] = { .files = true },
	[SANDBOX_NAMES] = { .at_will = true, .starts = true, .files = true,
	    .network = true },
};

/* ---- what may be missing ---- */

static bool required;

/* A layer that the kernel does not know, or that whoever has started us does
 * not let us have. */
static void
go_without(const char *layer)
{
	if (required)
		die(EXIT_FIX, "require-sandbox: no %s", layer);
}

/* ---- layers ---- */

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

static void
enter_landlock(const struct manner *m, const char *dir)
{
	if (!landlock_enter(m->at_will, dir))
		go_without("landlock");
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

static void
become(struct user to)
{
	if (user_become(to))
		return;
	if (required)
		diex(EXIT_FIX, "require-sandbox: no user '%s', and no number "
		    "for it", to.name);
	warnx("no user '%s', and no number for it: runs as nobody, and "
	    "whatever else does can end it", to.name);
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
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0)
		return;
	if (errno != EINVAL && errno != EOPNOTSUPP)
		die(EXIT_RETRY, "cannot forbid new code");
	go_without("refusal of new code (Linux 6.3, PR_SET_MDWE)");
}

/*
 * Descriptors go on where they were opened, so a process that opens no others
 * needs no network; what it might open has nobody to talk to.  Not a mount
 * namespace: for whoever is in an empty root it would hold no more, but it
 * costs milliseconds at each start, and keeps mounts alive that the host wants
 * to be rid of.  New namespaces the filter forbids.
 */
static const struct {
	int flag;
	const char *what;
} places[] = {
	{ CLONE_NEWNET, "empty network namespace" },
	{ CLONE_NEWIPC, "IPC namespace of its own" },
	{ CLONE_NEWUTS, "UTS namespace of its own" },
	{ CLONE_NEWCGROUP, "cgroup namespace of its own" },
};

static void
leave_host(const struct manner *m)
{
	for (size_t i = 0; i < COUNT(places); i++)
		if ((places[i].flag != CLONE_NEWNET || !m->network) &&
		    unshare(places[i].flag) < 0)
			go_without(places[i].what);
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
	if (dir == NULL) {
		go_without("empty root directory");
		return;
	}
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
		if (mlock2(secret[i].at, secret[i].size, MLOCK_ONFAULT) < 0)
			go_without("memory that stays out of swap");
}

void
sandbox_enter(enum sandbox which, const char *user)
{
	die_hurry();
	const struct manner *m = &manners[which];
	bool root = geteuid() == 0;
	struct user to = root ? user_find(user) : (struct user){ NULL, 0, 0 };

	limit(RLIMIT_CORE, "core dumps");
	if (m->secret)
		find_secrets();
	lock_secrets();
	leave_host(m);
	if (root && !m->files && !SANITIZED)
		empty_root();
	set_process(PR_SET_NO_NEW_PRIVS, 1, "no-new-privs");
	drop_bounding_set();
	if (m->caps != 0)
		set_process(PR_SET_KEEPCAPS, 1, "which capabilities stay");
	if (root)
		become(to);
	drop_capabilities(m->caps);
	if (SANITIZED)
		return;
	set_process(PR_SET_DUMPABLE, 0, "non-dumpable");
	if (!m->starts)
		limit(RLIMIT_NPROC, "processes");
	refuse_exec_gain();
	if (!m->files)
		enter_landlock(m, NULL);
	enter_seccomp(which);
}

/* What execve(2) would give to root otherwise. */
static void
be_root_by_name_only(void)
{
	set_process(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED,
	    "that root is a name");
}

void
sandbox_bolt(const char *dir)
{
	static const struct manner bolt = { .caps = CAP(CAP_NET_ADMIN),
		.network = true };

	die_hurry();
	limit(RLIMIT_CORE, "core dumps");
	if (geteuid() == 0) {
		leave_host(&bolt);
		be_root_by_name_only();
	}
	set_process(PR_SET_NO_NEW_PRIVS, 1, "no-new-privs");
	drop_bounding_set();
	drop_capabilities(bolt.caps);
	if (SANITIZED)
		return;
	set_process(PR_SET_DUMPABLE, 0, "non-dumpable");
	refuse_exec_gain();
	enter_landlock(&bolt, dir);
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
		enter_landlock(&manners[which], NULL);
	enter_seccomp(which);
}

/* In a process that does nothing else, before ours has begun anything. */
static void
try_all(void)
{
	int status = 0;

	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		die(EXIT_RETRY, "cannot start a process");
	if (pid == 0) {
		sandbox_enter(SANDBOX_KEYS, "_bh-keys");
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status))
		diex(EXIT_RETRY, "cannot try the sandbox");
	if (WEXITSTATUS(status) != 0)
		exit(WEXITSTATUS(status));	/* it has said why */
}

void
sandbox_require(void)
{
	if (SANITIZED)
		diex(EXIT_FIX, "require-sandbox: this build is for tests, and "
		    "goes without");
	required = true;
	try_all();
}
