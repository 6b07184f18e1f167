/* SPDX-License-Identifier: ISC */
/*
 * What one packet costs in parsing, summing, cutting, joining and a link,
 * on one core:
 *
 *	make && cc -std=c11 -O2 -D_GNU_SOURCE -Ilib -o build/packet \
 *	    t/bench/packet.c build/release/libbh.a && build/packet
 *
 * Best of several rounds, so that a neighbour's work counts as little as
 * possible.  Sizes are of the whole packet; the largest is a super-packet of
 * segments of 1420 bytes.
 */
#include "../unit/packet.h"
#include "io/ring.h"
#include "packet/csum.h"
#include "packet/gso.h"

#include <stdio.h>
#include <time.h>

enum {
	SEGMENT = 1420,
	SUPER = 45 * 1380 + 40,	/* of such segments, under 64 KiB */
	BURST = 64,
	ROUNDS = 7,
	ROUND_NS = 20000000,
};

static struct packet pk, burst[BURST];
static struct ip ip, burst_ip[BURST];
static uint8_t out[PACKET_MAX];
static struct gro gro;
static volatile uint64_t sink;	/* keeps the compiler from leaving work out */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
parse(void)
{
	sink += ip_parse(&ip, pk.b, pk.n);
}

static void
sum(void)
{
	sink += csum_add(0, pk.b, pk.n);
}

static void
copy(void)
{
	sink += csum_copy(0, out, pk.b, pk.n);
}

/* A super-packet into segments; a smaller one is completed (NEEDS_CSUM). */
static void
cut(void)
{
	struct vnet v = {
		.flags = VNET_NEEDS_CSUM, .csum_start = 20, .csum_offset = 16,
		.gso_type = pk.n > SEGMENT ? VNET_GSO_TCP4 : VNET_GSO_NONE,
		.gso_size = SEGMENT - 40,
	};
	struct gso g;

	sink += gso_init(&g, &v, &ip, pk.b, pk.n, SEGMENT);
	while (gso_next(&g, out) > 0)
		continue;
}

/* One hop over a link: put into the ring, and copied out of it. */
static struct ring_area area[2];
static struct ring end[2];
static const uint8_t *body;
static _Alignas(FRAME_ALIGN) uint8_t got[FRAME_MAX];

static void
hop(void)
{
	struct frame *f = ring_room(&end[0]);

	f->len = (uint32_t)pk.n;
	memcpy(f + 1, pk.b, pk.n);
	ring_put(&end[0], f);
	ring_publish(&end[0]);
	sink += ring_pop(&end[1], (struct frame *)got, &body);
}

/* As many segments as make one super-packet, or a burst of small ones. */
static size_t nsegments;

static void
join(void)
{
	bool bad;

	gro_init(&gro, true);
	for (size_t i = 0; i < nsegments; i++)
		gro_add(&gro, burst[i].b, &burst_ip[i], 0, &bad);
	sink += gro.n;
}

/* Nanoseconds a call. */
static double
cost(void (*what)(void))
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns(), spent;
		uint64_t calls = 0;

		do {
			for (int i = 0; i < 16; i++)
				what();
			calls += 16;
			spent = now_ns() - start;
		} while (spent < ROUND_NS);
		if ((double)spent / (double)calls < best)
			best = (double)spent / (double)calls;
	}
	return best;
}

static void
prepare(size_t n)
{
	struct segment s = {
		.proto = PROTO_TCP, .ttl = 64, .frag = IP4_DF, .id = 1,
		.sport = 443, .dport = 40000, .flags = TCP_ACK, .win = 100,
		.payload = n - 40,
	};

	packet_make(&pk, &s);
	ip_parse(&ip, pk.b, pk.n);
	nsegments = n > SEGMENT ? 45 : n < 1024 ? BURST - 4 : 45;
	s.payload = n > SEGMENT ? SEGMENT - 40 : n - 40;
	for (size_t i = 0; i < nsegments; i++) {
		packet_make(&burst[i], &s);
		ip_parse(&burst_ip[i], burst[i].b, burst[i].n);
		s.seq += (uint32_t)s.payload;
		s.id++;
	}
}

static void
row(const char *what, size_t n, double ns, double bytes)
{
	printf("%-7s %6zu  %9.1f", what, n, ns);
	if (bytes > 0)
		printf("  %8.2f", bytes / ns);
	printf("\n");
}

int
main(void)
{
	static const size_t sizes[] = { 64, 576, SEGMENT, SUPER };

	for (int i = 0; i < 2; i++) {
		end[i] = (struct ring){ .mine = &area[i],
			.theirs = &area[!i] };
		ring_init(&end[i]);
	}
	printf("%-7s %6s  %9s  %8s\n", "what", "bytes", "ns/packet", "GB/s");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = sizes[i];
		double bytes = (double)n;

		prepare(n);
		row("parse", n, cost(parse), 0);
		row("csum", n, cost(sum), bytes);
		row("copy", n, cost(copy), bytes);
		row("cut", n, cost(cut), bytes);
		row("link", n, cost(hop), bytes);
		double each = n > SEGMENT ? 1 : (double)nsegments;
		row("join", n, cost(join) / each, bytes);
	}
	return 0;
}
