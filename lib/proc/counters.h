/* SPDX-License-Identifier: ISC */
#ifndef BH_COUNTERS_H
#define BH_COUNTERS_H

/*
 * A program's counters: one page-aligned file, PROGRAM.stat in the run
 * directory, mapped.  The program is the only writer and spends nothing but
 * the additions; bh-ctl(1) reads the file, so asking wakes nobody up.
 *
 * Invariant, at rest: in == sum of count[].
 */

#include "base/addr.h"
#include "base/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTERS_NAMELEN = 64, COUNTERS_VERSION = 4, COUNTERS_PARTS = 16,
	COUNTERS_PEERS_MAX = UINT16_MAX };

/* What bh-tunnel says of a peer, and bh-classify of a server. */
struct counters_peer {
	char name[COUNTERS_NAMELEN];
	struct endpoint endpoint;	/* port 0: none known */
	char state[8];			/* of a server */
	uint64_t handshake_sec;		/* wall clock; 0: never; of a server:
					 * since when it is in that state */
	uint64_t rx_bytes, tx_bytes;	/* of UDP payload */
	uint32_t mtu, pad;		/* what its tunnel takes; 0: no limit
					 * of ours */
};

struct counters {
	uint8_t magic[8];		/* "bh-stat\n" */
	uint32_t version, verdicts;	/* COUNTERS_VERSION, V_COUNT */
	char program[16];
	uint64_t in;			/* packets taken in */
	uint64_t count[V_COUNT];	/* packets by verdict */
	uint64_t bytes[V_COUNT];
	uint64_t corrupt;		/* inner checksums found wrong */
	uint64_t handshakes;
	uint64_t log_dropped;		/* lines that nobody took (die.h) */
	uint64_t cut;			/* super-packets that the TUN device
					 * refused, delivered in pieces */
	uint64_t helpers_lost;		/* processes of a program that have
					 * ended before it did */
	uint64_t beat;			/* of its loop: odd while it waits, one
					 * more each time it begins or ends to;
					 * 0: not yet */
	uint32_t npeers, pad;
	struct counters_peer peer[];
};

/* Makes and maps DIR/PROGRAM.stat (0600); with dir NULL private memory.  NULL
 * and errno if the system refuses.  Starting up only. */
struct counters *counters_create(const char *dir, const char *program,
    size_t npeers);
/* Are these bytes of another program's file, which nobody else can write to,
 * counters of this version?  If so its peers are there, and its names are made
 * to end and to be printable ASCII. */
bool counters_accept(struct counters *c, size_t size);
/* A copy of another program's file, for free(3), of which that is true whatever
 * the program writes meanwhile.  NULL and errno; EPROTO: not a stat file of
 * this version. */
struct counters *counters_read(const char *dir, const char *program);
/* Maps it read-only instead: *npeers are there, whatever is written there. */
const struct counters *counters_map(const char *dir, const char *program,
    uint32_t *npeers);
/* Adds what another of these processes has counted. */
void counters_join(struct counters *to, const struct counters *more);
/* What all processes have counted that are one program: PROGRAM, PROGRAM-keys,
 * PROGRAM-1 and so on, as far as they are there: a copy, as counters_read makes
 * it, with the sums; of a peer each says what it knows.  NULL and errno, as of
 * the first. */
struct counters *counters_all(const char *dir, const char *program);
/* Removes files of processes from that number on, that there once were. */
void counters_prune(const char *dir, const char *program, unsigned from);
/* What a copy says of a peer; NULL if none has that name, or c is NULL. */
const struct counters_peer *counters_find(const struct counters *c,
    const char *name);
/* Unmaps what counters_create has made. */
void counters_close(struct counters *c, size_t npeers);

/* A super-packet counts as one packet. */
static inline void
counters_add(struct counters *c, enum verdict v, size_t bytes)
{
	c->in++;
	c->count[v]++;
	c->bytes[v] += bytes;
}

/* n packets whose sizes nobody knows. */
static inline void
counters_add_unseen(struct counters *c, enum verdict v, unsigned n)
{
	c->in += n;
	c->count[v] += n;
}

#endif
