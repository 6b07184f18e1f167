/* SPDX-License-Identifier: ISC */
#ifndef BH_T_RINGS_H
#define BH_T_RINGS_H

/* Both ends of a ring in one process: a puts, b takes. */

#include "io/ring.h"

#include <string.h>

static struct ring_area left, right;
static alignas(FRAME_ALIGN) uint8_t taken[FRAME_MAX];
static struct frame *const got = (struct frame *)taken;
static const uint8_t *body;
static struct ring a, b;

static void
start(void)
{
	memset(&left, 0, sizeof(left));
	memset(&right, 0, sizeof(right));
	a = (struct ring){ .mine = &left, .theirs = &right };
	b = (struct ring){ .mine = &right, .theirs = &left };
	ring_init(&a);
	ring_init(&b);
}

#endif
