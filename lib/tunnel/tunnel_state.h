/* SPDX-License-Identifier: ISC */
#ifndef BH_TUNNEL_STATE_H
#define BH_TUNNEL_STATE_H

/*
 * The data process, put together from its parts.  In this order a file stands
 * above those that it calls:
 *
 * tunnel.c        the loop: waits, and calls the others
 * tunnel_open.c   memory, peers, sockets; tunnel_worker.c: several processes
 * tunnel_events.c what the other processes and the deadlines ask for
 * tunnel_config.c what wg(8) asks for
 * tunnel_late.c   what has waited while we stood still
 * tunnel_in.c     datagrams are opened, checked, joined and handed on
 * tunnel_out.c    frames from a link are sent
 *
 * and these know their part only:
 *
 * standalone.c    packets from and to a TUN device instead of a link
 * probe.c         what fits on the path to a peer is found out
 * sender.c        packets to a peer are cut, sealed and sent, or wait
 * outbox.c        datagrams that go out together
 * paths.c         what fits on the path to a peer
 * route.c         which peer may say what, and whence it is answered
 * key_channel.c   the end of the channel to the key process
 */

#include "io/link.h"
#include "io/udp.h"
#include "packet/ecn.h"
#include "proc/waiter.h"
#include "tunnel/key_channel.h"
#include "tunnel/names.h"
#include "tunnel/route.h"
#include "tunnel/standalone.h"
#include "tunnel/tunnel.h"

/* A sibling, or the place where we wait for it. */
struct sibling_link {
	int listen_fd;		/* -1: this gateway has no such sibling */
	enum link_role role;
	const char *name;
	struct link link;
};

/* A data message on its way in. */
struct in_packet {
	struct session *session;
	const struct udp_in *from;
	uint8_t *data;			/* behind the message header */
	uint64_t counter;
	uint16_t peer;
};

struct inbox {
	struct udp_in msg[UDP_BATCH];	/* one batch */
	size_t nmsg;
	struct udp_datagram next;	/* of the batch: handled, or it is */
	bool held;			/* until the key process was heard */
	bool asked;			/* IN_ASK was said of this batch */
	unsigned n;			/* collected */
	struct in_packet packet[AEAD_BURST];
	struct aead_job job[AEAD_BURST];
	struct gro gro;
};

/* What wg(8) asks for. */
struct config {
	struct uapi_item *item;		/* gathered, not in force */
	size_t nitems, room;
	uint16_t chosen;		/* the peer that items are about */
	bool reroute;			/* allowed-ips have changed */
	uint16_t peer;			/* how far we have told */
	uint32_t at;
	bool begun;
};

/* The names process. */
struct names_end {
	int fd;			/* -1: there is none */
	uint16_t *port;		/* by peer: of an endpoint that is a name; 0: it
				 * is none */
};

/*
 * Several workers are several processes, each with all of this but for its own
 * peers: whose packets stay in one process, so in order, and their sessions'
 * keys too.  The kernel chooses to which of the sockets of the port a datagram
 * comes (io/udp_steer.h); the sibling, to which of the links a frame.
 */
struct workers {
	unsigned self, n;	/* which this is, of how many */
	int start;		/* a pipe, while they start: to the first */
};

struct tunnel {
	struct moment at;	/* read once a wake-up */
	struct device *device;
	struct counters *stat;
	uint16_t npeers;
	struct aead *aead;
	struct udp udp;
	struct policy policy;
	struct key_channel keys;
	struct names_end names;
	struct workers workers;
	struct waiter waiter;
	struct sibling_link sibling[SIBLINGS];
	struct link_hello hello;
	struct standalone alone;
	struct config config;
	struct route_sources sources;
	int signals;
	struct frame *frame;	/* one that has come: FRAME_MAX bytes */
	struct sender out;
	struct inbox in;
};

/* The parts use what the tunnel has. */
void tunnel_join_parts(struct tunnel *t);
/* Prepares to wait for what tunnel_run waits for. */
void tunnel_wait_open(struct tunnel *t);

/* Returns in each of n processes, which has its own channel and socket only.
 * They are started once the key process has found everything right. */
void tunnel_divide(struct tunnel *t, unsigned n, const int channel[],
    const int socket[]);

/* Does what the other processes have said. */
void tunnel_hear(struct tunnel *t);
void tunnel_hear_names(struct tunnel *t);
/* Does what is due. */
void tunnel_tick(struct tunnel *t);

/* Handles a note; true if it has become the answer. */
bool tunnel_config(struct tunnel *t, struct note *n);

/* Drops, from all queues, what nobody waits for any more (waiter_wait). */
void tunnel_drop_late(struct tunnel *t);

enum in_state {
	IN_DRY, IN_MORE,	/* the socket has no more, or has */
	IN_ASK,			/* a message of a session that nobody knows: do
				 * what the key process has said, and go on */
};

/* Handles a batch from the socket, or what is left of it. */
enum in_state tunnel_in(struct tunnel *t);
/* Handles a datagram that the key process has received. */
void tunnel_in_misdirected(struct tunnel *t, struct channel_event *e);
/* Hands frames from a link to their peers; false when it has no more. */
bool tunnel_out(struct tunnel *t, enum sibling c);

#endif
