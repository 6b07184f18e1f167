/* SPDX-License-Identifier: ISC */
#include "packet/lpm.h"

#include "packet/bits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation.  Each family has a tree.  A node takes several bits at
 * once, the more the more prefixes are below it, so that it has 8 slots for
 * each of them or a little fewer: a large table is hardly deeper than a small
 * one.  Where a whole subtree shares its next bits, a skip compares them at
 * once instead.  Shorter prefixes are pushed down into the slots they cover, so
 * the first leaf met on the way down is the answer and nobody goes back up.
 *
 * Every step is a reference.  Its two lowest bits are its kind.  Above them a
 * leaf has its value, a skip the index of its unit, a node four bits of how
 * many bits it takes and then the index of its first unit.
 */
enum { LEAF, SKIP, NODE, KIND_BITS = 2, KIND_MASK = 3 };
enum {
	LINE = 64,
	SLOTS = 4,			/* in a unit */
	SPARE_BITS = 3,			/* 8 slots a prefix */
	STRIDE_BITS = 4,
	STRIDE_MASK = (1 << STRIDE_BITS) - 1,
	STRIDE_MIN = 1 + SPARE_BITS,	/* of two prefixes */
	STRIDE_MAX = STRIDE_MIN + STRIDE_MASK,
	NODE_SHIFT = KIND_BITS + STRIDE_BITS,
	UNITS_MAX = 1 << (32 - NODE_SHIFT),
	UNITS_EACH = 50,		/* for a prefix, at worst */
	SKIP_MAX = 56,
	SKIP_MASK = 63,
};

typedef uint32_t ref;

/* What goes on with the upper bits of key, as many as its lowest six say, goes
 * to next, all else to miss. */
struct skip {
	uint64_t key;
	ref next, miss;
};

static_assert(sizeof(struct skip) == SLOTS * sizeof(ref), "a unit");
static_assert(LINE % sizeof(struct skip) == 0, "never across two cache lines");

/* Sorted by address, then length: a prefix stands before all that it holds. */
struct item {
	struct bits key;
	uint32_t value;
	uint32_t order;		/* in the caller's list */
	uint8_t len;
};

struct lpm {
	ref root[2];			/* IPv6, IPv4 */
	struct skip *unit;		/* or SLOTS slots of a node; NULL: they
					 * are only counted */
	size_t nunits;
	struct item *item;		/* IPv6, then IPv4; each prefix once */
	size_t nitems, n6;
};

static inline ref *
slots(const struct lpm *t, size_t unit)
{
	return (ref *)&t->unit[unit];
}

static inline ref
leaf(uint32_t value)
{
	return value << KIND_BITS | LEAF;
}

