/* SPDX-License-Identifier: ISC */
/* How flows begin and end: mappings, quotas, ports, and what is told. */
#include "nat/nat_flow.h"

#include <string.h>

enum { FULL_PERCENT = 80, CALM_PERCENT = 75 };

/* ---- rules that open ports ---- */

static bool
opens(const struct nat_static *s, uint8_t proto)
{
	return s->proto == 0 || s->proto == proto;
}

const struct nat_static *
nat_static_out(const struct nat_config *cfg, uint8_t proto,
    const struct addr *inside, uint16_t port)
{
	for (size_t i = 0; i < cfg->nstatics; i++) {
		const struct nat_static *s = &cfg->statics[i];
		uint16_t n = (uint16_t)(s->outside_last - s->outside_first);
		if (opens(s, proto) && addr_eq(&s->inside, inside) &&
		    port >= s->inside_first && port - s->inside_first <= n)
			return s;
	}
	return NULL;
}

static bool
lets_begin(const struct nat_static *s, const struct addr *remote)
{
	for (size_t i = 0; i < s->nfrom; i++)
		if (prefix_has(&s->from[i], remote))
			return true;
	return s->nfrom == 0;
}

const struct nat_static *
nat_static_in(const struct nat_config *cfg, uint8_t proto,
    const struct addr *outside, uint16_t port, const struct addr *remote)
{
	for (size_t i = 0; i < cfg->nstatics; i++) {
		const struct nat_static *s = &cfg->statics[i];
		if (opens(s, proto) && addr_eq(&s->outside, outside) &&
		    port >= s->outside_first && port <= s->outside_last &&
		    lets_begin(s, remote))
			return s;
	}
	return NULL;
}

/* ---- events ---- */

void
nat_tell(struct nat *n, enum nat_news what, uint32_t block, uint16_t site,
    const struct addr *host, uint32_t now)
{
	bool complaint = what != NAT_TAKEN && what != NAT_FREED;

	/* who is refused can make as many as packets: others' have room */
	if (complaint && n->last - n->first >= NAT_EVENTS / 2)
		return;
	if (n->last - n->first == NAT_EVENTS) {
		n->lost++;
		return;
	}
	n->event[n->last++ % NAT_EVENTS] = (struct nat_event){ .what = what,
		.block = block, .site = site, .host = *host,
		.wall = (uint64_t)(n->wall + now),
		.since = what == NAT_TAKEN || what == NAT_FREED ?
		    n->ports.owner[block].since : 0 };
}

bool
nat_news(struct nat *n, struct nat_event *e)
{
	if (n->first == n->last)
		return false;
	*e = n->event[n->first++ % NAT_EVENTS];
	return true;
}

/* Said once, and again only after it was over. */
static void
note_room(struct nat *n, uint16_t site, const struct addr *host, uint32_t now)
{
	uint64_t flows = 100ull * n->table.used / n->table.size;
	uint64_t blocks = n->ports.nblocks == 0 ? 0 :
	    100ull * n->ports.used / n->ports.nblocks;
	uint64_t most = flows > blocks ? flows : blocks;

	if (n->near_full ? most >= CALM_PERCENT : most < FULL_PERCENT)
		return;
	n->near_full = !n->near_full;
	if (n->near_full)
		nat_tell(n, NAT_NEAR_FULL, 0, site, host, now);
}

/* ---- flows ---- */

uint32_t
nat_idle(const struct nat *n, uint32_t i)
{
	const struct nat_flow *f = &n->table.flow[i];

	if (f->proto == PROTO_UDP || (f->kind & NAT_PERMIT) != 0)
		return n->cfg->udp;
	return f->proto == PROTO_TCP ? nat_tcp_idle(&n->table.run[i], n->cfg) :
	    n->cfg->icmp;
}

uint32_t
nat_alive(const struct nat *n, enum nat_index which, const struct nat_key *k,
    uint32_t now)
{
	uint32_t i = nat_table_find(&n->table, which, k);

	return i != 0 && n->table.flow[i].expires > now ? i : 0;
}

/* The outside end of f: that of the rule, that of the mapping, or a new one.
 * *port_taken: the last. */
static enum verdict
find_outside(struct nat *n, struct nat_flow *f, uint32_t h, uint32_t now,
    bool *port_taken)
{
	const struct nat_static *s = nat_static_out(n->cfg, f->proto,
	    &f->inside, f->inside_port);
	struct nat_key k = { .local = f->inside, .proto = f->proto,
		.local_port = f->inside_port };
	uint32_t head = nat_table_find(&n->table, NAT_INSIDE, &k), taken;
	enum verdict v = (enum verdict)V_NEXT;

	if (s != NULL) {
		f->kind |= NAT_STATIC;
		f->outside = s->outside;
		f->outside_port = (uint16_t)(s->outside_first +
		    (f->inside_port - s->inside_first));
		return v;
	}
	if (head != 0) {
		f->outside = n->table.flow[head].outside;
		f->outside_port = n->table.flow[head].outside_port;
		return v;
	}
	f->outside_port = nat_port_lease(&n->ports, h, f->proto, f->inside_port,
	    (uint64_t)(n->wall + now), &taken, &v);
	if (taken != 0)
		nat_tell(n, NAT_TAKEN, taken - 1, n->ports.host[h].site,
		    &f->inside, now);
	if (f->outside_port == 0)
		return v;
	f->outside = n->cfg->pool[n->ports.host[h].pool];
	*port_taken = true;
	return (enum verdict)V_NEXT;
}

