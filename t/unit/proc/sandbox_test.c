/* SPDX-License-Identifier: ISC */
/* The sandbox from inside: a child enters it, does one thing, and is seen to
 * live or to die. */
#include "test.h"

#include "proc/sandbox.h"
#include "proc/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true	/* no filter then: see sandbox.c */
#else
#define SANITIZED false
#endif

enum { CALLS = 480, X32 = 0x40000000 };

/* Runs what() in a sandbox; its exit status, or minus the signal. */
static int
inside(enum sandbox which, int (*what)(long), long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10);	/* one that would hang is no SIGSYS either */
		sandbox_enter(which, "_bh-tunnel");
		_exit(what(arg));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- what is gone ---- */

static int pipes[2], links[2], hold[2];

/* Says that it is in, and stays there until the other end is closed. */
static int
stay(long unused)
{
	char c = 'x';

	(void)unused;
	close(hold[1]);
	return write(pipes[1], &c, 1) != 1 || read(hold[0], &c, 1) != 0;
}

/* The line "KEY:\tVALUE" of a process's status. */
static bool
status_is(const char *status, const char *line)
{
	const char *at = strstr(status, line);
	size_t n = strlen(line);

	return at != NULL && (at == status || at[-1] == '\n') &&
	    (at[n] == '\n' || at[n] == ' ');
}

static void
check_status(pid_t pid)
{
	char path[64], status[4096] = "", c;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	OK(read(pipes[0], &c, 1) == 1);
	int fd = open(path, O_RDONLY);
	OK(fd >= 0 && read(fd, status, sizeof(status) - 1) > 0);
	close(fd);
	OK(status_is(status, "NoNewPrivs:\t1"));
	OK(status_is(status, "CapEff:\t0000000000000000"));
	OK(status_is(status, "CapPrm:\t0000000000000000"));
	OK(status_is(status, "CapInh:\t0000000000000000"));
	OK(SANITIZED || status_is(status, "Seccomp:\t2"));
	if (geteuid() != 0)
		return;
	OK(status_is(status, "CapBnd:\t0000000000000000"));
	OK(status_is(status, "Groups:\t"));
	OK(strstr(status, "\nUid:\t0") == NULL);
	OK(strstr(status, "\nGid:\t0") == NULL);
}

static void
test_status(void)
{
	int status;

	if (pipe(hold) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		sandbox_enter(SANDBOX_GATE, "_bh-classify");
		_exit(stay(0));
	}
	close(hold[0]);
	check_status(pid);
	close(hold[1]);
	OK(waitpid(pid, &status, 0) == pid && status == 0);
}

static int
do_open(long unused)
{
	(void)unused;
	return open("/dev/null", O_RDONLY) < 0;
}

static int
do_socket(long domain)
{
	return socket((int)domain, SOCK_DGRAM, 0) < 0;
}

static int
do_exec(long unused)
{
	char name[] = "/bin/true", *argv[] = { name, NULL };

	(void)unused;
	execv(name, argv);
	return 1;
}

static int
do_fork(long unused)
{
	(void)unused;
	return fork() < 0;
}

static int
do_ptrace(long unused)
{
	(void)unused;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0;
}

static int
do_kill(long unused)
{
	(void)unused;
	return kill(getppid(), 0) < 0;
}

/* ---- what is left ---- */

static int
do_time(long unused)
{
	struct timespec t;

	(void)unused;
	return (int)syscall(__NR_clock_gettime, CLOCK_BOOTTIME, &t);
}

static int
do_rest(long unused)
{
	(void)unused;
	waiter_gather();
	return 0;
}

static int
do_pipe(long unused)
{
	char c = 'x';

	(void)unused;
	return write(pipes[1], &c, 1) != 1 || read(pipes[0], &c, 1) != 1;
}

