/* SPDX-License-Identifier: ISC */
/* What a TUN device does for us: it takes super-packets of TCP and of UDP
 * (io/tun.c); its descriptor goes on working when its process has moved into an
 * empty network namespace (proc/sandbox.c); and while nobody reads it, packets
 * wait, as many as its queue is long, and the rest is dropped. */
#include "../unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20		/* Linux 6.2 */
#define TUN_F_USO6 0x40
#endif

enum { QUEUE = 500, MORE = 100 };

static struct ifreq
named(void)
{
	struct ifreq ifr = { .ifr_name = "assume0" };

	return ifr;
}

static int
open_tun(void)
{
	struct ifreq ifr = named();
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	ifr.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	return fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) < 0 ? -1 : fd;
}

static bool
raise_it(int s)
{
	struct ifreq addr = named(), flags = named(), queue = named();
	struct sockaddr_in sin = { .sin_family = AF_INET };

	inet_pton(AF_INET, "192.0.2.1", &sin.sin_addr);
	memcpy(&addr.ifr_addr, &sin, sizeof(sin));
	flags.ifr_flags = IFF_UP;
	queue.ifr_qlen = QUEUE;
	return ioctl(s, SIOCSIFTXQLEN, &queue) == 0 &&
	    ioctl(s, SIOCSIFADDR, &addr) == 0 &&
	    ioctl(s, SIOCSIFFLAGS, &flags) == 0;
}

static int
read_all(int tun)
{
	char buf[2048];
	int n = 0;

	while (read(tun, buf, sizeof(buf)) > 0)
		n++;
	return n;
}

int
main(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 9 };
	struct ifreq mask = named();
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	OK(unshare(CLONE_NEWNET) == 0);
	int tun = open_tun(), s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(tun >= 0);
	OK(ioctl(tun, TUNSETOFFLOAD, tcp) == 0);
	OK(ioctl(tun, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0);
	OK(raise_it(s));
	struct sockaddr_in *net = (void *)&mask.ifr_netmask;
	net->sin_family = AF_INET;
	inet_pton(AF_INET, "255.255.255.0", &net->sin_addr);
	OK(ioctl(s, SIOCSIFNETMASK, &mask) == 0);
	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	read_all(tun);		/* what IPv6 says when a device comes up */

	int big = 16 << 20;
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	for (int i = 0; i < QUEUE + MORE; i++)
		sendto(s, "x", 1, MSG_DONTWAIT, (void *)&to, sizeof(to));
	int n = read_all(tun);
	OKF(n >= QUEUE - 8 && n < QUEUE + MORE,
	    "%d of %d wait where the queue is %d", n, QUEUE + MORE, QUEUE);

	OK(unshare(CLONE_NEWNET) == 0);
	OK(sendto(s, "x", 1, 0, (void *)&to, sizeof(to)) == 1);
	OK(read_all(tun) == 1);
	return DONE();
}