static bool
item_has(const struct item *it, struct bits k)
{
	return bits_common(it->key, k) >= it->len;
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
 * The trees are grown twice: the first time without memory, to count the units,
 * then into exactly so many.
 */
static size_t
allocate_units(struct lpm *t, size_t n)
{
	size_t first = t->nunits;

	t->nunits += n;
	return first;
}

/* Bits `at' to `end' of key lead to next: one skip, or some in a row, the last
 * of them first. */
static ref
put_skips(struct lpm *t, struct bits key, unsigned at, unsigned end, ref next,
    uint32_t covered)
{
	while (end > at) {
		unsigned n = (end - at - 1) % SKIP_MAX + 1;
		size_t u = allocate_units(t, 1);

		end -= n;
		if (t->unit != NULL)
			t->unit[u] = (struct skip){ .next = next,
				.key = (bits_from(key, end) &
				    ~(uint64_t)SKIP_MASK) | n,
				.miss = leaf(covered) };
		next = (ref)u << KIND_BITS | SKIP;
	}
	return next;
}

static ref grow(struct lpm *t, const struct item *it, size_t n, unsigned depth,
    uint32_t covered);

/*
 * Fills the slots of a node, if there are any yet, for the `stride' bits that
 * follow bit `depth' of n items, all longer than that.  What covers all of them
 * is in every slot already.  One that covers slots whole comes before those
 * within them.
 */
static void
fill(struct lpm *t, ref *slot, const struct item *it, size_t n, unsigned depth,
    unsigned stride)
{
	const unsigned below = depth + stride, shift = 64 - stride;

	for (size_t i = 0; i < n;) {
		const size_t first = i, s = bits_from(it[i].key, depth) >>
		    shift;
		if (it[i].len < below) {
			size_t many = (size_t)1 << (below - it[i].len);
			for (size_t k = 0; slot != NULL && k < many; k++)
				slot[s + k] = leaf(it[i].value);
			i++;
			continue;
		}
		while (i < n && bits_from(it[i].key, depth) >> shift == s)
			i++;
		ref sub = grow(t, it + first, i - first, below,
		    slot != NULL ? slot[s] >> KIND_BITS : LPM_NONE);
		if (slot != NULL)
			slot[s] = sub;
	}
}

/* Of two items at least, which part at bit `depth'. */
static ref
put_node(struct lpm *t, const struct item *it, size_t n, unsigned depth,
    uint32_t covered)
{
	unsigned stride = 63 - (unsigned)__builtin_clzll(n) + SPARE_BITS;

	if (stride > STRIDE_MAX)
		stride = STRIDE_MAX;
	size_t many = (size_t)1 << stride, u = allocate_units(t, many / SLOTS);
	ref *slot = t->unit != NULL ? slots(t, u) : NULL;
	for (size_t i = 0; slot != NULL && i < many; i++)
		slot[i] = leaf(covered);
	fill(t, slot, it, n, depth, stride);
	return (ref)u << NODE_SHIFT | (ref)(stride - STRIDE_MIN) << KIND_BITS |
	    NODE;
}

/* The tree of items that share their first `depth' bits, none shorter. */
static ref
grow(struct lpm *t, const struct item *it, size_t n, unsigned depth,
    uint32_t covered)
{
	if (n > 0 && it->len == depth) {
		covered = it->value;
		it++;
		n--;
	}
	if (n == 0)
		return leaf(covered);
	/* sorted, so what the first and the last share they all share */
	unsigned common = bits_common(it[0].key, it[n - 1].key);
	if (common > it->len)
		common = it->len;
	if (common == depth)
		return put_node(t, it, n, depth, covered);
	return put_skips(t, it->key, depth, common,
	    grow(t, it, n, common, covered), covered);
}

/* IPv6 addresses start at bit 0, IPv4 ones at bit 96. */
static void
grow_both(struct lpm *t)
{
	t->nunits = 0;
	t->root[0] = grow(t, t->item, t->n6, 0, LPM_NONE);
	t->root[1] = grow(t, t->item + t->n6, t->nitems - t->n6, PREFIX_V4,
	    LPM_NONE);
}

static void
sort_items(struct lpm *t, const struct lpm_entry *e, size_t n)
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
allocate_memory(struct lpm *t, size_t units)
{
	size_t size = (units * sizeof(*t->unit) / LINE + 1) * LINE;

	t->unit = units > UNITS_MAX ? NULL : aligned_alloc(LINE, size);
	return t->unit != NULL;
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
 * Room for the worst case.  A prefix's part of a node is 8 slots, two units.  A
 * node parts the prefixes that came to it, so each that is further down has
 * fewer: at most 2 take 4 bits, 4 take 5, 8 take 6, the others 7 or more, which
 * is 22 until all 128 bits are taken.  There are fewer nodes than prefixes, and
 * a skip, of three units at most, leads to a node or to where a prefix ends: 22
 * times 2 and 2 times 3.  Pages that are never written cost nothing.
 */
struct lpm *
lpm_new(size_t room)
{
	struct lpm *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->item = calloc(room + 1, sizeof(*t->item));
	if (t->item != NULL && allocate_memory(t, UNITS_EACH * room))
		return t;
	lpm_free(t);
	errno = ENOMEM;
	return NULL;
}

void
lpm_refill(struct lpm *t, const struct lpm_entry *e, size_t n)
{
	t->nitems = n;
	t->n6 = 0;
	for (size_t i = 0; i < n; i++) {
		t->item[i] = (struct item){ .key = bits_of(&e[i].prefix.addr),
			.value = e[i].value, .len = e[i].prefix.len };
		t->n6 += !item_v4(&t->item[i]);
	}
	grow_both(t);
}

struct lpm *
lpm_new_of(struct lpm_entry *e, size_t n)
{
	struct lpm *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->item = calloc(n + 1, sizeof(*t->item));
	if (t->item != NULL) {
		sort_items(t, e, n);
		grow_both(t);
		if (allocate_memory(t, t->nunits)) {
			grow_both(t);
			return t;
		}
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
	free(t->unit);
	free(t->item);
	free(t);
}

/* A look-up under way: what was come to, and the bits that are left. */
struct walk {
	struct bits left;
	ref at;
};

static inline struct walk
walk_start(const struct lpm *t, const struct addr *a)
{
	struct bits k = bits_of(a);
	bool v4 = bits_v4(k);

	if (v4)
		k = (struct bits){ k.lo << 32, 0 };
	return (struct walk){ .left = k, .at = t->root[v4] };
}

/* It has not come to a leaf yet. */
static inline void
walk_on(const struct lpm *t, struct walk *w)
{
	const uint64_t hi = w->left.hi;
	unsigned used;

	if ((w->at & KIND_MASK) == SKIP) {
		const struct skip *s = &t->unit[w->at >> KIND_BITS];
		used = s->key & SKIP_MASK;
		w->at = (s->key ^ hi) >> (64 - used) != 0 ? s->miss : s->next;
	} else {
		used = (w->at >> KIND_BITS & STRIDE_MASK) + STRIDE_MIN;
		w->at = slots(t, w->at >> NODE_SHIFT)[hi >> (64 - used)];
	}
	w->left.hi = hi << used | w->left.lo >> (64 - used);
	w->left.lo <<= used;
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
	return sizeof(*t) + t->nunits * sizeof(struct skip) +
	    t->nitems * sizeof(struct item);
}
