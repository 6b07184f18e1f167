/* SPDX-License-Identifier: ISC */
#ifndef BH_VNET_H
#define BH_VNET_H

/* The virtio-net header that stands before each packet on a TUN device and in
 * each frame on a link (VIRTIO 1.2 5.1.6, the 10-byte form, native order). */

#include <assert.h>
#include <stdint.h>

struct vnet {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;	/* a hint; never trusted */
	uint16_t gso_size;	/* payload bytes of each segment but the last */
	uint16_t csum_start;	/* where summing starts */
	uint16_t csum_offset;	/* where the sum goes, from csum_start */
};
static_assert(sizeof(struct vnet) == 10, "virtio-net header");

enum {
	VNET_NEEDS_CSUM = 1,
	VNET_DATA_VALID = 2,

	VNET_GSO_NONE = 0,
	VNET_GSO_TCP4 = 1,
	VNET_GSO_TCP6 = 4,
	VNET_GSO_UDP = 5,	/* UDP_L4: one header, many datagrams */
	VNET_GSO_ECN = 0x80,
};

#endif
