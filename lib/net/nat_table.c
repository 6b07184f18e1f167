/* SPDX-License-Identifier: ISC */
#include "net/nat_table.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

static_assert(sizeof(struct nat_key) == 40, "no padding in what is hashed");
static_assert(crypto_shorthash_KEYBYTES == 16, "SipHash-2-4");

/* A bucket for each flow, without a power of two: the upper bits of a
 * product.  A mapping's key is the flow's without its remote end. */
static uint32_t *
bucket(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint32_t v;

	crypto_shorthash(h, (const uint8_t *)k, sizeof(*k), t->key);
	memcpy(&v, h, sizeof(v));
	return &t->head[which][(uint64_t)v * t->size >> 32];
}

static struct nat_key
key_of(const struct nat_flow *f, enum nat_index which)
{
	bool in = which == NAT_IN || which == NAT_OUTSIDE;
	struct nat_key k = { .proto = f->proto,
		.local = in ? f->outside : f->inside,
		.local_port = in ? f->outside_port : f->inside_port };

	if (which == NAT_OUT || which == NAT_IN) {
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

uint32_t
nat_table_find(const struct nat_table *t, enum nat_index which,
    const struct nat_key *k)
{
	bool whole = which == NAT_OUT || which == NAT_IN;
	struct nat_key mapping = { .local = k->local, .proto = k->proto,
		.local_port = k->local_port };
	uint32_t i = *bucket(t, which, whole ? k : &mapping);

	for (; i != 0; i = t->link[i].chain[which]) {
		const struct nat_flow *f = &t->flow[i];
		if (same_local(f, which, k) && (!whole ||
		    (f->remote_port == k->remote_port &&
		    addr_eq(&f->remote, &k->remote))))
			return i;
	}
	return 0;
}

uint32_t
nat_table_seal(const struct nat_flow *f)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "backhaul flow";
	uint8_t h[crypto_shorthash_BYTES];
	uint32_t v;

	crypto_shorthash(h, (const uint8_t *)f, offsetof(struct nat_flow, seal),
	    key);
	memcpy(&v, h, sizeof(v));
	return v != 0 ? v : 1;
}

static void
chain_add(struct nat_table *t, enum nat_index which, uint32_t i)
{
	struct nat_key k = key_of(&t->flow[i], which);
	uint32_t *head = bucket(t, which, &k);

	t->link[i].chain[which] = *head;
	*head = i;
}

static void
chain_remove(struct nat_table *t, enum nat_index which, uint32_t i)
{
	struct nat_key k = key_of(&t->flow[i], which);
	uint32_t *at = bucket(t, which, &k);

	while (*at != i)
		at = &t->link[*at].chain[which];
	*at = t->link[i].chain[which];
}

/* Into the ring of its mapping, or as a ring of its own. */
static void
ring_add(struct nat_table *t, uint32_t i)
{
	struct nat_key k = key_of(&t->flow[i], NAT_INSIDE);
	uint32_t head = nat_table_find(t, NAT_INSIDE, &k);
	struct nat_link *l = &t->link[i];

	if (head == 0 || t->flow[head].outside_port !=
	    t->flow[i].outside_port ||
	    !addr_eq(&t->flow[head].outside, &t->flow[i].outside)) {
		l->next = l->prev = i;
		chain_add(t, NAT_INSIDE, i);
		chain_add(t, NAT_OUTSIDE, i);
		return;
	}
	l->next = t->link[head].next;
	l->prev = head;
	t->link[l->next].prev = i;
	t->link[head].next = i;
}

static bool
is_head(const struct nat_table *t, enum nat_index which, uint32_t i)
{
	struct nat_key k = key_of(&t->flow[i], which);
	uint32_t at = *bucket(t, which, &k);

	while (at != 0 && at != i)
		at = t->link[at].chain[which];
	return at == i;
}

/* True: the ring is no more. */
static bool
ring_remove(struct nat_table *t, uint32_t i)
{
	struct nat_link *l = &t->link[i];
	uint32_t next = l->next;

	t->link[l->prev].next = next;
	t->link[next].prev = l->prev;
	if (!is_head(t, NAT_INSIDE, i))
		return false;
	chain_remove(t, NAT_INSIDE, i);
	chain_remove(t, NAT_OUTSIDE, i);
	if (next == i)
		return true;
	chain_add(t, NAT_INSIDE, next);
	chain_add(t, NAT_OUTSIDE, next);
	return false;
}

size_t
nat_table_memory(uint32_t size)
{
	return ((size_t)size + 1) * sizeof(struct nat_link) +
	    (size_t)size * NAT_INDEXES * sizeof(uint32_t);
}

void
nat_table_init(struct nat_table *t, uint32_t size, struct nat_flow *flow,
    struct nat_run *run, void *mem, const uint8_t key[16])
{
	uint32_t *heads = mem;

	*t = (struct nat_table){ .flow = flow, .run = run, .size = size,
		.fresh = 1 };
	for (int i = 0; i < NAT_INDEXES; i++)
		t->head[i] = heads + (size_t)i * size;
	t->link = (struct nat_link *)(heads + (size_t)NAT_INDEXES * size);
	memcpy(t->key, key, sizeof(t->key));
}

static uint32_t
take_record(struct nat_table *t)
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
	uint32_t i = take_record(t);

	if (i == 0)
		return 0;
	struct nat_flow *to = &t->flow[i];
	*to = (struct nat_flow){ f->inside, f->outside, f->remote,
		f->inside_port, f->outside_port, f->remote_port, f->proto,
		f->kind, 0, f->expires };
	/* a process dies between two stores, which the compiler must not
	 * turn round; memory itself does not lose any */
	atomic_signal_fence(memory_order_seq_cst);
	to->seal = nat_table_seal(to);
	atomic_signal_fence(memory_order_seq_cst);
	t->run[i] = (struct nat_run){ 0 };
	ring_add(t, i);
	chain_add(t, NAT_OUT, i);
	chain_add(t, NAT_IN, i);
	t->used++;
	return i;
}

bool
nat_table_remove(struct nat_table *t, uint32_t i)
{
	chain_remove(t, NAT_OUT, i);
	chain_remove(t, NAT_IN, i);
	bool last = ring_remove(t, i);
	t->flow[i].seal = 0;
	atomic_signal_fence(memory_order_seq_cst);
	t->link[i].next = t->free;
	t->free = i;
	t->used--;
	return last;
}
