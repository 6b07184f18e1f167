/* SPDX-License-Identifier: ISC */
/*
 * The translator with a million mappings: how long a new flow takes, and a
 * packet of one that is there, of a burst as the data path has it; what that
 * takes of memory; and the longest pause when all end at once.  Beside it what
 * one access to memory costs that is in no cache: a look-up is two of them and
 * a hash, which a burst waits for together.
 * Means are of processor time, so a busy machine shows in the tails only.
 * usage: nat [FLOWS]
 */
#include "nat/nat_store.h"

#include "../unit/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	HOSTS = 2048, ADDRESSES = 32, SITES = 2, SWEEP = 256,
	FLOWS = 1000000, LOOKUPS = 4000000, BATCH = 64,
};

struct small {
	size_t n;
	uint8_t b[64];
};

static struct nat nat;
static struct nat_config cfg;
static struct nat_site site[SITES];
static struct addr pool[ADDRESSES];
static uint32_t *took;		/* nanoseconds of each */
static struct small burst[BATCH];
static struct ip heads[BATCH];

static uint64_t
read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t
clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

static uint64_t
cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* As /run is. */
#define STORE "/dev/shm/bench.nat"

/* All there before we measure, in large pages if there are any. */
static void *
get(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		fputs("nat: no memory\n", stderr);
		exit(111);
	}
	madvise(p, n, MADV_HUGEPAGE);
	return memset(p, 0, n);
}

static void
set_up(uint32_t flows, nsec now)
{
	const uint8_t v4[4] = { 198, 51, 100, 0 };

	for (int i = 0; i < ADDRESSES; i++) {
		pool[i] = addr_from_v4(v4);
		pool[i].b[15] = (uint8_t)i;
	}
	site[1].range[0] = (struct nat_range){ 0, ADDRESSES };
	cfg = (struct nat_config){ .pool = pool, .npool = ADDRESSES,
		.site = site, .nsites = SITES, .flows = flows,
		.host_flows = flows, .site_flows = flows, .host_blocks = 4,
		.site_blocks = { 1u << 20 }, .block = 512, .udp = NAT_UDP,
		.icmp = NAT_ICMP, .tcp = NAT_TCP,
		.tcp_transitory = NAT_TRANSITORY };
	const struct nat_store store = { .path = STORE, .key = "bench" };
	nat_store_open(&nat, &cfg, &store, now, 0);
	unlink(STORE);
}

/* The i-th flow's packet: hosts take turns, so that nothing is near the last
 * one. */
static void
make(struct small *to, struct ip *ip, uint32_t i)
{
	static struct packet pk;
	const struct segment s = { .proto = PROTO_UDP, .ttl = 64,
		.frag = IP4_DF, .sport = (uint16_t)(1024 + i / HOSTS),
		.dport = 53, .payload = 20 };
	struct ip4_hdr *h = (void *)pk.b;

	packet_make(&pk, &s);
	h->src[1] = 1;
	h->src[2] = (uint8_t)(i % HOSTS >> 8);
	h->src[3] = (uint8_t)(i % HOSTS);
	packet_sum_ip(pk.b);
	packet_sum_l4(pk.b, 20, pk.n, PROTO_UDP);
	to->n = pk.n;
	memcpy(to->b, pk.b, pk.n);
	ip_parse(ip, to->b, to->n);
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Each address comes from what is at the one before. */
static void
miss(void)
{
	enum { WORDS = 32 << 20, STEPS = 1000000 };
	uint32_t *p = get(WORDS * sizeof(*p)), x = 1;
	uint64_t began = cpu_ns();

	for (int i = 0; i < STEPS; i++)
		x = x * 1664525 + 1013904223 + p[(uint64_t)x * WORDS >> 32];
	printf("a cache miss     %10d  %6.0f ns each%s\n", STEPS,
	    (double)(cpu_ns() - began) / STEPS, x == 0 ? "." : "");
	munmap(p, WORDS * sizeof(*p));
}

static void
insert(uint32_t flows, nsec now)
{
	struct small pk;
	struct ip ip;
	uint64_t all = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < flows; i++) {
		struct nat_event e;
		make(&pk, &ip, i);
		struct nat_packet p = { pk.b, &ip, NULL, 1 };
		uint64_t began = clock_ns();
		n += nat_outbound(&nat, &p, now) == (enum verdict)V_NEXT;
		took[i] = (uint32_t)(clock_ns() - began);
		all += took[i];
		while (nat_news(&nat, &e))
			;
	}
	qsort(took, flows, sizeof(*took), by_size);
	printf("new flows        %10u  %6.0f ns each, %.0f a second (by the "
	    "clock)\n", n, (double)all / flows, 1e9 * flows / (double)all);
	printf("  median, p99, p99.9, most %7u %u %u %u ns\n",
	    took[flows / 2], took[flows - flows / 100],
	    took[flows - flows / 1000], took[flows - 1]);
}

