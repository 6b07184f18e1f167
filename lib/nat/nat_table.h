/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_TABLE_H
#define BH_NAT_TABLE_H

/*
 * The flows of a translator.  A flow is one line of memory: inside, outside,
 * remote.  It is written once and sealed last, so that a process that dies
 * leaves whole records and at most one without a seal.  What is in `flow' and
 * `run' may be a file; all else is derived from it and is private.
 *
 * A mapping is the ring of the flows that share inside and outside; one of
 * them, its head, stands for it in the two indexes of mappings.  Flow 0 is
 * none.  Nothing is allocated: 132 bytes a flow, everything included.
 *
 * An index has two entries for each flow, and the next empty one from where
 * the hash points is a flow's.  An entry is the flow's number, how far it is
 * from there, and what is left of 32 bits from the hash: so what is looked up
 * is nearly always in one line of memory, and the flow in a second one.  Both
 * can be fetched before they are needed.
 */

#include "base/addr.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAT_STATIC = 1, NAT_PERMIT = 2 };	/* kinds, as bits */

struct nat_flow {
	struct addr inside, outside, remote;
	uint16_t inside_port, outside_port, remote_port;  /* ICMP: id, id, 0 */
	uint8_t proto, kind;
	uint32_t seal;			/* 0: free; the last that is written */
	uint32_t expires;		/* seconds, the clock's */
};
static_assert(sizeof(struct nat_flow) == 64, "a cache line");

/* What changes with packets; [0] of what inside sent, [1] of what came in. */
struct nat_run {
	uint32_t end[2];	/* TCP: the highest sequence number, past it */
	uint32_t ack[2];	/* ... acknowledged by that side */
	uint16_t win[2];	/* ... the window that it announced with it */
	uint8_t tcp;		/* NAT_TCP_* */
	uint8_t scale;		/* of the windows, four bits each */
	uint16_t site;
};
static_assert(sizeof(struct nat_run) == 24, "no padding in a file");

/* How flows are found: whole, from either side; and mappings. */
enum nat_index { NAT_OUT, NAT_IN, NAT_INSIDE, NAT_OUTSIDE, NAT_INDEXES };

struct nat_key {
	struct addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t proto, zero[3];
};

struct nat_link {
	uint32_t next, prev;	/* the ring of the mapping */
	uint32_t timer;		/* nat_time.h */
};

struct nat_table {
	struct nat_flow *flow;	/* 1 .. size */
	struct nat_run *run;
	struct nat_link *link;
	uint32_t *entry[NAT_INDEXES];
	uint32_t entries, bits;	/* of each index; of a flow's number in one */
	uint32_t size, used, fresh, free;
	uint8_t key[16];	/* of SipHash */
};

/* Bytes of memory of a table, beside its records. */
size_t nat_table_memory(uint32_t size);
/* Empties it; flow and run have size + 1 elements, zeroed, as is mem. */
void nat_table_init(struct nat_table *t, uint32_t size,
    struct nat_flow *flow, struct nat_run *run, void *mem,
    const uint8_t key[16]);

/* The flow (NAT_OUT: local is inside; NAT_IN: outside) or the head of the
 * mapping (remote is not looked at); 0: none. */
uint32_t nat_table_find(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k);
/* The same in three steps, for a burst: the first has memory fetched that the
 * second reads, and that what the third does. */
uint64_t nat_table_hash(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k);
/* A guess which flow it is; 0: none. */
uint32_t nat_table_guess(const struct nat_table *t, enum nat_index which,
    uint64_t hash);
uint32_t nat_table_find_hashed(const struct nat_table *t,
    enum nat_index which, const struct nat_key *k, uint64_t hash);
/* A flow of these addresses, ports, protocol, kind and expiry; 0: full. */
uint32_t nat_table_add(struct nat_table *t, const struct nat_flow *f);
/* Takes it out; true if it was the last of its mapping. */
bool nat_table_remove(struct nat_table *t, uint32_t i);
/* The seal that a record should have; never 0. */
uint32_t nat_table_seal(const struct nat_flow *f);

#endif