static int
do_link(long unused)
{
	char out[] = "burst", in[8];
	struct iovec iov = { out, 5 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	(void)unused;
	return sendmsg(links[0], &m, MSG_DONTWAIT) != 5 ||
	    recv(links[1], in, sizeof(in), MSG_DONTWAIT) != 5;
}

static int
do_random(long unused)
{
	char buf[16];

	(void)unused;
	return syscall(__NR_getrandom, buf, sizeof(buf), 0) != sizeof(buf);
}

static void
test_named(void)
{
	static const struct {
		const char *what;
		int (*f)(long);
		long arg;
		bool gate, tunnel;
	} t[] = {
		{ "opens a file", do_open, 0, false, false },
		{ "makes a UDP socket", do_socket, AF_INET, false, false },
		{ "makes a netlink socket", do_socket, AF_NETLINK, false,
		    false },
		{ "runs a program", do_exec, 0, false, false },
		{ "makes a process", do_fork, 0, false, false },
		{ "is traced", do_ptrace, 0, false, false },
		{ "signals another", do_kill, 0, false, false },
		{ "reads the clock", do_time, 0, true, true },
		{ "rests", do_rest, 0, true, true },
		{ "reads and writes", do_pipe, 0, true, true },
		{ "sends and receives", do_link, 0, true, true },
		{ "draws random bytes", do_random, 0, false, true },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		OKF(inside(SANDBOX_GATE, t[i].f, t[i].arg) ==
		    (t[i].gate ? 0 : -SIGSYS), "a gate that %s %s", t[i].what,
		    t[i].gate ? "lives" : "dies");
		OKF(inside(SANDBOX_TUNNEL, t[i].f, t[i].arg) ==
		    (t[i].tunnel ? 0 : -SIGSYS), "a tunnel that %s %s",
		    t[i].what, t[i].tunnel ? "lives" : "dies");
	}
}

static int
open_file(long flags)
{
	return open("/etc/passwd", (int)flags) < 0;
}

/* ---- every number ---- */

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
static const long desk_more[] = {
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
	[SANDBOX_DESK] = MORE(desk_more),
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

/* ---- calls that depend on what they are for ---- */

static long map_at, map_fd;	/* two pages, and what to put there */

static const struct map_case {
	const char *what;
	long prot, flags;
	bool lives;
} map_cases[] = {
	{ "to read", PROT_READ, MAP_SHARED | MAP_FIXED, true },
	{ "to write", PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, false },
	{ "to execute", PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, false },
	{ "anywhere", PROT_READ, MAP_SHARED, false },
	{ "of its own", PROT_READ, MAP_PRIVATE | MAP_FIXED, false },
	{ "of nothing", PROT_READ, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS,
	    false },
};

static int
do_map(long i)
{
	return syscall(__NR_mmap, map_at, 4096L, map_cases[i].prot,
	    map_cases[i].flags, map_fd, 0L) != map_at;
}

static int
do_fcntl(long what)
{
	return syscall(__NR_fcntl, map_fd, what, 0L) < 0;
}

static int
do_schedule(long pid)
{
	static const struct sched_param none;

	return sched_setscheduler((pid_t)pid, SCHED_BATCH, &none) < 0;
}

static void
test_purposes(void)
{
	map_fd = memfd_create("test", MFD_ALLOW_SEALING);
	map_at = (long)mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	if (ftruncate((int)map_fd, 4096) < 0)
		map_fd = -1;
	for (size_t i = 0; i < sizeof(map_cases) / sizeof(*map_cases); i++)
		OKF(inside(SANDBOX_TUNNEL, do_map, (long)i) ==
		    (map_cases[i].lives ? 0 : -SIGSYS), "a tunnel that maps %s "
		    "%s", map_cases[i].what, map_cases[i].lives ? "lives" :
		    "dies");
	OK(inside(SANDBOX_TUNNEL, do_fcntl, F_GET_SEALS) == 0);
	OK(inside(SANDBOX_TUNNEL, do_fcntl, F_DUPFD) == -SIGSYS);
	OK(inside(SANDBOX_TUNNEL, do_fcntl, F_ADD_SEALS) == -SIGSYS);
	OK(inside(SANDBOX_GATE, do_map, 0) == -SIGSYS);
	OK(inside(SANDBOX_GATE, do_schedule, 0) == 0);
	OK(inside(SANDBOX_GATE, do_schedule, getpid()) == -SIGSYS);
	OK(inside(SANDBOX_TUNNEL, do_schedule, getpid()) == -SIGSYS);
	OK(inside(SANDBOX_KEYS, do_schedule, 0) == -SIGSYS);
}

static const struct option {
	const char *what;
	int level, name;
	bool tunnel, binder;
} options[] = {
	{ "probes IPv4", SOL_IP, IP_MTU_DISCOVER, true, true },
	{ "probes IPv6", SOL_IPV6, IPV6_MTU_DISCOVER, true, true },
	{ "sends fragments", SOL_IPV6, IPV6_MTU, true, true },
	{ "hears more", SOL_IP, IP_PKTINFO, false, true },
	{ "joins datagrams", SOL_UDP, UDP_GRO, false, true },
	{ "shares its port", SOL_SOCKET, SO_REUSEPORT, false, true },
	{ "steers", SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, false, true },
	{ "marks", SOL_SOCKET, SO_MARK, false, true },
	{ "filters", SOL_SOCKET, SO_ATTACH_FILTER, false, false },
	{ "goes by another device", SOL_SOCKET, SO_BINDTODEVICE, false,
	    false },
	{ "forges its source", SOL_IP, IP_TRANSPARENT, false, false },
	{ "joins a group", SOL_IP, IP_ADD_MEMBERSHIP, false, false },
	{ "takes an option of another level", SOL_UDP, IP_MTU_DISCOVER, false,
	    false },
	{ "sets options of IP", SOL_IP, IP_OPTIONS, false, false },
};

static int
do_option(long i)
{
	int on = 1;

	/* what the kernel says to it is all the same */
	syscall(__NR_setsockopt, links[0], (long)options[i].level,
	    (long)options[i].name, &on, sizeof(on), 0L);
	return 0;
}

static void
test_options(void)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option *o = &options[i];
		OKF(inside(SANDBOX_TUNNEL, do_option, (long)i) ==
		    (o->tunnel ? 0 : -SIGSYS), "a tunnel that %s %s", o->what,
		    o->tunnel ? "lives" : "dies");
		OKF(inside(SANDBOX_ALONE, do_option, (long)i) ==
		    (o->tunnel ? 0 : -SIGSYS), "standalone, one that %s %s",
		    o->what, o->tunnel ? "lives" : "dies");
		OKF(inside(SANDBOX_ALONE_KEYS, do_option, (long)i) ==
		    (o->binder ? 0 : -SIGSYS), "with keys, one that %s %s",
		    o->what, o->binder ? "lives" : "dies");
		OKF(inside(SANDBOX_KEYS, do_option, (long)i) == -SIGSYS,
		    "a keeper that %s dies", o->what);
	}
}

