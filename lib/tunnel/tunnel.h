/* SPDX-License-Identifier: ISC */
#ifndef BH_TUNNEL_H
#define BH_TUNNEL_H

/* bh-tunnel: links on one side, or a TUN device; WireGuard over UDP on the
 * other. */

#include "conf/conf.h"

struct tunnel_setup {
	const struct conf *cf;
	size_t self;		/* our location */
	const char *rundir, *keydir;
	const char *aead;	/* engine by name; NULL: the fastest */
	const char *ifname;	/* standalone: our own device; else NULL */
	unsigned peers;		/* standalone: room for so many */
};

struct tunnel;

/* A gateway's.  Reads the keys, opens socket, links and counters, allocates
 * everything; returns in as many processes as it has workers.  Dies if it
 * cannot. */
struct tunnel *tunnel_open(const struct tunnel_setup *how);
/* Standalone: makes the device, and waits for wg(8); rundir may be NULL. */
struct tunnel *tunnel_alone(const struct tunnel_setup *how);
/* To be called in its sandbox: true in the first of its processes, once all are
 * ready; false in the others. */
bool tunnel_first(struct tunnel *t);
/* Carries packets until a signal ends it; the exit status. */
int tunnel_run(struct tunnel *t);

#endif
