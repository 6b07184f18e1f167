/* SPDX-License-Identifier: ISC */
/* The wheel of seconds: flows come off it in time, also at the last second that
 * a clock of 32 bits has. */
#include "test.h"

#include "nat/nat_time.h"
#include "packet/wire.h"

enum { FLOWS = 8 };

static struct nat_flow flow[FLOWS + 1];
static struct nat_link link_[FLOWS + 1];
static struct nat_table t = { .flow = flow, .link = link_, .size = FLOWS };
static struct nat_wheel w;

static void
start_at(uint32_t second)
{
	w = (struct nat_wheel){ .at = second, .next = NAT_NEVER };
	t.used = 0;
}

static void
add(uint32_t i, uint32_t expires)
{
	flow[i].expires = expires;
	t.used++;
	nat_wheel_add(&w, &t, i);
}

static uint32_t
next(uint32_t now)
{
	unsigned budget = 100;
	uint32_t i = nat_wheel_next(&w, &t, now, &budget);

	t.used -= i != 0;
	return i;
}

static void
test_order(void)
{
	start_at(1000);
	add(1, 1010);
	add(2, 1005);
	add(3, 1000 + 3 * NAT_SLOTS);
	OK(nat_wheel_due(&w, &t) == 1005);
	OK(next(1004) == 0 && next(1005) == 2 && next(1005) == 0);
	OK(nat_wheel_due(&w, &t) == 1010);
	flow[1].expires = 1020;		/* a packet came */
	OK(next(1010) == 0 && next(1019) == 0 && next(1020) == 1);
	OKF(next(1000 + 3 * NAT_SLOTS - 1) == 0 &&
	    next(1000 + 3 * NAT_SLOTS) == 3, "one that is turns away");
	OK(nat_wheel_due(&w, &t) == NAT_NEVER);
}

static void
test_budget(void)
{
	unsigned budget = 1;

	start_at(0);
	add(1, 5);
	add(2, 5);
	OK(nat_wheel_next(&w, &t, 9, &budget) != 0 && budget == 0);
	OK(nat_wheel_next(&w, &t, 9, &budget) == 0);
	budget = 1;
	OK(nat_wheel_next(&w, &t, 9, &budget) != 0);
}

/* No second comes after the last one: the wheel does not turn for ever. */
static void
test_end(void)
{
	start_at(NAT_NEVER - 10);
	add(1, NAT_NEVER - 5);
	add(2, NAT_NEVER - 1);
	add(3, NAT_NEVER);
	OK(next(NAT_NEVER - 6) == 0 && next(NAT_NEVER - 5) == 1);
	OK(next(NAT_NEVER) == 2);
	OK(next(NAT_NEVER) == 0 && next(NAT_NEVER) == 0);
	start_at(0);
	OKF(next(NAT_NEVER) == 0, "nor from the first to the last at once");
}

int
main(void)
{
	test_order();
	test_budget();
	test_end();
	return DONE();
}
