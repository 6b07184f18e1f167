/* SPDX-License-Identifier: ISC */
#include "net/lpm.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation.  Each family has a root array indexed by the first 16
 * bits of its addresses.  Below it stand nodes of 16 slots, one cache line
 * each, that take 4 bits; where many prefixes part, 16 of them in a row are a
 * wide node that takes 8 bits in one step.  Where a whole subtree shares its
 * next bits, a skip compares them at once instead (a host in an otherwise empty
 * /16 is one skip, not four nodes).  Shorter prefixes are pushed down into the
 * slots they cover, so the first leaf met on the way down is the answer and
 * nobody goes back up.
 *
 * Every step is a reference: two bits of kind, thirty of value or index.  The
 * reference 0 is the leaf LPM_NONE, so an empty root is zero pages.
 */
enum { LEAF, SKIP, NODE, WIDE, KIND_BITS = 2, KIND_MASK = 3 };
enum {
	ROOT_BITS = 16,
	ROOT_SLOTS = 1 << ROOT_BITS,
	STRIDE = 4,
	NODE_SLOTS = 1 << STRIDE,
	LINE = 64,
	WIDE_STRIDE = 8,
	WIDE_NODES = 1 << (WIDE_STRIDE - STRIDE),
	WIDE_FROM = 24,		/* prefixes that are worth one */
};

typedef uint32_t ref;

struct node {
	ref slot[NODE_SLOTS];
};
static_assert(sizeof(struct node) == LINE, "a node is a cache line");

/* An address as two numbers. */
struct bits {
	uint64_t hi, lo;
};

/* Those whose first len bits are these go on to next, the others get miss. */
struct skip {
	struct bits key;
	ref next;
	uint32_t miss;
	uint32_t len;		/* a multiple of STRIDE if next is no leaf */
	uint32_t pad;
};
static_assert(sizeof(struct skip) == LINE / 2, "two skips a cache line");

/* Sorted by address, then length: a prefix stands before all that it holds. */
struct item {
	struct bits key;
	uint32_t value;
	uint32_t order;		/* in the caller's list */
	uint8_t len;
};

struct lpm {
	ref *root4, *root6;
	struct node *node;
	struct skip *skip;
	struct item *item;	/* IPv6, then IPv4; each prefix once */
	uint32_t nnodes, nskips;
	size_t nitems, n6;
};

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline struct bits
bits_of(const struct addr *a)
{
	return (struct bits){ load64(a->b), load64(a->b + 8) };
}

static inline bool
bits_v4(struct bits k)
{
	return k.hi == 0 && k.lo >> 32 == 0xffff;
}

/* The n bits that start at bit `at'; they do not straddle bit 64. */
static inline unsigned
bits_at(struct bits k, unsigned at, unsigned n)
{
	uint64_t w = at < 64 ? k.hi : k.lo;

	return (unsigned)(w << (at & 63) >> (64 - n));
}

/* Whether the first len bits differ; len is not 0. */
static inline bool
bits_differ(struct bits a, struct bits b, unsigned len)
{
	if (len <= 64)
		return (a.hi ^ b.hi) >> (64 - len) != 0;
	return ((a.hi ^ b.hi) | (a.lo ^ b.lo) >> (128 - len)) != 0;
}

static unsigned
bits_common(struct bits a, struct bits b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	if (a.lo != b.lo)
		return 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo);
	return 128;
}

static inline ref
leaf(uint32_t value)
{
	return value << KIND_BITS | LEAF;
}

static bool
item_has(const struct item *it, struct bits k)
{
	return it->len == 0 || !bits_differ(it->key, k, it->len);
}

static bool
item_v4(const struct item *it)
{
	return it->len >= PREFIX_V4 && bits_v4(it->key);
}

