/* SPDX-License-Identifier: ISC */
#include "io/tun.h"

#include "packet/gso.h"

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

/* ---- writing ---- */

#define TRY_AGAIN (60 * NSEC_SEC)

static size_t
length(const struct iovec *iov, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

static enum verdict
write_whole(int fd, const struct iovec *iov, int n)
{
	if (writev(fd, iov, n) == (ssize_t)length(iov, n))
		return (enum verdict)V_NEXT;
	return errno == EAGAIN || errno == ENOBUFS ? V_FULL : V_SEND;
}

/* The packet behind the virtio-net header, in one piece; its length, 0 if it is
 * too long. */
static size_t
gather(uint8_t packet[static FRAME_PACKET_MAX], const struct iovec *iov, int n)
{
	size_t skip = sizeof(struct vnet), len = 0;

	if (length(iov, n) - skip > FRAME_PACKET_MAX)
		return 0;
	for (int i = 0; i < n; i++, skip = 0) {
		memcpy(packet + len, (const uint8_t *)iov[i].iov_base + skip,
		    iov[i].iov_len - skip);
		len += iov[i].iov_len - skip;
	}
	return len;
}

/* All of it or as much as there was room for. */
static enum verdict
write_cut(struct tun_out *o, const struct vnet *v, const struct iovec *iov,
    int n)
{
	struct vnet none = { 0 };
	struct iovec out[] = { { &none, sizeof(none) }, { o->piece, 0 } };
	size_t len = gather(o->packet, iov, n);
	struct gso g;
	struct ip ip;

	if (ip_parse(&ip, o->packet, len) != (enum verdict)V_NEXT ||
	    gso_init(&g, v, &ip, o->packet, len, FRAME_PACKET_MAX) !=
	    (enum verdict)V_NEXT)
		return V_SEND;
	while ((out[1].iov_len = gso_next(&g, o->piece)) > 0) {
		enum verdict w = write_whole(o->fd, out, 2);
		if (w != (enum verdict)V_NEXT)
			return w;
	}
	return (enum verdict)V_NEXT;
}

enum verdict
tun_put(struct tun_out *o, const struct iovec *iov, int n, nsec now)
{
	struct vnet v;

	memcpy(&v, iov[0].iov_base, sizeof(v));
	nsec *until = &o->until[v.gso_type & 7];
	if (v.gso_type == VNET_GSO_NONE || now >= *until) {
		enum verdict w = write_whole(o->fd, iov, n);
		if (w != V_SEND || errno != EINVAL ||
		    v.gso_type == VNET_GSO_NONE)
			return w;
	}
	enum verdict w = write_cut(o, &v, iov, n);
	/* else it was the packet, not that it is a large one */
	if (w == V_SEND)
		return w;
	if (now >= *until)
		*until = now + TRY_AGAIN;
	o->cut++;
	return w;
}
