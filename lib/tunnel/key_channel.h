/* SPDX-License-Identifier: ISC */
#ifndef BH_KEY_CHANNEL_H
#define BH_KEY_CHANNEL_H

/* The data process's end of the channel to the key process. */

#include "base/verdict.h"
#include "io/udp.h"
#include "tunnel/channel.h"

#include <sys/types.h>

struct key_channel {
	int fd;
	pid_t pid;		/* of the key process, while we start */
	bool passes;		/* standalone: descriptors may come by it */
	int passed;		/* one that has come with m, or -1 */
	bool child_died;	/* the key process, or it is not itself */
	unsigned misdirected;	/* handed to it, since the last batch */
	union channel_message m;
};

/* Asks for what the device wants of it. */
void key_channel_ask(struct key_channel *k, enum channel_kind kind,
    const struct device_out *o, uint32_t epoch);
/* Hands it a datagram that is no data; V_NEXT: it counts it. */
enum verdict key_channel_hand(struct key_channel *k, const struct udp_in *u,
    const uint8_t *p, size_t n);
/* Receives a message into m; false if there is none. */
bool key_channel_receive(struct key_channel *k);
/* m has been handled: what has come with it and nobody wanted is closed. */
void key_channel_done(struct key_channel *k);

#endif
