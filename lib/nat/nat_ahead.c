/* SPDX-License-Identifier: ISC */
/* Fetching ahead what the packets of a burst will need, so that they wait for
 * memory together.  Nothing follows from it but time: what is read here may be
 * another packet's by the time that it is taken, or none. */
#include "nat/nat.h"

#include <string.h>

/* A table with so few flows is in the processor's memory anyway. */
enum { FEW = 2048 };

/* Where a header has what a flow is known by; no extension header. */
static const struct places {
	uint8_t src, dst, len, proto, l4;
} places[] = { { 12, 16, 4, 9, 20 }, { 8, 24, 16, 6, 40 } };

static struct addr
addr_at(const uint8_t *p, uint8_t len)
{
	return len == 4 ? addr_from_v4(p) : addr_from_v6(p);
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool
read_key(struct nat_key *k, enum nat_dir dir, const uint8_t *p, size_t n)
{
	const struct places *at = &places[n > 0 && p[0] >> 4 == 6];
	bool out = dir == NAT_OUTWARD;

	if (n < at->l4 + 8u || (p[0] >> 4 == 4 && p[0] != 0x45))
		return false;
	const uint8_t *l4 = p + at->l4;
	*k = (struct nat_key){ .proto = p[at->proto],
		.local = addr_at(p + (out ? at->src : at->dst), at->len),
		.remote = addr_at(p + (out ? at->dst : at->src), at->len) };
	if (k->proto == PROTO_ICMP || k->proto == PROTO_ICMP6) {
		k->local_port = get16(l4 + 4);
		return true;
	}
	k->local_port = get16(l4 + (out ? 0 : 2));
	k->remote_port = get16(l4 + (out ? 2 : 0));
	return true;
}

bool
nat_is_large(const struct nat *n)
{
	return n->table.used >= FEW;
}

uint64_t
nat_foresee(const struct nat *n, enum nat_dir dir, const uint8_t *p,
    size_t len)
{
	struct nat_key k;

	if (!read_key(&k, dir, p, len))
		return 0;
	return nat_table_hash(&n->table, dir == NAT_OUTWARD ? NAT_OUT : NAT_IN,
	    &k);
}

void
nat_fetch(const struct nat *n, enum nat_dir dir, uint64_t foreseen)
{
	if (foreseen != 0)
		nat_table_guess(&n->table, dir == NAT_OUTWARD ? NAT_OUT :
		    NAT_IN, foreseen);
}
