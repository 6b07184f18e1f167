/* SPDX-License-Identifier: ISC */
#ifndef BH_NAMES_H
#define BH_NAMES_H

/*
 * The names process of bh-tunnel knows what the endpoints' names stand for: it
 * talks to name servers and has neither keys nor privileges.  It tells the data
 * process where each peer is at the start, when an address has had its time,
 * and when it is asked since nobody answers there.
 *
 * There are two processes.  The parent listens to nobody and starts the child,
 * which does the work.  The child ends when resolv.conf is another, or when it
 * has reason to read the hosts file anew; the parent starts it again then, or
 * should it die.
 */

#include "base/addr.h"
#include "conf/conf.h"
#include "policy/policy.h"
#include "wg/peer.h"

/* Where a peer is: what can be reached from here first. */
struct names_word {
	uint16_t peer, n;
	struct endpoint at[PEER_HOMES];
};

/* Starts it, if a peer's endpoint is a name: what to talk to it with; or -1.
 * To be called before there is anything secret.  The domain is read later, in
 * the processes' own memory.  Dies if it cannot. */
int names_start(const struct conf *cf, const struct policy *pol);
/* Receives a word: 1; 0 if there is none; -1: nobody is there any more, or what
 * came is no word. */
int names_receive(int fd, struct names_word *w);
/* Nobody answers for the peer.  The message may be lost: this is said again. */
void names_ask(int fd, uint16_t peer);

#endif
