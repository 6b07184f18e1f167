/* SPDX-License-Identifier: ISC */
#include "nat/nat_block.h"

#include "nat/nat_hash.h"
#include "packet/wire.h"

#include <stdatomic.h>

unsigned
nat_port_kind(uint8_t proto)
{
	return proto == PROTO_TCP ? NAT_TCP_PORTS :
	    proto == PROTO_UDP ? NAT_UDP_PORTS : NAT_ICMP_IDS;
}

uint64_t *
nat_block_bits(const struct nat_ports *p, uint32_t b, unsigned kind)
{
	return p->bits + ((size_t)b * NAT_PORT_KINDS + kind) * p->words;
}

uint32_t
nat_ports_blocks(const struct nat_config *cfg)
{
	return (uint32_t)cfg->npool * nat_blocks_each(cfg->block);
}

/* A host without a block has only ports that are open for good. */
static uint32_t
hosts_max(const struct nat_config *cfg)
{
	return nat_ports_blocks(cfg) + (uint32_t)cfg->nstatics + 1;
}

static void *
carve(uint8_t **at, size_t n)
{
	void *p = *at;

	*at += (n + 7) & ~(size_t)7;
	return p;
}

static size_t
lay_out(struct nat_ports *p, const struct nat_config *cfg, uint8_t *mem)
{
	uint8_t *at = mem;
	size_t n = nat_ports_blocks(cfg), hosts = hosts_max(cfg);

	p->words = cfg->block / 64u;
	p->per_addr = nat_blocks_each(cfg->block);
	p->nblocks = (uint32_t)n;
	p->nhosts = (uint32_t)hosts;
	p->bits = carve(&at, n * NAT_PORT_KINDS * p->words * 8);
	p->block = carve(&at, n * sizeof(*p->block));
	p->host = carve(&at, (hosts + 1) * sizeof(*p->host));
	p->hosts = carve(&at, hosts * sizeof(*p->hosts));
	p->site_blocks = carve(&at, cfg->nsites * sizeof(*p->site_blocks));
	p->free = carve(&at, n * sizeof(*p->free));
	p->nfree = carve(&at, cfg->npool * sizeof(*p->nfree));
	return (size_t)(at - mem);
}

size_t
nat_ports_memory(const struct nat_config *cfg)
{
	struct nat_ports p;
	static uint8_t nothing[8];

	return lay_out(&p, cfg, nothing);
}

/* A keyed function of a counter: nobody outside can tell the next one. */
uint64_t
nat_ports_random(struct nat_ports *p)
{
	uint64_t n = ++p->draws;

	return nat_hash(p->key, &n, sizeof(n));
}

uint32_t
nat_block_of(const struct nat_ports *p, uint16_t pool, uint16_t port)
{
	uint32_t k = port < NAT_PORT_FIRST ? UINT32_MAX :
	    nat_block_number(port, p->cfg->block);

	return k < p->per_addr ? pool * p->per_addr + k : UINT32_MAX;
}

void
nat_block_range(const struct nat_ports *p, uint32_t b, uint16_t *pool,
    uint16_t *first, uint16_t *last)
{
	uint32_t from = nat_block_first(b % p->per_addr,
	    p->cfg->block);

	*pool = (uint16_t)(b / p->per_addr);
	*first = (uint16_t)from;
	*last = (uint16_t)(from + p->cfg->block - 1);
}

uint32_t
nat_owner_seal(const struct nat_owner *o)
{
	static const char block[NAT_KEY] = "backhaul block";

	return nat_seal(block, o, offsetof(struct nat_owner, seal));
}

/* Sealed last, as a flow is. */
static void
put_owner(struct nat_ports *p, uint32_t b, const struct addr *host,
    uint64_t since, uint32_t until)
{
	struct nat_owner *o = &p->owner[b];

	o->seal = 0;
	atomic_signal_fence(memory_order_seq_cst);
	o->host = *host;
	o->since = since;
	o->until = until;
	atomic_signal_fence(memory_order_seq_cst);
	o->seal = nat_owner_seal(o);
}

