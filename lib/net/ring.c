/* SPDX-License-Identifier: ISC */
#include "net/ring.h"

#include "net/wire.h"

#include <stdatomic.h>
#include <string.h>

/* In place of a length: the rest, up to the end of data, is empty. */
#define SKIP UINT32_MAX

static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "positions wrap");
static_assert(RING_BYTES % FRAME_ALIGN == 0, "a skip always has room");
static_assert(sizeof(struct ring_area) == RING_PAGE + RING_BYTES,
    "bh-link(5)");

static inline size_t
offset(uint64_t position)
{
	return (size_t)(position & (RING_BYTES - 1));
}

void
ring_start(struct ring *r)
{
	r->head = r->told = r->tail = r->naps = r->limit = r->rung = 0;
	r->taken = 0;
	r->broken = false;
	atomic_store(&r->mine->head, 0);
	atomic_store(&r->mine->tail, 0);
	atomic_store(&r->mine->naps, 0);
}

/* Is there room up to that position? */
static bool
reaches(struct ring *r, uint64_t position)
{
	if (position <= r->limit)
		return true;
	uint64_t taken = atomic_load_explicit(&r->theirs->tail,
	    memory_order_acquire);
	if (r->head - taken > RING_BYTES)
		r->broken = true;
	else
		r->limit = taken + RING_BYTES;
	return !r->broken && position <= r->limit;
}

struct frame *
ring_room(struct ring *r)
{
	size_t at = offset(r->head);
	size_t skip = RING_BYTES - at < FRAME_MAX ? RING_BYTES - at : 0;

	if (!reaches(r, r->head + skip + FRAME_MAX))
		return NULL;
	if (skip > 0) {
		((struct frame *)(r->mine->data + at))->len = SKIP;
		r->head += skip;
	}
	return (struct frame *)(r->mine->data + offset(r->head));
}

void
ring_put(struct ring *r, size_t len)
{
	r->head += frame_room(len);
}

/* Either we see them asleep, or they see the new head before they sleep: that
 * takes a full barrier on both sides, here and in ring_nap. */
bool
ring_publish(struct ring *r)
{
	if (r->head == r->told)
		return false;
	r->told = r->head;
	atomic_store_explicit(&r->mine->head, r->head, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t naps = atomic_load_explicit(&r->theirs->naps,
	    memory_order_relaxed);
	if ((naps & 1) == 0 || naps == r->rung)
		return false;
	r->rung = naps;
	return true;
}

/* A super-packet whose first FRAME_HEAD bytes have all its headers: no
 * fragment, nor a chain of extensions that may be of any length. */
static bool
is_headed(const uint8_t *p)
{
	const struct ip4_hdr *v4 = (const void *)p;
	const struct ip6_hdr *v6 = (const void *)p;
	uint8_t proto = p[0] >> 4 == 6 ? v6->next : v4->proto;

	if (p[0] >> 4 == 4 &&
	    (be16_get(v4->frag) & (IP4_MF | IP4_OFFSET)) != 0)
		return false;
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

/* The packet at p, which may change while we look: the copy counts. */
static const uint8_t *
take_packet(struct frame *f, const uint8_t *p)
{
	uint8_t *copy = (uint8_t *)(f + 1);
	size_t n = f->len;

	if (f->vnet.gso_type != VNET_GSO_NONE && n > FRAME_HEAD) {
		memcpy(copy, p, FRAME_HEAD);
		atomic_signal_fence(memory_order_seq_cst);
		if (is_headed(copy))
			return p;
	}
	memcpy(copy, p, n);
	return copy;
}

static bool
take_at(struct ring *r, uint64_t head, struct frame *f, const uint8_t **body)
{
	size_t at = offset(r->taken), n = RING_BYTES - at;
	const uint8_t *p = r->theirs->data + at;

	if (n > head - r->taken)
		n = (size_t)(head - r->taken);
	memcpy(f, p, sizeof(*f));
	/* from here on only the copy counts */
	atomic_signal_fence(memory_order_seq_cst);
	if (f->len > FRAME_PACKET_MAX || frame_room(f->len) > n) {
		r->broken = true;
		return false;
	}
	*body = take_packet(f, p + sizeof(*f));
	r->taken += frame_room(f->len);
	return true;
}

/* What has been taken is not looked at any more. */
static void
release(struct ring *r)
{
	if (r->tail == r->taken)
		return;
	r->tail = r->taken;
	atomic_store_explicit(&r->mine->tail, r->tail, memory_order_release);
}

/* Where the next frame is, if the rest of data is empty. */
static uint64_t
skip(const struct ring *r, uint64_t position)
{
	size_t at = offset(position);
	uint32_t len;

	memcpy(&len, r->theirs->data + at, sizeof(len));
	return len == SKIP ? position + RING_BYTES - at : position;
}

bool
ring_take(struct ring *r, struct frame *f, const uint8_t **body)
{
	release(r);
	uint64_t head = atomic_load_explicit(&r->theirs->head,
	    memory_order_acquire);

	if (head == r->tail || r->broken)
		return false;
	uint64_t next = skip(r, r->tail);
	if (head - r->tail > RING_BYTES || head - r->tail < next - r->tail ||
	    head % FRAME_ALIGN != 0) {
		r->broken = true;
		return false;
	}
	r->taken = next;
	return next != head && take_at(r, head, f, body);
}

size_t
ring_ahead(const struct ring *r, uint64_t *past, void *p, size_t n)
{
	uint64_t head = atomic_load_explicit(&r->theirs->head,
	    memory_order_acquire), at = r->taken + *past;
	uint32_t len;

	if (head - at == 0 || head - at > RING_BYTES || at % FRAME_ALIGN != 0)
		return 0;
	at = skip(r, at);
	const uint8_t *from = r->theirs->data + offset(at);
	memcpy(&len, from, sizeof(len));
	atomic_signal_fence(memory_order_seq_cst);
	if (len > FRAME_PACKET_MAX || head - at > RING_BYTES ||
	    frame_room(len) > head - at ||
	    frame_room(len) > RING_BYTES - offset(at))
		return 0;
	n = n < len ? n : len;
	memcpy(p, from + sizeof(struct frame), n);
	*past = at + frame_room(len) - r->taken;
	return n;
}

bool
ring_is_empty(const struct ring *r)
{
	return r->broken || atomic_load_explicit(&r->theirs->head,
	    memory_order_relaxed) == r->taken;
}

bool
ring_nap(struct ring *r)
{
	release(r);
	atomic_store_explicit(&r->mine->naps, ++r->naps, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return ring_is_empty(r);
}

void
ring_wake(struct ring *r)
{
	atomic_store_explicit(&r->mine->naps, ++r->naps, memory_order_relaxed);
}
