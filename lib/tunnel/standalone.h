/* SPDX-License-Identifier: ISC */
#ifndef BH_STANDALONE_H
#define BH_STANDALONE_H

/* Standalone: packets come from a TUN device of our own, and go there. */

#include "base/rate.h"
#include "io/tun.h"
#include "packet/allowed.h"
#include "packet/gso.h"
#include "tunnel/sender.h"

struct standalone {
	int tun;		/* -1: this is a gateway */
	struct tun_out *out;	/* the same, for writing */
	struct allowed *allowed;	/* in a gateway for wg(8) only */
	bool uso;		/* of the device */
	bool gone;		/* it was deleted */
	struct rate told;	/* senders of lost packets */
};

/* Reads packets from the device and sends them; false when it has no more. */
bool standalone_read(struct standalone *a, struct sender *s, struct frame *f);
/* Reads them and drops them. */
void standalone_drop(struct standalone *a, struct counters *stat,
    struct frame *f);
/* Writes one to it. */
void standalone_put(struct standalone *a, struct counters *stat,
    const struct gro_slot *s, nsec now);

#endif
