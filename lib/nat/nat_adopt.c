/* SPDX-License-Identifier: ISC */
/* Taking over from a process that has died, maybe in the middle of a write, or
 * ran another configuration.  Nothing is believed but what is sealed, and that
 * only field by field. */
#include "base/once.h"
#include "nat/nat_flow.h"

enum { LONGEST = 8 * 86400 };	/* no flow outlives this; seconds */

static int
index_of(const struct addr *pool, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_eq(&pool[i], a))
			return (int)i;
	return -1;
}

/* Does the flow make sense by itself? */
static bool
is_whole(const struct nat_flow *f, uint32_t now)
{
	bool v4 = addr_is_v4(&f->inside);
	bool icmp = f->proto == (v4 ? PROTO_ICMP : PROTO_ICMP6);

	return f->seal != 0 && f->seal == nat_table_seal(f) &&
	    (icmp || f->proto == PROTO_TCP || f->proto == PROTO_UDP) &&
	    v4 == addr_is_v4(&f->outside) && v4 == addr_is_v4(&f->remote) &&
	    (f->remote_port != 0) == !(icmp || (f->kind & NAT_PERMIT) != 0) &&
	    (f->kind & ~(NAT_STATIC | NAT_PERMIT)) == 0 &&
	    f->expires > now && f->expires - now <= LONGEST;
}

/* The host that had a block of the old geometry, and since when; NULL: none. */
static const struct nat_owner *
old_owner(const struct nat_legacy *old, const struct addr *outside,
    uint16_t port)
{
	uint32_t each = nat_blocks_each(old->block);
	int pool = index_of(old->pool, old->npool, outside);
	uint32_t k = nat_block_number(port, old->block);

	if (pool < 0 || port < NAT_PORT_FIRST || k >= each)
		return NULL;
	const struct nat_owner *o = &old->rec.owner[(uint32_t)pool * each + k];
	return o->seal != 0 && o->seal == nat_owner_seal(o) ? o : NULL;
}

/* A port of the host's that nobody else has: the block is claimed with the
 * first of its ports. */
static bool
claim_port(struct nat *n, const struct nat_legacy *old, uint32_t h,
    const struct nat_flow *f, uint32_t now)
{
	const struct nat_owner *o = old_owner(old, &f->outside,
	    f->outside_port);
	const struct nat_host *host = &n->ports.host[h];
	int pool = host->nblocks > 0 ? host->pool :
	    index_of(n->cfg->pool, n->cfg->npool, &f->outside);

	if (o == NULL || !addr_eq(&o->host, &f->inside) || pool < 0 ||
	    !addr_eq(&n->cfg->pool[pool], &f->outside))
		return false;
	uint32_t b = nat_block_of(&n->ports, (uint16_t)pool, f->outside_port);
	if (b == UINT32_MAX)
		return false;
	const struct nat_owner *mine = &n->ports.owner[b];
	if (mine->seal == 0) {
		if (!nat_block_restore(&n->ports, h, b, o->since))
			return false;
		if (n->cfg->block != old->block)
			nat_tell(n, NAT_TAKEN, b, host->site, &f->inside, now);
	}
	return nat_port_restore(&n->ports, h, f->proto, f->outside_port);
}

/* Does its outside end agree with the rules and mappings that there are? */
static bool
claim_outside(struct nat *n, const struct nat_legacy *old, uint32_t h,
    const struct nat_flow *f, uint32_t now)
{
	const struct nat_static *s = nat_static_out(n->cfg, f->proto,
	    &f->inside, f->inside_port);
	struct nat_key in = { .local = f->inside, .proto = f->proto,
		.local_port = f->inside_port };
	struct nat_key out = { .local = f->outside, .proto = f->proto,
		.local_port = f->outside_port };
	uint32_t head = nat_table_find(&n->table, NAT_INSIDE, &in);

	if (((f->kind & NAT_STATIC) != 0) != (s != NULL))
		return false;
	if (s != NULL)
		return addr_eq(&s->outside, &f->outside) &&
		    f->outside_port == (uint16_t)(s->outside_first +
		    (f->inside_port - s->inside_first));
	if (head != 0)
		return n->table.flow[head].outside_port == f->outside_port &&
		    addr_eq(&n->table.flow[head].outside, &f->outside);
	return nat_table_find(&n->table, NAT_OUTSIDE, &out) == 0 &&
	    claim_port(n, old, h, f, now);
}

static bool
adopt_flow(struct nat *n, const struct nat_legacy *old, uint32_t from,
    uint32_t now)
{
	struct nat_flow own, *f = &own;

	/* whoever wrote it may still be alive */
	once_copy(f, &old->rec.flow[from], sizeof(*f));
	struct nat_key k = { .local = f->inside, .remote = f->remote,
		.local_port = f->inside_port, .remote_port = f->remote_port,
		.proto = f->proto };
	int site = is_whole(f, now) ? old->place(old->arg, &f->inside) : -1;

	if (site < 0 || (size_t)site >= n->cfg->nsites ||
	    n->table.used == n->table.size ||
	    nat_table_find(&n->table, NAT_OUT, &k) != 0)
		return false;
	uint32_t h = nat_host_get(&n->ports, &f->inside, (uint16_t)site);
	if (h == 0)
		return false;
	if (!claim_outside(n, old, h, f, now)) {
		nat_host_leave(&n->ports, h);
		return false;
	}
	uint32_t i = nat_table_add(&n->table, f);
	n->table.run[i] = old->rec.run[from];
	n->table.run[i].site = (uint16_t)site;
	n->ports.host[h].flows++;
	n->site_flows[site]++;
	nat_wheel_add(&n->wheel, &n->table, i);
	return true;
}

/* It rests for the host that had it, if that is a client's still. */
static void
rest_block(struct nat *n, const struct nat_legacy *old, uint32_t b,
    const struct nat_owner *o)
{
	int site = old->place(old->arg, &o->host);
	bool known = site >= 0 && (size_t)site < n->cfg->nsites;
	uint32_t h = known ? nat_host_get(&n->ports, &o->host,
	    (uint16_t)site) : 0;

	nat_block_rest(&n->ports, h, b, o);
	if (h != 0)
		nat_host_leave(&n->ports, h);
}

/* Blocks that rested, or whose flows are over, rest. */
static void
adopt_rest(struct nat *n, const struct nat_legacy *old, uint32_t now)
{
	uint32_t each = nat_blocks_each(old->block);

	if (old->block != n->cfg->block)
		return;
	for (size_t p = 0; p < old->npool; p++) {
		int pool = index_of(n->cfg->pool, n->cfg->npool,
		    &old->pool[p]);
		for (uint32_t k = 0; k < each && pool >= 0; k++) {
			struct nat_owner o = old->rec.owner[p * each + k];
			if (o.seal == 0 || o.seal != nat_owner_seal(&o) ||
			    (o.until != 0 && o.until <= now))
				continue;
			if (o.until == 0 || o.until > now + NAT_REST)
				o.until = now + NAT_REST;
			rest_block(n, old, (uint32_t)pool * each + k, &o);
		}
	}
}

size_t
nat_adopt(struct nat *n, const struct nat_legacy *old, nsec now)
{
	uint32_t s = nat_seconds(now);
	size_t got = 0;

	for (uint32_t i = 1; i <= old->flows; i++)
		got += adopt_flow(n, old, i, s);
	adopt_rest(n, old, s);
	return got;
}
