/* SPDX-License-Identifier: ISC */
/* A ring in one process: all that the other end could have written. */
#include "rings.h"
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>

static bool
put(uint32_t len, uint16_t peer)
{
	struct frame *f = ring_room(&a);

	if (f == NULL)
		return false;
	*f = (struct frame){ .len = len, .peer = peer };
	memset(f + 1, peer, len);
	ring_put(&a, f);
	ring_publish(&a);
	return true;
}

static void
test_order(void)
{
	static const uint32_t len[] = { 0, 1, 43, 44, 45, FRAME_PACKET_MAX };
	enum { N = sizeof(len) / sizeof(len[0]) };

	start();
	OK(!ring_pop(&b, got, &body) && !b.broken);
	for (uint16_t i = 0; i < N; i++)
		OK(put(len[i], i));
	for (uint16_t i = 0; i < N; i++)
		OK(ring_pop(&b, got, &body) && got->peer == i && got->len == len[i] &&
		    (len[i] == 0 || taken[sizeof(*got) + len[i] - 1] == i));
	OK(!ring_pop(&b, got, &body) && !b.broken);
}

/* What is written but not published is not there. */
static void
test_published(void)
{
	start();
	struct frame *f = ring_room(&a);
	*f = (struct frame){ .len = 5 };
	ring_put(&a, f);
	OK(!ring_pop(&b, got, &body));
	ring_publish(&a);
	OK(ring_pop(&b, got, &body));
}

/* Full: exactly what was put comes out, and there is room again. */
static void
test_full(void)
{
	uint16_t n = 0, m = 0;

	start();
	while (put(60000, n))
		n++;
	OK(n == RING_BYTES / frame_room(60000) - 1 ||
	    n == RING_BYTES / frame_room(60000));
	OK(!a.broken);
	while (ring_pop(&b, got, &body))
		m += got->peer == m;
	OK(m == n && put(1, 7) && ring_pop(&b, got, &body) && got->peer == 7);
}

/* Round and round, with every length, never more than one under way. */
static void
test_wrap(void)
{
	bool ok = true;

	start();
	for (unsigned i = 0; ok && i < 200000; i += 13) {
		uint16_t peer = (uint16_t)i;
		ok = put(i % (FRAME_PACKET_MAX + 1), peer) &&
		    ring_pop(&b, got, &body) && got->peer == peer &&
		    got->len == i % (FRAME_PACKET_MAX + 1);
	}
	OK(ok && !a.broken && !b.broken && b.lane[RING_BULK].tail > 10 * RING_BYTES);
}

/* All has been taken, and so little is left up to the end. */
static void
near_end(size_t rest)
{
	put(60000, 0);
	while (put(60000, 0) && ring_pop(&b, got, &body))
		if (RING_BYTES - a.lane[RING_BULK].head % RING_BYTES < rest)
			break;
	ring_pop(&b, got, &body);
}

/* Looked at ahead, over the end of data too, everything is what is then
 * taken. */
static void
test_ahead(void)
{
	uint64_t past = 0;
	uint8_t p[4];
	uint16_t n = 0, m = 0, same = 0;

	start();
	OK(ring_ahead(&b, &past, p, sizeof(p)) == 0 && past == 0);
	near_end(3 * FRAME_MAX);
	for (n = 0; n < 10 && put(n % 2 ? 60000 : n + 1u, n);)
		n++;
	for (size_t len; (len = ring_ahead(&b, &past, p, sizeof(p))) > 0; m++)
		same += len == (m == 0 || m == 2 ? m + 1u : 4u) &&
		    p[len - 1] == m;
	OK(n == 10 && m == n && same == n);
	for (m = 0; ring_pop(&b, got, &body) && got->peer == m; m++)
		continue;
	OK(m == n && !b.broken);
}

/* The end of data was skipped, and nothing put after it yet. */
static void
test_lonely_skip(void)
{
	start();
	near_end(FRAME_MAX);
	uint64_t before = a.lane[RING_BULK].head;
	OK(ring_room(&a) != NULL && a.lane[RING_BULK].head > before);
	ring_publish(&a);
	OK(!ring_pop(&b, got, &body) && !b.broken);
	OK(put(9, 3) && ring_pop(&b, got, &body) && got->peer == 3);
}