/* ---- calls of which only a kind is wanted ---- */

static const struct kind {
	const char *what;
	int domain, type, protocol;
	bool binder, resolver;
} kinds[] = {
	{ "UDP", AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    true, true },
	{ "UDP by its number", AF_INET, SOCK_DGRAM, IPPROTO_UDP, true, true },
	{ "TCP", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, false, true },
	{ "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, false, false },
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_UDP, false, false },
	{ "UDP-Lite", AF_INET, SOCK_DGRAM, 136, false, false },
	{ "local", AF_UNIX, SOCK_STREAM, 0, false, false },
	{ "netlink", AF_NETLINK, SOCK_RAW, 0, false, false },
	{ "packet", AF_PACKET, SOCK_DGRAM, 0, false, false },
	{ "vsock", 40, SOCK_STREAM, 0, false, false },
	{ "crypto", 38, SOCK_SEQPACKET, 0, false, false },
};

static int
do_kind(long i)
{
	const struct kind *k = &kinds[i];

	syscall(__NR_socket, k->domain, k->type, k->protocol);
	return 0;
}

static void
test_sockets(void)
{
	for (long i = 0; i < (long)(sizeof(kinds) / sizeof(*kinds)); i++) {
		const struct kind *k = &kinds[i];
		OKF(inside(SANDBOX_ALONE_KEYS, do_kind, i) ==
		    (k->binder ? 0 : -SIGSYS), "H9: who has keys and makes a "
		    "socket: %s %s", k->what, k->binder ? "lives" : "dies");
		OKF(inside(SANDBOX_RESOLVE, do_kind, i) ==
		    (k->resolver ? 0 : -SIGSYS) &&
		    inside(SANDBOX_NAMES, do_kind, i) ==
		    (k->resolver ? 0 : -SIGSYS), "H9: who asks for names: "
		    "%s %s", k->what, k->resolver ? "lives" : "dies");
		OKF(inside(SANDBOX_ALONE, do_kind, i) == -SIGSYS,
		    "H9: who has packets: %s dies", k->what);
	}
}

