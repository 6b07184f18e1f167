/* SPDX-License-Identifier: ISC */
#include "net/udp_port.h"

#include "base/addr.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- binding ---- */

enum { RUBBISH_BATCH = 64 };

static const int on = 1, off = 0;

int
udp_mark(int fd, uint32_t mark)
{
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
}

/*
 * The first is bound as if it were to stay alone, which fails if any other
 * program has the port; only then may others of our user's join it.
 */
static int
bind_socket(int fd, int family, uint16_t port, uint32_t mark, bool first)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	if (family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if ((mark != 0 && udp_mark(fd, mark) < 0) || (!first &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0))
		return -1;
	int r = family == AF_INET6 ?
	    bind(fd, (struct sockaddr *)&a6, sizeof(a6)) :
	    bind(fd, (struct sockaddr *)&a4, sizeof(a4));
	return r < 0 || !first ? r :
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static int
bind_family(int family, uint16_t port, uint32_t mark, bool first)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind_socket(fd, family, port, mark, first) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
bind_port(uint16_t port, uint32_t mark, bool first)
{
	int fd = bind_family(AF_INET6, port, mark, first);

	/* no IPv6 in the kernel, or it is switched off */
	if (fd < 0 && errno != EADDRINUSE && errno != EACCES && errno != EPERM)
		fd = bind_family(AF_INET, port, mark, first);
	return fd;
}

uint16_t
udp_port(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof(ss);
	struct endpoint e;

	if (getsockname(fd, (struct sockaddr *)&ss, &n) < 0 ||
	    !endpoint_from_sockaddr(&e, &ss))
		return 0;
	return e.port;
}

/* ---- steering ---- */

#define IF(op, k, yes, no) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, yes, no)
#define LEAST(n) IF(BPF_JGE, n, 0, 1)
#define GO(lane) BPF_STMT(BPF_RET | BPF_K, lane)

/*
 * Sees a datagram, or a train of them: the type is a little-endian number of
 * 32 bits at the start, and the least lengths are those of W1.
 */
static int
steer(int fd)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		IF(BPF_JGE, 32, 1, 0),
		GO(UDP_RUBBISH),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		IF(BPF_JEQ, 0x04000000, 0, 1),
		GO(UDP_DATA),
		IF(BPF_JEQ, 0x01000000, 0, 3),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		LEAST(148),
		GO(UDP_HANDSHAKES),
		IF(BPF_JEQ, 0x02000000, 0, 3),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		LEAST(92),
		GO(UDP_HANDSHAKES),
		IF(BPF_JEQ, 0x03000000, 0, 3),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		LEAST(64),
		GO(UDP_HANDSHAKES),
		GO(UDP_RUBBISH),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
	    sizeof(prog));
}

/* ---- the port ---- */

static int
join_two(int fd[static UDP_LANES], uint32_t mark)
{
	fd[UDP_RUBBISH] = bind_port(udp_port(fd[UDP_HANDSHAKES]), mark, false);
	if (fd[UDP_RUBBISH] < 0)
		return -1;
	setsockopt(fd[UDP_RUBBISH], SOL_SOCKET, SO_RCVBUF, &off, sizeof(off));
	return steer(fd[UDP_RUBBISH]);
}

int
udp_first(int fd[static UDP_LANES], uint16_t port, uint32_t mark)
{
	fd[UDP_RUBBISH] = -1;
	fd[UDP_HANDSHAKES] = bind_port(port, mark, true);
	if (fd[UDP_HANDSHAKES] < 0 || join_two(fd, mark) == 0)
		return fd[UDP_HANDSHAKES] < 0 ? -1 : 0;
	int error = errno;
	close(fd[UDP_HANDSHAKES]);
	if (fd[UDP_RUBBISH] >= 0)
		close(fd[UDP_RUBBISH]);
	errno = error;
	return -1;
}

int
udp_join(uint16_t port, uint32_t mark)
{
	return bind_port(port, mark, false);
}

unsigned
udp_rubbish(int fd, uint32_t *dropped)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(info);
	unsigned n = 0;
	char c;

	/* what it has room for, then what it had none for */
	while (n < RUBBISH_BATCH && recv(fd, &c, sizeof(c), MSG_DONTWAIT) >= 0)
		n++;
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0) {
		n += info[SK_MEMINFO_DROPS] - *dropped;
		*dropped = info[SK_MEMINFO_DROPS];
	}
	return n;
}