/* Those of the block's ports that are open by a rule are taken. */
static uint32_t
mark(uint64_t *bits, uint32_t first, uint32_t last, const struct nat_static *s)
{
	uint32_t from = s->outside_first > first ? s->outside_first : first;
	uint32_t to = s->outside_last < last ? s->outside_last : last, n = 0;

	for (uint32_t port = from; port <= to; port++, n++)
		bits[(port - first) / 64] |= UINT64_C(1) << (port - first) % 64;
	return n;
}

/* Ports that are open for good are never given away; how many in the block. */
static uint32_t
block_reset(struct nat_ports *p, uint32_t b)
{
	const struct nat_config *cfg = p->cfg;
	uint16_t pool, first, last;
	uint32_t n = 0;

	nat_block_range(p, b, &pool, &first, &last);
	memset(nat_block_bits(p, b, 0), 0,
	    (size_t)NAT_PORT_KINDS * p->words * 8);
	memset(p->block[b].used, 0, sizeof(p->block[b].used));
	for (size_t i = 0; i < cfg->nstatics; i++) {
		const struct nat_static *s = &cfg->statics[i];
		if (!addr_eq(&s->outside, &cfg->pool[pool]))
			continue;
		for (uint8_t k = 0; k < NAT_PORT_KINDS; k++)
			if (s->proto == 0 || nat_port_kind(s->proto) == k)
				n += mark(nat_block_bits(p, b, k), first, last,
				    s);
	}
	return n;
}

static uint32_t
pop_block(struct nat_ports *p, uint16_t pool)
{
	uint16_t *list = p->free + (size_t)pool * p->per_addr;
	uint16_t n = p->nfree[pool];
	size_t at = nat_ports_random(p) % n;
	uint16_t k = list[at];

	list[at] = list[n - 1];
	p->nfree[pool] = (uint16_t)(n - 1);
	return pool * p->per_addr + k;
}

static void
push_block(struct nat_ports *p, uint32_t b)
{
	uint32_t pool = b / p->per_addr;

	p->free[(size_t)pool * p->per_addr + p->nfree[pool]++] =
	    (uint16_t)(b % p->per_addr);
}

/* Which block is the host's own by its number (RFC 7422); false: none. */
static bool
fixed_block(const struct nat_ports *p, const struct addr *inside, uint32_t *b)
{
	const struct nat_config *cfg = p->cfg;

	for (size_t i = 0; i < cfg->nspans; i++) {
		const struct nat_span *s = &cfg->span[i];
		be32 from, at;
		memcpy(&from, s->first.b + 12, 4);
		memcpy(&at, inside->b + 12, 4);
		uint32_t n = be32_get(at) - be32_get(from);
		if (memcmp(s->first.b, inside->b, 12) != 0 || n >= s->count)
			continue;
		n += s->number;
		*b = (cfg->fixed.first + n % cfg->fixed.n) * p->per_addr +
		    n / cfg->fixed.n;
		return n < cfg->nfixed;
	}
	return false;
}

/* The blocks with the numbers of hosts are kept for them. */
static bool
is_fixed(const struct nat_config *cfg, uint32_t pool, uint32_t k)
{
	uint32_t at = pool - cfg->fixed.first;

	return cfg->nspans > 0 && pool >= cfg->fixed.first &&
	    at < cfg->fixed.n &&
	    (uint64_t)k * cfg->fixed.n + at < cfg->nfixed;
}

void
nat_ports_init(struct nat_ports *p, const struct nat_config *cfg,
    struct nat_owner *owner, void *mem, const uint8_t key[16])
{
	*p = (struct nat_ports){ .cfg = cfg, .owner = owner, .host_fresh = 1 };
	memcpy(p->key, key, sizeof(p->key));
	lay_out(p, cfg, mem);
	for (uint32_t b = 0; b < p->nblocks; b++) {
		uint32_t pool = b / p->per_addr;
		bool full = cfg->nstatics > 0 && block_reset(p, b) ==
		    (uint32_t)NAT_PORT_KINDS * cfg->block;
		p->block[b].fixed = is_fixed(cfg, pool, b % p->per_addr);
		if (!p->block[b].fixed && !full)
			push_block(p, b);
	}
}

static unsigned
family_of(const struct nat_host *host)
{
	return addr_is_v4(&host->inside) ? 0 : 1;
}

/* How many blocks nobody has there. */
static uint16_t
room_at(const struct nat_ports *p, const struct nat_range *range, uint32_t i)
{
	return p->nfree[range->first + i % range->n];
}