/* Keys in no order, a batch at a time as from a burst. */
static void
draw_batch(uint32_t flows)
{
	static uint32_t x = 1;

	for (int i = 0; i < BATCH; i++) {
		x = x * 1664525 + 1013904223;
		make(&burst[i], &heads[i],
		    (uint32_t)((uint64_t)x * flows >> 32));
	}
}

static uint32_t
find_batch(void)
{
	struct nat_key key[BATCH];
	uint64_t hash[BATCH];
	uint32_t found = 0;

	for (int i = 0; i < BATCH; i++) {
		key[i] = (struct nat_key){ .local = heads[i].src,
			.remote = heads[i].dst, .proto = PROTO_UDP,
			.local_port = heads[i].sport,
			.remote_port = heads[i].dport };
		hash[i] = nat_table_hash(&nat.table, NAT_OUT, &key[i]);
	}
	for (int i = 0; i < BATCH; i++)
		nat_table_guess(&nat.table, NAT_OUT, hash[i]);
	for (int i = 0; i < BATCH; i++)
		found += nat_table_find_hashed(&nat.table, NAT_OUT, &key[i],
		    hash[i]) != 0;
	return found;
}

static uint32_t
translate_batch(nsec now)
{
	bool large = nat_is_large(&nat);
	uint64_t ahead[BATCH];
	uint32_t found = 0;

	for (int i = 0; large && i < BATCH; i++)
		ahead[i] = nat_foresee(&nat, NAT_OUTWARD, burst[i].b,
		    burst[i].n);
	for (int i = 0; large && i < BATCH; i++)
		nat_fetch(&nat, NAT_OUTWARD, ahead[i]);
	for (int i = 0; i < BATCH; i++) {
		struct nat_packet p = { burst[i].b, &heads[i], NULL, 1 };
		found += nat_outbound(&nat, &p, now) == (enum verdict)V_NEXT;
	}
	return found;
}

static void
look_up(uint32_t flows, nsec now)
{
	uint64_t table = 0, whole = 0, found = 0;

	for (uint32_t n = 0; n < LOOKUPS; n += BATCH) {
		draw_batch(flows);
		uint64_t a = cpu_ns();
		found += find_batch();
		uint64_t b = cpu_ns();
		found += translate_batch(now);
		table += b - a;
		whole += cpu_ns() - b;
	}
	printf("look-up          %10u  %6.0f ns each\n", LOOKUPS,
	    (double)table / LOOKUPS);
	printf("packet of a flow %10u  %6.0f ns each, all of it\n", LOOKUPS,
	    (double)whole / LOOKUPS);
	if (found != 2 * LOOKUPS)
		printf("  but %llu were not found\n",
		    (unsigned long long)(2 * LOOKUPS - found));
}

/* A pause is the program's own: processor time.  That of the clock beside it
 * has in it what others took meanwhile. */
static void
end_all(nsec now)
{
	uint64_t most = 0, clock_most = 0, all = 0;
	uint32_t n = nat.table.used, ticks = 0;

	for (bool more = true; more;) {
		struct nat_event e;
		uint64_t began = cpu_ns(), clock = clock_ns();
		more = nat_tick(&nat, now, SWEEP);
		clock = clock_ns() - clock;
		took[ticks] = (uint32_t)(cpu_ns() - began);
		all += took[ticks];
		most = took[ticks] > most ? took[ticks] : most;
		clock_most = clock > clock_most ? clock : clock_most;
		ticks++;
		while (nat_news(&nat, &e))
			;
	}
	printf("all end at once  %10u  %6.0f ns each, in %u pauses\n",
	    n - nat.table.used, (double)all / n, ticks);
	qsort(took, ticks, sizeof(*took), by_size);
	printf("  median, p99.9, most %9.3f %.3f %.3f ms; by the clock %.3f\n",
	    took[ticks / 2] / 1e6, took[ticks - 1 - ticks / 1000] / 1e6,
	    (double)most / 1e6, (double)clock_most / 1e6);
}

int
main(int argc, char *argv[])
{
	uint32_t flows = argc > 1 ? (uint32_t)atoi(argv[1]) : FLOWS;
	nsec now = 1000 * NSEC_SEC;

	took = get(flows * sizeof(*took));
	miss();
	set_up(flows, now);
	printf("memory           %10u  %6.1f bytes each; blocks %.1f MiB\n",
	    flows, (double)(nat_table_memory(flows) + (flows + 1) *
	    (sizeof(struct nat_flow) + sizeof(struct nat_run))) / flows,
	    (double)(nat_ports_memory(&cfg) + nat_ports_blocks(&cfg) *
	    sizeof(struct nat_owner)) / 1048576);
	insert(flows, now);
	look_up(flows, now);
	end_all(now + 1000 * NSEC_SEC);
	return 0;
}
