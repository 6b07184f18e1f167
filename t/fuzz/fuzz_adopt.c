/* SPDX-License-Identifier: ISC */
/*
 * A translator's state that another program has left, or is still writing.  The
 * input is steps of four bytes that change what an honest one would be: flows
 * and owners of blocks that are nearly right, sealed or not; any byte; the
 * length.  Whatever it is then, it can be looked at and asked, and what is taken
 * over of it is in order: no two flows in one place, no more than there is room
 * for, counted for whom they are.  When the time of all is over nothing is left,
 * and the next begins with what there is then.
 */
#include "fuzz.h"

#include "capture/nat_who.h"
#include "nat/nat_store.h"
#include "packet/wire.h"

#include <errno.h>

enum { FLOWS = 16, POOL = 2, SITES = 3, BLOCK = 8192, EACH = 7,
	NOW = 1000, LONGEST = 8 * 86400, ROOM = 1 << 20, IMAGE = 8192 };

static struct addr pool[2 * POOL];
static struct nat_site site[SITES];
static struct nat_config cfg;
static struct nat nat;
static uint8_t memory[ROOM], honest[IMAGE], image[IMAGE];
static struct nat_flow flow[FLOWS + 1];
static struct nat_run run[FLOWS + 1];
static struct nat_owner owner[2 * POOL * EACH];
static size_t whole;
static size_t at_owner, at_flow;

static struct addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return addr_from_v4((uint8_t[]){ a, b, c, d });
}

static struct addr
v6(uint8_t last)
{
	struct addr a = { { 0x20, 1, 0xd, 0xb8, [15] = last } };

	return a;
}

/* Inside is 10.N.0.0/16 and 2001:db8::/120, of location N % 4, if there is. */
static int
whose(const void *arg, const struct addr *inside)
{
	(void)arg;
	return inside->b[13] % 4;
}

/* What an honest program has begun, as it lies in memory or in a file. */
static void
open_honest(void)
{
	struct nat_store s = { .place = whose };

	for (uint8_t i = 0; i < POOL; i++) {
		pool[i] = v4(198, 51, 100, (uint8_t)(1 + i));
		pool[POOL + i] = v6((uint8_t)(0xf1 + i));
	}
	for (int i = 1; i < SITES; i++)
		site[i] = (struct nat_site){ { { 0, POOL }, { POOL, POOL } } };
	cfg = (struct nat_config){ .pool = pool, .npool = 2 * POOL,
		.site = site, .nsites = SITES, .flows = FLOWS,
		.host_flows = FLOWS / 2, .site_flows = FLOWS, .host_blocks = 2,
		.site_blocks = { 8, 8 }, .block = BLOCK, .udp = NAT_UDP,
		.icmp = NAT_ICMP, .tcp = NAT_TCP,
		.tcp_transitory = NAT_TRANSITORY };
	must(nat_memory(&cfg) <= ROOM);
	nat_store_open(&nat, &cfg, &s, NOW * NSEC_SEC, 1700000000 * NSEC_SEC);
	const uint8_t *base = (const uint8_t *)nat.clock -
	    offsetof(struct nat_image, clock);
	const uint8_t *end = (const uint8_t *)(nat.table.run + FLOWS + 1);
	at_owner = (size_t)((const uint8_t *)nat.ports.owner - base);
	at_flow = (size_t)((const uint8_t *)nat.table.flow - base);
	whole = ((size_t)(end - base) + 63) & ~(size_t)63;
	must(whole < sizeof(honest));
	memcpy(honest, base, whole);
	memset(&nat, 0, sizeof(nat));	/* that one is done with */
}

static struct nat_owner *
owner_at(unsigned i)
{
	return (struct nat_owner *)(image + at_owner) + i % (2 * POOL * EACH);
}

static struct nat_flow *
flow_at(unsigned i)
{
	return (struct nat_flow *)(image + at_flow) + 1 + i % FLOWS;
}

/* A block of the host 10.1.0.H, or its IPv6 brother's. */
static void
put_owner(const uint8_t *s)
{
	struct nat_owner *o = owner_at(s[1]);
	bool first = s[1] % (2 * POOL * EACH) < POOL * EACH;

	*o = (struct nat_owner){ .since = 1700000000,
		.host = first ? v4(10, 1 + s[3] / 128, 0, s[2] % 4) :
		    v6(s[2] % 4), .until = s[3] % 4 == 3 ? NOW + s[3] : 0 };
	o->seal = nat_owner_seal(o);
}

/* A flow of whoever has that block, most of the time. */
static void
put_flow(const uint8_t *s)
{
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_ICMP,
		PROTO_UDP };
	unsigned b = s[2] % (2 * POOL * EACH);
	const struct nat_owner *o = owner_at(b);
	struct nat_flow *f = flow_at(s[1]);

	*f = (struct nat_flow){ .inside = o->host, .outside = pool[b / EACH],
		.remote = b < POOL * EACH ? v4(203, 0, 113, s[3] % 8) :
		    v6(0x80), .inside_port = (uint16_t)(4000 + s[1] / 16),
		.outside_port = (uint16_t)(NAT_PORT_FIRST + b % EACH * BLOCK +
		    s[3] / 8), .remote_port = 53, .proto = protos[s[3] % 4],
		.expires = NOW + 1 + s[1] };
	if (f->proto == PROTO_ICMP) {
		f->remote_port = 0;
		f->proto = b < POOL * EACH ? PROTO_ICMP : PROTO_ICMP6;
	}
	f->seal = nat_table_seal(f);
}

