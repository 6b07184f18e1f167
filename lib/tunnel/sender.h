/* SPDX-License-Identifier: ISC */
#ifndef BH_SENDER_H
#define BH_SENDER_H

/* Packets to peers: each waits for a session, or goes into the outbox. */

#include "io/link.h"
#include "tunnel/outbox.h"
#include "tunnel/touched.h"
#include "wg/stage.h"

struct sender {
	const struct moment *at;	/* the tunnel's, read once a wake-up */
	struct device *device;		/* these two as well */
	struct counters *stat;
	struct stage *stage;		/* packets that wait for a session */
	uint8_t tos_keep, tos_set;	/* of the inner TOS; besides that */
	struct paths paths;
	struct touched touched;
	struct outbox box;
};

/* Cuts, seals and sends a frame, whose payload is to be read from body
 * (ring_pop), to its peer.  V_NEXT if it has been counted or will be with the
 * next flush. */
enum verdict sender_frame(struct sender *s, const struct frame *f,
    const uint8_t *body, const struct ip *ip);
void sender_flush(struct sender *s);
/* Sends a packet whose first bytes are given, zeros behind them, in a message
 * without padding. */
void sender_plain(struct sender *s, uint16_t peer, const void *head,
    size_t hlen, size_t n);
void sender_keepalive(struct sender *s, uint16_t peer);
/* The peer has shown that it has the session's keys, be it by its answer to our
 * handshake or by the first packet after its own: only now there was a
 * handshake.  Sends what waited for it; a keepalive if nothing did and
 * `confirm'. */
void sender_ready(struct sender *s, uint16_t peer, bool confirm);

#endif
