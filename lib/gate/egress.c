/* SPDX-License-Identifier: ISC */
#include "gate/egress.h"

#include "base/clock.h"
#include "base/die.h"
#include "gate/nat_conf.h"
#include "gate/nat_log.h"
#include "nat/nat_store.h"

#include <sodium.h>
#include <string.h>

/* Of which client an inside address is. */
static int
place(const void *arg, const struct addr *inside)
{
	const struct policy *pol = arg;
	uint32_t where = lpm_lookup(pol->where, inside);

	if (where == LPM_NONE || !pol->site[PLACE_LOC(where)].client)
		return -1;
	return (int)PLACE_LOC(where);
}

bool
egress_translates(const struct policy *pol)
{
	return pol->pool4 || pol->pool6;
}

struct nat *
egress_nat(const struct conf *cf, size_t self, const struct policy *pol,
    const char *path, const char *seed, int *journal)
{
	static struct nat_config cfg;
	static struct nat nat;
	struct nat_store s = { .path = path, .place = place, .arg = pol,
		.offline = seed != NULL };

	if (!egress_translates(pol))
		return NULL;
	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot use libsodium");
	nat_conf_init(&cfg, cf, self);
	if (seed == NULL)
		randombytes_buf(s.key, sizeof(s.key));
	else
		crypto_generichash(s.key, sizeof(s.key),
		    (const uint8_t *)seed, strlen(seed), NULL, 0);
	nsec now = seed == NULL ? clock_now() : 0;
	uint64_t wall = seed == NULL ? clock_wall() : 0;
	size_t got = nat_store_open(&nat, &cfg, &s, now, wall);
	if (got > 0 && seed == NULL)
		warnx("%zu flows go on", got);
	if (seed == NULL)
		nat_log_start(&nat, cf, wall / NSEC_SEC, journal);
	return &nat;
}
