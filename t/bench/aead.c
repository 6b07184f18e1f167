/* SPDX-License-Identifier: ISC */
/*
 * What sealing and opening cost on one core: each engine, packet size, burst
 * and direction, in place and from one buffer to another.  The cases take
 * turns, ROUNDS times, so that a busy neighbour slows all of them alike; the
 * median of each is printed.
 */
#include "wg/aead.h"
#include "wg/message.h"

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, MOST = 1420 + TAG_LEN, NENGINES = 4,
	ROUND_BYTES = 2 << 20 };

static const size_t sizes[] = { 64, 576, 1420 };
static const size_t bursts[] = { 1, 32, 64 };
static const char *const ways[] = { "seal", "seal in place", "open",
	"open in place" };

enum { NSIZES = 3, NBURSTS = 3, NWAYS = 4,
	NCASES = NENGINES * NSIZES * NBURSTS * NWAYS };

struct bench_case {
	struct aead *a;
	size_t size, burst;
	unsigned way;
	double ns[ROUNDS];	/* a packet */
};

static uint8_t key[32], src[AEAD_BURST][MOST], dst[AEAD_BURST][MOST];

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Opening forged packets costs the same and one more pass over them, so the
 * packets are genuine; opened in place they are gone, so they are sealed again
 * outside of the time that counts. */
static double
burst_ns(const struct bench_case *c)
{
	struct aead_job job[AEAD_BURST];
	bool opens = c->way >= 2, in_place = c->way % 2;

	for (size_t i = 0; i < c->burst; i++)
		job[i] = (struct aead_job){ .key = key, .counter = i,
			.src = src[i], .dst = src[i], .n = c->size };
	if (opens)
		aead_seal(c->a, job, c->burst);
	for (size_t i = 0; i < c->burst; i++)
		job[i].dst = in_place ? src[i] : dst[i];
	double start = now_ns();
	(opens ? aead_open_burst : aead_seal)(c->a, job, c->burst);
	double took = now_ns() - start;
	for (size_t i = 0; opens && i < c->burst; i++)
		if (!job[i].ok)
			errx(1, "%s opened nothing", aead_name(c->a));
	return took;
}

static void
run(struct bench_case *c, int round)
{
	size_t n = 1 + ROUND_BYTES / (c->size * c->burst);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += burst_ns(c);
	c->ns[round] = sum / (double)(n * c->burst);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print(struct bench_case *c)
{
	qsort(c->ns, ROUNDS, sizeof(c->ns[0]), compare);
	double ns = c->ns[ROUNDS / 2];
	printf("%-9s %-14s %6zu %6zu %9.1f %6.2f\n", aead_name(c->a),
	    ways[c->way], c->size, c->burst, ns, (double)c->size / ns);
}

int
main(void)
{
	static struct bench_case cases[NCASES];
	struct bench_case *c = cases;
	const char *name;

	randombytes_buf(key, sizeof(key));
	randombytes_buf(src, sizeof(src));
	for (unsigned w = 0; w < NWAYS; w++)
		for (size_t s = 0; s < NSIZES; s++)
			for (size_t b = 0; b < NBURSTS; b++)
				for (unsigned e = 0; e < NENGINES &&
				    (name = aead_available(e)) != NULL; e++)
					*c++ = (struct bench_case){
						.a = aead_open(name),
						.size = sizes[s],
						.burst = bursts[b],
						.way = w };
	for (int round = 0; round < ROUNDS; round++)
		for (struct bench_case *i = cases; i < c; i++)
			run(i, round);
	printf("%-9s %-14s %6s %6s %9s %6s\n", "engine", "way", "bytes",
	    "burst", "ns/packet", "GB/s");
	for (struct bench_case *i = cases; i < c; i++) {
		print(i);
		aead_close(i->a);
	}
	return 0;
}
