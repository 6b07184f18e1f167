/* SPDX-License-Identifier: ISC */
#ifndef BH_DESK_H
#define BH_DESK_H

/*
 * The part of bh-tunnel that strangers talk to: a process of its own that has
 * the configuration socket, reads and writes text, and has no keys but those
 * that pass through.  With the keeper of the keys it exchanges notes of items
 * of fixed size over a pair of sockets; each side takes the other's for what
 * they are, not for true.
 */

#include "wg/uapi.h"

enum { DESK_ITEMS = 512 };

enum desk_kind {
	DESK_SET,	/* items of a request to set */
	DESK_COMMIT,	/* that was all: put them in force, and answer */
	DESK_FORGET,	/* there was something wrong with it */
	DESK_GET,	/* answer with all there is */
	DESK_MORE,	/* go on with that */
	DESK_MTU,	/* one item: a number, of the TUN device */
	DESK_ANSWER,	/* from the other side; UAPI_ERRNO is the last item */
	DESK_TRY,	/* the keeper's, of the other half: is there room for
			 * so many allowed-ips, and can the port be had? */
};

struct desk_note {
	uint32_t kind, n;
	struct uapi_item item[DESK_ITEMS];
};

struct desk {
	int fd;		/* to the other process; -1: there is none */
};

/* Binds /var/run/wireguard/NAME.sock and starts the process, which enters its
 * sandbox at once: to be called before there is anything secret.  may_set: it
 * takes requests to set, and follows the MTU of device NAME.  In a gateway
 * (false) a socket that cannot be had is a warning, and fd is -1; else
 * that ends us.  In a gateway RUNDIR/wg.inode says which file it is. */
void desk_open(struct desk *d, const char *name, bool may_set,
    const char *rundir);
/* Takes a note; false if there is none, or nobody is there any more. */
bool desk_take(struct desk *d, struct desk_note *n);
void desk_answer(struct desk *d, struct desk_note *n);

#endif
