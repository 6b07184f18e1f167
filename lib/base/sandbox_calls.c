/* SPDX-License-Identifier: ISC */
#include "base/sandbox_calls.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { X32_FROM = 0x40000000 };	/* numbers of x86-64's second ABI */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif			/* elsewhere ARCH is missed: add it, then test */

/* ---- calls ---- */

/*
 * What a running program asks of the kernel, the most frequent first.  No
 * number names a file or a process; a descriptor is made of links only
 * (accept4, recvmsg), and so is memory (mmap, see `purposes').
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

#define SCHEDULE __NR_pread64, __NR_sched_setscheduler

#ifdef __NR_epoll_wait
#define WAITER __NR_epoll_wait, __NR_epoll_ctl, __NR_clock_nanosleep, SCHEDULE
#else			/* aarch64 */
#define WAITER __NR_epoll_pwait, __NR_epoll_ctl, __NR_clock_nanosleep, SCHEDULE
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
	__NR_fstat,		/* and a bell? */
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

static const unsigned journal_calls[] = {
	EVERY_PROGRAM,
	__NR_ftruncate,
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

static const unsigned files_calls[] = {
	EVERY_PROGRAM,
	__NR_openat, __NR_newfstatat,
};

/* A report is sorted at the end. */
static const unsigned watch_calls[] = {
	EVERY_PROGRAM,
	__NR_getsockopt,	/* what the kernel had no room for */
	__NR_brk, __NR_mmap, __NR_munmap,
};

/* ---- what they may be for ---- */

/* Reading what another process shares, in the place of memory that was there
 * before, so that it makes no room and brings no code; asking whether that is
 * sealed; its own place among those who want a processor; reading a file. */
static const struct purpose {
	unsigned call, arg;
	uint32_t value;
} purposes[] = {
	{ __NR_mmap, 2, PROT_READ },
	{ __NR_mmap, 3, MAP_SHARED | MAP_FIXED },
	{ __NR_fcntl, 1, F_GET_SEALS },
	{ __NR_sched_setscheduler, 0, 0 },
	{ __NR_openat, 2, O_RDONLY | O_CLOEXEC },
};

struct option {
	int level, name;
};

/* Of the socket that there is: probes of a path go out whole. */
static const struct option probe_options[] = {
	{ SOL_IP, IP_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MTU },
};

/* Of another, for another port: net/udp_port.c, udp_steer.c, udp.c. */
static const struct option port_options[] = {
	{ SOL_IP, IP_MTU_DISCOVER },
	{ SOL_IP, IP_RECVTOS },
	{ SOL_IP, IP_PKTINFO },
	{ SOL_IPV6, IPV6_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MTU },
	{ SOL_IPV6, IPV6_V6ONLY },
	{ SOL_IPV6, IPV6_RECVTCLASS },
	{ SOL_IPV6, IPV6_RECVPKTINFO },
	{ SOL_UDP, UDP_GRO },
	{ SOL_UDP, UDP_SEGMENT },
	{ SOL_SOCKET, SO_MARK },
	{ SOL_SOCKET, SO_REUSEPORT },
	{ SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF },
	{ SOL_SOCKET, SO_LOCK_FILTER },
	{ SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_RCVBUFFORCE },
	{ SOL_SOCKET, SO_SNDBUF },
	{ SOL_SOCKET, SO_SNDBUFFORCE },
	{ SOL_SOCKET, SO_RXQ_OVFL },
};

/* ---- by sandbox ---- */

static const struct rules {
	const unsigned *call;
	size_t n;
	const struct option *option;	/* of setsockopt(2) */
	size_t noptions;
	bool at_will;			/* nobody asks what for */
} rules[] = {
#define CALLS(c) .call = c, .n = COUNT(c)
#define OPTIONS(o) .option = o, .noptions = COUNT(o)
	[SANDBOX_GATE] = { CALLS(gate_calls) },
	[SANDBOX_TUNNEL] = { CALLS(tunnel_calls), OPTIONS(probe_options) },
	[SANDBOX_ALONE] = { CALLS(alone_calls), OPTIONS(port_options) },
	[SANDBOX_KEYS] = { CALLS(keys_calls) },
	[SANDBOX_ALONE_KEYS] = { CALLS(alone_keys_calls),
	    OPTIONS(port_options) },
	[SANDBOX_SPARE] = { CALLS(spare_calls) },
	[SANDBOX_WATCH] = { CALLS(watch_calls), .at_will = true },
	[SANDBOX_DESK] = { CALLS(desk_calls) },
	[SANDBOX_JOURNAL] = { CALLS(journal_calls) },
	[SANDBOX_RESOLVE] = { CALLS(resolve_calls), .at_will = true },
	[SANDBOX_FILES] = { CALLS(files_calls) },
	[SANDBOX_NAMES] = { CALLS(names_calls), .at_will = true },
};

enum {
	CALLS_MAX = 48,
	PER_PURPOSE = 3, PER_OPTION = 5,
};
static_assert(6 + 2 * CALLS_MAX + PER_PURPOSE * COUNT(purposes) +
    PER_OPTION * COUNT(port_options) + 2 <= SANDBOX_FILTER_MAX &&
    COUNT(gate_calls) <= CALLS_MAX && COUNT(tunnel_calls) <= CALLS_MAX &&
    COUNT(alone_calls) <= CALLS_MAX && COUNT(keys_calls) <= CALLS_MAX &&
    COUNT(alone_keys_calls) <= CALLS_MAX && COUNT(spare_calls) <= CALLS_MAX &&
    COUNT(desk_calls) <= CALLS_MAX && COUNT(watch_calls) <= CALLS_MAX &&
    COUNT(names_calls) <= CALLS_MAX && COUNT(journal_calls) <= CALLS_MAX &&
    COUNT(resolve_calls) <= CALLS_MAX && COUNT(files_calls) <= CALLS_MAX,
    "the filter has room");

/* ---- the filter ---- */

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_IF(op, k, n) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, n, 0)
#define SKIP_UNLESS(op, k, n) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 0, n)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define KILL RETURN(SECCOMP_RET_KILL_PROCESS)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

