/* SPDX-License-Identifier: ISC */
#ifndef BH_TUNNEL_IMPL_H
#define BH_TUNNEL_IMPL_H

/*
 * The parts of the tunnel's engine and what they share.
 *
 * tunnel.c       the loop: waits, and calls the others
 * tunnel_open.c  keys, peers, sockets, memory
 * tunnel_worker.c several processes instead of one
 * tunnel_out.c   frames from a link are cut, sealed and sent
 * tunnel_in.c    datagrams are opened, checked, joined and handed on
 * tunnel_route.c which peer may say what on which link
 * tunnel_way.c   which of our addresses a peer is answered from
 * tunnel_name.c  where a peer is whose endpoint is a name
 * tunnel_pmtu.c  what fits on the way to a peer
 * tunnel_tun.c   standalone: the same from and to a TUN device instead
 * tunnel_config.c what wg(8) asks for
 * tunnel_channel.c the channel to the key process
 * tunnel_late.c  what has waited while we stood still
 */

#include "base/rate.h"
#include "conf/conf.h"
#include "io/link.h"
#include "io/tun.h"
#include "io/udp.h"
#include "packet/allowed.h"
#include "packet/ecn.h"
#include "packet/gso.h"
#include "packet/pmtu.h"
#include "policy/policy.h"
#include "proc/counters.h"
#include "proc/waiter.h"
#include "tunnel/names.h"
#include "tunnel/channel.h"
#include "tunnel/tunnel.h"
#include "wg/aead.h"
#include "wg/device.h"
#include "wg/stage.h"
#include "wg/timers.h"

/*
 * Several workers are several processes, each with all of this but for its own
 * peers: whose packets stay in one process, so in order, and their sessions'
 * keys too.  Which of the sockets of the port a datagram comes to is the
 * kernel's to see (io/udp_steer.h), which of the links a frame, the sibling's.
 */
enum sibling { SIBLING_CLASSIFY, SIBLING_EGRESS, SIBLINGS };

/* A sibling, or the place where we wait for it. */
struct sibling_link {
	int listen_fd;		/* -1: this gateway has no such sibling */
	enum link_role role;
	const char *name;
	struct link link;
};

enum {
	OUT_ARENA = 160 * 1024,	/* bytes of datagrams between two flushes */
	OUT_JOBS = BATCH_OF(256),
	OUT_FRAMES = BATCH_OF(256),
	STAGE_BYTES = 2 * 1024 * 1024,
};

/* A packet from a link whose verdict depends on whether it can be sent. */
struct out_frame {
	uint32_t bytes;
	uint8_t verdict;
};

/* Datagrams that go out with the next flush, behind each other in the arena,
 * in runs that cost one send each. */
struct outbox {
	uint8_t *arena;
	size_t used;
	unsigned njobs, ntrains, nframes;
	struct aead_job job[OUT_JOBS];
	struct udp_out train[UDP_TRAIN_MAX];
	struct {
		uint16_t peer;
		unsigned first, last;	/* frames that have a part in it */
		unsigned n;		/* datagrams */
	} run[UDP_TRAIN_MAX];
	struct out_frame frame[OUT_FRAMES];
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
	struct udp_in msg[UDP_BATCH];
	unsigned n;
	bool heard;			/* what the key process has said */
	unsigned misdirected;		/* told it, since the last batch */
	struct in_packet packet[AEAD_BURST];
	struct aead_job job[AEAD_BURST];
	struct gro gro;
};

/* What wg(8) asks for. */
struct config {
	uint32_t mark;			/* in force */
	struct uapi_item *item;		/* gathered, not in force */
	size_t nitems, room;
	uint16_t chosen;		/* the peer that items are about */
	bool reroute;			/* allowed-ips have changed */
	uint16_t peer;			/* how far we have told */
	uint32_t at;
	bool begun;
};

/* What our routes chose for a peer when we looked. */
struct steer {
	nsec looked;
	struct endpoint remote;
	struct addr usual, left;	/* now, and before */
};

/* The way to a peer, and how much fits there. */
struct way {
	struct timer timer;
	struct pmtu m;
	struct endpoint remote;		/* that m is about */
	struct addr addr;		/* of the peer, for probes */
	nsec waiting;			/* for a session, since; or 0 */
};

struct ways {
	struct way *way;		/* by peer; NULL: standalone */
	size_t n;
	struct timers queue;
	struct addr self;
	uint16_t max;
	bool search;			/* mtu = auto */
};

struct tunnel {
	struct moment at;	/* read once a wake-up */
	struct device *device;	/* the data process's */
	int channel;		/* to the other */
	pid_t key_pid;		/* its process, while we start */
	unsigned worker, workers;	/* which this is, of how many */
	int start;		/* a pipe, while they start: to the first */
	bool child_died;		/* it is gone */
	int names;		/* who resolves them; -1: nobody */
	uint16_t *named;	/* by peer: the port of an endpoint that is a
				 * name; 0: it is none */
	union channel_message word;
	struct stage *stage;
	struct aead *aead;
	struct udp udp;
	struct waiter waiter;
	struct sibling_link sibling[SIBLINGS];
	struct link_hello hello;
	struct policy policy;
	struct counters *stat;
	uint16_t npeers;
	struct allowed *allowed;	/* in a gateway for wg(8) only */
	struct config config;
	int passed;		/* a descriptor from the key process, or -1 */
	int tun;		/* standalone; else -1 */
	struct tun_out *tun_out;	/* the same, for writing */
	bool uso, gone;		/* of the TUN device */
	struct rate told;	/* senders of lost packets */
	size_t mtu;		/* no padding goes beyond (W15) */
	size_t cut;		/* no packet may be longer */
	struct ways ways;
	uint8_t tos_keep, tos_set;	/* of the inner TOS; besides that */
	int signals;
	int routes;		/* to ask the kernel for them */
	struct steer *steer;	/* by peer */
	uint16_t *dirty;	/* peers whose counters are to be published */
	unsigned ndirty;
	bool *is_dirty;
	struct frame *frame;	/* one that has come: FRAME_MAX bytes */
	struct outbox out;
	struct inbox in;
};

