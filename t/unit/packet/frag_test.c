/* SPDX-License-Identifier: ISC */
/* Fragments: in every order, overlapping, without end; and the flow cache. */

#include "packet/flow.h"
#include "packet/frag.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 64, FLOOD = 1000000 };

struct piece {
	uint16_t from, to;
	bool last;
};

static struct ip
fragment(uint32_t id, const struct piece *p)
{
	return (struct ip){ .version = 6, .frag = true, .frag_id = id,
		.frag_off = p->from, .frag_len = (uint16_t)(p->to - p->from),
		.more = !p->last, .src = { { 0x20, 1 } }, .dst = { { 0x20 } } };
}

/* Puts the pieces down in that order; which were let through, as bits. */
static unsigned
put(struct frags *fs, uint32_t id, const struct piece *p, const int *order,
    int n)
{
	unsigned passed = 0;

	for (int i = 0; i < n; i++) {
		struct ip ip = fragment(id, &p[order[i]]);
		if (frags_entry(fs, &ip, 1000) != NULL)
			passed |= 1u << order[i];
	}
	return passed;
}

/* What a host would put together of those: whole and from two that overlap. */
static bool
is_overlap(const struct piece *p, int n, unsigned passed)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			if ((passed >> i & 1) != 0 && (passed >> k & 1) != 0 &&
			    p[i].from < p[k].to && p[k].from < p[i].to)
				return true;
	return false;
}

static bool
next_order(int *o, int n)
{
	int i = n - 2, k = n - 1;

	while (i >= 0 && o[i] > o[i + 1])
		i--;
	if (i < 0)
		return false;
	while (o[k] < o[i])
		k--;
	int t = o[i]; o[i] = o[k]; o[k] = t;
	for (int a = i + 1, b = n - 1; a < b; a++, b--) {
		t = o[a]; o[a] = o[b]; o[b] = t;
	}
	return true;
}

static void
test_orders(struct frags *fs)
{
	static const struct piece whole[] = { { 0, 8, false }, { 8, 16, false },
		{ 16, 24, false }, { 24, 30, true } };
	static const struct piece lapped[] = { { 0, 16, false },
		{ 16, 32, false }, { 24, 48, false }, { 48, 50, true } };
	static const struct piece inner[] = { { 0, 32, false },
		{ 8, 16, false }, { 32, 48, false }, { 48, 50, true } };
	uint32_t id = 0;
	int o[] = { 0, 1, 2, 3 }, n = 0, good = 0, refused = 0, closed = 0;

	do {
		n++;
		good += put(fs, ++id, whole, o, 4) == 15;
		unsigned got = put(fs, ++id, lapped, o, 4);
		refused += !is_overlap(lapped, 4, got) ||
		    /* a datagram that was whole without it came before */
		    (o[3] == 1 && got == 15) || (o[3] == 2 && got == 15);
		got = put(fs, ++id, inner, o, 4);
		closed += !is_overlap(inner, 4, got) ||
		    (o[3] == 1 && got == 15);
	} while (next_order(o, 4));
	OKF(n == 24 && good == n, "four parts in each of %d orders pass", n);
	OKF(refused == n, "overlaps in each of %d orders do not (RFC 5722)", n);
	OKF(closed == n, "nor one within another, in %d orders", n);
}

static bool
takes(struct frags *fs, uint32_t id, uint16_t from, uint16_t to, bool last)
{
	struct piece p = { from, to, last };
	struct ip ip = fragment(id, &p);

	return frags_entry(fs, &ip, 1000) != NULL;
}

static void
test_contradictions(struct frags *fs)
{
	OK(takes(fs, 1, 0, 8, false) && !takes(fs, 1, 0, 8, false));
	OK(!takes(fs, 1, 8, 16, true));	/* the datagram is lost */
	OK(takes(fs, 2, 16, 24, true) && !takes(fs, 2, 24, 32, false));
	OK(takes(fs, 3, 24, 32, false) && !takes(fs, 3, 8, 16, true));
	OK(takes(fs, 4, 8, 16, true) && !takes(fs, 4, 24, 32, true));
	OK(!takes(fs, 5, 8, 8, false));
	bool good = true;
	for (uint16_t i = 0; i < 8; i++)
		good = good && takes(fs, 6, (uint16_t)(i * 16),
		    (uint16_t)(i * 16 + 8), false);
	OKF(good && !takes(fs, 6, 800, 808, false), "no more than 8 islands");
}

