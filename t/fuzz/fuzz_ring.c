/* SPDX-License-Identifier: ISC */
/*
 * A ring of two lanes.  The input is steps of four bytes: frames of a few flows
 * are put, published and taken; until the other end lies, what comes out is
 * what went in, no flow's frames out of order.  Then only bounds are left.
 */
#include "fuzz.h"

#include "io/ring.h"
#include "packet/wire.h"

#include <stdalign.h>
#include <stdatomic.h>

enum { PUT = 10, PUBLISH = 12, TAKE = 20, NAP = 21, AHEAD = 22, LIE = 23,
	STEPS = 24, UNDERWAY = 512, SCRUB = 64 * 1024 };

static struct ring_area area[2];
static alignas(FRAME_ALIGN) uint8_t taken[FRAME_MAX];

/* A frame under way. */
struct sent {
	uint32_t number, len;
	uint8_t host, port, kind;	/* kind 3: a fragment of kind 0 */
};

static struct sent sent[UNDERWAY];
static size_t nsent;

/* What is left of the last input matters only to one that lies. */
static bool
lies(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i += 4)
		if (data[i] % STEPS == LIE)
			return true;
	return false;
}

static void
start(struct ring r[2], bool scrub)
{
	for (int i = 0; i < 2; i++) {
		if (scrub) {
			memset(area[i].bulk, 0, SCRUB);
			memset(area[i].thin, 0, sizeof(area[i].thin));
		}
		r[i].mine = &area[i];
		r[i].theirs = &area[1 - i];
		ring_init(&r[i]);
	}
	nsent = 0;
}

static void
write_packet(uint8_t *p, const struct sent *s)
{
	static const uint8_t proto[] = { PROTO_UDP, PROTO_TCP, PROTO_ICMP,
		PROTO_UDP };
	struct ip4_hdr *h = (void *)p;

	memset(p, 0, 24);
	h->vhl = 0x45;
	h->proto = proto[s->kind];
	h->frag = be16_put(s->kind == 3 ? IP4_MF : 0);
	h->dst[3] = s->host;
	if (s->kind != 2)
		p[21] = s->port;
	memcpy(p + 24, &s->number, sizeof(s->number));
}

static void
put(struct ring *r, const uint8_t *step, uint32_t number)
{
	static alignas(FRAME_ALIGN) uint8_t own[FRAME_MAX];
	struct frame *room = ring_room(r), *f = room;
	struct sent *s = &sent[nsent];

	if (nsent == UNDERWAY)
		return;
	if (room == NULL)	/* full: it may slip past, or is dropped */
		f = (struct frame *)own;
	*s = (struct sent){ .number = number, .host = step[1] % 4,
		.port = step[1] / 4 % 8, .kind = step[1] / 32 % 4,
		.len = 28 + (step[2] | (step[3] & 127u) << 8) };
	*f = (struct frame){ .len = s->len,
		.vnet.gso_type = step[3] >> 7 && s->kind == 1 ?
		    VNET_GSO_TCP4 : VNET_GSO_NONE };
	write_packet((uint8_t *)(f + 1), s);
	if (room != NULL)
		ring_put(r, f);
	if (room != NULL || ring_slip(r, f))
		nsent++;
}

/* Must b come after a, which was put before it? */
static bool
is_bound(const struct sent *a, const struct sent *b)
{
	if (a->host != b->host)
		return false;
	return a->kind == 3 || b->kind == 3 || (a->kind == b->kind &&
	    (a->kind == 2 || a->port == b->port));
}

static void
check(const struct frame *f, const uint8_t *body)
{
	uint32_t number;
	size_t at = 0;

	memcpy(&number, (const uint8_t *)(f + 1) + 24, sizeof(number));
	must(memcmp(f + 1, body, 28) == 0);
	while (at < nsent && sent[at].number != number)
		at++;
	must(at < nsent && sent[at].len == f->len);
	for (size_t i = 0; i < at; i++)
		must(!is_bound(&sent[i], &sent[at]));
	memmove(&sent[at], &sent[at + 1], (--nsent - at) * sizeof(*sent));
}

static void
lie(struct ring_area *a, const uint8_t *step)
{
	uint64_t v = (uint64_t)step[3] * FRAME_ALIGN << step[1] / 32 * 3;
	_Atomic uint64_t *word[] = { &a->head[0], &a->head[1], &a->tail[0],
		&a->tail[1], &a->naps, &a->wrap[0], &a->wrap[1] };
	unsigned where = step[1] % 32;

	if (where < 20)
		atomic_fetch_add(word[where % 7], where < 10 ? v : 0 - v);
	else if (where < 26)
		memset(a->bulk + step[2] * 16, step[3], 8);
	else
		memset(a->thin + step[2] * 16, step[3], 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct frame *f = (struct frame *)taken;
	static struct ring r[2];
	bool honest = true;
	uint8_t glance[64];
	const uint8_t *body;
	uint64_t past = 0;

	start(r, lies(data, n));
	for (size_t i = 0; i + 4 <= n; i += 4) {
		const uint8_t *step = data + i;
		unsigned op = step[0] % STEPS;
		if (op < PUT)
			put(&r[0], step, (uint32_t)i);
		else if (op < PUBLISH)
			ring_publish(&r[0]);
		else if (op < TAKE && ring_pop(&r[1], f, &body)) {
			must(f->len <= FRAME_PACKET_MAX);
			if (honest)
				check(f, body);
		} else if (op == NAP) {
			ring_nap(&r[1]);
			ring_wake(&r[1]);
		} else if (op == AHEAD) {
			must(ring_ahead(&r[1], &past, glance, sizeof(glance)) <=
			    sizeof(glance));
		} else if (op == LIE) {
			honest = false;
			lie(&area[step[2] & 1], step);
		}
		must(!honest || (!r[0].broken && !r[1].broken));
	}
	ring_publish(&r[0]);
	while (ring_pop(&r[1], f, &body))
		if (honest)
			check(f, body);
	must(!honest || nsent == 0);
	return 0;
}
