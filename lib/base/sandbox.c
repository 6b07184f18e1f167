/* SPDX-License-Identifier: ISC */
#include "base/sandbox.h"

#include "base/die.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { X32_FROM = 0x40000000 };	/* numbers of x86-64's second ABI */

#ifndef PR_SET_MDWE	/* Linux 6.3; Debian 12's headers are older */
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif			/* elsewhere ARCH is missed: add it, then test */

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

/*
 * What a running program asks of the kernel, the most frequent first.  No
 * number names a file or a process; a descriptor is made of links only
 * (accept4, recvmsg), and so is memory (mmap, see `only').
 */
#define EVERY_PROGRAM \
	__NR_read, __NR_write, __NR_readv, __NR_writev, \
	__NR_sendmsg, __NR_recvfrom, \
	POLL __NR_ppoll, \
	__NR_clock_gettime,	/* only where the vDSO cannot */ \
	__NR_close,		/* a link whose other end has gone */ \
	__NR_restart_syscall,	/* poll, after SIGSTOP and SIGCONT */ \
	__NR_rt_sigreturn, __NR_exit, __NR_exit_group

#ifdef __NR_poll
#define POLL __NR_poll,
#else
#define POLL			/* aarch64: the C library uses ppoll */
#endif

#ifdef __NR_epoll_wait
#define WAITER __NR_epoll_wait, __NR_epoll_ctl, __NR_clock_nanosleep
#else			/* aarch64 */
#define WAITER __NR_epoll_pwait, __NR_epoll_ctl, __NR_clock_nanosleep
#endif

static const unsigned gate_calls[] = {
	WAITER,
	EVERY_PROGRAM,
};

#define DATAGRAMS \
	__NR_recvmmsg, __NR_sendmmsg, __NR_getrandom

/* wg(8) may ask for another port or mark: that takes other sockets. */
#define OTHER_PORT \
	__NR_socket, __NR_bind, __NR_setsockopt, __NR_getsockname, \
	__NR_getsockopt

static const unsigned tunnel_calls[] = {
	WAITER,
	DATAGRAMS,
	EVERY_PROGRAM,
	__NR_accept4,		/* a program that was started again */
	__NR_recvmsg,		/* its hello */
	__NR_setsockopt,	/* probes of a path go out whole */
	__NR_fcntl, __NR_lseek,	/* what it shares: sealed? how large? */
	__NR_mmap,
};

static const unsigned alone_calls[] = {
	WAITER,
	DATAGRAMS,
	EVERY_PROGRAM,
	OTHER_PORT,
};

static const unsigned keys_calls[] = {
	DATAGRAMS,
	EVERY_PROGRAM,
	__NR_getsockopt,	/* how much rubbish the kernel dropped */
};

static const unsigned alone_keys_calls[] = {
	DATAGRAMS,
	EVERY_PROGRAM,
	OTHER_PORT,
};

/* What the process that it starts may do, and to start it. */
static const unsigned spare_calls[] = {
	DATAGRAMS,
	EVERY_PROGRAM,
	__NR_getsockopt,
	__NR_clone, __NR_set_robust_list, __NR_wait4, __NR_pipe2,
	__NR_prlimit64, __NR_seccomp,
};

static const unsigned desk_calls[] = {
	EVERY_PROGRAM,
	__NR_accept4, __NR_recvmsg, __NR_sendto,
};

/* A library's, which takes memory and opens sockets as it needs them. */
#define RESOLVER \
	__NR_socket, __NR_connect, __NR_sendto, __NR_recvmsg, \
	__NR_setsockopt, __NR_getsockname, __NR_getpeername, __NR_fcntl, \
	__NR_ioctl, __NR_brk, __NR_mmap, __NR_munmap, __NR_mremap, \
	__NR_madvise, __NR_getrandom, __NR_fstat, __NR_newfstatat

static const unsigned resolve_calls[] = {
	EVERY_PROGRAM,
	RESOLVER,
};

/* Starts the process that does this, again and again, and hears nobody.  In
 * that process what servers there are is read before it is narrowed. */
static const unsigned names_calls[] = {
	EVERY_PROGRAM,
	RESOLVER,
	__NR_openat, __NR_lseek, __NR_uname, __NR_futex,
	__NR_clone, __NR_set_robust_list, __NR_wait4, __NR_prlimit64,
	__NR_seccomp, __NR_landlock_create_ruleset,
	__NR_landlock_restrict_self,
};

/* A report is sorted at the end. */
static const unsigned watch_calls[] = {
	EVERY_PROGRAM,
	__NR_getsockopt,	/* what the kernel had no room for */
	__NR_brk, __NR_mmap, __NR_munmap,
};

#define CAP(c) (UINT32_C(1) << (c))

static const struct table {
	const unsigned *call;
	size_t n;
	uint32_t caps;		/* kept, if they are there */
	bool at_will;		/* takes memory, and connects, as it likes */
	bool starts;		/* a process, and is not narrowed itself */
	bool files;		/* reads those that everybody may */
} tables[] = {
	[SANDBOX_GATE] = { gate_calls, COUNT(gate_calls), 0 },
	[SANDBOX_TUNNEL] = { tunnel_calls, COUNT(tunnel_calls), 0 },
	[SANDBOX_ALONE] = { alone_calls, COUNT(alone_calls),
	    CAP(CAP_NET_ADMIN) | CAP(CAP_NET_BIND_SERVICE) },
	[SANDBOX_KEYS] = { keys_calls, COUNT(keys_calls), 0 },
	[SANDBOX_ALONE_KEYS] = { alone_keys_calls, COUNT(alone_keys_calls),
	    CAP(CAP_NET_ADMIN) | CAP(CAP_NET_BIND_SERVICE) },
	[SANDBOX_SPARE] = { spare_calls, COUNT(spare_calls), 0, false, true },
	[SANDBOX_WATCH] = { watch_calls, COUNT(watch_calls), 0, true },
	[SANDBOX_DESK] = { desk_calls, COUNT(desk_calls), 0 },
	[SANDBOX_RESOLVE] = { resolve_calls, COUNT(resolve_calls), 0, true },
	[SANDBOX_NAMES] = { names_calls, COUNT(names_calls), 0, true, true,
	    true },
};