/* IPv6 first, and what comes later in the caller's list first of equals. */
static int
item_compare(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	if (item_v4(a) != item_v4(b))
		return item_v4(a) ? 1 : -1;
	if (a->key.hi != b->key.hi)
		return a->key.hi < b->key.hi ? -1 : 1;
	if (a->key.lo != b->key.lo)
		return a->key.lo < b->key.lo ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

/*
 * The table is grown twice: the first time without memory, to count the nodes
 * and skips, then into arrays of exactly that size.
 */
static uint32_t
put_nodes(struct lpm *t, const struct node *n, uint32_t count)
{
	uint32_t first = t->nnodes;

	if (t->node != NULL)
		memcpy(&t->node[first], n, count * sizeof(*n));
	t->nnodes += count;
	return first;
}

static ref
put_skip(struct lpm *t, const struct skip *s)
{
	if (t->skip != NULL)
		t->skip[t->nskips] = *s;
	return t->nskips++ << KIND_BITS | SKIP;
}

static ref grow(struct lpm *t, const struct item *it, size_t n, unsigned depth,
    uint32_t covered);

/*
 * Fills the slots for the `stride' bits that follow bit `depth' of n items,
 * none of them shorter than depth.  What covers all of them is in every slot
 * already.  Within a slot the prefixes that cover it whole come first and go
 * into it and those after; the rest are its subtree.
 */
static void
fill(struct lpm *t, ref *slot, const struct item *it, size_t n, unsigned depth,
    unsigned stride)
{
	unsigned below = depth + stride;

	for (size_t i = 0; i < n;) {
		size_t s = bits_at(it[i].key, depth, stride);
		for (; i < n && it[i].len <= below &&
		    bits_at(it[i].key, depth, stride) == s; i++)
			for (size_t k = 0; k < (size_t)1 << (below - it[i].len);
			    k++)
				slot[s + k] = leaf(it[i].value);
		size_t first = i;
		while (i < n && bits_at(it[i].key, depth, stride) == s)
			i++;
		if (i > first)
			slot[s] = grow(t, it + first, i - first, below,
			    slot[s] >> KIND_BITS);
	}
}

/* The subtree of items that share their first `depth' bits and are longer. */
static ref
grow(struct lpm *t, const struct item *it, size_t n, unsigned depth,
    uint32_t covered)
{
	struct node node[WIDE_NODES];
	struct skip s = { .key = it->key, .miss = covered, .len = it->len,
	    .next = leaf(it->value) };

	if (n == 1)
		return put_skip(t, &s);
	/* sorted, so what the first and the last share they all share */
	unsigned common = bits_common(it[0].key, it[n - 1].key);
	if (common > it->len)
		common = it->len;
	unsigned at = common - common % STRIDE;
	/* bits_at does not straddle bit 64, and there are 128 */
	bool wide = n >= WIDE_FROM && at != 60 && at != 124;
	uint32_t count = wide ? WIDE_NODES : 1;
	for (uint32_t i = 0; i < count * NODE_SLOTS; i++)
		node[i / NODE_SLOTS].slot[i % NODE_SLOTS] = leaf(covered);
	fill(t, node[0].slot, it, n, at, wide ? WIDE_STRIDE : STRIDE);
	s.next = put_nodes(t, node, count) << KIND_BITS |
	    (ref)(wide ? WIDE : NODE);
	s.len = at;
	return at > depth ? put_skip(t, &s) : s.next;
}

/* IPv6 addresses start at bit 0, IPv4 ones at bit 96. */
static void
fill_roots(struct lpm *t)
{
	fill(t, t->root6, t->item, t->n6, 0, ROOT_BITS);
	fill(t, t->root4, t->item + t->n6, t->nitems - t->n6, PREFIX_V4,
	    ROOT_BITS);
}

static bool
grow_roots(struct lpm *t)
{
	free(t->root4);
	free(t->root6);
	t->root4 = calloc(ROOT_SLOTS, sizeof(ref));
	t->root6 = calloc(ROOT_SLOTS, sizeof(ref));
	if (t->root4 == NULL || t->root6 == NULL)
		return false;
	t->nnodes = t->nskips = 0;
	fill_roots(t);
	return true;
}

static void
take_items(struct lpm *t, const struct lpm_entry *e, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		assert(e[i].value <= LPM_VALUE_MAX);
		t->item[i] = (struct item){ .key = bits_of(&e[i].prefix.addr),
			.value = e[i].value, .order = (uint32_t)i,
			.len = e[i].prefix.len };
	}
	qsort(t->item, n, sizeof(*t->item), item_compare);
	for (size_t i = 0; i < n; i++) {
		const struct item *it = &t->item[i];
		struct item *last = &t->item[kept - (kept > 0)];
		if (kept > 0 && last->len == it->len &&
		    bits_common(last->key, it->key) == 128)
			continue;
		t->item[kept++] = *it;
		t->n6 += !item_v4(it);
	}
	t->nitems = kept;
}

static bool
take_memory(struct lpm *t)
{
	t->node = aligned_alloc(LINE, (t->nnodes + 1) * sizeof(*t->node));
	t->skip = aligned_alloc(LINE, ((t->nskips + 2) & ~(size_t)1) *
	    sizeof(*t->skip));
	return t->node != NULL && t->skip != NULL;
}

int
lpm_order(const struct lpm_entry *a, const struct lpm_entry *b)
{
	struct item ia = { .key = bits_of(&a->prefix.addr),
		.len = a->prefix.len };
	struct item ib = { .key = bits_of(&b->prefix.addr),
		.len = b->prefix.len };

	if (ia.len == ib.len && bits_common(ia.key, ib.key) == 128)
		return 0;
	return item_compare(&ia, &ib);
}

/*
 * Room for the worst case.  A node parts its prefixes or ends at least one of
 * them, so there are fewer than two for each prefix; a wide one stands for
 * WIDE_FROM at least, and no prefix has more than 14 of them above it.  A skip
 * leads to a node or to one prefix.  Pages that are never written cost nothing.
 */
