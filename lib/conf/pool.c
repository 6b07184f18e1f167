/* SPDX-License-Identifier: ISC */
#include "conf/pool.h"

const struct conf_prefixes *
pool_inside(const struct conf *cf, size_t client)
{
	const struct conf_location *l = &cf->location[client];

	return l->sources == CONF_SOURCES_LAN && l->internal.n > 0 ?
	    &l->internal : &l->lan;
}

uint64_t
pool_count(const struct conf_prefixes *ps, bool v4)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ps->n; i++) {
		unsigned bits = 128u - ps->p[i].len;
		if (prefix_is_v4(&ps->p[i]) != v4)
			continue;
		if (bits > 62 || n > UINT64_MAX / 2)
			return UINT64_MAX;
		n += UINT64_C(1) << bits;
	}
	return n;
}

uint64_t
pool_hosts(const struct conf *cf, size_t server)
{
	uint64_t n = 0;

	for (size_t i = 0; i < cf->nlocations; i++)
		if (conf_is_client_of(cf, i, server))
			n += pool_count(pool_inside(cf, i), true);
	return n;
}
