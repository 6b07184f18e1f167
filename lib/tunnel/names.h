/* SPDX-License-Identifier: ISC */
#ifndef BH_NAMES_H
#define BH_NAMES_H

/*
 * The part of bh-tunnel that knows what the endpoints' names stand for: a
 * process of its own, that talks to name servers and has neither keys nor
 * privileges.  It says where each peer is at the start, when an address has
 * had its time, and when it is asked since nobody answers there.
 *
 * There are two processes.  One hears nobody and starts the other, which does
 * the work; that ends when resolv.conf is another, or it has reason to read the
 * hosts file anew, and is started again then, or should it die.
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

/* Starts it, if a peer's endpoint is a name: what to talk to it with, or -1.
 * To be called before there is anything secret.  The domain is read later, in
 * the processes' own memory.  Dies if it cannot. */
int names_start(const struct conf *cf, const struct policy *pol);
/* Takes a word: 1; 0 if there is none; -1: nobody is there any more, or nobody
 * who speaks as we do. */
int names_take(int fd, struct names_word *w);
/* Nobody answers for the peer.  It may be lost, and is no hurry: this is said
 * again. */
void names_ask(int fd, uint16_t peer);

#endif
