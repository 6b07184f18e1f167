/* SPDX-License-Identifier: ISC */
#ifndef BH_TUN_H
#define BH_TUN_H

/* A TUN device with virtio-net headers and all segmentation offloads. */

#include "base/clock.h"
#include "base/verdict.h"
#include "io/frame.h"

#include <stdbool.h>
#include <sys/uio.h>

/* The writing end of one.  Some kernels announce segmentation and answer EINVAL
 * to a super-packet all the same: what they refuse is cut here, and the next
 * ones too, until it is time to try again. */
struct tun_out {
	int fd;
	uint64_t cut;			/* super-packets that were */
	nsec until[8];			/* so are others, by kind of them */
	uint8_t packet[FRAME_PACKET_MAX], piece[FRAME_PACKET_MAX];
};

/* Attaches to TUN device `name' (made if the kernel has none and we may);
 * non-blocking.  *uso tells whether UDP segmentation works.  -1 and errno:
 * ENOENT no /dev/net/tun, EBUSY somebody else holds it, EPERM, EINVAL a device
 * of another kind. */
int tun_open(const char *name, bool *uso);

/* Writes a packet, whose virtio-net header is the first thing in iov[0].
 * V_NEXT if the device took it; V_FULL if it has no room, V_SEND if it refuses
 * it for good. */
enum verdict tun_put(struct tun_out *o, const struct iovec *iov, int n,
    nsec now);

/* A device's MTU, or with mtu > 0 sets it; -1 and errno.  In the network
 * namespace of the caller. */
int tun_mtu(const char *name, int mtu);

#endif
