/* SPDX-License-Identifier: ISC */
/* Inside hosts, which have blocks of ports, by address. */
#include "nat/nat_hash.h"
#include "nat/nat_port.h"

uint64_t
nat_host_hash(const struct nat_ports *p, const struct addr *a)
{
	return nat_hash(p->key, a->b, sizeof(a->b));
}

static uint32_t *
host_bucket(const struct nat_ports *p, const struct addr *a)
{
	return &p->hosts[(nat_host_hash(p, a) >> 32) * p->nhosts >> 32];
}

uint32_t
nat_host_find(const struct nat_ports *p, const struct addr *inside)
{
	uint32_t h = *host_bucket(p, inside);

	while (h != 0 && !addr_eq(&p->host[h].inside, inside))
		h = p->host[h].chain;
	return h;
}

static uint32_t
new_host(struct nat_ports *p)
{
	uint32_t h = p->host_free;

	if (h != 0)
		p->host_free = p->host[h].chain;
	else if (p->host_fresh <= p->nhosts)
		h = p->host_fresh++;
	return h;
}

uint32_t
nat_host_get(struct nat_ports *p, const struct addr *inside, uint16_t site)
{
	uint32_t h = nat_host_find(p, inside);

	if (h != 0)
		return h;
	h = new_host(p);
	if (h == 0)
		return 0;
	uint32_t *bucket = host_bucket(p, inside);
	p->host[h] = (struct nat_host){ .inside = *inside, .chain = *bucket,
		.site = site };
	*bucket = h;
	return h;
}

void
nat_host_leave(struct nat_ports *p, uint32_t h)
{
	struct nat_host *host = &p->host[h];

	if (host->flows > 0 || host->nblocks + host->nresting > 0)
		return;
	uint32_t *at = host_bucket(p, &host->inside);
	while (*at != h)
		at = &p->host[*at].chain;
	*at = host->chain;
	host->chain = p->host_free;
	p->host_free = h;
}
