/* SPDX-License-Identifier: ISC */
#include "net/tun.h"

#include "net/vnet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4	/* Linux 6.2; Debian 12's headers are older */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static int
tun_setup(int fd, const char *name, bool *uso)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int hdr = sizeof(struct vnet);
	unsigned base = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	if (strlen(name) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(ifr.ifr_name, name, strlen(name));
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &hdr) < 0)
		return -1;
	*uso = ioctl(fd, TUNSETOFFLOAD, base | TUN_F_USO4 | TUN_F_USO6) == 0;
	if (!*uso && ioctl(fd, TUNSETOFFLOAD, base) < 0)
		return -1;
	return 0;
}

/* t/assume/tun.c: what such a device does. */
int
tun_open(const char *name, bool *uso)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	if (tun_setup(fd, name, uso) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int
tun_mtu(const char *name, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(ifr.ifr_name, name, strnlen(name, sizeof(ifr.ifr_name) - 1));
	int r = ioctl(fd, mtu > 0 ? SIOCSIFMTU : SIOCGIFMTU, &ifr);
	int error = errno;
	close(fd);
	errno = error;
	return r < 0 ? -1 : ifr.ifr_mtu;
}
