/* SPDX-License-Identifier: ISC */
#ifndef BH_TUN_H
#define BH_TUN_H

/* A TUN device with virtio-net headers and all segmentation offloads. */

#include <stdbool.h>

/* Attaches to TUN device `name' (made if the kernel has none and we may);
 * non-blocking.  *uso tells whether UDP segmentation works.  -1 and errno:
 * ENOENT no /dev/net/tun, EBUSY somebody else holds it, EPERM, EINVAL a device
 * of another kind. */
int tun_open(const char *name, bool *uso);

/* A device's MTU, or with mtu > 0 sets it; -1 and errno.  In the network
 * namespace of the caller. */
int tun_mtu(const char *name, int mtu);

#endif
