/* SPDX-License-Identifier: ISC */
#include "wg/ratelimit.h"

#include <sodium.h>
#include <string.h>

#define INTERVAL (NSEC_SEC / RATELIMIT_PER_SECOND)

void
ratelimit_init(struct ratelimit *r, const uint8_t random[static 16])
{
	memset(r, 0, sizeof(*r));
	memcpy(r->secret, random, sizeof(r->secret));
}

/* Who pays: an IPv4 address (its half of the mapped form is no /64 that
 * routes), or the /64 that an IPv6 host can choose its address from. */
static uint64_t
source_of(const struct addr *a)
{
	uint64_t v;

	memcpy(&v, a->b + (addr_is_v4(a) ? 8 : 0), sizeof(v));
	return v;
}

static struct ratelimit_entry *
set_of(struct ratelimit *r, uint64_t source)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash,
	    (const unsigned char *)&source, sizeof(source), r->secret);
	return r->set[hash % RATELIMIT_SETS];
}

/* The entry of the source, else a free one, else NULL. */
static struct ratelimit_entry *
entry_of(struct ratelimit *r, uint64_t source, nsec now)
{
	struct ratelimit_entry *e = set_of(r, source), *spare = NULL;

	for (int i = 0; i < RATELIMIT_WAYS; i++) {
		if (e[i].due <= now)
			spare = &e[i];
		else if (e[i].source == source)
			return &e[i];
	}
	if (spare != NULL)
		*spare = (struct ratelimit_entry){ source, now };
	return spare;
}

bool
ratelimit_allow(struct ratelimit *r, const struct addr *source, nsec now)
{
	struct ratelimit_entry *e = entry_of(r, source_of(source), now);

	if (e == NULL || e->due > now + (RATELIMIT_BURST - 1) * INTERVAL)
		return false;
	e->due += INTERVAL;
	return true;
}
