/* SPDX-License-Identifier: ISC */
#ifndef BH_DEVICE_H
#define BH_DEVICE_H

/*
 * The WireGuard protocol as a pure state machine: datagrams, time and random
 * bytes go in, what is to be done comes out.  It opens nothing, sends nothing
 * and never looks at a clock; encryption of data is the caller's, with the
 * sessions it is given here.  A message that is refused changes nothing but
 * the load estimate.
 *
 * A device is divided between two processes: the key process, to which
 * handshake messages go, and the data process, which has sessions and all
 * deadlines.  What one cannot do is something to be done by the other:
 * DEVICE_INITIATE and DEVICE_FORGET come out of the data process and go to
 * functions of the same name in the key process; a session that `begin' says
 * has come about is for device_begin in the data process, before anything is
 * sent.  A device that is whole does all that by itself: for tests and fuzzing,
 * which thus run the code of both.
 *
 * Peers are numbered by the caller, alike in both processes; their tables are
 * allocated once.
 */

#include "base/ratelimit.h"
#include "base/verdict.h"
#include "wg/identity.h"
#include "wg/peer.h"

enum {
	DEVICE_PEERS_MAX = 16384,
	DEVICE_RANDOM = 64,	/* fresh random bytes that a step may use */
	DEVICE_NOBODY = UINT16_MAX,
};

enum device_kind { DEVICE_KEYS = 1, DEVICE_DATA = 2, DEVICE_WHOLE = 3 };

struct moment {
	nsec now;
	uint64_t wall;		/* clock_wall(): for time stamps only */
};

enum device_todo {
	DEVICE_NOTHING,
	DEVICE_SEND,		/* msg, a handshake message, to `to' */
	DEVICE_KEEPALIVE,	/* send peer an empty data message */
	DEVICE_READY,		/* as initiator: send what waits for the peer,
				 * or a keepalive if nothing does */
	DEVICE_INITIATE,	/* the key process: begin a handshake at `to' */
	DEVICE_FORGET,		/* the key process: drop what is under way */
};

struct device_out {
	enum device_todo todo;
	uint16_t peer;		/* DEVICE_NOBODY: a cookie reply */
	uint8_t n;
	bool begin;		/* the data process: a session with `keys' */
	bool lost;		/* DEVICE_INITIATE: there is no session, or
				 * nobody answers */
	struct path to;
	uint8_t msg[sizeof(struct msg_initiation)];
	struct noise_keys keys;	/* to be wiped by who takes them */
};

struct device;

/* ---- both processes ---- */

/* What a process has of a device, with no peers; random is DEVICE_RANDOM bytes.
 * NULL if there is no memory, or more peers than DEVICE_PEERS_MAX.  Starting up
 * only. */
struct device *device_new(enum device_kind kind, uint16_t npeers,
    const uint8_t *random);
/* A whole one, with a key. */
struct device *device_new_whole(uint16_t npeers, const struct key *private_key,
    const uint8_t *random);
void device_free(struct device *d);

/* Makes number i a peer.  persistent: seconds, 0 off.  False if the key is our
 * own or another peer's.  One of low order makes a peer that never gets, and
 * is never believed, a byte (W22): device_mute.  The data process
 * takes no keys (NULL), the key process no endpoint. */
bool device_add(struct device *d, uint16_t i, const struct key *public_key,
    const struct key *psk, const struct endpoint *remote, uint16_t persistent,
    nsec now);
/* Forgets the peer; its number is free. */
void device_remove(struct device *d, uint16_t i);

/* ---- the key process ---- */

const struct key *device_public_key(const struct device *d);
bool device_mute(const struct device *d, uint16_t i);
/* The peer with that key, or DEVICE_NOBODY. */
uint16_t device_lookup(struct device *d, const struct key *public_key);
/* A peer for reading; NULL if i is none. */
struct identity *device_identity(struct device *d, uint16_t i);
/* False, and *k of no use, if there is none. */
bool device_private_key(const struct device *d, struct key *k);
/* All zero: none, and the device is silent.  A peer with the key that this
 * makes is removed.  True if it is another key than before: that ends all
 * sessions (device_renew). */
