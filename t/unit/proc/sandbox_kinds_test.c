/* SPDX-License-Identifier: ISC */
/* Calls that pass for one purpose and kill for another: by their arguments. */
#include "sandboxed.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int links[2];

static int
open_file(long flags)
{
	return open("/etc/passwd", (int)flags) < 0;
}

static void
test_files(void)
{
	OK(inside(SANDBOX_FILES, open_file, O_RDONLY | O_CLOEXEC) == 0);
	OK(inside(SANDBOX_FILES, open_file, O_WRONLY | O_CLOEXEC) == -SIGSYS);
}

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
		    "a key process that %s dies", o->what);
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

int
main(void)
{
	if (SANITIZED)
		return DONE();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, links) < 0)
		return 1;
	fflush(stdout);
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_files();
	test_purposes();
	test_options();
	test_sockets();
	test_kinds();
	return DONE();
}
