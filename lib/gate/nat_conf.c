/* SPDX-License-Identifier: ISC */
#include "gate/nat_conf.h"

#include "base/bytes.h"
#include "base/die.h"
#include "conf/pool.h"
#include "conf/publish.h"

#include <stdlib.h>
#include <string.h>

enum { SHARE = 8 };	/* a location's default quota: one part of so many */

static void *
get(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		die(EXIT_RETRY, "cannot build the table of addresses to "
		    "translate to");
	return p;
}

static struct addr
add_to(struct addr a, uint64_t n)
{
	for (int i = 15; n > 0 && i >= 0; i--, n >>= 8) {
		n += a.b[i];
		a.b[i] = (uint8_t)n;
	}
	return a;
}

/* An address that is published whole is one host's, a nat-address one
 * client's. */
static bool
is_taken(const struct nat_config *nc, const struct conf *cf,
    const struct addr *a)
{
	for (size_t i = 0; i < nc->nstatics; i++)
		if (nc->statics[i].proto == 0 &&
		    addr_eq(&nc->statics[i].outside, a))
			return true;
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_pair *pair = &cf->location[i].nat_address;
		if ((pair->has4 && addr_eq(&pair->v4, a)) ||
		    (pair->has6 && addr_eq(&pair->v6, a)))
			return true;
	}
	return false;
}

static size_t
put_family(const struct nat_config *nc, const struct conf *cf,
    const struct conf_prefixes *ps, bool v4, struct addr *to)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->n; i++) {
		if (prefix_is_v4(&ps->p[i]) != v4)
			continue;
		uint64_t all = UINT64_C(1) << (128 - ps->p[i].len);
		for (uint64_t k = 0; k < all; k++) {
			to[n] = add_to(ps->p[i].addr, k);
			n += !is_taken(nc, cf, &to[n]);
		}
	}
	return n;
}

/* The pool's addresses one by one: what all share, IPv4 first, then those of
 * one client each. */
static void
put_pool(struct nat_config *nc, const struct conf *cf, size_t server,
    struct nat_site *site)
{
	const struct conf_location *l = &cf->location[server];
	const struct conf_prefixes *ps = &l->pool.addr;
	bool pool4 = conf_nat_of(l, true) == CONF_NAT_POOL;
	bool pool6 = conf_nat_of(l, false) == CONF_NAT_POOL;
	uint64_t all = pool_count(ps, true) + pool_count(ps, false);
	struct addr *pool = get((size_t)all + 2 * cf->nlocations,
	    sizeof(*pool));
	size_t n4 = pool4 ? put_family(nc, cf, ps, true, pool) : 0;
	size_t n = n4 + (pool6 ? put_family(nc, cf, ps, false, pool + n4) : 0);

	nc->shared = (struct nat_site){ { { 0, (uint16_t)n4 },
		{ (uint16_t)n4, (uint16_t)(n - n4) } } };
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_pair *pair = &cf->location[i].nat_address;
		if (!conf_is_client_of(cf, i, server))
			continue;
		site[i] = nc->shared;
		if (pair->has4 && pool4) {
			site[i].range[0] = (struct nat_range){ (uint16_t)n, 1 };
			pool[n++] = pair->v4;
		}
		if (pair->has6 && pool6) {
			site[i].range[1] = (struct nat_range){ (uint16_t)n, 1 };
			pool[n++] = pair->v6;
		}
	}
	nc->pool = pool;
	nc->npool = n;
	nc->site = site;
}

/* The client whose host that is; of none, no location. */
static uint16_t
client_of(const struct conf *cf, size_t server, const struct addr *a)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		if (conf_is_client_of(cf, i, server) &&
		    (conf_holds(&cf->location[i].lan, a) ||
		    conf_holds(&cf->location[i].internal, a)))
			return (uint16_t)i;
	return UINT16_MAX;
}

