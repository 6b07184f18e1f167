/* SPDX-License-Identifier: ISC */
#include "run/backoff.h"

#define LIVED (10 * NSEC_SEC)
#define FIRST (10 * NSEC_MS)
#define MOST NSEC_SEC

nsec
backoff_next(struct backoff *b, nsec lived, bool innocent)
{
	if (innocent)
		return 0;
	if (lived >= LIVED)
		b->delay = 0;
	nsec now = b->delay;
	b->delay = now == 0 ? FIRST : 2 * now < MOST ? 2 * now : MOST;
	return now;
}
