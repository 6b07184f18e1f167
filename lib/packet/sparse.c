/* SPDX-License-Identifier: ISC */
#include "packet/sparse.h"

#include "packet/wire.h"

#include <string.h>

static_assert((SPARSE_PLACES & (SPARSE_PLACES - 1)) == 0, "a mask");

static inline uint64_t
mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static inline uint16_t
place(uint64_t h)
{
	return (uint16_t)(h & (SPARSE_PLACES - 1));
}

/* What is known of a flow besides its addresses; l4: where that stands. */
static bool
find_flow(uint8_t proto, const uint8_t *p, size_t l4, size_t n, uint64_t *flow)
{
	uint32_t ports = 0;

	if (proto == PROTO_TCP || proto == PROTO_UDP) {
		if (n < l4 + sizeof(ports))
			return false;
		memcpy(&ports, p + l4, sizeof(ports));
	} else if (proto != PROTO_ICMP && proto != PROTO_ICMP6) {
		return false;
	}
	*flow = (uint64_t)ports << 8 | proto;
	return true;
}

static struct sparse_id
id_of(uint64_t pair, bool known, uint64_t flow)
{
	return (struct sparse_id){ .pair = place(pair), .known = known,
		.flow = place(mix(pair + flow)) };
}

struct sparse_id
sparse_id(const uint8_t *p, size_t n)
{
	const struct ip4_hdr *v4 = (const void *)p;
	const struct ip6_hdr *v6 = (const void *)p;
	uint64_t a[4] = { 0 }, flow = 0;

	if (n >= sizeof(*v4) && p[0] >> 4 == 4) {
		memcpy(a, p + offsetof(struct ip4_hdr, src),
		    2 * sizeof(v4->src));
		bool whole = (be16_get(v4->frag) &
		    (IP4_MF | IP4_OFFSET)) == 0 && find_flow(v4->proto, p,
		    (p[0] & 15) * 4u, n, &flow);
		return id_of(mix(a[0]), whole, flow);
	}
	if (n >= sizeof(*v6) && p[0] >> 4 == 6) {
		memcpy(a, p + offsetof(struct ip6_hdr, src),
		    2 * sizeof(v6->src));
		bool whole = find_flow(v6->next, p, sizeof(*v6), n, &flow);
		return id_of(mix(mix(mix(mix(a[0]) + a[1]) + a[2]) + a[3]),
		    whole, flow);
	}
	return id_of(0, false, 0);
}

bool
sparse_is(const struct sparse *s, struct sparse_id id, uint64_t gone)
{
	return id.known && s->end[id.flow] <= gone && s->end[id.pair] <= gone;
}

void
sparse_queue(struct sparse *s, struct sparse_id id, uint64_t end)
{
	s->end[id.known ? id.flow : id.pair] = end;
}
