/* SPDX-License-Identifier: ISC */
/* Each system call there is, by its number: it passes, or it kills, as the list
 * of each kind of process says. */
#include "sandboxed.h"

#include "proc/sandbox_calls.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { CALLS = 480, NUMBERS = 1024, X32 = 0x40000000 };

static const long gate_calls[] = {
	__NR_read, __NR_write, __NR_readv, __NR_writev, __NR_sendmsg,
	__NR_recvfrom,
#ifdef __NR_poll
	__NR_poll,
#endif
	__NR_ppoll, __NR_clock_gettime, __NR_close, __NR_restart_syscall,
	__NR_rt_sigreturn, __NR_exit, __NR_exit_group,
};
#ifdef __NR_epoll_wait
#define WAITER __NR_epoll_wait, __NR_epoll_ctl, __NR_clock_nanosleep, \
	__NR_pread64
#else
#define WAITER __NR_epoll_pwait, __NR_epoll_ctl, __NR_clock_nanosleep, \
	__NR_pread64
#endif
static const long gate_more[] = { WAITER };
static const long tunnel_more[] = {
	WAITER,
	__NR_recvmmsg, __NR_sendmmsg, __NR_getrandom, __NR_accept4,
	__NR_recvmsg, __NR_lseek, __NR_fstat,
};
static const long alone_more[] = {
	WAITER, __NR_recvmmsg, __NR_sendmmsg, __NR_getrandom,
	__NR_recvmsg, __NR_getsockopt,
};
static const long alone_keys_more[] = {
	__NR_recvmmsg, __NR_sendmmsg, __NR_getrandom,
	__NR_bind, __NR_getsockname, __NR_getsockopt,
};
static const long keys_more[] = {
	__NR_recvmmsg, __NR_sendmmsg, __NR_getrandom, __NR_getsockopt,
};
static const long spare_more[] = {
	__NR_recvmmsg, __NR_sendmmsg, __NR_getrandom, __NR_getsockopt,
	__NR_set_robust_list, __NR_wait4, __NR_pipe2,
	__NR_prlimit64, __NR_seccomp, __NR_mlock2,
};
static const long uapi_more[] = {
	__NR_accept4, __NR_recvmsg, __NR_sendto,
};
static const long files_more[] = {
	__NR_newfstatat,	/* and openat(2), only to read */
};
static const long journal_more[] = {
	__NR_ftruncate,
};
static const long watch_more[] = {
	__NR_getsockopt, __NR_brk, __NR_munmap,
};
#define RESOLVER \
	__NR_connect, __NR_sendto, __NR_recvmsg, __NR_setsockopt, \
	__NR_getsockname, __NR_getpeername, __NR_fcntl, __NR_brk, \
	__NR_munmap, __NR_mremap, __NR_madvise, __NR_getrandom, __NR_fstat, \
	__NR_newfstatat
static const long resolve_more[] = { RESOLVER };
static const long names_more[] = {
	RESOLVER,
	__NR_lseek, __NR_uname, __NR_futex, __NR_set_robust_list, __NR_wait4,
	__NR_prlimit64, __NR_seccomp, __NR_landlock_create_ruleset,
	__NR_landlock_restrict_self,
};

#define MORE(list) { list, sizeof(list) / sizeof(*list) }
static const struct {
	const long *list;
	size_t n;
} more[] = {
	[SANDBOX_GATE] = MORE(gate_more),
	[SANDBOX_TUNNEL] = MORE(tunnel_more),
	[SANDBOX_ALONE] = MORE(alone_more),
	[SANDBOX_KEYS] = MORE(keys_more),
	[SANDBOX_ALONE_KEYS] = MORE(alone_keys_more),
	[SANDBOX_SPARE] = MORE(spare_more),
	[SANDBOX_UAPI] = MORE(uapi_more),
	[SANDBOX_FILES] = MORE(files_more),
	[SANDBOX_JOURNAL] = MORE(journal_more),
	[SANDBOX_WATCH] = MORE(watch_more),
	[SANDBOX_RESOLVE] = MORE(resolve_more),
	[SANDBOX_NAMES] = MORE(names_more),
};

static bool
has(const long *list, size_t n, long nr)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == nr)
			return true;
	return false;
}

static bool
allowed(enum sandbox which, long nr)
{
	return has(gate_calls, sizeof(gate_calls) / sizeof(*gate_calls), nr) ||
	    has(more[which].list, more[which].n, nr);
}

/* With arguments that no call can do anything with. */
static int
call(long nr)
{
	syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
	return 0;
}

/* uretprobe and uprobe of x86-64, which new kernels ask no filter about and
 * which do nothing for who is not at a probe. */
static bool
unfiltered(long nr)
{
	return nr == 335 || nr == 336;
}

/* With no other layer, which would take its time. */
static void
enter_filter(struct sock_filter *f, size_t n)
{
	const struct rlimit none = { 0, 0 };
	struct sock_fprog prog = { .len = (unsigned short)n, .filter = f };

	setrlimit(RLIMIT_CORE, &none);
	alarm(10);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		_exit(1);
}

