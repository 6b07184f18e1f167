/* SPDX-License-Identifier: ISC */
/* What overtakes what on a link, and what never does. */
#include "rings.h"
#include "test.h"

#include <stdlib.h>

enum { HOSTS = 4, PORTS = 4, KINDS = 5 };

/* A packet of a flow between a host and another: of TCP, UDP or ICMP, a
 * fragment, or of a protocol that nobody knows.  What it carries is its
 * number. */
static size_t
write_packet(uint8_t *p, bool v6, unsigned host, unsigned port, unsigned kind,
    size_t n, uint32_t number)
{
	static const uint8_t protos[KINDS] = { 6, 17, 1, 17, 50 };
	size_t l4 = v6 ? 40 : 20;

	memset(p, 0, l4 + 8);
	p[0] = v6 ? 0x60 : 0x45;
	p[v6 ? 6 : 9] = v6 && kind == 2 ? 58 : protos[kind];
	if (kind == 3 && v6)
		p[6] = 44;
	else if (kind == 3)
		p[6] = 0x20;
	p[v6 ? 23 : 15] = (uint8_t)host;
	if (kind < 2 || kind == 3)
		p[l4 + 1] = (uint8_t)port;
	memcpy(p + l4 + 4, &number, sizeof(number));
	return n < l4 + 8 ? l4 + 8 : n;
}

static bool
put_packet(bool v6, unsigned host, unsigned port, unsigned kind, size_t n,
    uint32_t number, bool *past)
{
	struct frame *f = ring_room(&a);

	if (f == NULL)
		return false;
	*f = (struct frame){ .peer = (uint16_t)port,
		.reserved = (uint8_t)(v6 * 100 + host * KINDS + kind) };
	f->len = (uint32_t)write_packet((uint8_t *)(f + 1), v6, host, port,
	    kind, n, number);
	*past = ring_put(&a, f);
	return true;
}

/* The next one's number. */
static uint32_t
take_number(void)
{
	uint32_t number = UINT32_MAX;

	if (ring_pop(&b, got, &body))
		memcpy(&number, body + (body[0] >> 4 == 6 ? 44 : 24),
		    sizeof(number));
	return number;
}

/* A host's bulk, then a ping, and another flow of the same host. */
static void
test_overtaking(void)
{
	bool past;

	start();
	for (uint32_t i = 0; i < 8; i++)
		OK(put_packet(false, 1, 1, 0, 60000, i, &past) && !past);
	OK(put_packet(false, 1, 0, 2, 84, 8, &past) && past);
	OK(put_packet(false, 1, 2, 0, 60, 9, &past) && past);
	OK(put_packet(false, 1, 1, 0, 60, 10, &past) && !past);	/* its own */
	OK(put_packet(false, 1, 3, 0, RING_SHORT + 1, 11, &past) && !past);
	OK(put_packet(false, 1, 0, 4, 60, 12, &past) && !past);
	OK(put_packet(false, 1, 1, 3, 60, 13, &past) && !past);	/* fragment */
	/* of whose flow it may be */
	OK(put_packet(false, 1, 2, 1, 60, 14, &past) && !past);
	OK(put_packet(false, 2, 2, 1, 60, 15, &past) && past);
	ring_publish(&a);
	static const uint32_t order[] = { 8, 9, 15, 0, 1, 2, 3, 4, 5, 6, 7, 10,
		11, 12, 13, 14 };
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		OK(take_number() == order[i]);
	OK(take_number() == UINT32_MAX && !b.broken);
}

/* Nobody waits: nothing is copied. */
static void
test_no_queue(void)
{
	bool past;

	start();
	OK(put_packet(false, 1, 1, 0, 60, 0, &past) && !past);
	ring_publish(&a);
	OK(take_number() == 0 && ring_nap(&b));
	for (uint32_t i = 0; i < 1000; i++) {
		put_packet(false, 1, i, 0, 60, i, &past);
		ring_publish(&a);
		if (take_number() != i || take_number() != UINT32_MAX)
			break;
	}
	OK(a.lane[RING_BULK].head == 1001 * frame_room(60) &&
	    a.lane[RING_THIN].head == 0);
}

/* A frame of a host of 2's, nowhere yet; is there a way for it? */
static bool
slips(unsigned port, size_t n, uint8_t gso, uint32_t number)
{
	static alignas(FRAME_ALIGN) uint8_t memory[FRAME_MAX];
	struct frame *f = (struct frame *)memory;

	*f = (struct frame){ .vnet.gso_type = gso };
	f->len = (uint32_t)write_packet((uint8_t *)(f + 1), false, 2, port, 0,
	    n, number);
	return ring_slip(&a, f);
}

