/* SPDX-License-Identifier: ISC */
#include "proc/sandbox_calls.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
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

/* wg(8) may ask for another port or mark: that takes other sockets, which the
 * key process makes for both. */
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
	__NR_recvmsg,		/* another socket, made by the key process */
	__NR_getsockopt, __NR_setsockopt,
};

static const unsigned keys_calls[] = {
	DATAGRAMS,
	EVERY_PROGRAM,
	__NR_getsockopt,	/* how much junk the kernel dropped */
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
	__NR_mlock2,		/* its keys */
};

static const unsigned uapi_calls[] = {
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

/*
 * An argument, but for the bits that do not matter, is one of these: reading
 * what another process shares, in the place of memory that was there before, so
 * that it makes no room and brings no code; asking whether that is sealed; its
 * own place among those who want a processor; memory that never holds code;
 * sockets of UDP, and a resolver's of TCP; what fork(3) asks for, which is no
 * namespace; what stdio and a resolver ask of a descriptor; a file to read.
 */
#define BIT(which) (1u << (which))
#define MAPS_ONE BIT(SANDBOX_TUNNEL)
#define MAPS_ANY \
	(BIT(SANDBOX_WATCH) | BIT(SANDBOX_RESOLVE) | BIT(SANDBOX_NAMES))
#define RESOLVES (BIT(SANDBOX_RESOLVE) | BIT(SANDBOX_NAMES))
#define READS (BIT(SANDBOX_FILES) | BIT(SANDBOX_NAMES))
#define BINDS BIT(SANDBOX_ALONE_KEYS)
#define ALL UINT32_MAX
#define FORK (CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD)

static const struct sandbox_purpose purposes[] = {
	{ MAPS_ONE, __NR_mmap, 2, 0, 1, { PROT_READ } },
	{ MAPS_ONE, __NR_mmap, 3, 0, 1, { MAP_SHARED | MAP_FIXED } },
	{ MAPS_ANY, __NR_mmap, 2, ~(uint32_t)PROT_EXEC, 1, { 0 } },
	{ ALL & ~RESOLVES, __NR_fcntl, 1, 0, 1, { F_GET_SEALS } },
	{ ALL, __NR_sched_setscheduler, 0, 0, 1, { 0 } },
	{ BINDS | RESOLVES, __NR_socket, 0, 0, 2, { AF_INET, AF_INET6 } },
	{ BINDS, __NR_socket, 1, SOCK_CLOEXEC | SOCK_NONBLOCK, 1,
	    { SOCK_DGRAM } },
	{ RESOLVES, __NR_socket, 1, SOCK_CLOEXEC | SOCK_NONBLOCK, 2,
	    { SOCK_DGRAM, SOCK_STREAM } },
	{ BINDS, __NR_socket, 2, 0, 2, { 0, IPPROTO_UDP } },
	{ RESOLVES, __NR_socket, 2, 0, 3, { 0, IPPROTO_UDP, IPPROTO_TCP } },
	{ RESOLVES, __NR_ioctl, 1, 0, 3, { FIONBIO, FIONREAD, TCGETS } },
	{ ALL, __NR_clone, 0, 0, 1, { FORK } },
	{ READS, __NR_openat, 2, O_CLOEXEC, 1, { O_RDONLY } },
};

/* Of the socket that there is: probes of a path go out whole. */
static const struct sandbox_option probe_options[] = {
	{ SOL_IP, IP_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MTU },
};

/* Of another, for another port: io/udp_port.c, udp_steer.c, udp.c. */
static const struct sandbox_option port_options[] = {
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

static const struct sandbox_rules rules[] = {
#define CALLS(c) .call = c, .n = COUNT(c)
#define OPTIONS(o) .option = o, .noptions = COUNT(o)
	[SANDBOX_GATE] = { CALLS(gate_calls) },
	[SANDBOX_TUNNEL] = { CALLS(tunnel_calls), OPTIONS(probe_options) },
	[SANDBOX_ALONE] = { CALLS(alone_calls), OPTIONS(probe_options) },
	[SANDBOX_KEYS] = { CALLS(keys_calls) },
	[SANDBOX_ALONE_KEYS] = { CALLS(alone_keys_calls),
	    OPTIONS(port_options) },
	[SANDBOX_SPARE] = { CALLS(spare_calls) },
	[SANDBOX_WATCH] = { CALLS(watch_calls) },
	[SANDBOX_UAPI] = { CALLS(uapi_calls) },
	[SANDBOX_JOURNAL] = { CALLS(journal_calls) },
	[SANDBOX_RESOLVE] = { CALLS(resolve_calls), .any_option = true },
	[SANDBOX_FILES] = { CALLS(files_calls) },
	[SANDBOX_NAMES] = { CALLS(names_calls), .any_option = true },
};

enum {
	CALLS_MAX = 48,
	PER_PURPOSE = 3 + SANDBOX_VALUES, PER_OPTION = 5,
};
static_assert(6 + 2 * CALLS_MAX + PER_PURPOSE * COUNT(purposes) +
    PER_OPTION * COUNT(port_options) + 2 <= SANDBOX_FILTER_MAX &&
    COUNT(gate_calls) <= CALLS_MAX && COUNT(tunnel_calls) <= CALLS_MAX &&
    COUNT(alone_calls) <= CALLS_MAX && COUNT(keys_calls) <= CALLS_MAX &&
    COUNT(alone_keys_calls) <= CALLS_MAX && COUNT(spare_calls) <= CALLS_MAX &&
    COUNT(uapi_calls) <= CALLS_MAX && COUNT(watch_calls) <= CALLS_MAX &&
    COUNT(names_calls) <= CALLS_MAX && COUNT(journal_calls) <= CALLS_MAX &&
    COUNT(resolve_calls) <= CALLS_MAX && COUNT(files_calls) <= CALLS_MAX,
    "the filter has room");

const struct sandbox_rules *
sandbox_rules(enum sandbox which)
{
	return &rules[which];
}

const struct sandbox_purpose *
sandbox_purposes(size_t *n)
{
	*n = COUNT(purposes);
	return purposes;
}

/* ---- the filter ---- */

#define MASK(bits) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)
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

/* The low half of an argument, of which there is no more in an int.  What comes
 * to the end is allowed. */
static size_t
filter_purpose(struct sock_filter *f, const struct sandbox_purpose *p)
{
	size_t n = PUT(f, LOAD(args[p->arg]), MASK(~p->ignored));

	for (unsigned i = 0; i < p->n; i++)
		n += PUT(f + n, SKIP_IF(BPF_JEQ, p->value[i],
		    (uint8_t)(p->n - i)));
	return n + PUT(f + n, KILL);
}

static size_t
filter_purposes(struct sock_filter *f, enum sandbox which, unsigned call)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(purposes); i++)
		if (purposes[i].call == call &&
		    (purposes[i].who & BIT(which)) != 0)
			n += filter_purpose(f + n, &purposes[i]);
	return n;
}

/* What comes to the end is not. */
static size_t
filter_options(struct sock_filter *f, const struct sandbox_rules *r)
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
filter_call(struct sock_filter *f, enum sandbox which, unsigned call)
{
	const struct sandbox_rules *r = &rules[which];
	size_t n = 1;

	if (call == __NR_setsockopt && !r->any_option)
		n += filter_options(f + n, r);
	else {
		n += filter_purposes(f + n, which, call);
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
	const struct sandbox_rules *r = &rules[which];
	size_t n = PUT(f, LOAD(arch), SKIP_IF(BPF_JEQ, ARCH, 1), KILL,
	    LOAD(nr), SKIP_UNLESS(BPF_JGE, X32_FROM, 1), KILL);

	for (size_t i = 0; i < r->n; i++)
		n += filter_call(f + n, which, r->call[i]);
	return n + PUT(f + n, KILL);
}