static int
do_map_for(long prot)
{
	syscall(__NR_mmap, 0L, 4096L, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1L,
	    0L);
	return 0;
}

/* CLONE_NEWUSER and such are looked at by the filter before the kernel. */
static int
do_clone(long flags)
{
	long pid = syscall(__NR_clone, flags, 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	return 0;
}

static int
do_ioctl(long what)
{
	int n;

	syscall(__NR_ioctl, links[0], what, &n);
	return 0;
}

static void
test_kinds(void)
{
	static const enum sandbox own[] = { SANDBOX_WATCH, SANDBOX_RESOLVE,
		SANDBOX_NAMES };
	static const enum sandbox starts[] = { SANDBOX_SPARE, SANDBOX_NAMES };
	static const long spaces[] = { CLONE_NEWUSER | SIGCHLD,
		CLONE_NEWNET | SIGCHLD, CLONE_VM | CLONE_VFORK | SIGCHLD,
		CLONE_PARENT | SIGCHLD };

	for (int i = 0; i < 3; i++) {
		OK(inside(own[i], do_map_for, PROT_READ | PROT_WRITE) == 0);
		OKF(inside(own[i], do_map_for, PROT_READ | PROT_EXEC) ==
		    -SIGSYS, "H9: memory of one's own holds no code");
	}
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 4; k++)
			OKF(inside(starts[i], do_clone, spaces[k]) == -SIGSYS,
			    "H9: who starts a process makes no namespace "
			    "(%lx)", (unsigned long)spaces[k]);
	OK(inside(SANDBOX_RESOLVE, do_ioctl, FIONREAD) == 0);
	OKF(inside(SANDBOX_RESOLVE, do_ioctl, TIOCSTI) == -SIGSYS,
	    "H9: nobody types into the terminal");
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

/* ---- layers below the filter ---- */

static int
enter_as(long which)
{
	static const char *const user[] = { "root", "no-such-user" };

	sandbox_enter(SANDBOX_GATE, user[which]);
	return 0;
}

/* In a plain child: only the call itself is of interest. */
static int
status_of(int (*what)(long), long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		_exit(what(arg));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_users(void)
{
	if (geteuid() != 0)
		return;
	OK(status_of(enter_as, 0) == 100);
	OK(status_of(enter_as, 1) == 100);
}

int
main(void)
{
	if (pipe(pipes) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, links) < 0)
		return 1;
	fflush(stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_users();
	test_status();
	if (SANITIZED)
		return DONE();
	test_named();
	test_numbers(SANDBOX_GATE, "gate");
	test_numbers(SANDBOX_TUNNEL, "tunnel");
	test_numbers(SANDBOX_ALONE, "alone");
	test_numbers(SANDBOX_KEYS, "keys");
	test_numbers(SANDBOX_ALONE_KEYS, "alone with keys");
	test_numbers(SANDBOX_SPARE, "spare");
	test_numbers(SANDBOX_DESK, "desk");
	test_numbers(SANDBOX_FILES, "files");
	OK(inside(SANDBOX_FILES, open_file, O_RDONLY | O_CLOEXEC) == 0);
	OK(inside(SANDBOX_FILES, open_file, O_WRONLY | O_CLOEXEC) == -SIGSYS);
	test_purposes();
	test_options();
	test_sockets();
	test_kinds();
	test_narrow();
	test_other_abis();
	return DONE();
}