/*
 * Two addresses come from the host's own, and the emptier one is taken: so many
 * hosts are spread nearly evenly, and one that comes again mostly gets the
 * address that it had.  If neither has a block left, the next one that has.
 */
static bool
choose_address(const struct nat_ports *p, struct nat_host *host)
{
	unsigned family = family_of(host);
	const struct nat_range *range = &p->cfg->site[host->site].range[family];
	uint64_t hash = nat_host_hash(p, &host->inside);

	if (range->n == 0)
		return false;
	uint32_t one = (uint32_t)(hash % range->n);
	uint32_t other = (uint32_t)(hash >> 32) % range->n;
	uint32_t at = room_at(p, range, one) >= room_at(p, range, other) ? one :
	    other;
	for (uint32_t i = 0; i < range->n; i++) {
		if (room_at(p, range, at + i) == 0)
			continue;
		host->pool = (uint16_t)(range->first + (at + i) % range->n);
		return true;
	}
	return false;
}

static void
give_block(struct nat_ports *p, uint32_t h, uint32_t b, uint64_t since)
{
	struct nat_host *host = &p->host[h];

	block_reset(p, b);
	p->block[b].next = host->blocks;
	host->blocks = b + 1;
	host->nblocks++;
	p->site_blocks[host->site][family_of(host)]++;
	p->used++;
	put_owner(p, b, &host->inside, since, 0);
}

/* The one of its number, if it has one that is not in use. */
static bool
own_block(const struct nat_ports *p, const struct nat_host *host, uint32_t *b)
{
	const struct nat_range *range = &p->cfg->site[host->site].range[0];

	return range->first == p->cfg->fixed.first &&
	    fixed_block(p, &host->inside, b) && p->owner[*b].seal == 0 &&
	    (host->nblocks == 0 || *b / p->per_addr == host->pool);
}

/* ---- rest ---- */

static void
unlink_from(struct nat_ports *p, uint32_t *list, uint32_t b)
{
	while (*list != b + 1)
		list = &p->block[*list - 1].next;
	*list = p->block[b].next;
}

/* The block begins to rest, for that host or (0) for nobody. */
static void
begin_rest(struct nat_ports *p, uint32_t h, uint32_t b)
{
	struct nat_block *block = &p->block[b];

	block->later = 0;
	block->sooner = p->rest_last;
	if (p->rest_last != 0)
		p->block[p->rest_last - 1].later = b + 1;
	else
		p->rest_first = b + 1;
	p->rest_last = b + 1;
	if (h == 0)
		return;
	block->next = p->host[h].resting;
	p->host[h].resting = b + 1;
	p->host[h].nresting++;
}

static void
end_rest(struct nat_ports *p, uint32_t h, uint32_t b)
{
	const struct nat_block *block = &p->block[b];

	if (block->sooner != 0)
		p->block[block->sooner - 1].later = block->later;
	else
		p->rest_first = block->later;
	if (block->later != 0)
		p->block[block->later - 1].sooner = block->sooner;
	else
		p->rest_last = block->sooner;
	p->owner[b].seal = 0;
	p->used--;
	if (h == 0)
		return;
	struct nat_host *host = &p->host[h];
	unlink_from(p, &host->resting, b);
	host->nresting--;
	p->site_blocks[host->site][family_of(host)]--;
}

/* For whom it rests; 0: for nobody. */
static uint32_t
rests_for(const struct nat_ports *p, uint32_t b)
{
	uint32_t h = nat_host_find(p, &p->owner[b].host);
	uint32_t at = h == 0 ? 0 : p->host[h].resting;

	while (at != 0 && at != b + 1)
		at = p->block[at - 1].next;
	return at != 0 ? h : 0;
}

void
nat_block_release(struct nat_ports *p, uint32_t h, uint32_t b, uint32_t now)
{
	struct nat_host *host = &p->host[h];

	unlink_from(p, &host->blocks, b);
	host->nblocks--;
	if (p->block[b].fixed) {
		p->site_blocks[host->site][family_of(host)]--;
		p->owner[b].seal = 0;
		p->used--;
		return;
	}
	put_owner(p, b, &host->inside, p->owner[b].since, now + NAT_REST);
	begin_rest(p, h, b);
}