/* While nothing waits the same few pages serve, and nothing is lost by it: what
 * there was room for there still is. */
static void
test_warm(void)
{
	uint64_t farthest = 0;
	uint16_t n = 0, m = 0;

	start();
	for (unsigned i = 0; i < 10000 && put(i % 3000, 1); i++) {
		uint64_t at = a.lane[RING_BULK].head % RING_BYTES;
		farthest = at > farthest ? at : farthest;
		if (!ring_pop(&b, got, &body) || ring_pop(&b, got, &body))
			break;
		n++;
	}
	OK(n == 10000 && farthest >= RING_WARM &&
	    farthest < RING_WARM + FRAME_MAX);
	while (put(60000, m))
		m++;
	OK(m >= RING_BYTES / frame_room(60000) - 1);
	for (n = 0; ring_pop(&b, got, &body) && got->peer == n; n++)
		continue;
	OK(n == m && !a.broken && !b.broken);
}

/* It begins again while the other end still has the last frame. */
static void
test_late(void)
{
	start();
	while (put(60000, 1) && a.lane[RING_BULK].head < RING_WARM)
		ring_pop(&b, got, &body);
	uint64_t head = a.lane[RING_BULK].head;
	OK(ring_pop(&b, got, &body) && put(60000, 2) &&
	    a.lane[RING_BULK].head == head + frame_room(60000));
	OK(ring_pop(&b, got, &body) && got->peer == 2);
	OK(ring_nap(&b) && put(60000, 3) && a.lane[RING_BULK].wrap ==
	    head + frame_room(60000));
	OK(ring_pop(&b, got, &body) && got->peer == 3);
}

/* Asleep: woken once a nap.  Awake: not at all. */
static void
test_bell(void)
{
	struct frame *f;

	start();
	f = ring_room(&a);
	f->len = 1;
	ring_put(&a, f);
	OK(!ring_publish(&a));
	OK(!ring_nap(&b));		/* there is something */
	ring_wake(&b);
	ring_pop(&b, got, &body);
	OK(ring_nap(&b) && !ring_publish(&a));
	ring_put(&a, f);
	OK(ring_publish(&a));
	ring_put(&a, f);
	OK(!ring_publish(&a));
	ring_wake(&b);
	ring_put(&a, f);
	OK(!ring_publish(&a));
	while (ring_pop(&b, got, &body))
		continue;
	OK(ring_nap(&b) && !ring_publish(&a));	/* nothing new */
	OK(put(1, 1) && a.rung == b.naps);
}

/* A super-packet's payload stays where it is, and keeps its place, until the
 * next one is asked for; its headers are ours at once. */
static void
test_body(void)
{
	static const struct {
		const char *what;
		uint8_t gso, at0, at, value;
		uint32_t len;
		bool stays;
	} packets[] = {
		{ "TCP/IPv4", 1, 0x45, 9, 6, 60000, true },
		{ "UDP/IPv4", 5, 0x45, 9, 17, 60000, true },
		{ "TCP/IPv6", 4, 0x60, 6, 6, 60000, true },
		{ "plain", 0, 0x45, 9, 6, 60000, false },
		{ "small", 1, 0x45, 9, 6, FRAME_HEAD, false },
		{ "neither TCP nor UDP", 1, 0x45, 9, 1, 60000, false },
		{ "extensions", 4, 0x60, 6, 60, 60000, false },
		{ "a fragment", 1, 0x45, 6, 0x20, 60000, false },
	};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		start();
		struct frame *f = ring_room(&a);
		uint8_t *p = (uint8_t *)(f + 1), before[2];
		*f = (struct frame){ .len = packets[i].len,
			.vnet.gso_type = packets[i].gso };
		memset(p, 0, packets[i].len);
		p[9] = 6;
		p[0] = packets[i].at0;
		p[packets[i].at] = packets[i].value;
		ring_put(&a, f);
		ring_publish(&a);
		OKF(ring_pop(&b, got, &body) && (body == p) ==
		    packets[i].stays, "%s", packets[i].what);
		memcpy(before, taken + sizeof(*got), sizeof(before));
		p[1] = 0xee;
		OKF(memcmp(before, got + 1, sizeof(before)) == 0 &&
		    atomic_load(&right.tail[RING_BULK]) == 0, "%s", packets[i].what);
		OKF(ring_nap(&b) && atomic_load(&right.tail[RING_BULK]) ==
		    frame_room(packets[i].len), "%s", packets[i].what);
	}
}

