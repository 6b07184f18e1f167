/* SPDX-License-Identifier: ISC */
#ifndef BH_BACKOFF_H
#define BH_BACKOFF_H

/*
 * How long a program that has ended waits until it is started again.  One that
 * lived is started at once, and so is one that ended because another program
 * did; who ends again and again waits longer each time, up to a second.
 */

#include "base/clock.h"

#include <stdbool.h>

struct backoff {
	nsec delay;			/* of the next one */
};

/* Of a program that has lived so long; innocent: its end was another's. */
nsec backoff_next(struct backoff *b, nsec lived, bool innocent);

#endif
