/* SPDX-License-Identifier: ISC */
#include "wg/stamps.h"

#include "wg/noise.h"

#include <string.h>

#define AHEAD (24 * 3600 * NSEC_SEC)	/* of our clock, and believed */

static bool
later(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, TAI64N_LEN) > 0;
}

static bool
is_none(const uint8_t *stamp)
{
	static const uint8_t none[TAI64N_LEN];

	return memcmp(stamp, none, TAI64N_LEN) == 0;
}

static bool
is_odd(const uint8_t *stamp, uint64_t wall)
{
	uint8_t most[TAI64N_LEN];

	noise_tai64n(most, wall + AHEAD);
	return later(stamp, most);
}

bool
stamps_fresh(const struct stamps *s, const uint8_t stamp[TAI64N_LEN],
    uint64_t wall)
{
	if (!later(stamp, s->got))
		return false;
	return is_none(s->odd_last) || later(stamp, s->odd_last) ||
	    (later(s->odd_first, stamp) && !is_odd(stamp, wall));
}

void
stamps_accept(struct stamps *s, const uint8_t stamp[TAI64N_LEN], uint64_t wall)
{
	if (!is_odd(stamp, wall)) {
		memcpy(s->got, stamp, TAI64N_LEN);
	} else {
		if (is_none(s->odd_last))
			memcpy(s->odd_first, stamp, TAI64N_LEN);
		memcpy(s->odd_last, stamp, TAI64N_LEN);
	}
	/* time has passed by: what was odd is just old */
	if (!later(s->odd_last, s->got)) {
		memset(s->odd_first, 0, TAI64N_LEN);
		memset(s->odd_last, 0, TAI64N_LEN);
	}
}

void
stamps_next(struct stamps *s, uint64_t wall, uint8_t out[TAI64N_LEN])
{
	s->sent = wall > s->sent ? wall : s->sent + 1;
	noise_tai64n(out, s->sent);
}

void
stamps_merge(struct stamps *s, const struct stamps *other)
{
	if (other->sent > s->sent)
		s->sent = other->sent;
	if (later(other->got, s->got))
		memcpy(s->got, other->got, TAI64N_LEN);
	if (is_none(s->odd_last) || (!is_none(other->odd_first) &&
	    later(s->odd_first, other->odd_first)))
		memcpy(s->odd_first, other->odd_first, TAI64N_LEN);
	if (later(other->odd_last, s->odd_last))
		memcpy(s->odd_last, other->odd_last, TAI64N_LEN);
}
