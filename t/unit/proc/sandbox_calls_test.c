/* SPDX-License-Identifier: ISC */
/* Each system call there is, by its number: it passes, or it kills, as the list
 * of each kind of process says. */
#include "sandboxed.h"

#include <sys/syscall.h>

enum { CALLS = 480, X32 = 0x40000000 };

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

static void
test_numbers(enum sandbox which, const char *name)
{
	int wrong = 0;

	for (long nr = 0; nr < CALLS; nr++) {
		bool killed = inside(which, call, nr) == -SIGSYS;
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

#ifdef __x86_64__
/* getpid and read by the old gate of 32-bit programs: 3 is read there. */
static int
call_i386(long nr)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(-1L), "c"(0L), "d"(0L)
	    : "memory", "r8", "r9", "r10", "r11");
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

int
main(void)
{
	if (SANITIZED)
		return DONE();
	fflush(stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_numbers(SANDBOX_GATE, "gate");
	test_numbers(SANDBOX_TUNNEL, "tunnel");
	test_numbers(SANDBOX_ALONE, "alone");
	test_numbers(SANDBOX_KEYS, "keys");
	test_numbers(SANDBOX_ALONE_KEYS, "alone with keys");
	test_numbers(SANDBOX_SPARE, "spare");
	test_numbers(SANDBOX_UAPI, "uapi process");
	test_numbers(SANDBOX_FILES, "files");
	test_narrow();
	test_other_abis();
	return DONE();
}
