/* SPDX-License-Identifier: ISC */
#ifndef BH_SEAM_H
#define BH_SEAM_H

/*
 * What the two halves of bh-tunnel say to each other, over a pair of sockets
 * that no program but them ever has: the half with the packets, and the keeper
 * of the keys.  Nothing of it belongs to a packet of a session in use.  Each
 * takes the other's words for what they are, not for true; who says something
 * that is no word at all is gone.
 *
 * Peers are numbered alike on both sides.  A number may be given to somebody
 * else (standalone), so it comes with how often it has been given.
 */

#include "tunnel/desk.h"
#include "wg/device.h"

enum {
	SEAM_MESSAGE = sizeof(struct msg_initiation),
	SEAM_FIRST = 64,	/* kinds of desk_note are below */
	SEAM_STRAYS = 16,	/* of a batch from a socket, at most: each costs
				 * a call, and whoever forges joins many */
	SEAM_PREFIXES = 256 * 1024,	/* allowed-ips, old and new together */
};
/* The longest request of wg(8), with what becomes of it on the way. */
#define SEAM_ITEMS(npeers) (SEAM_PREFIXES + (size_t)(npeers) * 8)

enum seam_kind {
	SEAM_READY = SEAM_FIRST,	/* the keeper: now I can */
	SEAM_INITIATE,	/* to the keeper: begin a handshake with the peer at
			 * `path' */
	SEAM_FORGET,	/* to the keeper: give up what is under way with it */
	SEAM_BEGIN,	/* from it: a session, its keys; as initiator, send */
	SEAM_STRAY,	/* a datagram that the kernel gave to the wrong half */
	SEAM_END
};

struct seam_event {
	uint32_t kind;
	uint16_t peer;
	uint8_t tos, n;			/* of the stray */
	uint32_t epoch;
	struct path path;
	uint8_t message[SEAM_MESSAGE];
	struct noise_keys keys;		/* crosses once */
};

union seam {
	uint32_t kind;
	struct seam_event event;
	struct desk_note note;		/* wg(8), see tunnel/keeper_config.c */
};

/* A pair of sockets; one word about each peer finds room, at once.  False, and
 * errno, if there is none to be had. */
bool seam_open(int pair[static 2], uint16_t npeers);
/* Sends, and wipes what was sent.  False if there is no room, unless it may
 * wait for that, or nobody is there. */
bool seam_send(int fd, union seam *m, bool wait);
/* The same with a descriptor beside it; waits. */
bool seam_pass(int fd, union seam *m, int passed);
/* Takes one: 1; 0 if there is none, or waits for it; -1: nobody is there any
 * more, or nobody who speaks as we do. */
int seam_take(int fd, union seam *m, bool wait);
/* The same without waiting, and what came beside it, or -1. */
int seam_take_passed(int fd, union seam *m, int *passed);

#endif
