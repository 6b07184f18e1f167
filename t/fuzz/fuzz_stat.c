/* SPDX-License-Identifier: ISC */
/*
 * Counters that another program has written.  The input is how many peers the
 * file says that it has (4 bytes), a byte to be put somewhere (offset 2, value
 * 1), what of that holds (1), what the program calls itself (16), and the bytes
 * of peers.  Whatever they are, what is read is as many as the file has room
 * for, its names end, and nothing of them is for a terminal.
 */
#include "file.h"
#include "fuzz.h"

#include "proc/counters.h"

#include <errno.h>

enum { LIE = 1, PATCH = 2, SHORT = 4, FRONT = 24 };

static bool
is_clean(const char *s, size_t room)
{
	size_t n = strnlen(s, room);

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n < room;
}

static void
check(const struct counters *c, size_t size)
{
	char text[ENDPOINT_STRLEN];

	must(sizeof(*c) + c->npeers * sizeof(c->peer[0]) == size);
	must(is_clean(c->program, sizeof(c->program)));
	for (uint32_t i = 0; i < c->npeers; i++) {
		must(is_clean(c->peer[i].name, sizeof(c->peer[i].name)));
		must(is_clean(c->peer[i].state, sizeof(c->peer[i].state)));
		must(strlen(endpoint_format(&c->peer[i].endpoint, text)) <
		    sizeof(text));
		must(counters_find(c, c->peer[i].name) <= &c->peer[i]);
	}
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static _Alignas(8) uint8_t file[sizeof(struct counters) + 65536];
	uint32_t npeers;

	if (n < FRONT || n - FRONT > 65536)
		return 0;
	size_t size = build(file, data, n);
	file_write("bh-tunnel.stat", file, size);
	struct counters *c = counters_read(file_dir(), "bh-tunnel");
	must(c != NULL || errno == EPROTO);
	if (c == NULL)
		return 0;
	check(c, size);
	free(c);
	const struct counters *live = counters_map(file_dir(), "bh-tunnel",
	    &npeers);
	must(live != NULL && sizeof(*c) + npeers * sizeof(c->peer[0]) == size);
	counters_close((struct counters *)(uintptr_t)live, npeers);
	/* the sum with another file that says as much, or less */
	size_t less = size - (npeers > 0 ? sizeof(c->peer[0]) : 0);
	((struct counters *)(void *)file)->npeers -= npeers > 0;
	file_write("bh-tunnel-keys.stat", file, less);
	c = counters_all(file_dir(), "bh-tunnel");
	must(c != NULL);
	check(c, size);
	free(c);
	return 0;
}