bool device_set_private_key(struct device *d, const struct key *private_key,
    nsec now);
/* From the next handshake on. */
void device_set_psk(struct device *d, uint16_t i, const struct key *psk);
/* There are several data processes: the peer's sessions are that worker's,
 * whose indices can be told (wg/index.h).  Before any handshake. */
void device_divide(struct device *d, uint16_t i, uint8_t worker,
    uint8_t workers);
/* The time stamps of an earlier life, so that nothing recorded then is
 * accepted, and nothing of ours refused, in this one (W6). */
void device_recall(struct device *d, uint16_t i, const struct stamps *s);

/* Where the peer has shown itself to be, be it in an earlier life; port 0:
 * nowhere.  Whoever comes from there within a day is bounded by himself, not by
 * his neighbours (W4). */
void device_seen(struct device *d, uint16_t i, const struct endpoint *e,
    nsec now);

/* Takes a message of any type but data.  V_SELF if it was good, else why not.
 * There is something to do in either case if out->todo says so. */
enum verdict device_handshake(struct device *d, const struct moment *t,
    const uint8_t random[static DEVICE_RANDOM], const void *msg, size_t n,
    const struct path *from, struct device_out *out);
/* A new handshake; false if there cannot be one. */
bool device_initiate(struct device *d, uint16_t i, const struct path *to,
    const struct moment *t, const uint8_t random[static DEVICE_RANDOM],
    struct device_out *out);
/* Our handshake under way is given up, and its secrets. */
void device_forget(struct device *d, uint16_t i);

/* ---- the data process ---- */

/* A peer for reading, and its byte counts for writing; NULL if i is none. */
struct peer *device_peer(struct device *d, uint16_t i);
void device_set_endpoint(struct device *d, uint16_t i,
    const struct endpoint *e, nsec now);
/* Where the peer may be, should nobody answer where it was last: at most
 * PEER_HOMES places, the likeliest first.  If that was one of its homes and is
 * none any more, it is asked at once at the first of them; what is sent goes
 * where it went until it answers from there. */
void device_set_homes(struct device *d, uint16_t i, const struct endpoint *e,
    unsigned n, nsec now);
/* Seconds; 0: off.  The first keepalive goes at once. */
void device_set_persistent(struct device *d, uint16_t i, uint16_t seconds,
    nsec now);
/* The private key is another: no session is good any more. */
void device_renew(struct device *d, nsec now);

/* A handshake is finished, whose last message came from there.  As initiator
 * the next step is that of DEVICE_READY. */
void device_begin(struct device *d, uint16_t i, const struct noise_keys *k,
    const struct path *from, nsec now);

/* When device_tick has something to do; 0: never. */
nsec device_due(const struct device *d);
/* Does one thing that is due; false if there is none. */
bool device_tick(struct device *d, const struct moment *t,
    const uint8_t random[static DEVICE_RANDOM], struct device_out *out);

/* Begins a handshake although there may be a session: to hear whether the peer
 * is there. */
void device_want(struct device *d, uint16_t peer, nsec now);
/* The session to send to a peer with; the caller takes counters from it, one a
 * message.  NULL: there is none, and a handshake is on its way. */
struct session *device_sender(struct device *d, uint16_t peer, nsec now);
/* Messages of so many bytes were sent in that session; data: not only
 * keepalives. */
void device_sent(struct device *d, uint16_t peer, const struct session *s,
    bool data, size_t bytes, nsec now);

/* The session that a data message is for.  V_NEXT, V_INDEX or V_EXPIRED. */
enum verdict device_receiver(struct device *d, uint32_t index, nsec now,
    struct session **s, uint16_t *peer);
/* A data message with n bytes inside (0: a keepalive) has authenticated.
 * V_NEXT or V_REPLAY; *ready: what waits for this peer can be sent now. */
enum verdict device_received(struct device *d, uint16_t peer,
    struct session *s, uint64_t counter, size_t n, const struct path *from,
    nsec now, bool *ready);

#endif
