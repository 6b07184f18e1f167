/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

static uint64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_SEC + (uint64_t)ts.tv_nsec;
}

nsec
clock_now(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int
clock_poll_ms(nsec due, nsec now)
{
	if (due == 0)
		return -1;
	if (due <= now)
		return 0;
	nsec ms = (due - now + NSEC_MS - 1) / NSEC_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}
