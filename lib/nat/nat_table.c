/* SPDX-License-Identifier: ISC */
#include "nat/nat_table.h"

#include "nat/nat_hash.h"

#include <stdatomic.h>

static_assert(sizeof(struct nat_key) == 40, "no padding in what is hashed");
static_assert(NAT_KEY == 16, "SipHash-2-4");

/* An entry has so many bits for the distance; FAR: it is that or more. */
enum { DISTANCE_BITS = 4, FAR = (1 << DISTANCE_BITS) - 1 };

static bool
is_whole(enum nat_index which)
{
	return which == NAT_OUT || which == NAT_IN;
}

/* A mapping's key is the flow's without its remote end. */
static uint64_t
hash_v6(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	struct nat_key m = { .local = k->local, .proto = k->proto,
		.local_port = k->local_port };

	return nat_hash(t->key, is_whole(which) ? k : &m, sizeof(m));
}

/* Of IPv4 only what can differ. */
static uint64_t
hash_of(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	bool whole = is_whole(which);
	uint32_t few[4];

	if (!addr_is_v4(&k->local))
		return hash_v6(t, which, k);
	memcpy(&few[0], k->local.b + 12, 4);
	few[1] = (uint32_t)k->local_port << 16 | k->proto;
	memcpy(&few[2], k->remote.b + 12, 4);
	few[3] = k->remote_port;
	return nat_hash(t->key, few, whole ? sizeof(few) : sizeof(few) / 2);
}

static struct nat_key
key_of(const struct nat_flow *f, enum nat_index which)
{
	bool in = which == NAT_IN || which == NAT_OUTSIDE;
	struct nat_key k = { .proto = f->proto,
		.local = in ? f->outside : f->inside,
		.local_port = in ? f->outside_port : f->inside_port };

	if (is_whole(which)) {
		k.remote = f->remote;
		k.remote_port = f->remote_port;
	}
	return k;
}

static bool
same_local(const struct nat_flow *f, enum nat_index which,
    const struct nat_key *k)
{
	if (which == NAT_IN || which == NAT_OUTSIDE)
		return f->outside_port == k->local_port &&
		    f->proto == k->proto && addr_eq(&f->outside, &k->local);
	return f->inside_port == k->local_port && f->proto == k->proto &&
	    addr_eq(&f->inside, &k->local);
}

static bool
same_flow(const struct nat_flow *f, enum nat_index which,
    const struct nat_key *k)
{
	return same_local(f, which, k) && (!is_whole(which) ||
	    (f->remote_port == k->remote_port &&
	    addr_eq(&f->remote, &k->remote)));
}

/* ---- indexes ---- */

static uint32_t
first_of(const struct nat_table *t, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * t->entries >> 32);
}

static uint32_t
after(const struct nat_table *t, uint32_t at)
{
	return at + 1 < t->entries ? at + 1 : 0;
}

static uint32_t
number(const struct nat_table *t, uint32_t entry)
{
	return entry & ((UINT32_C(1) << t->bits) - 1);
}

/* An entry without its number. */
static uint32_t
mark(const struct nat_table *t, uint64_t hash, uint32_t distance)
{
	uint32_t d = distance < FAR ? distance : FAR;

	return ((uint32_t)(hash >> 32) << DISTANCE_BITS | d) << t->bits;
}

static void
index_put(struct nat_table *t, enum nat_index which, uint32_t i, uint64_t h)
{
	uint32_t at = first_of(t, h), distance = 0;

	for (; t->entry[which][at] != 0; at = after(t, at))
		distance++;
	t->entry[which][at] = mark(t, h, distance) | i;
}

/* Where the flow's entry is; it is there (but for heads of mappings: else that
 * of none). */
static uint32_t
index_find(const struct nat_table *t, enum nat_index which, uint32_t i,
    uint64_t hash)
{
	uint32_t at = first_of(t, hash);

	while (t->entry[which][at] != 0 &&
	    number(t, t->entry[which][at]) != i)
		at = after(t, at);
	return at;
}

