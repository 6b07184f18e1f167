/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_TIME_H
#define BH_NAT_TIME_H

/*
 * When flows end: a wheel with a slot a second.  A packet that refreshes a flow
 * only writes a later time into it; when its slot comes, it is hung into a
 * later one.  How many are looked at in one go is the caller's to say, so a
 * storm of ends is spread over time.
 */

#include "nat/nat_table.h"

enum { NAT_SLOTS = 4096 };
#define NAT_NEVER UINT32_MAX	/* no second */

struct nat_wheel {
	uint32_t slot[NAT_SLOTS];	/* flows, by link.timer */
	uint32_t at;			/* the second that comes next */
	uint32_t next;			/* before it no slot has a flow */
};

void nat_wheel_add(struct nat_wheel *w, struct nat_table *t, uint32_t i);
/* The next flow whose time has come, taken off the wheel; 0: none, or *budget,
 * which is counted down, is used up. */
uint32_t nat_wheel_next(struct nat_wheel *w, struct nat_table *t,
    uint32_t now, unsigned *budget);
/* The second at which there is something to be looked at; NAT_NEVER. */
uint32_t nat_wheel_due(struct nat_wheel *w, const struct nat_table *t);

#endif
