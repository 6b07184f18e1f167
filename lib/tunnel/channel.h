/* SPDX-License-Identifier: ISC */
#ifndef BH_CHANNEL_H
#define BH_CHANNEL_H

/*
 * What the data process and the key process of bh-tunnel say to each other,
 * over a pair of sockets that no other program ever has.  Nothing of it belongs
 * to a packet of a session in use.  Each takes the other's messages for what
 * they are, not for true; one that sends what is no message at all is taken for
 * dead.
 *
 * Peers are numbered alike on both sides.  A number may be given to somebody
 * else (standalone), so it comes with how often it has been given.
 */

#include "tunnel/note.h"
#include "wg/device.h"

enum {
	CHANNEL_MESSAGE = sizeof(struct msg_initiation),
	CHANNEL_FIRST = 64,	/* kinds of note are below */
	CHANNEL_MISDIRECTED_MAX = 16,	/* of a batch from a socket: each costs
				 * a call, and a forger joins many */
	CHANNEL_PREFIXES = 256 * 1024,	/* allowed-ips, old and new together */
};
/* The longest request of wg(8), with what becomes of it on the way. */
#define CHANNEL_ITEMS(npeers) (CHANNEL_PREFIXES + (size_t)(npeers) * 8)

enum channel_kind {
	CHANNEL_READY = CHANNEL_FIRST,	/* the key process: now I can */
	CHANNEL_INITIATE,	/* to the key process: begin a handshake with
				 * the peer at `path' */
	CHANNEL_FORGET,		/* to it: give up what is under way with it */
	CHANNEL_BEGIN,		/* from it: a session, its keys; as initiator,
				 * send */
	CHANNEL_MISDIRECTED,	/* a datagram that the kernel gave to the wrong
				 * process */
	CHANNEL_END
};

struct channel_event {
	uint32_t kind;
	uint16_t peer;
	uint8_t tos, n;			/* of the misdirected */
	uint32_t epoch;
	struct path path;
	uint8_t message[CHANNEL_MESSAGE];
	struct noise_keys keys;		/* crosses once */
};

union channel_message {
	uint32_t kind;
	struct channel_event event;
	struct note note;		/* wg(8), see tunnel/keys_config.c */
};

/* A pair of sockets; one word about each peer finds room, at once.  False, and
 * errno, if there is none to be had. */
bool channel_open(int pair[static 2], uint16_t npeers);
/* Sends, and wipes what was sent.  False if there is no room, unless it may
 * wait for that, or nobody is there. */
bool channel_send(int fd, union channel_message *m, bool wait);
/* The same with a descriptor beside it; waits. */
bool channel_pass(int fd, union channel_message *m, int passed);
/* Takes one: 1; 0 if there is none, or waits for it; -1: nobody is there any
 * more, or nobody who speaks as we do. */
int channel_receive(int fd, union channel_message *m, bool wait);
/* The same without waiting, and what came beside it, or -1. */
int channel_receive_passed(int fd, union channel_message *m, int *passed);

#endif