/* What an entry becomes that moves back by so many; 0: it cannot. */
static uint32_t
moved(const struct nat_table *t, enum nat_index which, uint32_t at,
    uint32_t by)
{
	uint32_t e = t->entry[which][at], i = number(t, e);
	uint32_t distance = e >> t->bits & FAR;

	if (distance < FAR)
		return distance < by ? 0 : e - (by << t->bits);
	struct nat_key k = key_of(&t->flow[i], which);
	uint64_t h = hash_of(t, which, &k);
	uint32_t first = first_of(t, h);
	distance = at >= first ? at - first : at + t->entries - first;
	return distance < by ? 0 : mark(t, h, distance - by) | i;
}

/* The entries behind it, up to the next gap, close the one that it leaves. */
static void
index_remove(struct nat_table *t, enum nat_index which, uint32_t at)
{
	uint32_t *entry = t->entry[which], gap = at, by = 1;

	for (at = after(t, at); entry[at] != 0; at = after(t, at), by++) {
		uint32_t e = moved(t, which, at, by);
		if (e == 0)
			continue;
		entry[gap] = e;
		gap = at;
		by = 0;
	}
	entry[gap] = 0;
}

uint64_t
nat_table_hash(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	uint64_t h = hash_of(t, which, k);

	__builtin_prefetch(&t->entry[which][first_of(t, h)]);
	return h;
}

uint32_t
nat_table_guess(const struct nat_table *t, enum nat_index which,
    uint64_t hash)
{
	uint32_t at = first_of(t, hash), distance = 0, e;

	for (; (e = t->entry[which][at]) != 0; at = after(t, at)) {
		uint32_t i = number(t, e);
		if (e - i != mark(t, hash, distance++))
			continue;
		__builtin_prefetch(&t->flow[i], 1);
		__builtin_prefetch(&t->run[i], 1);	/* may be two lines */
		__builtin_prefetch(&t->run[i].site, 1);
		return i;
	}
	return 0;
}

uint32_t
nat_table_find_hashed(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k, uint64_t hash)
{
	uint32_t at = first_of(t, hash), distance = 0, e;

	for (; (e = t->entry[which][at]) != 0; at = after(t, at)) {
		uint32_t i = number(t, e);
		if (e - i != mark(t, hash, distance++))
			continue;
		__builtin_prefetch(&t->run[i].tcp);	/* comes next */
		if (same_flow(&t->flow[i], which, k))
			return i;
	}
	return 0;
}

uint32_t
nat_table_find(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	return nat_table_find_hashed(t, which, k, hash_of(t, which, k));
}

/* ---- records ---- */

uint32_t
nat_table_seal(const struct nat_flow *f)
{
	static const char flow[NAT_KEY] = "backhaul flow";

	return nat_seal(flow, f, offsetof(struct nat_flow, seal));
}

/* Of all indexes, so that memory is fetched from all at once. */
struct hashes {
	uint64_t of[NAT_INDEXES];
};

static struct hashes
hash_flow(const struct nat_table *t, uint32_t i)
{
	struct hashes h;

	for (int which = 0; which < NAT_INDEXES; which++) {
		struct nat_key k = key_of(&t->flow[i], which);
		h.of[which] = nat_table_hash(t, which, &k);
	}
	return h;
}

/* Into the ring of its mapping, or as a ring of its own. */
static void
ring_add(struct nat_table *t, uint32_t i, const struct hashes *h)
{
	struct nat_key k = key_of(&t->flow[i], NAT_INSIDE);
	uint32_t head = nat_table_find_hashed(t, NAT_INSIDE, &k,
	    h->of[NAT_INSIDE]);
	struct nat_link *l = &t->link[i];

	if (head == 0 || t->flow[head].outside_port !=
	    t->flow[i].outside_port ||
	    !addr_eq(&t->flow[head].outside, &t->flow[i].outside)) {
		l->next = l->prev = i;
		index_put(t, NAT_INSIDE, i, h->of[NAT_INSIDE]);
		index_put(t, NAT_OUTSIDE, i, h->of[NAT_OUTSIDE]);
		return;
	}
	l->next = t->link[head].next;
	l->prev = head;
	t->link[l->next].prev = i;
	t->link[head].next = i;
}

