/* SPDX-License-Identifier: ISC */
#ifndef BH_CLOCK_H
#define BH_CLOCK_H

/* Time.  Read once a wake-up and passed down as an argument. */

#include <stdint.h>

/* Nanoseconds since boot, time asleep included; 0 means "never". */
typedef uint64_t nsec;

#define NSEC_MS ((nsec)1000000)
#define NSEC_SEC ((nsec)1000000000)

/* CLOCK_BOOTTIME, so that session keys age while a machine sleeps. */
nsec clock_now(void);

/* Wall clock, nanoseconds since 1970: for TAI64N and for people. */
uint64_t clock_wall(void);

/* Milliseconds for poll(2) until `due', rounded up; -1 for due == 0. */
int clock_poll_ms(nsec due, nsec now);

#endif
