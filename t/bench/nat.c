/* SPDX-License-Identifier: ISC */
/*
 * The translator with a million mappings: how long a new flow takes, and a
 * packet of one that is there; what that takes of memory; and the longest
 * pause when all end at once.  Beside it what one access to memory costs that
 * is in no cache: a look-up is two of them and a hash, a new flow a dozen.
 * Means are of processor time, so a busy machine shows in the tails only.
 * usage: nat [FLOWS]
 */
#include "net/nat.h"

#include "../unit/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum {
	HOSTS = 2048, ADDRESSES = 32, SITES = 2, SWEEP = 256,
	FLOWS = 1000000, LOOKUPS = 4000000,
};

static struct nat nat;
static struct nat_config cfg;
static struct nat_site site[SITES];
static struct addr pool[ADDRESSES];
static uint32_t *took;		/* nanoseconds of each */

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

/* As the program has it: all there before we measure, in large pages if there
 * are any. */
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
set_up(uint32_t flows)
{
	const uint8_t v4[4] = { 198, 51, 100, 0 };
	static const uint8_t key[16] = "bench";

	for (int i = 0; i < ADDRESSES; i++) {
		pool[i] = addr_from_v4(v4);
		pool[i].b[15] = (uint8_t)i;
	}
	site[1].part[0] = (struct nat_part){ 0, ADDRESSES };
	cfg = (struct nat_config){ .pool = pool, .npool = ADDRESSES,
		.site = site, .nsites = SITES, .flows = flows,
		.host_flows = flows, .site_flows = flows, .host_blocks = 4,
		.site_blocks = 1u << 20, .block = 512, .udp = NAT_UDP,
		.icmp = NAT_ICMP, .tcp = NAT_TCP,
		.tcp_transitory = NAT_TRANSITORY };
	const struct nat_records rec = {
		.flow = get((flows + 1) * sizeof(struct nat_flow)),
		.run = get((flows + 1) * sizeof(struct nat_run)),
		.owner = get(nat_ports_blocks(&cfg) *
		    sizeof(struct nat_owner)) };
	nat_init(&nat, &cfg, &rec, get(nat_memory(&cfg)), key);
}

/* The i-th flow's packet: hosts take turns, so that nothing is near the last
 * one. */
static void
make(struct packet *pk, struct ip *ip, uint32_t i)
{
	const struct segment s = { .proto = PROTO_UDP, .ttl = 64,
		.frag = IP4_DF, .sport = (uint16_t)(1024 + i / HOSTS),
		.dport = 53, .payload = 20 };
	struct ip4_hdr *h = (void *)pk->b;

	packet_make(pk, &s);
	h->src[1] = 1;
	h->src[2] = (uint8_t)(i % HOSTS >> 8);
	h->src[3] = (uint8_t)(i % HOSTS);
	packet_sum_ip(pk->b);
	packet_sum_l4(pk->b, 20, pk->n, PROTO_UDP);
	ip_parse(ip, pk->b, pk->n);
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
	static struct packet pk;
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
look_up(uint32_t flows, nsec now)
{
	enum { BATCH = 64 };
	static struct packet pk[BATCH];
	static struct ip ip[BATCH];
	struct nat_key key[BATCH];
	uint64_t table = 0, whole = 0, found = 0;
	uint32_t x = 1;

	for (uint32_t n = 0; n < LOOKUPS; n += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			x = x * 1664525 + 1013904223;
			make(&pk[i], &ip[i],
			    (uint32_t)((uint64_t)x * flows >> 32));
			key[i] = (struct nat_key){ .local = ip[i].src,
				.remote = ip[i].dst, .proto = PROTO_UDP,
				.local_port = ip[i].sport,
				.remote_port = ip[i].dport };
		}
		uint64_t a = cpu_ns();
		for (int i = 0; i < BATCH; i++)
			found += nat_table_find(&nat.table, NAT_OUT,
			    &key[i]) != 0;
		table += cpu_ns() - a;
	}
	for (uint32_t n = 0; n < LOOKUPS; n += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			x = x * 1664525 + 1013904223;
			make(&pk[i], &ip[i],
			    (uint32_t)((uint64_t)x * flows >> 32));
		}
		uint64_t a = cpu_ns();
		for (int i = 0; i < BATCH; i++) {
			struct nat_packet p = { pk[i].b, &ip[i], NULL, 1 };
			found += nat_outbound(&nat, &p, now) ==
			    (enum verdict)V_NEXT;
		}
		whole += cpu_ns() - a;
	}
	printf("look-up          %10u  %6.0f ns each\n", LOOKUPS,
	    (double)table / LOOKUPS);
	printf("packet of a flow %10u  %6.0f ns each, all of it\n", LOOKUPS,
	    (double)whole / LOOKUPS);
	if (found != 2 * LOOKUPS)
		printf("  but %llu were not found\n",
		    (unsigned long long)(2 * LOOKUPS - found));
}

static void
end_all(nsec now)
{
	uint64_t most = 0, all = 0;
	uint32_t n = nat.table.used;
	bool more = true;
	uint64_t cpu = cpu_ns();

	while (more) {
		struct nat_event e;
		uint64_t began = clock_ns();
		more = nat_tick(&nat, now, SWEEP);
		uint64_t t = clock_ns() - began;
		most = t > most ? t : most;
		while (nat_news(&nat, &e))
			;
	}
	all = cpu_ns() - cpu;
	printf("all end at once  %10u  %6.0f ns each, longest pause %.3f ms\n",
	    n - nat.table.used, (double)all / n, (double)most / 1e6);
}

int
main(int argc, char *argv[])
{
	uint32_t flows = argc > 1 ? (uint32_t)atoi(argv[1]) : FLOWS;
	nsec now = 1000 * NSEC_SEC;

	took = get(flows * sizeof(*took));
	miss();
	set_up(flows);
	nat.wheel.at = 1000;
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