enum { CALLS_MAX = 48, ONLY_MAX = 9,
	FILTER_MAX = 6 + 2 * CALLS_MAX + ONLY_MAX + 1 };

static_assert(COUNT(gate_calls) <= CALLS_MAX &&
    COUNT(tunnel_calls) <= CALLS_MAX && COUNT(alone_calls) <= CALLS_MAX &&
    COUNT(keys_calls) <= CALLS_MAX && COUNT(alone_keys_calls) <= CALLS_MAX &&
    COUNT(spare_calls) <= CALLS_MAX && COUNT(desk_calls) <= CALLS_MAX &&
    COUNT(watch_calls) <= CALLS_MAX && COUNT(names_calls) <= CALLS_MAX &&
    COUNT(resolve_calls) <= CALLS_MAX, "the filter has room");

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_NEXT_IF(op, k) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 1, 0)
#define SKIP_NEXT_UNLESS(op, k) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 0, 1)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

/* What a call may be for, and nothing else: reading what another process
 * shares, in the place of memory that was there before, so that it makes no
 * room and brings no code; asking whether that is sealed. */
static const struct {
	unsigned call, arg;
	uint32_t value;
} only[] = {
	{ __NR_mmap, 2, PROT_READ },
	{ __NR_mmap, 3, MAP_SHARED | MAP_FIXED },
	{ __NR_fcntl, 1, F_GET_SEALS },
};

/* The low halves of arguments, of which there is no more in an int. */
static size_t
filter_only(struct sock_filter *f, unsigned call)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(only); i++) {
		if (only[i].call != call)
			continue;
		f[n++] = (struct sock_filter)LOAD(args[only[i].arg]);
		f[n++] = (struct sock_filter)SKIP_NEXT_IF(BPF_JEQ,
		    only[i].value);
		f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	return n;
}

/* The same number means another call to another ABI: ABIs come first. */
static size_t
filter_build(struct sock_filter f[static FILTER_MAX], const struct table *t)
{
	size_t n = 0;

	f[n++] = (struct sock_filter)LOAD(arch);
	f[n++] = (struct sock_filter)SKIP_NEXT_IF(BPF_JEQ, ARCH);
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	f[n++] = (struct sock_filter)LOAD(nr);
	f[n++] = (struct sock_filter)SKIP_NEXT_UNLESS(BPF_JGE, X32_FROM);
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < t->n; i++) {
		size_t more = t->at_will ? 0 :
		    filter_only(f + n + 1, t->call[i]);
		f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		    t->call[i], 0, (uint8_t)(more + 1));
		n += more + 1;
		f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	}
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	return n;
}

static void
enter_seccomp(enum sandbox which)
{
	struct sock_filter filter[FILTER_MAX];
	struct sock_fprog prog = {
		.len = (unsigned short)filter_build(filter, &tables[which]),
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
enter_landlock(const struct table *t)
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

static const struct passwd *
find_user(const char *user)
{
	if (user == NULL)
		user = getpwnam("backhaul") != NULL ? "backhaul" : "nobody";
	const struct passwd *pw = getpwnam(user);
	if (pw == NULL)
		diex(EXIT_FIX, "there is no user '%s'", user);
	else if (pw->pw_uid == 0)
		diex(EXIT_FIX, "user '%s' is root", user);
	return pw;
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

static void
become(const char *user)
{
	if (geteuid() != 0)
		return;
	const struct passwd *pw = find_user(user);
	uid_t uid = pw->pw_uid;
	gid_t gid = pw->pw_gid;

	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		die(EXIT_RETRY, "cannot become user '%s'", pw->pw_name);
	if (!ids_are(uid, gid))
		diex(EXIT_RETRY, "did not become user '%s'", pw->pw_name);
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

void
sandbox_enter(enum sandbox which, const char *user)
{
	limit(RLIMIT_CORE, "core dumps");
	set_process(PR_SET_NO_NEW_PRIVS, 1, "no-new-privs");
	drop_bounding_set();
	if (tables[which].caps != 0)
		set_process(PR_SET_KEEPCAPS, 1, "which capabilities stay");
	become(user);
	drop_capabilities(tables[which].caps);
	if (SANITIZED)
		return;
	set_process(PR_SET_DUMPABLE, 0, "non-dumpable");
	if (!tables[which].starts)
		limit(RLIMIT_NPROC, "processes");
	refuse_exec_gain();
	if (!tables[which].files)
		enter_landlock(&tables[which]);
	enter_seccomp(which);
}

void
sandbox_narrow(enum sandbox which)
{
	if (SANITIZED)
		return;
	limit(RLIMIT_NPROC, "processes");
	/* what SANDBOX_SPARE starts has it already, and may not ask */
	if (tables[which].at_will)
		enter_landlock(&tables[which]);
	enter_seccomp(which);
}
