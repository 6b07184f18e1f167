/* SPDX-License-Identifier: ISC */
#ifndef BH_UAPI_PROCESS_H
#define BH_UAPI_PROCESS_H

/*
 * The uapi process of bh-tunnel, which strangers talk to: it has the
 * configuration socket, reads and writes text, and has no keys but those that
 * pass through.
 */

#include <stdbool.h>

/* Binds /var/run/wireguard/NAME.sock and starts the process, which enters its
 * sandbox at once: to be called before there is anything secret.  may_set: it
 * takes requests to set, and follows the MTU of device NAME.  What the key
 * process talks to it with; in a gateway (not may_set) a socket that cannot be
 * had is a warning, and -1; else that ends us.  In a gateway RUNDIR/wg.inode
 * says which file it is. */
int uapi_start(const char *name, bool may_set, const char *rundir);

#endif