struct lpm *
lpm_reserve(size_t room)
{
	struct lpm *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->item = calloc(room + 1, sizeof(*t->item));
	t->root4 = calloc(ROOT_SLOTS, sizeof(ref));
	t->root6 = calloc(ROOT_SLOTS, sizeof(ref));
	t->nnodes = (uint32_t)(2 * room + 14 * WIDE_NODES * (room / WIDE_FROM));
	t->nskips = (uint32_t)(3 * room);
	if (t->item != NULL && t->root4 != NULL && t->root6 != NULL &&
	    take_memory(t)) {
		t->nnodes = t->nskips = 0;
		return t;
	}
	lpm_free(t);
	errno = ENOMEM;
	return NULL;
}

void
lpm_refill(struct lpm *t, const struct lpm_entry *e, size_t n)
{
	memset(t->root4, 0, ROOT_SLOTS * sizeof(ref));
	memset(t->root6, 0, ROOT_SLOTS * sizeof(ref));
	t->nitems = n;
	t->n6 = t->nnodes = t->nskips = 0;
	for (size_t i = 0; i < n; i++) {
		t->item[i] = (struct item){ .key = bits_of(&e[i].prefix.addr),
			.value = e[i].value, .len = e[i].prefix.len };
		t->n6 += !item_v4(&t->item[i]);
	}
	fill_roots(t);
}

struct lpm *
lpm_build(struct lpm_entry *e, size_t n)
{
	struct lpm *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->item = calloc(n + 1, sizeof(*t->item));
	if (t->item != NULL) {
		take_items(t, e, n);
		if (grow_roots(t) && take_memory(t) && grow_roots(t))
			return t;
	}
	lpm_free(t);
	errno = ENOMEM;
	return NULL;
}

void
lpm_free(struct lpm *t)
{
	if (t == NULL)
		return;
	free(t->skip);
	free(t->node);
	free(t->root6);
	free(t->root4);
	free(t->item);
	free(t);
}

/* A look-up under way: what was come to, and how many bits led there. */
struct walk {
	struct bits key;
	ref at;
	unsigned depth;
};

static inline struct walk
walk_start(const struct lpm *t, const struct addr *a)
{
	struct bits k = bits_of(a);
	bool v4 = bits_v4(k);

	return (struct walk){ .key = k,
		.at = v4 ? t->root4[bits_at(k, PREFIX_V4, ROOT_BITS)] :
		    t->root6[bits_at(k, 0, ROOT_BITS)],
		.depth = v4 ? PREFIX_V4 + ROOT_BITS : ROOT_BITS };
}

/* It has not come to a leaf yet. */
static inline void
walk_on(const struct lpm *t, struct walk *w)
{
	const ref kind = w->at & KIND_MASK;

	if (kind == SKIP) {
		const struct skip *s = &t->skip[w->at >> KIND_BITS];
		bool miss = bits_differ(s->key, w->key, s->len);
		w->at = miss ? leaf(s->miss) : s->next;
		w->depth = s->len;
		return;
	}
	unsigned stride = kind == WIDE ? WIDE_STRIDE : STRIDE;
	/* a wide one's slots are those of nodes in a row */
	unsigned at = bits_at(w->key, w->depth, stride);
	const struct node *n = &t->node[w->at >> KIND_BITS];
	w->at = n[at / NODE_SLOTS].slot[at % NODE_SLOTS];
	w->depth += stride;
}

uint32_t
lpm_lookup(const struct lpm *t, const struct addr *a)
{
	struct walk w = walk_start(t, a);

	while ((w.at & KIND_MASK) != LEAF)
		walk_on(t, &w);
	return w.at >> KIND_BITS;
}

void
lpm_lookup_two(const struct lpm *t, const struct addr *a, const struct addr *b,
    uint32_t value[2])
{
	struct walk w = walk_start(t, a), x = walk_start(t, b);

	while (((w.at | x.at) & KIND_MASK) != LEAF) {
		if ((w.at & KIND_MASK) != LEAF)
			walk_on(t, &w);
		if ((x.at & KIND_MASK) != LEAF)
			walk_on(t, &x);
	}
	value[0] = w.at >> KIND_BITS;
	value[1] = x.at >> KIND_BITS;
}

/* Walks the whole list, so it answers even for a table that grew wrong. */
uint32_t
lpm_explain(const struct lpm *t, const struct addr *a, struct prefix *p)
{
	struct bits k = bits_of(a);
	const struct item *best = NULL;

	for (size_t i = 0; i < t->nitems; i++) {
		const struct item *it = &t->item[i];
		if (item_v4(it) == bits_v4(k) && item_has(it, k) &&
		    (best == NULL || it->len >= best->len))
			best = it;
	}
	if (best == NULL)
		return LPM_NONE;
	p->len = best->len;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t w = i < 8 ? best->key.hi : best->key.lo;
		p->addr.b[i] = (uint8_t)(w >> (56 - 8 * (i & 7)));
	}
	return best->value;
}

size_t
lpm_size(const struct lpm *t)
{
	return sizeof(*t) + 2 * ROOT_SLOTS * sizeof(ref) +
	    t->nnodes * sizeof(struct node) + t->nskips * sizeof(struct skip) +
	    t->nitems * sizeof(struct item);
}
