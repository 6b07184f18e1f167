/* SPDX-License-Identifier: ISC */
#include "engine/nat_log.h"

#include "base/die.h"

#include <inttypes.h>
#include <stdio.h>

/* Complaints that say the same are said once in so many seconds. */
enum { QUIET = 10 };

static const char *
range_format(const struct nat *n, uint32_t b, char buf[static 80])
{
	uint16_t pool, first, last;
	char text[ADDR_STRLEN];

	nat_block_range(&n->ports, b, &pool, &first, &last);
	const struct addr *a = &n->cfg->pool[pool];
	bool v4 = addr_is_v4(a);
	snprintf(buf, 80, "%s%s%s:%u-%u", v4 ? "" : "[", addr_format(a, text),
	    v4 ? "" : "]", first, last);
	return buf;
}

static void
complain(const struct nat_event *e, const char *location, const char *host)
{
	static const char *const text[] = {
		[NAT_NO_PORT] = "no-port",
		[NAT_OVER_QUOTA] = "quota",
	};
	static uint64_t said[NAT_NEAR_FULL];

	if (e->wall < said[e->what] + QUIET)
		return;
	said[e->what] = e->wall;
	warnx("nat %" PRIu64 " %s %s %s", e->wall, text[e->what], location,
	    host);
}

static void
put_event(const struct nat *n, const struct conf *cf,
    const struct nat_event *e)
{
	char host[ADDR_STRLEN], range[80];
	const char *location = cf->location[e->site].name;

	addr_format(&e->host, host);
	switch (e->what) {
	case NAT_TAKEN:
	case NAT_FREED:
		if (n->ports.block[e->block].fixed)
			return;		/* it can be computed */
		warnx("nat %" PRIu64 " %s %s %s %s", e->wall,
		    e->what == NAT_TAKEN ? "take" : "free",
		    range_format(n, e->block, range), location, host);
		return;
	case NAT_NO_PORT:
	case NAT_OVER_QUOTA:
		complain(e, location, host);
		return;
	case NAT_NEAR_FULL:
		warnx("nat %" PRIu64 " near-full flows=%u/%u blocks=%u/%u",
		    e->wall, n->table.used, n->table.size, n->ports.used,
		    n->ports.nblocks);
	}
}

void
nat_log(struct nat *n, const struct conf *cf)
{
	struct nat_event e;

	while (nat_news(n, &e))
		put_event(n, cf, &e);
	if (n->lost > 0)
		warnx("nat: %u lines of the log were lost", n->lost);
	n->lost = 0;
}

void
nat_log_epoch(const struct nat *n, const struct conf *cf, uint64_t wall)
{
	const struct nat_config *cfg = n->cfg;
	char text[ADDR_STRLEN];

	if (cfg->nspans == 0)
		return;
	warnx("nat %" PRIu64 " epoch block=%u addresses=%u", wall, cfg->block,
	    cfg->fixed.n);
	for (uint32_t i = 0; i < cfg->fixed.n; i++)
		warnx("nat %" PRIu64 " pool %u %s", wall, i, addr_format(
		    &cfg->pool[cfg->fixed.first + i], text));
	for (size_t i = 0; i < cfg->nspans; i++)
		warnx("nat %" PRIu64 " hosts %u %u %s %s", wall,
		    cfg->span[i].number, cfg->span[i].count,
		    addr_format(&cfg->span[i].first, text),
		    cf->location[cfg->span[i].site].name);
}
