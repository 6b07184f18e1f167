/* SPDX-License-Identifier: ISC */
/*
 * Two devices and a bad network between them, in virtual time.  A seed decides
 * everything, so that a failure can be had again: sim_test SEED.  SIM=N runs N
 * times as many seeds.
 *
 * Checked at every step, after the invariants of reliability 4.4:
 * I1 nothing of a packet is on the wire in clear; I2 a counter is never used
 * twice with a key; I3 a packet is delivered at most once, and only if it was
 * sent; I5 at most 128 wait; I6 what is refused changes nothing; I7 nothing
 * waits longer than 95 s; I8 no key is older than 3 x 180 s, and in the end
 * none is found in any table.  I4, that a refused class reaches nobody, is of
 * the programs with classes: t/path-closed.bats.
 */
#include "test.h"

#include "sim_side.h"

#include <stdlib.h>

static void
emit(int from)
{
	uint8_t p[16] = { 0 };
	uint32_t id = sim.packets;

	if (sim.packets == PACKETS)
		return;
	sim.packets++;
	sim.state[id] = NEW;
	sim.born[id] = sim.now;
	memcpy(p, &id, sizeof(id));
	memcpy(p + sizeof(id), CANARY, sizeof(CANARY));
	send_or_stage(from, p);
}

static nsec
later(unsigned mean_ms)
{
	return sim.now + 1 + rnd() % (2 * (uint64_t)mean_ms + 1) * NSEC_MS;
}

static nsec
min_due(nsec a, nsec b)
{
	return b != 0 && b < a ? b : a;
}

static void
deliver_due(void)
{
	for (unsigned i = 0; i < sim.nflight;) {
		struct datagram g = sim.flight[i];
		if (g.due > sim.now) {
			i++;
			continue;
		}
		sim.flight[i] = sim.flight[--sim.nflight];
		arrive(g);
	}
}

static nsec
next_event(void)
{
	nsec t = min_due(min_due(sim.end, sim.restart_at), sim.jump_at);

	for (int i = 0; i < 2; i++) {
		t = min_due(t, sim.emit_at[i]);
		t = min_due(t, device_due(sim.side[i].d));
		t = min_due(t, stage_due(sim.side[i].stage));
	}
	for (unsigned i = 0; i < sim.nflight; i++)
		t = min_due(t, sim.flight[i].due);
	return t < sim.now ? sim.now : t;
}

/* Its clock is set anew: right, or wrong by anything. */
static void
jump(struct side *s)
{
	const uint64_t off[] = { 0, NSEC_SEC, -NSEC_SEC, HOUR, -HOUR, 20 * YEAR,
		-WALL };

	s->wall = off[rnd() % (sizeof(off) / sizeof(off[0]))];
}

static void
prepare(uint64_t seed, const struct weather *w)
{
	memset(&sim, 0, sizeof(sim));
	sim.rng = seed;
	sim.now = 1000 * NSEC_SEC;
	sim.w = *w;
	for (int i = 0; i < 2; i++) {
		struct side *s = &sim.side[i];
		struct noise_local l;
		rnd_fill(s->key.b, KEY_LEN);
		noise_local_init(&l, &s->key);
		s->public_key = l.public_key;
		s->at.addr = addr_from_v4((uint8_t[]){ 192, 0, 2,
		    (uint8_t)(1 + i) });
		s->at.port = 51820;
	}
	start(0);
	start(1);
}

static void
step(void)
{
	sim.now = next_event();
	deliver_due();
	for (int i = 0; i < 2; i++) {
		tick(i);
		check_age(&sim.side[i]);
		if (sim.emit_at[i] != 0 && sim.emit_at[i] <= sim.now) {
			emit(i);
			sim.emit_at[i] = later(sim.w.every_ms);
		}
	}
	if (sim.restart_at != 0 && sim.restart_at <= sim.now) {
		start((int)(rnd() % 2));
		sim.restart_at = later(sim.w.restart_s * 1000);
	}
	if (sim.jump_at != 0 && sim.jump_at <= sim.now) {
		jump(&sim.side[rnd() % 2]);
		sim.jump_at = later(sim.w.jump_s * 1000);
	}
}

/* Nothing is lost, nothing happens, only the first sends. */
static void
clear_up(nsec length)
{
	sim.w = (struct weather){ .every_ms = 200 };
	sim.emit_at[0] = sim.now;
	sim.emit_at[1] = sim.restart_at = sim.jump_at = 0;
	sim.end = sim.now + length;
}

/* Whatever state the two are in: once nothing is lost any more, they find each
 * other within the time of silence and one attempt. */