static void
test_decided(struct frags *fs)
{
	static const struct piece p[] = { { 0, 8, false }, { 8, 16, false },
		{ 16, 24, true } };
	struct ip ip = fragment(77, &p[1]);
	uint16_t *d = frags_entry(fs, &ip, 5000);

	OK(d != NULL && *d == FRAG_UNDECIDED);
	ip = fragment(77, &p[0]);
	d = frags_entry(fs, &ip, 5000);
	OK(d != NULL && *d == FRAG_UNDECIDED);
	*d = 3;
	ip = fragment(77, &p[2]);
	d = frags_entry(fs, &ip, 5000);
	OKF(d != NULL && *d == 3, "later ones go where the first went");
	ip = fragment(77, &p[1]);
	d = frags_entry(fs, &ip, 5000);
	OKF(d != NULL && *d == FRAG_UNDECIDED, "all of it seen: forgotten");
	ip = fragment(77, &p[0]);
	d = frags_entry(fs, &ip, 5000 + FRAG_LIFE);
	OKF(d != NULL && *d == FRAG_UNDECIDED, "too old: forgotten");
}

/* A datagram of at most 32 units, a bit each, and how often it may go on. */
struct slow {
	uint32_t have;
	unsigned whole;		/* units; 0: unknown */
	bool bad, done;
};

static unsigned
islands(uint32_t have)
{
	return (unsigned)__builtin_popcount(have & ~(have << 1));
}

static bool
slow_takes(struct slow *d, unsigned from, unsigned to, bool last)
{
	uint32_t bits = (uint32_t)(((uint64_t)1 << to) -
	    ((uint64_t)1 << from));

	if (d->done)
		*d = (struct slow){ 0 };
	d->bad = d->bad || (d->have & bits) != 0 ||
	    (d->whole != 0 && (last || to > d->whole)) ||
	    (last && d->have >> (to - 1) != 0) ||
	    islands(d->have | bits) > 8;
	if (d->bad)
		return false;
	d->have |= bits;
	d->whole = last ? to : d->whole;
	d->done = d->whole != 0 && d->have == (uint32_t)(((uint64_t)1 <<
	    d->whole) - 1);
	return true;
}

static void
test_model(unsigned seed)
{
	enum { DATAGRAMS = 3000, PIECES = 40 };
	struct frags *fs = frags_new(ROOM);
	unsigned wrong = 0, whole = 0, refused = 0;

	srand(seed);
	for (uint32_t id = 1; id <= DATAGRAMS; id++) {
		struct slow d = { 0 };
		unsigned size = 4 + (unsigned)rand() % 28;
		for (int i = 0; i < PIECES; i++) {
			unsigned from = (unsigned)rand() % size;
			unsigned to = from + 1 + (unsigned)rand() % 2;
			bool last = to >= size;
			/* mostly what is missing */
			if ((d.have >> from & 1) != 0 && rand() % 50 != 0)
				continue;
			if (to > size || (d.have >> (to - 1) & 1) != 0)
				to = from + 1;
			last = to == size || (last && rand() % 50 == 0);
			struct piece p = { (uint16_t)(from * 8),
				(uint16_t)(to * 8), last };
			struct ip ip = fragment(id, &p);
			bool want = slow_takes(&d, from, to, last);
			wrong += (frags_entry(fs, &ip, 1000) != NULL) != want;
			whole += d.done;
			refused += !want;
		}
	}
	OKF(wrong == 0 && whole > DATAGRAMS / 10 && refused > DATAGRAMS,
	    "as one that notes each byte: %u whole, %u refused, seed %u",
	    whole, refused, seed);
	frags_free(fs);
}

/* Of five in a set of four the oldest goes; what is over makes room first. */
static void
test_oldest(void)
{
	struct frags *fs = frags_new(1);
	const struct piece p = { 0, 8, false };
	uint16_t *d;

	for (uint32_t id = 1; id <= 6; id++) {
		struct ip ip = fragment(id, &p);
		/* the third is the oldest, then the first */
		d = frags_entry(fs, &ip, id == 3 ? 500 : 1000 + id);
		OK(d != NULL && *d == FRAG_UNDECIDED);
		*d = (uint16_t)id;
	}
	const struct piece q = { 8, 16, false };
	unsigned there = 0;
	for (uint32_t id = 6; id >= 1; id--) {
		struct ip ip = fragment(id, &q);
		d = frags_entry(fs, &ip, 2000);
		there |= d != NULL && *d == id ? 1u << id : 0;
		if (id == 4)
			break;
	}
	OKF(there == (1 << 6 | 1 << 5 | 1 << 4), "the newest are there");
	struct ip two = fragment(2, &q), three = fragment(3, &q);
	d = frags_entry(fs, &two, 1000 + FRAG_LIFE - 1);
	OKF(d != NULL && *d == 2, "all but the oldest");
	d = frags_entry(fs, &three, 1001 + FRAG_LIFE);
	OK(d != NULL && *d == FRAG_UNDECIDED);
	frags_free(fs);
}