static void
change(const uint8_t *s)
{
	size_t at = (s[1] | (size_t)s[2] << 8) % whole;

	switch (s[0] % 8) {
	case 0:
	case 1:
		put_owner(s);
		break;
	case 2:
	case 3:
	case 4:
		put_flow(s);
		break;
	case 5:
		image[at] = s[3];
		break;
	case 6:		/* with its seal */
		flow_at(s[3])->seal = nat_table_seal(flow_at(s[3]));
		owner_at(s[3])->seal = nat_owner_seal(owner_at(s[3]));
		break;
	default:
		((uint8_t *)flow_at(s[1]))[s[2] % sizeof(struct nat_flow)] =
		    s[3];
	}
}

static bool
same_outside(const struct nat_flow *a, const struct nat_flow *b)
{
	return a->proto == b->proto && a->outside_port == b->outside_port &&
	    addr_eq(&a->outside, &b->outside) &&
	    a->remote_port == b->remote_port && addr_eq(&a->remote, &b->remote);
}

/* Hosts and locations have the flows and blocks that they are said to. */
static void
check_counts(void)
{
	const struct nat_ports *p = &nat.ports;
	uint32_t flows = 0, blocks = 0, resting = 0, sites = 0, free = 0;

	for (uint32_t h = 1; h < p->host_fresh; h++) {
		flows += p->host[h].flows;
		blocks += p->host[h].nblocks;
		resting += p->host[h].nresting;
	}
	for (int i = 0; i < SITES; i++)
		sites += nat.site_flows[i];
	for (unsigned i = 0; i < 2 * POOL; i++)
		free += p->nfree[i];
	must(flows == nat.table.used && sites == flows);
	must(blocks + resting <= p->nblocks - free);
}

/* Nobody, nothing, and room for all. */
static void
check_empty(void)
{
	const struct nat_ports *p = &nat.ports;
	struct nat_event e;

	must(nat.table.used == 0 && p->used == 0 && p->rest_first == 0);
	for (uint32_t h = 1; h < p->host_fresh; h++)
		must(p->host[h].nblocks == 0 && p->host[h].nresting == 0);
	for (uint32_t b = 0; b < p->nblocks; b++)
		must(owner[b].seal == 0);
	for (unsigned i = 0; i < 2 * POOL; i++)
		must(p->nfree[i] == p->per_addr);
	for (int i = 0; i < SITES; i++)
		must(p->site_blocks[i][0] == 0 && p->site_blocks[i][1] == 0);
	check_counts();
	while (nat_news(&nat, &e))
		must(e.block < p->nblocks && e.site < SITES);
}

static void
check_adopted(size_t got)
{
	static const nsec later[] = { 1, 300, LONGEST + 1, LONGEST + 1 +
		NAT_REST };
	unsigned alive = 0;

	must(got == nat.table.used && got <= FLOWS);
	for (unsigned i = 1; i <= FLOWS; i++) {
		if (flow[i].seal == 0)
			continue;
		alive++;
		must(flow[i].seal == nat_table_seal(&flow[i]));
		for (unsigned k = 1; k < i; k++)
			must(flow[k].seal == 0 ||
			    !same_outside(&flow[i], &flow[k]));
	}
	must(alive == got);
	check_counts();
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		while (nat_tick(&nat, (NOW + later[i]) * NSEC_SEC, FLOWS))
			;
	check_empty();
}

static void
adopt(const struct nat_view *v)
{
	static const struct nat_records rec = { flow, run, owner };
	static const uint8_t key[16];

	if (nat.cfg != &cfg)
		nat_init(&nat, &cfg, &rec, memory, key);
	nat.wheel.at = NOW;
	check_adopted(nat_adopt(&nat, &(struct nat_legacy){ .rec = v->rec,
	    .flows = v->image.flows, .pool = v->pool,
	    .npool = v->image.npool, .place = whose,
	    .block = (uint16_t)v->image.block }, NOW * NSEC_SEC));
}

static void
ask(const struct nat_view *v, const uint8_t *data)
{
	struct conf cf = { 0 };
	struct nat_question q = { .outside = pool[data[0] % (2 * POOL)],
		.proto = data[1] & 1 ? PROTO_TCP : PROTO_UDP,
		.port = (uint16_t)(data[2] << 8 | data[3]) };
	struct nat_answer a;

	if (nat_who_state(&a, &q, &cf, v))
		must(strnlen(a.rule, sizeof(a.rule)) < sizeof(a.rule));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct nat_view v;

	if (whole == 0)
		open_honest();
	if (n < 4)
		return 0;
	memcpy(image, honest, whole);
	for (size_t i = 4; i + 4 <= n; i += 4)
		change(data + i);
	size_t size = data[0] == 255 ? whole * data[1] / 256 : whole;
	size_t room = (size + 63) & ~(size_t)63;
	if (nat_view_init(&v, at_edge(image, room), size) < 0) {
		must(errno == EPROTO);
		return 0;
	}
	must(v.size == size);
	ask(&v, data);
	adopt(&v);
	nat_view_close(&v);
	return 0;
}