static void
heal(void)
{
	clear_up(15 * NSEC_SEC + REKEY_TIMEOUT + 2 * REKEY_JITTER_MAX +
	    2 * NSEC_SEC);
	unsigned first = sim.packets;
	while (sim.now < sim.end && sim.wrong == NULL) {
		step();
		for (unsigned i = first; i < sim.packets; i++)
			if (sim.state[i] == DELIVERED)
				return;
	}
	expect(false, "did not recover");
}

/* When nobody has had anything to say for long enough, no key is left. */
static void
rest(void)
{
	clear_up(4 * REJECT_AFTER_TIME);
	sim.emit_at[0] = 0;
	while (sim.now < sim.end && sim.wrong == NULL)
		step();
	check_erased(&sim.side[0]);
	check_erased(&sim.side[1]);
}

static void
run(uint64_t seed, const struct weather *w)
{
	prepare(seed, w);
	sim.end = sim.now + w->length;
	sim.emit_at[0] = sim.now;
	sim.emit_at[1] = w->both ? sim.now : 0;
	if (w->restart_s != 0)
		sim.restart_at = later(w->restart_s * 1000);
	if (w->jump_s != 0)
		sim.jump_at = later(w->jump_s * 1000);
	while (sim.now < sim.end && sim.wrong == NULL)
		step();
}

static void
finish(void)
{
	for (int i = 0; i < 2; i++) {
		stage_free(sim.side[i].stage);
		device_free(sim.side[i].d);
	}
}

#define MINUTES(n) ((nsec)(n) * 60 * NSEC_SEC)
#define HOURS(n) MINUTES((n) * 60)

static const struct {
	const char *name;
	unsigned seeds;
	struct weather w;
	unsigned least;		/* delivered, in thousandths of all packets */
} weathers[] = {
	/* loss dup corrupt delay every restart both length jump */
	{ "fair, both ways, no packet is lost in 8 h", 4,
	    { 0, 0, 0, 20, 2000, 0, 1, HOURS(8), 0 }, 1000 },
	{ "fair, one way, no packet is lost in 8 h", 4,
	    { 0, 0, 0, 20, 3000, 0, 0, HOURS(8), 0 }, 1000 },
	{ "both begin at once, far apart: nothing is lost", 100,
	    { 0, 0, 0, 0, 700, 0, 1, MINUTES(5), 0 }, 1000 },
	{ "the same with reordering", 60,
	    { 0, 100, 0, 300, 400, 0, 1, MINUTES(7), 0 }, 1000 },
	{ "one day of a mostly idle tunnel", 4,
	    { 0, 0, 0, 50, 300000, 0, 1, HOURS(24), 0 }, 1000 },
	{ "10 % loss", 40,
	    { 100, 50, 20, 100, 1000, 0, 1, MINUTES(10), 0 }, 780 },
	{ "50 % loss", 40,
	    { 500, 50, 20, 100, 1000, 0, 1, MINUTES(10), 0 }, 350 },
	{ "85 % loss", 30,
	    { 850, 50, 20, 100, 1000, 0, 1, MINUTES(20), 0 }, 20 },
	{ "nothing arrives", 20,
	    { 1000, 0, 0, 100, 1000, 0, 1, MINUTES(10), 0 }, 0 },
	{ "restarts", 60,
	    { 20, 20, 20, 100, 500, 100, 1, MINUTES(15), 0 }, 600 },
	{ "restarts, one way, every other packet damaged", 60,
	    { 20, 20, 500, 100, 500, 100, 0, MINUTES(15), 0 }, 100 },
	{ "clocks that jump by 20 years, restarts, one way (others W1)", 200,
	    { 20, 20, 20, 100, 1000, 100, 0, MINUTES(10), 30 }, 600 },
	{ "all at once", 400,
	    { 200, 100, 100, 1000, 1000, 60, 1, MINUTES(5), 30 }, 250 },
};

enum { ALL_AT_ONCE = sizeof(weathers) / sizeof(weathers[0]) - 1 };

/* Packets that may still arrive, or that wait. */
static unsigned
open_packets(void)
{
	unsigned n = 0;

	for (unsigned k = 0; k < sim.packets; k++)
		n += sim.state[k] == NEW || (sim.state[k] == SENT &&
		    sim.born[k] + NSEC_SEC > sim.now);
	return n;
}

static void
expect_delivered(unsigned thousandths, bool talk, uint64_t seed)
{
	unsigned open = open_packets(), packets = sim.packets;

	expect((sim.delivered + open) * 1000ULL >=
	    (uint64_t)packets * thousandths, "too few were delivered");
	if (talk || sim.wrong != NULL)
		printf("# seed %llu: %u packets, %u sent, %u delivered, %u "
		    "dropped, %u open\n", (unsigned long long)seed, packets,
		    sim.sent, sim.delivered, sim.dropped, open);
}