/* Whatever a datagram is known by. */
static void
test_datagram_key(void)
{
	const struct piece p = { 0, 8, false }, q = { 8, 16, false };
	unsigned wrong = 0;

	for (int v6 = 0; v6 < 2; v6++)
		for (int bit = 0; bit < 128 + 128 + 32 + 8; bit++) {
			struct frags *fs = frags_new(ROOM);
			struct ip a = fragment(77, &p), b = fragment(77, &q);
			a.version = b.version = v6 ? 6 : 4;
			*frags_entry(fs, &a, 1000) = 7;
			if (bit < 128)
				b.src.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			else if (bit < 256)
				b.dst.b[bit / 8 - 16] ^=
				    (uint8_t)(1 << bit % 8);
			else if (bit < 288)
				b.frag_id ^= 1u << (bit - 256);
			else
				b.proto ^= (uint8_t)(1 << (bit - 288));
			uint16_t *d = frags_entry(fs, &b, 1000);
			wrong += d == NULL || (*d == 7) != (v6 && bit >= 288);
			frags_free(fs);
		}
	OKF(wrong == 0, "addresses, identification and, for IPv4, protocol");
}

/* Another datagram gets through among a million that never end. */
static void
test_flood(struct frags *fs)
{
	static const struct piece p[] = { { 0, 8, false }, { 8, 16, true } };
	int good = 0, tried = 0;

	for (uint32_t i = 0; i < FLOOD; i++) {
		struct ip ip = fragment(1000 + i, &p[0]);
		frags_entry(fs, &ip, 1000 + i);
		if (i % 1000 != 0)
			continue;
		tried++;
		struct ip a = fragment(i, &p[0]), b = fragment(i, &p[1]);
		a.src.b[5] = b.src.b[5] = 1;
		uint16_t *d = frags_entry(fs, &a, 1000 + i);
		if (d != NULL)
			*d = 9;
		d = frags_entry(fs, &b, 1000 + i);
		good += d != NULL && *d == 9;
	}
	OKF(good == tried, "of %d datagrams in a flood of %d %d are whole",
	    tried, (int)FLOOD, good);
}

/* Never another answer than the one that was put there. */
static void
test_flows(void)
{
	struct flows *fs = flows_new(ROOM);
	int wrong = 0, known_n = 0;

	for (int round = 0; round < 200000; round++) {
		struct ip ip = { .proto = 17,
			.sport = (uint16_t)(rand() % 200), .dport = 53 };
		bool known;
		uint16_t *a = flows_entry(fs, &ip, &known);
		wrong += known && *a != ip.sport;
		known_n += known;
		*a = ip.sport;
	}
	OKF(wrong == 0 && known_n > 1000, "of 200 flows in room for %d, %d "
	    "times known, never wrong", ROOM, known_n);
	for (int i = 0; i < 2; i++) {
		struct ip ip = { .sport = (uint16_t)i };
		bool known;
		*flows_entry(fs, &ip, &known) = 5;
		flows_entry(fs, &ip, &known);
		OK(known);
		ip.proto = 6;
		flows_entry(fs, &ip, &known);
		OK(!known);
	}
	flows_free(fs);
}

/* Whatever a flow is known by tells it from another. */
static void
test_flow_key(void)
{
	struct flows *fs = flows_new(1 << 16);
	const struct ip one = { .proto = 17, .sport = 4000, .dport = 53,
		.src.b = { [10] = 0xff, 0xff, 10, 1, 0, 5 },
		.dst.b = { [10] = 0xff, 0xff, 203, 0, 113, 7 } };
	int wrong = 0, lost = 0;
	bool known;

	*flows_entry(fs, &one, &known) = 7;
	for (int bit = 0; bit < 128 + 128 + 16 + 16 + 8; bit++) {
		struct ip ip = one;
		if (bit < 128)
			ip.src.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		else if (bit < 256)
			ip.dst.b[bit / 8 - 16] ^= (uint8_t)(1 << bit % 8);
		else if (bit < 272)
			ip.sport ^= (uint16_t)(1 << (bit - 256));
		else if (bit < 288)
			ip.dport ^= (uint16_t)(1 << (bit - 272));
		else
			ip.proto ^= (uint8_t)(1 << (bit - 288));
		flows_entry(fs, &ip, &known);
		wrong += known;
		lost += *flows_entry(fs, &one, &known) != 7 || !known;
	}
	OKF(wrong == 0, "each bit of addresses, ports and protocol is another "
	    "flow");
	OKF(lost == 0, "and leaves the answer of the first");
	flows_free(fs);
}

int
main(void)
{
	struct frags *fs = frags_new(4096);

	srand(20261126);
	test_orders(fs);
	frags_free(fs);
	fs = frags_new(ROOM);
	test_contradictions(fs);
	for (unsigned seed = 1; seed <= 3; seed++)
		test_model(seed);
	test_oldest();
	test_datagram_key();
	test_decided(fs);
	test_flood(fs);
	frags_free(fs);
	test_flows();
	test_flow_key();
	return DONE();
}
