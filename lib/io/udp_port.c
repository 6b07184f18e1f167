/* SPDX-License-Identifier: ISC */
#include "io/udp_port.h"

#include "base/addr.h"
#include "io/udp_steer.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- binding ---- */

enum { JUNK_BATCH = 64 };

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

/* ---- the port ---- */

/* How the kernel steers is not to be changed by who has the socket. */
static void
lock(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on));
}

static int
join_two(int fd[static UDP_LANES], uint32_t mark, unsigned workers)
{
	int junk = bind_port(udp_port(fd[UDP_HANDSHAKES]), mark, false);

	fd[UDP_JUNK] = junk;
	if (junk < 0)
		return -1;
	setsockopt(junk, SOL_SOCKET, SO_RCVBUF, &off, sizeof(off));
	/* whether a flow's datagrams are joined the kernel asks one of the
	 * three, before anything is steered: all must say yes */
	setsockopt(junk, SOL_UDP, UDP_GRO, &on, sizeof(on));
	if (udp_steer(junk, workers) < 0)
		return -1;
	lock(junk);
	lock(fd[UDP_HANDSHAKES]);
	return 0;
}

int
udp_first(int fd[static UDP_LANES], uint16_t port, uint32_t mark,
    unsigned workers)
{
	fd[UDP_JUNK] = -1;
	fd[UDP_HANDSHAKES] = bind_port(port, mark, true);
	if (fd[UDP_HANDSHAKES] < 0 || join_two(fd, mark, workers) == 0)
		return fd[UDP_HANDSHAKES] < 0 ? -1 : 0;
	int error = errno;
	close(fd[UDP_HANDSHAKES]);
	if (fd[UDP_JUNK] >= 0)
		close(fd[UDP_JUNK]);
	errno = error;
	return -1;
}

int
udp_join(uint16_t port, uint32_t mark)
{
	int fd = bind_port(port, mark, false);

	if (fd >= 0)
		lock(fd);
	return fd;
}

unsigned
udp_junk(int fd, uint32_t *dropped)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(info);
	unsigned n = 0;
	char c;

	/* what it has room for, then what it had none for */
	while (n < JUNK_BATCH && recv(fd, &c, sizeof(c), MSG_DONTWAIT) >= 0)
		n++;
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) == 0) {
		n += info[SK_MEMINFO_DROPS] - *dropped;
		*dropped = info[SK_MEMINFO_DROPS];
	}
	return n;
}