/* May the host have one more? */
static enum verdict
check_quotas(const struct nat *n, uint32_t h, uint16_t site)
{
	if (n->ports.host[h].flows >= n->cfg->host_flows ||
	    n->site_flows[site] >= n->cfg->site_flows)
		return V_NAT_QUOTA;
	return n->table.used == n->table.size ? V_NAT_FULL :
	    (enum verdict)V_NEXT;
}

uint32_t
nat_begin(struct nat *n, struct nat_flow *f, uint16_t site, uint32_t now,
    enum verdict *v)
{
	uint32_t h = nat_host_get(&n->ports, &f->inside, site), i = 0;
	bool port_taken = false;

	*v = h == 0 ? V_NAT_FULL : check_quotas(n, h, site);
	if (*v == (enum verdict)V_NEXT)
		*v = find_outside(n, f, h, now, &port_taken);
	if (*v == (enum verdict)V_NEXT) {
		f->expires = now + 1;
		i = nat_table_add(&n->table, f);	/* there is room */
		n->table.run[i].site = site;
		n->ports.host[h].flows++;
		n->site_flows[site]++;
		f->expires = n->table.flow[i].expires = now + nat_idle(n, i);
		nat_wheel_add(&n->wheel, &n->table, i);
	} else {
		if (h != 0)
			nat_host_leave(&n->ports, h);
		if (*v != V_NAT_REFUSED)
			nat_tell(n, *v == V_NAT_QUOTA ? NAT_OVER_QUOTA :
			    NAT_NO_PORT, 0, site, &f->inside, now);
	}
	note_room(n, site, &f->inside, now);
	return i;
}

static void
end_flow(struct nat *n, uint32_t i, uint32_t now)
{
	const struct nat_flow f = n->table.flow[i];
	uint16_t site = n->table.run[i].site;
	uint32_t h = nat_host_find(&n->ports, &f.inside), freed = 0;

	bool last = nat_table_remove(&n->table, i);
	n->ports.host[h].flows--;
	n->site_flows[site]--;
	if (last && (f.kind & NAT_STATIC) == 0)
		freed = nat_port_release(&n->ports, h, f.proto, f.outside_port,
		    now);
	if (freed != 0)
		nat_tell(n, NAT_FREED, freed - 1, site, &f.inside, now);
	nat_host_leave(&n->ports, h);
}

bool
nat_tick(struct nat *n, nsec now, unsigned budget)
{
	uint32_t s = nat_seconds(now), i;
	static const struct addr none;

	while ((i = nat_wheel_next(&n->wheel, &n->table, s, &budget)) != 0)
		end_flow(n, i, s);
	while (budget > 0 && nat_port_rested(&n->ports, s) != 0)
		budget--;
	note_room(n, 0, &none, s);
	if (n->clock != NULL)
		*n->clock = s;
	return budget == 0;
}

nsec
nat_due(struct nat *n)
{
	uint32_t due = nat_wheel_due(&n->wheel, &n->table);
	uint32_t first = n->ports.rest_first;
	uint32_t rested = first == 0 ? NAT_NEVER :
	    n->ports.owner[first - 1].until;

	if (rested < due)
		due = rested;
	return due == NAT_NEVER ? 0 : due * NSEC_SEC;
}

/* ---- memory ---- */

size_t
nat_memory(const struct nat_config *cfg)
{
	return nat_table_memory(cfg->flows) + 8 + nat_ports_memory(cfg) +
	    cfg->nsites * sizeof(uint32_t);
}

void
nat_init(struct nat *n, const struct nat_config *cfg,
    const struct nat_records *r, void *mem, const uint8_t key[16])
{
	uint8_t *at = mem;
	size_t table = (nat_table_memory(cfg->flows) + 7) & ~(size_t)7;

	memset(n, 0, sizeof(*n));
	n->cfg = cfg;
	nat_table_init(&n->table, cfg->flows, r->flow, r->run, at, key);
	nat_ports_init(&n->ports, cfg, r->owner, at + table, key);
	n->site_flows = (uint32_t *)(void *)(at + table +
	    nat_ports_memory(cfg));
	memcpy(n->frags.key, key, sizeof(n->frags.key));
	nat_ids_init(&n->ids, key, (uint16_t)nat_ports_random(&n->ports));
}
