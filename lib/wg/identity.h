/* SPDX-License-Identifier: ISC */
#ifndef BH_IDENTITY_H
#define BH_IDENTITY_H

/* One peer as the key process knows it: who it is, its
 * handshake under way, and the time stamps that keep old ones out. */

#include "base/addr.h"
#include "wg/cookie.h"
#include "wg/noise.h"
#include "wg/stamps.h"

#include <stdbool.h>
#include <stdint.h>

struct identity {
	struct noise_remote remote;
	struct noise_handshake handshake;	/* ours, under way */
	uint32_t answered;		/* our index in the last response; 0 */
	struct cookie_maker cookie;
	nsec accepted;			/* the last initiation of theirs */
	struct endpoint asked;		/* where ours under way went */
	struct endpoint seen;		/* where its last handshake came from;
					 * port 0: nowhere */
	struct stamps stamps;
	uint64_t rx_bytes, tx_bytes;	/* of handshake messages */
	uint32_t epoch;			/* how often its number was given */
	uint8_t worker;			/* who gets its sessions */
	bool used;
};

#endif
