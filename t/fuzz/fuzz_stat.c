/* SPDX-License-Identifier: ISC */
/*
 * Counters that another program has written.  The input is how many peers the
 * file says that it has (4 bytes), a byte to be put somewhere (offset 2, value
 * 1), what of that holds (1), what the program calls itself (16), and the bytes
 * of peers.  Whatever they are, what is taken is as many as there are bytes of,
 * its names end, nothing of them is for a terminal, and it can be added to what
 * another process has counted.
 */
#include "clean.h"

#include "proc/counters.h"

enum { LIE = 1, PATCH = 2, SHORT = 4, FRONT = 24, PEERS_ROOM = 65536 };

static void
check(const struct counters *c, size_t size, unsigned which)
{
	char text[ENDPOINT_STRLEN];

	must(sizeof(*c) + c->npeers * sizeof(c->peer[0]) == size);
	must(is_clean(c->program, sizeof(c->program)));
	for (uint32_t i = 0; i < c->npeers; i++) {
		must(is_clean(c->peer[i].name, sizeof(c->peer[i].name)));
		must(is_clean(c->peer[i].state, sizeof(c->peer[i].state)));
		must(counters_find(c, c->peer[i].name) <= &c->peer[i]);
	}
	if (c->npeers > 0)
		must(strlen(endpoint_format(&c->peer[which %
		    c->npeers].endpoint, text)) < sizeof(text));
}

/* The file that the input describes; its size. */
static size_t
build(uint8_t *to, const uint8_t *data, size_t n)
{
	struct counters c = { .magic = "bh-stat\n", .version = COUNTERS_VERSION,
		.verdicts = V_COUNT };
	size_t rest = n - FRONT, size = sizeof(c) + rest;

	memcpy(c.program, data + 8, sizeof(c.program));
	c.npeers = (uint32_t)(rest / sizeof(struct counters_peer));
	if (data[7] & LIE)
		memcpy(&c.npeers, data, sizeof(c.npeers));
	memcpy(to, &c, sizeof(c));
	memcpy(to + sizeof(c), data + FRONT, rest);
	if (data[7] & PATCH)
		to[(data[4] | (size_t)data[5] << 8) % size] = data[6];
	return data[7] & SHORT ? size * data[6] / 256 : size;
}

/* The sum with another that says as much, or less. */
static void
add(const struct counters *c, size_t size, unsigned which)
{
	static _Alignas(8) uint8_t sum[sizeof(*c) + PEERS_ROOM];
	static _Alignas(8) uint8_t other[sizeof(*c) + PEERS_ROOM];
	struct counters *to = (void *)sum, *more = (void *)other;
	uint64_t in = c->in, last = c->count[V_COUNT - 1];

	memcpy(to, c, size);
	memcpy(more, c, size);
	more->npeers -= c->npeers > 0;
	counters_join(to, more);
	must(to->in == 2 * in && to->count[V_COUNT - 1] == 2 * last);
	check(to, size, which);
	for (uint32_t i = 0; i < to->npeers; i++)
		must(to->peer[i].rx_bytes == c->peer[i].rx_bytes *
		    (i < more->npeers ? 2 : 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static _Alignas(8) uint8_t file[sizeof(struct counters) + PEERS_ROOM];

	if (n < FRONT || n - FRONT > PEERS_ROOM)
		return 0;
	size_t size = build(file, data, n);
	struct counters *c = (void *)at_edge(file, size);
	if (!counters_accept(c, size))
		return 0;
	check(c, size, data[4]);
	add(c, size, data[4]);
	return 0;
}
