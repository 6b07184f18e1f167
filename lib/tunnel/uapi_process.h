/* SPDX-License-Identifier: ISC */
#ifndef BH_UAPI_PROCESS_H
#define BH_UAPI_PROCESS_H

/*
 * The part of bh-tunnel that strangers talk to: a process of its own that has
 * the configuration socket, reads and writes text, and has no keys but those
 * that pass through.  With the key process it exchanges notes of items of
 * fixed size over a pair of sockets; each side takes the other's for what they
 * are, not for true.
 */

#include "wg/uapi.h"

enum { NOTE_ITEMS = 512 };

enum note_kind {
	NOTE_SET,	/* items of a request to set */
	NOTE_COMMIT,	/* that was all: put them in force, and answer */
	NOTE_FORGET,	/* there was something wrong with it */
	NOTE_GET,	/* answer with all there is */
	NOTE_MORE,	/* go on with that */
	NOTE_MTU,	/* one item: a number, of the TUN device */
	NOTE_ANSWER,	/* from the other side; UAPI_ERRNO is the last item */
	NOTE_TRY,	/* the key process asks the data process: is there room
			 * for so many allowed-ips, and can the port be had? */
};

struct note {
	uint32_t kind, n;
	struct uapi_item item[NOTE_ITEMS];
};

struct uapi_process {
	int fd;		/* to the other process; -1: there is none */
};

/* Binds /var/run/wireguard/NAME.sock and starts the process, which enters its
 * sandbox at once: to be called before there is anything secret.  may_set: it
 * takes requests to set, and follows the MTU of device NAME.  In a gateway
 * (false) a socket that cannot be had is a warning, and fd is -1; else
 * that ends us.  In a gateway RUNDIR/wg.inode says which file it is. */
void uapi_start(struct uapi_process *d, const char *name, bool may_set,
    const char *rundir);
/* Takes a note; false if there is none, or nobody is there any more. */
bool note_receive(struct uapi_process *d, struct note *n);
void note_answer(struct uapi_process *d, struct note *n);

#endif
