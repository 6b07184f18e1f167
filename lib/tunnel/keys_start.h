/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYS_START_H
#define BH_KEYS_START_H

/*
 * The key process of bh-tunnel has the static key, the preshared keys, cookies
 * and time stamps.  It answers and makes handshakes, and gives each session's
 * keys to the data process, which never has any other key in its memory.
 *
 * In a gateway it is two processes.  The parent has read the keys and listens
 * to nobody; it starts the child, which does the work, and starts it again
 * should it die: no session that there is notices.  Standalone the keys come
 * from wg(8) and would be gone: there all ends with it.
 */

#include "io/udp_port.h"
#include "policy/policy.h"
#include "proc/counters.h"
#include "tunnel/tunnel.h"

#include <sys/types.h>

struct keys_setup {
	const struct tunnel_setup *how;
	const struct policy *policy;	/* NULL: standalone */
	uint16_t npeers;
	unsigned workers;		/* data processes, 1 or more */
	const int *port;		/* UDP_LANES sockets */
	int uapi;			/* or -1 */
	const struct counters *before;	/* of an earlier life, or NULL */
};

/* Starts it: the other ends of the channels, one for each worker.  To be called
 * before there is anything in our memory that it should not have. */
void keys_start(const struct keys_setup *s, int channel[], pid_t *pid);
/* It says on the first channel that it is ready: waits for that; if it ended
 * instead, so do we, alike. */
void keys_await(int channel, pid_t pid);

#endif