static bool
kills(enum sandbox which, long nr)
{
	struct sock_filter f[SANDBOX_FILTER_MAX];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		enter_filter(f, sandbox_filter(f, which));
		_exit(call(nr));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void
test_numbers(enum sandbox which, const char *name)
{
	int wrong = 0;

	for (long nr = 0; nr < CALLS; nr++) {
		bool killed = kills(which, nr);
		if (killed != allowed(which, nr) || unfiltered(nr))
			continue;
		wrong++;
		printf("# %s: call %ld %s\n", name, nr,
		    killed ? "kills" : "passes");
	}
	OKF(wrong == 0, "%s: of %d system calls its list passes, the rest "
	    "kills", name, CALLS);
}

/* What the spare has started is left with no more than its own list. */
static int
narrow(long nr)
{
	sandbox_narrow(SANDBOX_KEYS);
	return call(nr);
}

static void
test_narrow(void)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof(spare_more) / sizeof(*spare_more); i++) {
		long nr = spare_more[i];
		wrong += (inside(SANDBOX_SPARE, narrow, nr) != -SIGSYS) !=
		    allowed(SANDBOX_KEYS, nr);
	}
	OKF(wrong == 0, "what the spare starts can start nothing");
	OK(inside(SANDBOX_SPARE, narrow, __NR_recvmmsg) == 0);
}

/* ---- by each of the kernel's doors ---- */

/*
 * The kernel judges, but instead of letting pass or killing it says which: so
 * one process can ask about all numbers.
 */
enum verdict { PASSES = 1001, KILLS, UNASKED };

static void
speak(struct sock_filter *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].code == (BPF_RET | BPF_K))
			f[i].k = SECCOMP_RET_ERRNO |
			    (f[i].k == SECCOMP_RET_ALLOW ? PASSES : KILLS);
}

static enum verdict
ask(long nr)
{
	syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
	return errno == PASSES || errno == KILLS ? (enum verdict)errno :
	    UNASKED;
}

static enum verdict
ask_x32(long nr)
{
	return ask(X32 | nr);
}

#ifdef __x86_64__
static enum verdict
ask_i386(long nr)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(-1L), "c"(0L), "d"(0L)
	    : "memory", "r8", "r9", "r10", "r11");
	return nr == -PASSES ? PASSES : nr == -KILLS ? KILLS : UNASKED;
}
#else
#define ask_i386 ask_x32
#endif

static const struct {
	const char *name;
	enum verdict (*ask)(long nr);
	bool native;
} doors[] = {
	{ "its own ABI", ask, true }, { "x32", ask_x32, false },
	{ "i386", ask_i386, false },
};

static enum verdict *said;	/* shared; [NUMBERS] */

/* False: there is no such door, and who knocks dies. */
static bool
ask_all(enum sandbox which, enum verdict (*door)(long))
{
	struct sock_filter f[SANDBOX_FILTER_MAX];
	int status;

	memset(said, 0, NUMBERS * sizeof(*said));
	pid_t pid = fork();
	if (pid == 0) {
		size_t n = sandbox_filter(f, which);
		speak(f, n);
		enter_filter(f, n);
		for (long nr = 0; nr < NUMBERS; nr++)
			if (!unfiltered(nr))
				said[nr] = door(nr);
		__builtin_trap();	/* exit(2) does not pass either */
	}
	waitpid(pid, &status, 0);
	return !WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV ||
	    said[0] != 0;
}

static void
test_doors(enum sandbox which, const char *name)
{
	for (size_t d = 0; d < sizeof(doors) / sizeof(*doors); d++) {
		bool there = ask_all(which, doors[d].ask);
		int wrong = 0;
		for (long nr = 0; there && nr < NUMBERS; nr++) {
			enum verdict is = doors[d].native &&
			    allowed(which, nr) ? PASSES : KILLS;
			if (said[nr] == is || unfiltered(nr))
				continue;
			wrong++;
			printf("# %s: call %ld of %s\n", name, nr,
			    doors[d].name);
		}
		/* where a door is not there, who knocks dies */
		OKF(wrong == 0, "H18: %s: the kernel judges each of %d numbers "
		    "of %s as the table", name, NUMBERS, doors[d].name);
		if (!there)
			printf("# no %s here\n", doors[d].name);
	}
}

#ifdef __x86_64__
/* getpid and read by the old gate of 32-bit programs: 3 is read there. */
static int
call_i386(long nr)
{
	ask_i386(nr);
	return 0;
}

static void
test_other_abis(void)
{
	OK(inside(SANDBOX_TUNNEL, call, X32 | __NR_read) == -SIGSYS);
	OK(inside(SANDBOX_TUNNEL, call, X32 | __NR_getpid) == -SIGSYS);
	int r = inside(SANDBOX_TUNNEL, call_i386, 3);
	OK(r == -SIGSYS || r == -SIGSEGV);	/* SEGV: kernel without it */
}
#else
static void
test_other_abis(void)
{
}
#endif

static const struct {
	enum sandbox which;
	const char *name;
} all[] = {
	{ SANDBOX_GATE, "gate" }, { SANDBOX_TUNNEL, "tunnel" },
	{ SANDBOX_ALONE, "alone" }, { SANDBOX_KEYS, "keys" },
	{ SANDBOX_ALONE_KEYS, "alone with keys" }, { SANDBOX_SPARE, "spare" },
	{ SANDBOX_UAPI, "uapi process" }, { SANDBOX_FILES, "files" },
	{ SANDBOX_WATCH, "watch" }, { SANDBOX_RESOLVE, "resolve" },
	{ SANDBOX_JOURNAL, "journal" }, { SANDBOX_NAMES, "names" },
};

int
main(void)
{
	if (SANITIZED)
		return DONE();
	fflush(stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	said = mmap(NULL, NUMBERS * sizeof(*said), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		test_numbers(all[i].which, all[i].name);
		test_doors(all[i].which, all[i].name);
	}
	test_narrow();
	test_other_abis();
	return DONE();
}
