/* SPDX-License-Identifier: ISC */
#include "io/ring.h"

#include "packet/wire.h"

#include <stdatomic.h>
#include <string.h>

static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "positions wrap");
static_assert((RING_THIN_BYTES & (RING_THIN_BYTES - 1)) == 0, "positions wrap");
static_assert(RING_BYTES % FRAME_ALIGN == 0 &&
    RING_THIN_BYTES % FRAME_ALIGN == 0, "a skip always has room");
static_assert(RING_WARM >= RING_THIN_BYTES, "not of the thin lane");
static_assert(sizeof(struct ring_area) ==
    RING_PAGE + RING_BYTES + RING_THIN_BYTES, "bh-link(5)");

/* How much they have taken stands in a line of memory which they write: it is
 * looked at where room is wanted, a frame may overtake, or so many bytes were
 * put. */
enum { LOOK = 16 * 1024 };

static inline size_t
size_of(enum ring_lane l)
{
	return l == RING_BULK ? RING_BYTES : RING_THIN_BYTES;
}

static inline size_t
offset(enum ring_lane l, uint64_t position)
{
	return (size_t)(position & (size_of(l) - 1));
}

/* Where the lane begins again. */
static inline uint64_t
next_round(enum ring_lane l, uint64_t position)
{
	return (position | (size_of(l) - 1)) + 1;
}

static inline uint8_t *
my_data(struct ring *r, enum ring_lane l)
{
	return l == RING_BULK ? r->mine->bulk : r->mine->thin;
}

static inline const uint8_t *
their_data(const struct ring *r, enum ring_lane l)
{
	return l == RING_BULK ? r->theirs->bulk : r->theirs->thin;
}

void
ring_init(struct ring *r)
{
	*r = (struct ring){ .mine = r->mine, .theirs = r->theirs,
		.credit = RING_THIN_BYTES };
	for (enum ring_lane l = 0; l < RING_LANES; l++) {
		r->lane[l].wrap = UINT64_MAX;
		atomic_store(&r->mine->head[l], 0);
		atomic_store(&r->mine->wrap[l], UINT64_MAX);
		atomic_store(&r->mine->tail[l], 0);
	}
	atomic_store(&r->mine->naps, 0);
}

/* ---- putting ---- */

/* How much they have taken; as much may overtake what they have not. */
static void
look(struct ring *r, enum ring_lane l)
{
	struct ring_lane_state *s = &r->lane[l];
	uint64_t gone = atomic_load_explicit(&r->theirs->tail[l],
	    memory_order_acquire);

	if (gone == s->wrap)
		gone = next_round(l, gone);
	if (s->head - gone > size_of(l)) {
		r->broken = true;
		return;
	}
	if (l == RING_BULK) {
		uint64_t more = gone - s->gone;
		r->looked = s->head;
		r->credit = more < RING_THIN_BYTES - r->credit ?
		    r->credit + (size_t)more : RING_THIN_BYTES;
	}
	s->gone = gone;
}

/* Is there room up to that position? */
static bool
reaches(struct ring *r, enum ring_lane l, uint64_t position)
{
	const struct ring_lane_state *s = &r->lane[l];

	if (position - s->gone <= size_of(l))
		return true;
	look(r, l);
	return !r->broken && position - s->gone <= size_of(l);
}

/* The other end has passed the wrap before this one: either nothing is under
 * way, or there would be no room. */
static void
wrap(struct ring *r, enum ring_lane l)
{
	struct ring_lane_state *s = &r->lane[l];

	s->wrap = s->head;
	atomic_store_explicit(&r->mine->wrap[l], s->wrap, memory_order_relaxed);
	s->head = next_round(l, s->head);
	if (s->gone == s->wrap)
		s->gone = s->head;
}

/* Room for n bytes in one piece. */
static struct frame *
find_room(struct ring *r, enum ring_lane l, size_t n)
{
	struct ring_lane_state *s = &r->lane[l];
	size_t at = offset(l, s->head), rest = size_of(l) - at;

	if (at >= RING_WARM && s->head - r->looked >= LOOK)
		look(r, l);
	bool wraps = rest < n || (at >= RING_WARM && s->gone == s->head);
	if (r->broken || !reaches(r, l, s->head + (wraps ? rest : 0) + n))
		return NULL;
	if (wraps)
		wrap(r, l);
	return (struct frame *)(my_data(r, l) + offset(l, s->head));
}

struct frame *
ring_room(struct ring *r)
{
	return find_room(r, RING_BULK, FRAME_MAX);
}

static bool
is_short(const struct frame *f)
{
	return f->vnet.gso_type == VNET_GSO_NONE && f->len > 0 &&
	    f->len <= RING_SHORT;
}

/* Into the thin lane, if it is short, there is a queue, its flow has nothing in
 * it, and enough has left it. */
static bool
overtake(struct ring *r, const struct frame *f, struct sparse_id id)
{
	const struct ring_lane_state *bulk = &r->lane[RING_BULK];
	size_t n = sizeof(*f) + f->len;
	struct frame *to;

	if (!is_short(f) || (bulk->head - r->looked < LOOK &&
	    !sparse_is(&r->sparse, id, bulk->gone)))
		return false;
	look(r, RING_BULK);
	if (bulk->head == bulk->gone || r->credit < frame_room(f->len) ||
	    !sparse_is(&r->sparse, id, bulk->gone))
		return false;
	to = find_room(r, RING_THIN, frame_room(f->len));
	if (to == NULL)
		return false;
	memcpy(to, f, n);
	r->lane[RING_THIN].head += frame_room(f->len);
	r->credit -= frame_room(f->len);
	return true;
}

static struct sparse_id
flow_of(const struct frame *f)
{
	return sparse_id((const uint8_t *)(f + 1), f->len);
}