static size_t
put(struct sock_filter *f, const struct sock_filter *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f[i] = what[i];
	return n;
}

#define PUT(f, ...) \
	put(f, (const struct sock_filter[]){ __VA_ARGS__ }, \
	    COUNT(((const struct sock_filter[]){ __VA_ARGS__ })))

/* The low halves of arguments, of which there is no more in an int.  What
 * comes to the end is allowed. */
static size_t
filter_purposes(struct sock_filter *f, unsigned call)
{
	size_t n = 0;

	for (const struct purpose *p = purposes; p < purposes +
	    COUNT(purposes); p++)
		if (p->call == call)
			n += PUT(f + n, LOAD(args[p->arg]),
			    SKIP_IF(BPF_JEQ, p->value, 1), KILL);
	return n;
}

/* What comes to the end is not. */
static size_t
filter_options(struct sock_filter *f, const struct rules *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->noptions; i++)
		n += PUT(f + n, LOAD(args[1]),
		    SKIP_UNLESS(BPF_JEQ, (uint32_t)r->option[i].level, 3),
		    LOAD(args[2]),
		    SKIP_UNLESS(BPF_JEQ, (uint32_t)r->option[i].name, 1),
		    ALLOW);
	return n + PUT(f + n, KILL);
}

static size_t
filter_call(struct sock_filter *f, const struct rules *r, unsigned call)
{
	size_t n = 1;

	if (call == __NR_setsockopt && !r->at_will)
		n += filter_options(f + n, r);
	else {
		n += r->at_will ? 0 : filter_purposes(f + n, call);
		n += PUT(f + n, ALLOW);
	}
	PUT(f, SKIP_UNLESS(BPF_JEQ, call, (uint8_t)(n - 1)));
	return n;
}

/* The same number means another call to another ABI: ABIs come first. */
size_t
sandbox_filter(struct sock_filter f[static SANDBOX_FILTER_MAX],
    enum sandbox which)
{
	const struct rules *r = &rules[which];
	size_t n = PUT(f, LOAD(arch), SKIP_IF(BPF_JEQ, ARCH, 1), KILL,
	    LOAD(nr), SKIP_UNLESS(BPF_JGE, X32_FROM, 1), KILL);

	for (size_t i = 0; i < r->n; i++)
		n += filter_call(f + n, r, r->call[i]);
	return n + PUT(f + n, KILL);
}