/* Ports go before the rest of their address. */
static void
put_statics(struct nat_config *nc, const struct conf *cf, size_t server)
{
	struct nat_static *s = get(cf->npublish, sizeof(*s));

	for (int whole = 0; whole < 2; whole++)
		for (size_t i = 0; i < cf->npublish; i++) {
			const struct conf_publish *q = &cf->publish[i];
			if (!publish_is_of(cf, q, server) ||
			    (q->proto == 0) != whole ||
			    conf_nat_of(&cf->location[server],
			    addr_is_v4(&q->match)) != CONF_NAT_POOL)
				continue;
			s[nc->nstatics++] = (struct nat_static){
				.proto = q->proto, .outside = q->match,
				.outside_first = q->first,
				.outside_last = q->last, .inside = q->to,
				.inside_first = q->to_port != 0 ? q->to_port :
				    q->first,
				.site = client_of(cf, server, &q->to),
				.from = q->from.p, .nfrom = q->from.n };
		}
	nc->statics = s;
}

/* Which host has which number (RFC 7422): by location, as the file has them,
 * then by address. */
static void
put_spans(struct nat_config *nc, const struct conf *cf, size_t server)
{
	size_t room = 0;
	uint32_t number = 0;

	for (size_t i = 0; i < cf->nlocations; i++)
		room += pool_inside(cf, i)->n;
	struct nat_span *span = get(room, sizeof(*span));
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_prefixes *in = pool_inside(cf, i);
		for (size_t k = 0; k < in->n &&
		    conf_is_client_of(cf, i, server); k++) {
			if (!prefix_is_v4(&in->p[k]))
				continue;
			uint32_t n = UINT32_C(1) << (128 - in->p[k].len);
			span[nc->nspans++] = (struct nat_span){
				in->p[k].addr, n, number, (uint16_t)i };
			number += n;
		}
	}
	nc->span = span;
	nc->nfixed = number;
}

/* A part for each, if they are few; so none can take what another needs. */
static uint32_t
share(uint32_t all, size_t clients)
{
	size_t parts = clients > SHARE ? SHARE : clients;
	uint32_t n = all / (uint32_t)(parts == 0 ? 1 : parts);

	return n == 0 ? 1 : n;
}

static void
put_quotas(struct nat_config *nc, const struct conf_pool *p, size_t clients)
{
	nc->flows = p->flows;
	nc->host_flows = p->host_flows < p->flows ? p->host_flows : p->flows;
	nc->site_flows = p->site_flows != 0 ? p->site_flows :
	    share(p->flows, clients);
	nc->host_blocks = (nc->host_flows + p->block - 1) / p->block;
	for (int f = 0; f < 2; f++)
		nc->site_blocks[f] = share(nc->shared.range[f].n *
		    nat_blocks_each(p->block), clients);
}

static const enum nat_filter filters[] = {
	[CONF_FILTER_ADDRESS_PORT] = NAT_FILTER_ADDRESS_PORT,
	[CONF_FILTER_ADDRESS] = NAT_FILTER_ADDRESS,
	[CONF_FILTER_INDEPENDENT] = NAT_FILTER_INDEPENDENT,
};

void
nat_conf_init(struct nat_config *nc, const struct conf *cf, size_t server)
{
	const struct conf_pool *p = &cf->location[server].pool;
	size_t clients = 0;

	*nc = (struct nat_config){
		.nsites = cf->nlocations,
		.block = (uint16_t)p->block, .filter = filters[p->filter],
		.inbound_refresh = p->refresh == CONF_REFRESH_BOTH,
		.udp = p->udp, .icmp = p->icmp, .tcp = p->tcp,
		.tcp_transitory = p->transitory,
	};
	put_statics(nc, cf, server);
	put_pool(nc, cf, server, get(cf->nlocations, sizeof(*nc->site)));
	for (size_t i = 0; i < cf->nlocations; i++)
		clients += conf_is_client_of(cf, i, server);
	put_quotas(nc, p, clients);
	if (p->deterministic && nc->shared.range[0].n > 0) {
		put_spans(nc, cf, server);
		nc->fixed = nc->shared.range[0];
	}
}