/* What went wrong, or NULL. */
static const char *
try(uint64_t seed, size_t i, bool talk)
{
	run(seed, &weathers[i].w);
	expect_delivered(weathers[i].least, talk, seed);
	heal();
	rest();
	finish();
	return sim.wrong;
}

/* Both begin at once, again when the keys are old, and one or two of the
 * datagrams about it are lost: each pair of them in turn (others W6). */
static const char *
race(uint64_t seed, size_t unused, bool talk)
{
	enum { ABOUT = 14 };
	static const struct weather fair = { 0, 0, 0, 0, 700, 0, 1,
		15 * NSEC_SEC, 0 };
	uint64_t first = seed % ABOUT, second = seed / ABOUT % ABOUT;

	(void)unused;
	prepare(seed, &fair);
	for (int round = 0; round < 2 && sim.wrong == NULL; round++) {
		sim.lose = (uint64_t)1 << first | (uint64_t)1 << second;
		sim.datagrams = 0;
		sim.end = sim.now + fair.length;
		nsec began = sim.now;
		sim.emit_at[0] = sim.emit_at[1] = sim.now;
		while (sim.now < sim.end && sim.wrong == NULL)
			step();
		for (int i = 0; i < 2; i++)
			expect(sim.side[i].heard > began,
			    "silent for 15 s after a race");
		/* they rest until either would ask for new keys */
		sim.emit_at[0] = sim.emit_at[1] = 0;
		sim.end = began + 121 * NSEC_SEC;
		while (sim.now < sim.end && sim.wrong == NULL)
			step();
	}
	expect_delivered(800, talk, seed);
	rest();
	finish();
	return sim.wrong;
}

/* Counters that come to an edge: none is used twice, and nothing is lost
 * (others W3). */
static const char *
edge(uint64_t seed, size_t unused, bool talk)
{
	static const uint64_t edges[] = { (uint64_t)1 << 32, (uint64_t)1 << 60,
		(uint64_t)1 << 63, REJECT_AFTER_MESSAGES };
	static const struct weather fair = { 0, 0, 0, 0, 100, 0, 1,
		10 * NSEC_SEC, 0 };
	uint64_t at = edges[seed % 4];

	(void)unused;
	run(seed, &fair);
	for (int i = 0; i < 2; i++) {
		struct session *ss = device_sender(sim.side[i].d, 0, sim.now);
		expect(ss != NULL, "no session");
		if (ss != NULL)
			ss->counter = at - 1 - rnd() % 50;
	}
	sim.end = sim.now + 60 * NSEC_SEC;
	while (sim.now < sim.end && sim.wrong == NULL)
		step();
	expect_delivered(1000, talk, seed);
	heal();
	rest();
	finish();
	return sim.wrong;
}

/* G49: nothing but the seed decides. */
static void
test_again(void)
{
	uint64_t log = 0;
	unsigned same = 0;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		try(seed / 2, ALL_AT_ONCE, false);
		same += seed % 2 == 1 && sim.log == log && log != 0;
		log = sim.log;
	}
	OKF(same == 9, "the same seed is the same run, byte for byte");
}

/* So many seeds, or the one, of a kind of run. */
static void
all(const char *name, const char *(*kind)(uint64_t, size_t, bool), size_t i,
    unsigned seeds, uint64_t only)
{
	const char *wrong = NULL, *times = getenv("SIM");
	uint64_t seed = only;

	seeds *= times != NULL ? (unsigned)strtoul(times, NULL, 10) : 1;
	if (only != 0)
		wrong = kind(only, i, true);
	for (unsigned n = 0; only == 0 && wrong == NULL && n < seeds; n++)
		wrong = kind(seed = i * 1000000 + n + 1, i, false);
	OKF(wrong == NULL, "%s%s%s (%u seeds to %llu)", name,
	    wrong != NULL ? ": " : "", wrong != NULL ? wrong : "", seeds,
	    (unsigned long long)seed);
}

int
main(int argc, char *argv[])
{
	uint64_t only = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;

	if (sodium_init() < 0)
		return 1;
	for (size_t i = 0; i < sizeof(weathers) / sizeof(weathers[0]); i++)
		all(weathers[i].name, try, i, weathers[i].seeds, only);
	all("others W6: both begin at once, each loss of one or two datagrams", race,
	    90, 1000, only);
	all("others W3: counters at 2^32, 2^60, 2^63 and the last", edge, 91, 100, only);
	if (only == 0)
		test_again();
	return DONE();
}