/* True: the ring is no more. */
static bool
ring_remove(struct nat_table *t, uint32_t i, const struct hashes *h)
{
	uint64_t in = h->of[NAT_INSIDE], out = h->of[NAT_OUTSIDE];
	struct nat_link *l = &t->link[i];
	uint32_t next = l->next, at = index_find(t, NAT_INSIDE, i, in);

	t->link[l->prev].next = next;
	t->link[next].prev = l->prev;
	if (t->entry[NAT_INSIDE][at] == 0)
		return false;	/* another is the head */
	index_remove(t, NAT_INSIDE, at);
	index_remove(t, NAT_OUTSIDE, index_find(t, NAT_OUTSIDE, i, out));
	if (next == i)
		return true;
	index_put(t, NAT_INSIDE, next, in);
	index_put(t, NAT_OUTSIDE, next, out);
	return false;
}

size_t
nat_table_memory(uint32_t size)
{
	return ((size_t)size + 1) * sizeof(struct nat_link) +
	    (size_t)size * NAT_INDEXES * 2 * sizeof(uint32_t);
}

void
nat_table_init(struct nat_table *t, uint32_t size, struct nat_flow *flow,
    struct nat_run *run, void *mem, const uint8_t key[16])
{
	uint32_t *entries = mem;

	*t = (struct nat_table){ .flow = flow, .run = run, .size = size,
		.fresh = 1, .entries = 2 * size,
		.bits = 32 - (uint32_t)__builtin_clz(size) };
	for (int i = 0; i < NAT_INDEXES; i++)
		t->entry[i] = entries + (size_t)i * t->entries;
	t->link = (void *)(entries + (size_t)NAT_INDEXES * t->entries);
	memcpy(t->key, key, sizeof(t->key));
}

static uint32_t
allocate_record(struct nat_table *t)
{
	uint32_t i = t->free;

	if (i != 0)
		t->free = t->link[i].next;
	else if (t->fresh <= t->size)
		i = t->fresh++;
	return i;
}

uint32_t
nat_table_add(struct nat_table *t, const struct nat_flow *f)
{
	uint32_t i = allocate_record(t);

	if (i == 0)
		return 0;
	struct nat_flow *to = &t->flow[i];
	*to = (struct nat_flow){ f->inside, f->outside, f->remote,
		f->inside_port, f->outside_port, f->remote_port, f->proto,
		f->kind, 0, f->expires };
	const struct hashes h = hash_flow(t, i);
	/* a process dies between two stores, which the compiler must not
	 * turn round; memory itself does not lose any */
	atomic_signal_fence(memory_order_seq_cst);
	to->seal = nat_table_seal(to);
	atomic_signal_fence(memory_order_seq_cst);
	t->run[i] = (struct nat_run){ 0 };
	ring_add(t, i, &h);
	index_put(t, NAT_OUT, i, h.of[NAT_OUT]);
	index_put(t, NAT_IN, i, h.of[NAT_IN]);
	t->used++;
	return i;
}

bool
nat_table_remove(struct nat_table *t, uint32_t i)
{
	const struct hashes h = hash_flow(t, i);

	index_remove(t, NAT_OUT, index_find(t, NAT_OUT, i, h.of[NAT_OUT]));
	index_remove(t, NAT_IN, index_find(t, NAT_IN, i, h.of[NAT_IN]));
	bool last = ring_remove(t, i, &h);
	t->flow[i].seal = 0;
	atomic_signal_fence(memory_order_seq_cst);
	t->link[i].next = t->free;
	t->free = i;
	t->used--;
	return last;
}
