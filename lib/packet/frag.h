/* SPDX-License-Identifier: ISC */
#ifndef BH_FRAG_H
#define BH_FRAG_H

/*
 * Fragments are forwarded one by one, not put together; this remembers of each
 * datagram under way which parts were seen, and what was decided on the first,
 * which alone says what it is.
 *
 * From the first overlap on every fragment of a datagram is refused (RFC 5722),
 * so nobody behind us ever puts together one whose fragments overlapped.  A
 * datagram of which all has been seen is forgotten, one of which is not after
 * FRAG_LIFE; under a flood the oldest goes, and what is left of it counts as a
 * datagram without a first fragment.
 */

#include "base/clock.h"
#include "packet/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAG_LIFE (30 * NSEC_SEC)	/* as long as hosts wait */

enum { FRAG_UNDECIDED = 0xfffe };

struct frags;

/* For so many datagrams at a time.  NULL and errno.  Starting up only. */
struct frags *frags_new(size_t room);
void frags_free(struct frags *fs);

/* Takes note of a fragment.  Where what was decided on its first is kept:
 * FRAG_UNDECIDED until the caller puts something there; good until the next
 * call.  NULL: it overlaps another, contradicts it, or the datagram is in too
 * many pieces; refuse it. */
uint16_t *frags_entry(struct frags *fs, const struct ip *ip, nsec now);

/* A whole packet behind the header of a fragment (RFC 6946) is none. */
static inline bool
frag_is(const struct ip *ip)
{
	return ip->frag && (ip->more || ip->frag_off > 0);
}

#endif