bool
ring_slip(struct ring *r, const struct frame *f)
{
	return overtake(r, f, flow_of(f));
}

bool
ring_put(struct ring *r, const struct frame *f)
{
	struct sparse_id id = flow_of(f);

	if (overtake(r, f, id))
		return true;
	r->lane[RING_BULK].head += frame_room(f->len);
	sparse_queue(&r->sparse, id, r->lane[RING_BULK].head);
	return false;
}

/* An end that sees a frame in the bulk lane also sees all frames that were put
 * into the thin lane before it. */
static bool
publish_heads(struct ring *r)
{
	bool news = false;

	for (int l = RING_THIN; l >= RING_BULK; l--) {
		struct ring_lane_state *s = &r->lane[l];
		if (s->told == s->head)
			continue;
		s->told = s->head;
		atomic_store_explicit(&r->mine->head[l], s->head,
		    memory_order_release);
		news = true;
	}
	return news;
}

/* Either we see them asleep, or they see the new head before they sleep: that
 * takes a full barrier on both sides, here and in ring_nap. */
bool
ring_publish(struct ring *r)
{
	if (!publish_heads(r))
		return false;
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t naps = atomic_load_explicit(&r->theirs->naps,
	    memory_order_relaxed);
	if ((naps & 1) == 0 || naps == r->rung)
		return false;
	r->rung = naps;
	return true;
}

/* ---- taking ---- */

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
copy_packet(struct frame *f, const uint8_t *p)
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
pop_at(struct ring *r, enum ring_lane l, uint64_t head, struct frame *f,
    const uint8_t **body)
{
	struct ring_lane_state *s = &r->lane[l];
	size_t at = offset(l, s->taken), n = size_of(l) - at;
	const uint8_t *p = their_data(r, l) + at;

	if (n > head - s->taken)
		n = (size_t)(head - s->taken);
	memcpy(f, p, sizeof(*f));
	/* from here on only the copy counts */
	atomic_signal_fence(memory_order_seq_cst);
	if (f->len > FRAME_PACKET_MAX || frame_room(f->len) > n) {
		r->broken = true;
		return false;
	}
	*body = copy_packet(f, p + sizeof(*f));
	s->taken += frame_room(f->len);
	return true;
}

/* Frames that have been taken are not looked at any more. */
static void
release(struct ring *r)
{
	for (enum ring_lane l = 0; l < RING_LANES; l++) {
		struct ring_lane_state *s = &r->lane[l];
		if (s->tail == s->taken)
			continue;
		s->tail = s->taken;
		atomic_store_explicit(&r->mine->tail[l], s->tail,
		    memory_order_release);
	}
}

/* Where the next frame is. */
static uint64_t
skip(const struct ring *r, enum ring_lane l, uint64_t position)
{
	return position == atomic_load_explicit(&r->theirs->wrap[l],
	    memory_order_relaxed) ? next_round(l, position) : position;
}

/* Which lane is to be taken from, and how far; the bulk lane's head is looked
 * at first (publish_heads). */
static enum ring_lane
choose(const struct ring *r, uint64_t *head)
{
	uint64_t bulk = atomic_load_explicit(&r->theirs->head[RING_BULK],
	    memory_order_acquire);

	*head = atomic_load_explicit(&r->theirs->head[RING_THIN],
	    memory_order_acquire);
	if (*head != r->lane[RING_THIN].tail)
		return RING_THIN;
	*head = bulk;
	return RING_BULK;
}

bool
ring_pop(struct ring *r, struct frame *f, const uint8_t **body)
{
	uint64_t head;

	release(r);
	enum ring_lane l = choose(r, &head);
	struct ring_lane_state *s = &r->lane[l];
	if (head == s->tail || r->broken)
		return false;
	uint64_t next = skip(r, l, s->tail);
	if (head - next > size_of(l) || head % FRAME_ALIGN != 0) {
		r->broken = true;
		return false;
	}
	s->taken = next;
	return next != head && pop_at(r, l, head, f, body);
}

size_t
ring_ahead(const struct ring *r, uint64_t *past, void *p, size_t n)
{
	const struct ring_lane_state *s = &r->lane[RING_BULK];
	uint64_t head = atomic_load_explicit(&r->theirs->head[RING_BULK],
	    memory_order_acquire), at = s->taken + *past;
	uint32_t len;

	if (head == at || at % FRAME_ALIGN != 0)
		return 0;
	at = skip(r, RING_BULK, at);
	const uint8_t *from = r->theirs->bulk + offset(RING_BULK, at);
	memcpy(&len, from, sizeof(len));
	atomic_signal_fence(memory_order_seq_cst);
	if (len > FRAME_PACKET_MAX || head - at > RING_BYTES ||
	    frame_room(len) > head - at ||
	    frame_room(len) > RING_BYTES - offset(RING_BULK, at))
		return 0;
	n = n < len ? n : len;
	memcpy(p, from + sizeof(struct frame), n);
	*past = at + frame_room(len) - s->taken;
	return n;
}

bool
ring_is_empty(const struct ring *r)
{
	bool empty = true;

	for (enum ring_lane l = 0; l < RING_LANES; l++)
		empty &= atomic_load_explicit(&r->theirs->head[l],
		    memory_order_relaxed) == r->lane[l].taken;
	return empty || r->broken;
}

bool
ring_nap(struct ring *r)
{
	release(r);
	if (!ring_is_empty(r))
		return false;
	atomic_store_explicit(&r->mine->naps, ++r->naps, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return ring_is_empty(r);
}

void
ring_wake(struct ring *r)
{
	if ((r->naps & 1) != 0)
		atomic_store_explicit(&r->mine->naps, ++r->naps,
		    memory_order_relaxed);
}
