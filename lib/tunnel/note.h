/* SPDX-License-Identifier: ISC */
#ifndef BH_NOTE_H
#define BH_NOTE_H

/*
 * What the uapi process and the key process say to each other, and the latter
 * to the data process: notes of items of fixed size, over a pair of sockets.
 * Each side takes the other's for what they are, not for true.
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

/* Receives a note; false if there is none.  *fd is closed, and -1, if nobody is
 * there any more. */
bool note_receive(int *fd, struct note *n);
/* Makes it the answer, sends it and wipes it. */
void note_answer(int fd, struct note *n);

#endif