/* ---- what cannot be ---- */

static void
says(const char *what, uint64_t head, uint32_t len)
{
	for (enum ring_lane l = 0; l < RING_LANES; l++) {
		start();
		memcpy(l == RING_BULK ? left.bulk : left.thin, &len,
		    sizeof(len));
		atomic_store(&left.head[l], head);
		OKF(!ring_pop(&b, got, &body) && b.broken &&
		    !ring_pop(&b, got, &body), "%s, lane %d", what, l);
	}
}

/* A lane that begins again at once, and has so much behind that. */
static void
wraps(const char *what, bool fits, uint64_t behind)
{
	for (enum ring_lane l = 0; l < RING_LANES; l++) {
		size_t size = l == RING_BULK ? RING_BYTES : RING_THIN_BYTES;
		start();
		atomic_store(&left.wrap[l], 0);
		atomic_store(&left.head[l], size + behind);
		OKF(ring_pop(&b, got, &body) == (fits && behind > 0) &&
		    b.broken == !fits, "%s, lane %d", what, l);
	}
}

static void
test_lies(void)
{
	says("more than there is room for", RING_BYTES + FRAME_ALIGN, 1);
	says("less than nothing", UINT64_MAX - FRAME_ALIGN + 1, 1);
	says("half a line", FRAME_ALIGN + 1, 1);
	says("a packet over the limit", RING_BYTES, FRAME_PACKET_MAX + 1);
	says("a packet longer than what was put", FRAME_ALIGN, FRAME_ALIGN);
	wraps("nothing after it", true, 0);
	wraps("a frame after it", true, FRAME_ALIGN);
	wraps("a wrap beyond the head", false, 0 - (uint64_t)FRAME_ALIGN);
	wraps("more than there is room for", false, RING_BYTES + FRAME_ALIGN);
	start();
	atomic_store(&right.tail[RING_BULK], 2 * RING_BYTES);
	while (!a.broken && put(60000, 1))
		continue;
	OK(a.broken && ring_room(&a) == NULL);
}

/* A frame may not run over the end of data. */
static void
test_overrun(void)
{
	uint32_t len = FRAME_PACKET_MAX;

	for (enum ring_lane l = 0; l < RING_LANES; l++) {
		size_t size = l == RING_BULK ? RING_BYTES : RING_THIN_BYTES;
		uint64_t at = size - FRAME_ALIGN;
		start();
		b.lane[l].tail = b.lane[l].taken = at;
		memcpy((l == RING_BULK ? left.bulk : left.thin) + at, &len,
		    sizeof(len));
		atomic_store(&left.head[l], at + size);
		OK(!ring_pop(&b, got, &body) && b.broken);
	}
}

/* Anything at all in the area: no crash, no endless loop, bounds kept. */
static void
test_noise(void)
{
	unsigned frames = 0, seen = 0;

	srand(7);
	for (int i = 0; i < 20000; i++) {
		start();
		for (size_t k = 0; k < 4096; k += 4) {
			uint32_t v = (uint32_t)rand();
			if (rand() % 2)
				v &= 0xff;
			memcpy((i % 2 ? left.bulk : left.thin) + k, &v,
			    sizeof(v));
		}
		for (enum ring_lane l = 0; l < RING_LANES; l++)
			atomic_store(&left.head[l],
			    (uint64_t)(rand() % 64) * FRAME_ALIGN);
		uint64_t past = 0;
		while (ring_ahead(&b, &past, taken, sizeof(taken)) > 0)
			seen++;
		while (ring_pop(&b, got, &body))
			frames += got->len <= FRAME_PACKET_MAX;
	}
	OK(frames > 0 && seen > 0);
}

int
main(void)
{
	test_order();
	test_published();
	test_full();
	test_wrap();
	test_ahead();
	test_lonely_skip();
	test_warm();
	test_late();
	test_bell();
	test_body();
	test_lies();
	test_overrun();
	test_noise();
	return DONE();
}
