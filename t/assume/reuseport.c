/* SPDX-License-Identifier: ISC */
/* A program that is attached to a group of sockets of one port says which of
 * them gets a datagram, by the order in which they were bound; and a group of
 * both families has one program (io/udp_steer.c). */
#include "../unit/test.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LANES = 3 };

static int
bind_to(uint16_t *port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_port = *port };
	socklen_t n = sizeof(sin6);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on,
	    sizeof(on)) < 0 || bind(fd, (void *)&sin6, n) < 0 ||
	    getsockname(fd, (void *)&sin6, &n) < 0)
		return -1;
	*port = sin6.sin6_port;
	return fd;
}

/* By the first byte of what arrives. */
static int
attach(int fd)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog p = { sizeof(f) / sizeof(f[0]), f };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p,
	    sizeof(p));
}

/* Which of them has something to read, as bits. */
static unsigned
who_has(const int fd[static LANES])
{
	unsigned bits = 0;
	char buf[16];

	for (unsigned i = 0; i < LANES; i++)
		if (recv(fd[i], buf, sizeof(buf), 0) > 0)
			bits |= 1u << i;
	return bits;
}

int
main(void)
{
	uint16_t port = 0;
	int fd[LANES];

	for (int i = 0; i < LANES; i++)
		OK((fd[i] = bind_to(&port)) >= 0);
	OK(attach(fd[0]) == 0);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
		.sin6_port = port, .sin6_addr = in6addr_loopback };
	int out4 = socket(AF_INET, SOCK_DGRAM, 0);
	int out6 = socket(AF_INET6, SOCK_DGRAM, 0);
	for (uint8_t lane = 0; lane < LANES; lane++) {
		sendto(out4, &lane, 1, 0, (void *)&sin, sizeof(sin));
		OKF(who_has(fd) == 1u << lane, "IPv4 to lane %d", lane);
		sendto(out6, &lane, 1, 0, (void *)&sin6, sizeof(sin6));
		OKF(who_has(fd) == 1u << lane, "IPv6 to lane %d", lane);
	}
	return DONE();
}
