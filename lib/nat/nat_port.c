/* SPDX-License-Identifier: ISC */
#include "nat/nat_block.h"

#include "packet/wire.h"

enum { EVEN, ODD, EITHER };

static const uint64_t parity_mask[] = {
	[EVEN] = 0x5555555555555555, [ODD] = 0xaaaaaaaaaaaaaaaa,
	[EITHER] = UINT64_MAX,
};

/* A free port of the block, beginning at a random one; -1: none. */
static int
find_port(const struct nat_ports *p, uint32_t b, unsigned kind, int parity,
    uint64_t random)
{
	const uint64_t *bits = nat_block_bits(p, b, kind);
	unsigned turn = random % 64;
	uint64_t start = (random >> 6) % p->words;

	for (uint32_t i = 0; i < p->words; i++) {
		uint64_t w = (start + i) % p->words;
		uint64_t free = ~bits[w] & parity_mask[parity];
		if (free == 0)
			continue;
		uint64_t turned = turn == 0 ? free :
		    free >> turn | free << (64 - turn);
		unsigned bit = (unsigned)__builtin_ctzll(turned);
		return (int)(w * 64 + (bit + turn) % 64);
	}
	return -1;
}

static uint16_t
find_and_mark(struct nat_ports *p, uint32_t b, unsigned kind, int parity)
{
	struct nat_block *block = &p->block[b];
	uint16_t pool, first, last;

	if (block->used[kind] == p->cfg->block)
		return 0;
	int bit = find_port(p, b, kind, parity, nat_ports_random(p));
	if (bit < 0)
		return 0;
	nat_block_range(p, b, &pool, &first, &last);
	nat_block_bits(p, b, kind)[bit / 64] |= UINT64_C(1) << bit % 64;
	block->used[kind]++;
	return (uint16_t)(first + bit);
}

/* RFC 7857 8 lets parity go; what needs it is UDP (RTP beside RTCP). */
uint16_t
nat_port_lease(struct nat_ports *p, uint32_t h, uint8_t proto, uint16_t like,
    uint64_t wall, uint32_t *leased, enum verdict *v)
{
	unsigned kind = nat_port_kind(proto);
	int parity = kind != NAT_UDP_PORTS ? EITHER : like % 2 == 0 ? EVEN :
	    ODD;
	struct nat_host *host = &p->host[h];
	uint16_t port = 0;

	*leased = 0;
	for (uint32_t b = host->blocks; b != 0 && port == 0;
	    b = p->block[b - 1].next)
		port = find_and_mark(p, b - 1, kind, parity);
	if (port == 0 && nat_block_lease(p, h, wall, v)) {
		*leased = host->blocks;
		port = find_and_mark(p, host->blocks - 1, kind, parity);
	}
	return port;
}

uint32_t
nat_port_release(struct nat_ports *p, uint32_t h, uint8_t proto, uint16_t port,
    uint32_t now)
{
	struct nat_host *host = &p->host[h];
	unsigned kind = nat_port_kind(proto);
	uint32_t b = nat_block_of(p, host->pool, port);
	uint32_t bit = (uint32_t)(port - NAT_PORT_FIRST) % p->cfg->block;
	struct nat_block *block = &p->block[b];

	nat_block_bits(p, b, kind)[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	block->used[kind]--;
	if (block->used[0] + block->used[1] + block->used[2] > 0)
		return 0;
	nat_block_release(p, h, b, now);
	return b + 1;
}

bool
nat_port_restore(struct nat_ports *p, uint32_t h, uint8_t proto, uint16_t port)
{
	unsigned kind = nat_port_kind(proto);
	uint32_t b = nat_block_of(p, p->host[h].pool, port);
	uint32_t bit = (uint32_t)(port - NAT_PORT_FIRST) % p->cfg->block;

	if (b == UINT32_MAX || p->owner[b].seal == 0 ||
	    p->owner[b].until != 0 ||
	    !addr_eq(&p->owner[b].host, &p->host[h].inside))
		return false;
	uint64_t *word = &nat_block_bits(p, b, kind)[bit / 64];
	if (*word >> bit % 64 & 1)
		return false;
	*word |= UINT64_C(1) << bit % 64;
	p->block[b].used[kind]++;
	return true;
}
