/* SPDX-License-Identifier: ISC */
#ifndef BH_T_SIM_H
#define BH_T_SIM_H

/* What is simulated, and the network: of each datagram the seed decides when it
 * arrives, how often, and whether unharmed. */

#include "draw.h"

#include "wg/device_state.h"
#include "wg/stage.h"

#include <sodium.h>
#include <string.h>

enum { FLIGHT = 512, PACKETS = 1 << 16, KEYS = 16, SLOTS = 256 };
enum { SECRETS = 4096 };	/* sending keys remembered to the end */
#define CANARY "never clear"
#define WALL ((uint64_t)1700000000 * NSEC_SEC)
#define HOUR (3600 * NSEC_SEC)
#define YEAR (8766 * HOUR)

/* How bad the network is, in thousandths, and what happens besides. */
struct weather {
	unsigned loss, dup, corrupt;
	unsigned delay_ms;	/* up to; more than one packet apart: reorders */
	unsigned every_ms;	/* mean time between two packets of a side */
	unsigned restart_s;	/* mean time between restarts; 0: none */
	unsigned both;		/* both send, else the first only */
	nsec length;
	unsigned jump_s;	/* mean time between jumps of a clock; 0 */
};

struct datagram {
	nsec due;
	int to;
	size_t n;
	uint8_t b[256];
};

struct side {
	struct key key, public_key;
	struct endpoint at;
	struct device *d;
	struct stage *stage;
	uint64_t wall;		/* what its clock is off, modulo 2^64 */
	nsec heard;		/* when a packet was last delivered here */
	struct {
		uint64_t key;
		uint64_t next;
	} used[KEYS];		/* by sending key, latest first */
};

static struct {
	uint64_t rng;
	nsec now;
	struct weather w;
	struct side side[2];
	struct datagram flight[FLIGHT];
	unsigned nflight;
	uint8_t state[PACKETS];	/* of each packet */
	nsec born[PACKETS];
	unsigned packets, delivered, dropped, sent;
	nsec end, emit_at[2], restart_at, jump_at;	/* 0: never */
	unsigned datagrams;
	uint64_t log;		/* of all that was sent, and when */
	uint64_t lose;		/* these of the first 64 datagrams */
	uint64_t secret[SECRETS];
	unsigned nsecrets;
	const char *wrong;
} sim;

enum { NEW = 1, SENT, DELIVERED, DROPPED };

static uint64_t
rnd(void)
{
	return draw(&sim.rng);
}

static bool
chance(unsigned thousandths)
{
	return rnd() % 1000 < thousandths;
}

static void
rnd_fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rnd();
}

static void
expect(bool ok, const char *what)
{
	if (!ok && sim.wrong == NULL)
		sim.wrong = what;
}

static void
fly(int to, const void *p, size_t n)
{
	if (sim.nflight == FLIGHT)
		return;
	struct datagram *g = &sim.flight[sim.nflight++];
	g->due = sim.now + NSEC_MS + rnd() % (sim.w.delay_ms + 1) * NSEC_MS;
	g->to = to;
	g->n = n;
	memcpy(g->b, p, n);
	if (chance(sim.w.corrupt))
		g->b[rnd() % n] ^= (uint8_t)(1 << rnd() % 8);
}

static void
note(const void *p, size_t n)
{
	uint64_t at[2] = { sim.log, sim.now };
	uint8_t key[crypto_shorthash_KEYBYTES], out[crypto_shorthash_BYTES];

	memcpy(key, at, sizeof(key));
	crypto_shorthash(out, p, n, key);
	memcpy(&sim.log, out, sizeof(out));
}

static void
transmit(int from, const void *p, size_t n)
{
	expect(memmem(p, n, CANARY, sizeof(CANARY)) == NULL, "sent in clear");
	unsigned i = sim.datagrams++;
	note(p, n);
	if (i < 64 && sim.lose >> i & 1)
		return;
	if (chance(sim.w.loss))
		return;
	fly(!from, p, n);
	if (chance(sim.w.dup))
		fly(!from, p, n);
}

#endif
