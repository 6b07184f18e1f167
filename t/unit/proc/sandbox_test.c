/* SPDX-License-Identifier: ISC */
/* The sandbox from inside: what a process that has entered it is left with. */
#include "sandboxed.h"

#include "proc/sandbox_landlock.h"
#include "proc/waiter.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

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

/* ---- who holds the second bolt ---- */

static char bolt_dir[] = "/tmp/bh-sandbox-XXXXXX";

static int
in_bolt(int (*what)(long), long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		sandbox_bolt(bolt_dir);
		_exit(what(arg));
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
do_read(long unused)
{
	(void)unused;
	return open("/etc/passwd", O_RDONLY) < 0;
}

static int
do_make(long where)
{
	const char *const dir[] = { bolt_dir, "/tmp", "/run", "/etc" };
	char path[64];

	snprintf(path, sizeof(path), "%s/bh-test.%d", dir[where],
	    (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0)
		unlink(path);
	return fd < 0;
}

static int
do_overwrite(long unused)
{
	(void)unused;
	return open("/etc/passwd", O_WRONLY) < 0;
}

/* No program that it runs has what it has. */
static int
do_run(long unused)
{
	(void)unused;
	return system("grep -q 'CapEff:.0*$' /proc/self/status") != 0;
}

static int
do_mount(long unused)
{
	(void)unused;
	return unshare(CLONE_NEWNS) < 0;
}

static void
test_bolt(void)
{
	if (geteuid() != 0 || mkdtemp(bolt_dir) == NULL)
		return;
	OK(in_bolt(do_read, 0) == 0);
	OK(in_bolt(do_run, 0) == 0);
	OK(in_bolt(do_mount, 0) == 1);
	if (!SANITIZED && landlock_version() > 0) {
		OK(in_bolt(do_make, 0) == 0);
		for (long i = 1; i < 4; i++)
			OKF(in_bolt(do_make, i) == 1, "H17e: bh-bolt makes a "
			    "file nowhere else (%ld)", i);
		OK(in_bolt(do_overwrite, 0) == 1);
		OK(landlock_version() < 6 || in_bolt(do_kill, 0) == 1);
	}
	rmdir(bolt_dir);
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
	test_bolt();
	if (!SANITIZED)
		test_named();
	return DONE();
}