/* Where the queue is full, what may overtake it still has a way. */
static void
test_full_queue(void)
{
	uint32_t n = 0;
	bool past;

	start();
	OK(!slips(1, 60, 0, 0));	/* there is no queue */
	while (put_packet(false, 2, n % 4, 0, 60000, n, &past))
		n++;
	OK(ring_room(&a) == NULL && slips(5, 60, 0, n));
	OK(!slips(3, 60, 0, n + 1));	/* it has some in the queue */
	OK(!slips(6, RING_SHORT + 1, 0, n + 1) && !slips(6, 60, 1, n + 1));
	ring_publish(&a);
	OK(take_number() == n);
	for (uint32_t i = 0; i < n; i++)
		if (take_number() != i)
			OK(false);
	OK(take_number() == UINT32_MAX && !b.broken);
	/* no more than the thin lane has room for */
	while (put_packet(false, 2, 1, 0, 60000, n, &past))
		continue;
	for (n = 0; slips(10 + n % 200, 60, 0, n); n++)
		continue;
	OK(n == RING_THIN_BYTES / frame_room(60) && !a.broken);
}

/* However many new flows there are, no more overtakes than leaves. */
static void
test_share(void)
{
	uint64_t thin = 0, bulk = 0;
	uint32_t n = 0;
	bool past;

	start();
	while (put_packet(false, 9, 9, 0, 60000, n, &past))
		n++;
	for (int turn = 0; turn < 2000; turn++) {
		for (int i = 0; i < 20; i++, n++) {
			uint64_t before = a.lane[RING_THIN].head;
			if (!put_packet(n % 2, n % 199, n % 251, 1, 1000, n,
			    &past))
				break;
			thin += a.lane[RING_THIN].head - before;
		}
		ring_publish(&a);
		for (int i = 0; i < 10 && ring_pop(&b, got, &body); i++)
			continue;
		bulk = b.lane[RING_BULK].tail;
	}
	OK(thin > RING_THIN_BYTES && thin <= bulk + 2 * RING_THIN_BYTES);
}

/* The last number seen of each flow, and of each pair of hosts. */
static uint32_t last[2][HOSTS][PORTS][KINDS];

/* One after another, whatever happens between. */
static bool
follows(uint32_t number)
{
	const uint8_t *p = (const uint8_t *)(got + 1);
	unsigned id = got->reserved, kind = id % 100 % KINDS;
	unsigned host = id % 100 / KINDS;
	bool v6 = p[0] >> 4 == 6, ok = true;

	for (unsigned port = 0; port < PORTS; port++)
		for (unsigned k = 0; k < KINDS; k++) {
			bool same = port == got->peer && k == kind;
			/* fragments come behind all that is like them */
			if (same || (kind == 3 && k == 1) ||
			    (kind == 1 && k == 3))
				ok &= number > last[v6][host][port][k];
		}
	last[v6][host][got->peer][kind] = number;
	return ok;
}

/* Any interleaving of long and short, put, published and taken. */
static void
test_flow_order(void)
{
	uint32_t put = 0, took = 0, overtook = 0, highest = 0;
	bool ok = true, past;

	srand(42);
	start();
	memset(last, 0, sizeof(last));
	while (ok && took < 400000) {
		for (int i = rand() % 12; i > 0; i--) {
			size_t n = rand() % 4 == 0 ? (size_t)rand() % 40000 :
			    (size_t)rand() % 1600;
			put += put_packet(rand() % 2, (unsigned)rand() % HOSTS,
			    (unsigned)rand() % PORTS, (unsigned)rand() % KINDS,
			    n, put + 1, &past);
			if (rand() % 3 == 0)
				ring_publish(&a);
		}
		for (int i = rand() % (took % 50000 < 25000 ? 8 : 16);
		    ok && i > 0; i--) {
			uint32_t number = take_number();
			if (number == UINT32_MAX)
				break;
			took++;
			overtook += number < highest;
			highest = number > highest ? number : highest;
			ok = follows(number);
		}
	}
	OK(ok && !a.broken && !b.broken);
	OK(overtook > 1000 && a.lane[RING_THIN].head > 10 * RING_THIN_BYTES);
}

int
main(void)
{
	test_overtaking();
	test_no_queue();
	test_full_queue();
	test_share();
	test_flow_order();
	return DONE();
}
