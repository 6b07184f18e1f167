/* SPDX-License-Identifier: ISC */
/* Where peers were last, against a list that is gone through from its
 * beginning. */
#include "test.h"

#include "wg/seen.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS = 16, STEPS = 20000, HOSTS = 5, PORTS = 4 };

static struct endpoint where[PEERS];	/* port 0: nowhere */
static nsec until[HOSTS][PORTS];	/* as the last who came said */

static struct endpoint
place(unsigned host, uint16_t port)
{
	return (struct endpoint){ addr_from_v4((uint8_t[]){ 192, 0, 2,
	    (uint8_t)host }), port, 0 };
}

/* How many are there, by the list; port 0: at any port. */
static uint32_t
count(unsigned host, uint16_t port)
{
	struct endpoint e = place(host, port);
	uint32_t n = 0;

	for (int i = 0; i < PEERS; i++)
		n += where[i].port != 0 &&
		    addr_eq(&where[i].addr, &e.addr) &&
		    (port == 0 || where[i].port == port);
	return n;
}

static unsigned
differences(const struct seen *s, nsec now)
{
	unsigned wrong = 0;

	for (unsigned h = 0; h < HOSTS; h++)
		for (uint16_t p = 0; p < PORTS; p++) {
			struct endpoint e = place(h, p);
			uint32_t n = until[h][p] > now ? count(h, p) : 0;
			wrong += seen_at(s, &e, now) != n ||
			    (p == 0 && seen_behind(s, &e.addr, now) != n);
		}
	return wrong;
}

static void
move(struct seen *s, unsigned peer, unsigned host, uint16_t port, nsec t)
{
	struct endpoint is = place(host, port);

	seen_move(s, &where[peer], &is, t);
	where[peer] = is;
	if (port != 0)
		until[host][0] = until[host][port] = t;
}

static void
test_moves(unsigned seed)
{
	uint8_t random[16];
	struct seen s;
	unsigned wrong = 0, used = 0;

	srand(seed);
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)rand();
	memset(where, 0, sizeof(where));
	memset(until, 0, sizeof(until));
	OK(seen_init(&s, PEERS, random) &&
	    memcmp(s.secret, random, sizeof(random)) == 0);
	for (int i = 0; i < STEPS; i++) {
		move(&s, (unsigned)rand() % PEERS, (unsigned)rand() % HOSTS,
		    (uint16_t)(rand() % PORTS), i + rand() % 40);
		wrong += differences(&s, i + 20);
	}
	OKF(wrong == 0, "as many at each place as there are (seed %u)", seed);
	for (unsigned i = 0; i < PEERS; i++)
		move(&s, i, 0, 0, 0);
	for (uint32_t i = 0; i <= s.mask; i++)
		used += s.entry[i].n != 0;
	OKF(used == 0, "and when all have gone, nothing is left");
	seen_free(&s);
}

/* Neighbours in the table: what goes leaves no gap before what stays. */
static void
test_full(void)
{
	static const struct endpoint nowhere;
	uint8_t random[16] = { 0 };
	unsigned wrong = 0;
	struct seen s;

	for (random[0] = 0; random[0] < 50; random[0]++) {
		wrong += !seen_init(&s, PEERS, random);
		for (unsigned i = 0; i < 30; i++) {
			struct endpoint e = place(i, 1);
			seen_move(&s, &nowhere, &e, 2);
		}
		for (unsigned gone = 0; gone < 30; gone++) {
			struct endpoint e = place(gone, 1);
			seen_move(&s, &e, &nowhere, 2);
			for (unsigned i = 0; i < 30; i++) {
				e = place(i, 1);
				wrong += seen_at(&s, &e, 1) != (i > gone) ||
				    seen_behind(&s, &e.addr, 1) != (i > gone);
			}
		}
		seen_free(&s);
	}
	OKF(wrong == 0, "whoever stays is found, whoever goes is not");
}

static void
test_sizes(void)
{
	static const uint8_t random[16];
	static const struct {
		uint16_t peers;
		uint32_t entries;
	} rows[] = { { 0, 64 }, { 1, 64 }, { 16, 64 }, { 17, 128 },
		{ 32, 128 }, { 33, 256 }, { 16384, 65536 } };
	struct seen s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		OKF(seen_init(&s, rows[i].peers, random) &&
		    s.mask == rows[i].entries - 1, "%u peers: %u entries",
		    rows[i].peers, rows[i].entries);
		seen_free(&s);
	}
}

int
main(void)
{
	for (unsigned seed = 1; seed <= 3; seed++)
		test_moves(seed);
	test_full();
	test_sizes();
	return DONE();
}
