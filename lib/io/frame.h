/* SPDX-License-Identifier: ISC */
#ifndef BH_FRAME_H
#define BH_FRAME_H

/* What stands before a packet on a link (bh-link(5)). */

#include "packet/vnet.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_PACKET_MAX = 65535,
	FRAME_ALIGN = 64,	/* frames start at multiples of this */
	FRAME_HEAD = 128,	/* IPv4's and TCP's headers at their longest */
};

/* vnet comes last, so that one read(2) from a TUN device fills it together
 * with the packet behind it. */
struct frame {
	uint32_t len;		/* of the packet */
	uint16_t peer;		/* location: destination, or where it is from */
	uint8_t class;		/* V_PARTNER or V_INTERNET; or, of a packet that
				 * bh-tunnel gives back, why */
	uint8_t reserved;	/* zero */
	uint16_t mtu;		/* of one given back with V_TOO_BIG; else 0 */
	struct vnet vnet;
};
static_assert(sizeof(struct frame) == 20, "bh-link(5)");

/* Bytes that a packet of len takes on a link. */
static inline size_t
frame_room(size_t len)
{
	return (sizeof(struct frame) + len + FRAME_ALIGN - 1) &
	    ~(size_t)(FRAME_ALIGN - 1);
}

enum { FRAME_MAX = (sizeof(struct frame) + FRAME_PACKET_MAX + FRAME_ALIGN - 1) /
	FRAME_ALIGN * FRAME_ALIGN };

#endif