/* tunnel_worker.c */

/* Returns in each of n processes, which has its own channel and socket only.
 * They are started once the key process has found everything right. */
void tunnel_divide(struct tunnel *t, unsigned n, const int channel[],
    const int socket[]);

/* tunnel_route.c */

/* May a frame with this peer and class come by that channel? */
bool route_may_send(const struct tunnel *t, enum sibling c, uint16_t peer,
    uint8_t class);
/* Cryptokey routing: may the peer send a packet from there? */
bool route_owns(const struct tunnel *t, uint16_t peer, const struct addr *src);
/* Where a packet from that peer goes, and as what. */
enum sibling route_deliver(const struct tunnel *t, uint16_t peer,
    const struct ip *ip, uint8_t *class);

/* tunnel_out.c */

/* Cuts, seals and sends a frame, whose payload is to be read from body
 * (ring_pop), to its peer.  V_NEXT if it has been counted or will be with the
 * next flush. */
enum verdict tunnel_send(struct tunnel *t, const struct frame *f,
    const uint8_t *body, const struct ip *ip);
void tunnel_flush(struct tunnel *t);
/* Takes frames from a link; false when it has no more. */
bool tunnel_out(struct tunnel *t, enum sibling c);
/* The peer has shown that it has the session's keys, be it by its answer to our
 * handshake or by the first packet after its own: only now there was a
 * handshake.  Sends what waited for it; a keepalive if nothing did and
 * `confirm'. */
void tunnel_ready(struct tunnel *t, uint16_t peer, bool confirm);
void tunnel_keepalive(struct tunnel *t, uint16_t peer);
/* Does what the device said. */
void tunnel_do(struct tunnel *t, const struct device_out *o);

/* Sends a packet whose first bytes are given, zeros behind them, in a message
 * without padding. */
void tunnel_plain(struct tunnel *t, uint16_t peer, const void *head,
    size_t hlen, size_t n);

/* tunnel_pmtu.c; of a gateway */

/* False without memory. */
bool ways_open(struct ways *w, const struct conf *cf, size_t self);
/* Takes a probe, or its answer; false if the packet is neither. */
bool tunnel_probe(struct tunnel *t, uint16_t peer, const uint8_t *packet,
    const struct ip *ip);
void tunnel_probe_ready(struct tunnel *t, uint16_t peer);
nsec tunnel_probe_due(const struct tunnel *t);
void tunnel_probe_tick(struct tunnel *t);
/* The largest packet of that family that a sender may be told of. */
uint16_t tunnel_fits(const struct tunnel *t, uint16_t peer,
    const struct ip *ip);
/* V_NEXT, the pieces perhaps smaller now; V_TOO_BIG. */
enum verdict tunnel_fit(struct tunnel *t, uint16_t peer, struct gso *g);
/* A SYN, either way.  sum: its checksum is complete. */
void tunnel_clamp(const struct tunnel *t, uint16_t peer, uint8_t *packet,
    const struct ip *ip, bool sum);

/* tunnel_in.c */

/* Takes a batch from the socket; false when it has no more. */
bool tunnel_in(struct tunnel *t);
/* Takes one that the key process has been given. */
void tunnel_in_misdirected(struct tunnel *t, struct channel_event *e);

/* tunnel_tun.c */

/* Takes packets from the device; false when it has no more. */
bool tunnel_tun(struct tunnel *t);
/* Takes them and drops them. */
void tunnel_tun_drop(struct tunnel *t);
/* Writes one to it. */
void tunnel_put(struct tunnel *t, const struct gro_slot *s);

/* tunnel_config.c */

/* Takes a note; true if it has become the answer. */
bool tunnel_config(struct tunnel *t, struct note *n);

/* tunnel_channel.c */

/* Asks the key process for what the device wants of it. */
void tunnel_ask(struct tunnel *t, uint32_t kind, const struct device_out *o);
/* Hands it a datagram that is no data; V_NEXT: it counts it. */
enum verdict tunnel_misdirected(struct tunnel *t, const struct udp_in *u,
    const uint8_t *p, size_t n);
/* Does what it has said. */
void tunnel_hear(struct tunnel *t);

/* tunnel_late.c */

/* Drops, from all queues, what nobody waits for any more (waiter_wait). */
void tunnel_drop_late(struct tunnel *t);

/* tunnel_way.c */

/* Looks, now and then, whether the peer is to be answered from elsewhere. */
void tunnel_steer(struct tunnel *t, uint16_t peer);

/* tunnel_name.c */

/* Takes what its name stands for now. */
void tunnel_names(struct tunnel *t);
/* Nobody answers for that peer: perhaps its name stands for something else. */
void tunnel_lost(struct tunnel *t, uint16_t peer);

/* tunnel.c */

/* Prepares to wait for what tunnel_run waits for. */
void tunnel_wait_open(struct tunnel *t);

/* The peer's counters have changed. */
void tunnel_touch(struct tunnel *t, uint16_t peer);

#endif