uint32_t
nat_port_rested(struct nat_ports *p, uint32_t now)
{
	uint32_t first = p->rest_first;

	if (first == 0 || p->owner[first - 1].until > now)
		return 0;
	uint32_t h = rests_for(p, first - 1);
	end_rest(p, h, first - 1);
	push_block(p, first - 1);
	if (h != 0)
		nat_host_leave(p, h);
	return first;
}

/* ---- leases ---- */

static bool
is_over_quota(const struct nat_ports *p, const struct nat_host *host)
{
	const struct nat_config *cfg = p->cfg;
	unsigned family = family_of(host);
	bool shared = cfg->site[host->site].range[family].first ==
	    cfg->shared.range[family].first;

	return host->nblocks + host->nresting >= cfg->host_blocks ||
	    (shared && p->site_blocks[host->site][family] >=
	    cfg->site_blocks[family]);
}

/* One that rests for the host, at the address that it has. */
static bool
rested_block(const struct nat_ports *p, const struct nat_host *host,
    uint32_t *b)
{
	*b = host->resting - 1;
	return host->resting != 0 && *b / p->per_addr == host->pool;
}

/* One that nobody has. */
static bool
free_block(struct nat_ports *p, struct nat_host *host, uint32_t *b)
{
	bool has_address = host->nblocks + host->nresting > 0;

	if (has_address ? p->nfree[host->pool] == 0 : !choose_address(p, host))
		return false;
	*b = pop_block(p, host->pool);
	return true;
}

bool
nat_block_lease(struct nat_ports *p, uint32_t h, uint64_t wall, enum verdict *v)
{
	struct nat_host *host = &p->host[h];
	bool over = is_over_quota(p, host);
	uint32_t b;

	*v = V_NAT_REFUSED;
	if (p->cfg->site[host->site].range[family_of(host)].n == 0)
		return false;
	*v = over ? V_NAT_QUOTA : V_NAT_FULL;
	if (!over && own_block(p, host, &b))
		host->pool = (uint16_t)(b / p->per_addr);
	else if (rested_block(p, host, &b))
		end_rest(p, h, b);
	else if (over || !free_block(p, host, &b))
		return false;
	give_block(p, h, b, wall);
	return true;
}

/* ---- adoption ---- */

/* Takes a block that was on the list of the free ones off it. */
static bool
claim(struct nat_ports *p, uint32_t b)
{
	uint32_t pool = b / p->per_addr;
	uint16_t *list = p->free + (size_t)pool * p->per_addr;

	if (p->owner[b].seal != 0)
		return false;
	if (p->block[b].fixed)
		return true;
	for (uint16_t i = 0; i < p->nfree[pool]; i++)
		if (list[i] == b % p->per_addr) {
			list[i] = list[--p->nfree[pool]];
			return true;
		}
	return false;
}

/* May the host have this very block? */
static bool
may_have(const struct nat_ports *p, const struct nat_host *host, uint32_t b)
{
	unsigned family = family_of(host);
	const struct nat_range *range = &p->cfg->site[host->site].range[family];
	uint32_t pool = b / p->per_addr, own;

	if (pool < range->first || pool - range->first >= range->n ||
	    (host->nblocks + host->nresting > 0 && pool != host->pool))
		return false;
	return !p->block[b].fixed ||
	    (fixed_block(p, &host->inside, &own) && own == b);
}

bool
nat_block_restore(struct nat_ports *p, uint32_t h, uint32_t b, uint64_t since)
{
	if (!may_have(p, &p->host[h], b) || !claim(p, b))
		return false;
	p->host[h].pool = (uint16_t)(b / p->per_addr);
	give_block(p, h, b, since);
	return true;
}

void
nat_block_rest(struct nat_ports *p, uint32_t h, uint32_t b,
    const struct nat_owner *old)
{
	if (!claim(p, b))
		return;
	if (h != 0 && may_have(p, &p->host[h], b)) {
		struct nat_host *host = &p->host[h];
		host->pool = (uint16_t)(b / p->per_addr);
		p->site_blocks[host->site][family_of(host)]++;
	} else {
		h = 0;
	}
	put_owner(p, b, &old->host, old->since, old->until);
	begin_rest(p, h, b);
	p->used++;
}
