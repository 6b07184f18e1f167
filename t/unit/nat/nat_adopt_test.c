/* SPDX-License-Identifier: ISC */
/* The state that another process left: what is taken over, and what is not
 * believed. */
#include "natworld.h"

static struct world w;

static const char *server = "203.0.113.7";

static int
whose(const void *arg, const struct addr *inside)
{
	(void)arg;
	return inside->b[13] == 1 ? 1 : inside->b[13] == 2 ? 2 : -1;
}

static struct nat_legacy
legacy(const struct world *old)
{
	return (struct nat_legacy){ .rec = old->rec, .flows = old->cfg.flows,
		.pool = old->pool, .npool = old->cfg.npool,
		.block = old->cfg.block, .place = whose };
}

static void
test_adopt(void)
{
	static struct world old;
	struct { struct addr a; uint16_t p; } end[300];
	int kept = 0, back = 0;

	world_up(&w, 2);
	for (uint16_t i = 0; i < 300; i++) {
		out(&w, 1, udp(branch1_host(i % 30), (uint16_t)(3000 + i),
		    server, 80));
		end[i].a = w.ip.src;
		end[i].p = w.ip.sport;
	}
	old = w;
	world_config(&w, 2);
	w.cfg.flows = 8192;	/* a larger one */
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 300, "state: all flows go on");
	unsigned counted = 0;
	for (uint32_t h = 1; h < w.nat.ports.host_fresh; h++)
		counted += w.nat.ports.host[h].flows == 10 &&
		    w.nat.ports.host[h].nblocks == 1 &&
		    w.nat.ports.host[h].site == 1;
	OKF(counted == 30 && w.nat.site_flows[1] == 300 &&
	    w.nat.site_flows[2] == 0 && w.nat.ports.used == 30 &&
	    w.nat.ports.site_blocks[1][0] == 30,
	    "state: counted for host and location as before");
	for (uint16_t i = 0; i < 300; i++)
		back += in(&w, udp(server, 80, text(&end[i].a), end[i].p)) &&
		    w.ip.dport == 3000 + i;
	for (uint16_t i = 0; i < 300; i++)
		kept += out(&w, 1, udp(branch1_host(i % 30), (uint16_t)(3000 +
		    i), server, 80)) && w.ip.sport == end[i].p &&
		    addr_eq(&w.ip.src, &end[i].a);
	OKF(kept == 300 && back == 300 && w.nat.table.used == 300,
	    "state: both ways, by the same outside ends");
	world_wait(&w, 301);
	OKF(w.nat.table.used == 0 && w.nat.ports.used > 0,
	    "state: and end when they should");
	world_wait(&w, 121);
	OKF(w.nat.ports.used == 0, "state: as do their blocks");
	world_down(&w);
	world_down(&old);
}

/* How many flows a new process takes over. */
static size_t
adopted(const struct world *old)
{
	world_config(&w, 1);
	world_start(&w);
	struct nat_legacy l = legacy(old);
	size_t n = nat_adopt(&w.nat, &l, w.now);
	world_down(&w);
	return n;
}

/* A record that is torn, or changed in any of its bytes, is not believed; the
 * others are. */
static void
test_torn(void)
{
	static struct world old;
	int wrong = 0;

	world_up(&w, 1);
	for (uint16_t i = 0; i < 3; i++)
		out(&w, 1, udp(branch1_host(i), 3000, server, 80));
	old = w;
	struct nat_flow saved = old.rec.flow[2];
	size_t n = offsetof(struct nat_flow, seal);
	for (size_t at = 0; at <= n; at++)
		for (uint8_t bit = 0; bit < 8; bit++) {
			((uint8_t *)&old.rec.flow[2])[at] ^=
			    (uint8_t)(1u << bit);
			wrong += adopted(&old) != 2;
			old.rec.flow[2] = saved;
		}
	OKF(wrong == 0, "state: of 480 changed records none is taken over");
	for (size_t half = 0; half < n; half += 4) {
		memset((uint8_t *)&old.rec.flow[2] + half, 0, n - half);
		wrong += adopted(&old) != 2;
		old.rec.flow[2] = saved;
	}
	OKF(wrong == 0, "state: nor is half of one");
	/* sealed, but against the configuration that is there now */
	world_config(&w, 1);
	w.pool[0] = at("198.51.100.200");
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	l.pool = old.pool;
	OKF(nat_adopt(&w.nat, &l, w.now) == 0 && w.nat.table.used == 0 &&
	    w.nat.ports.used == 0, "4787-7: an address that is not in "
	    "the pool any more ends its flows");
	world_down(&w);
	/* two hosts that claim one port: the file was made up */
	old.rec.flow[2].outside_port = old.rec.flow[1].outside_port;
	old.rec.flow[2].outside = old.rec.flow[1].outside;
	old.rec.flow[2].seal = nat_table_seal(&old.rec.flow[2]);
	world_config(&w, 1);
	world_start(&w);
	l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 2,
	    "state: nor is a port that another host has");
	world_down(&w);
	world_down(&old);
}

/* What is sealed and whole, but cannot be: by what is done to the second of
 * two flows of one host. */
static void
made_up(struct nat_flow *f, const struct nat_flow *first, int how, uint32_t s)
{
	switch (how) {
	case 0: f->proto = 50; break;
	case 1: f->proto = PROTO_ICMP6; break;
	case 2: f->outside = at("2001:db8:f::1"); break;
	case 3: f->remote = at("2001:db8::7"); break;
	case 4: f->inside = at("2001:db8:1::5"); break;
	case 5: f->remote_port = 0; break;
	case 6: f->kind |= NAT_PERMIT; break;
	case 7: f->kind |= 4; break;
	case 8: f->kind |= NAT_STATIC; break;
	case 9: f->expires = s; break;
	case 10: f->expires = s + 8 * 86400 + 1; break;
	case 11: f->inside = at("10.9.0.5"); break;
	case 12: f->inside = at("10.1.0.77"); break;
	case 13: f->outside_port ^= 1024; break;
	case 14: f->outside_port = 1023; break;
	case 15: *f = *first; break;
	case 16: f->inside_port = first->inside_port; f->remote_port++; break;
	/* and what can be */
	case 17: f->expires = s + 1; break;
	case 18: f->expires = s + 8 * 86400; break;
	case 19: f->remote_port++; break;
	}
}
enum { IMPOSSIBLE = 17, POSSIBLE = 3 };

static void
test_made_up(void)
{
	static struct world old;
	uint32_t s;

	world_up(&w, 1);
	out(&w, 1, udp("10.1.0.5", 3000, server, 80));
	out(&w, 1, udp("10.1.0.5", 3001, server, 80));
	old = w;
	s = (uint32_t)(old.now / NSEC_SEC);
	const struct nat_flow saved = old.rec.flow[2];
	for (int how = 0; how < IMPOSSIBLE + POSSIBLE; how++) {
		old.rec.flow[2] = saved;
		made_up(&old.rec.flow[2], &old.rec.flow[1], how, s);
		old.rec.flow[2].seal = nat_table_seal(&old.rec.flow[2]);
		world_config(&w, 1);
		world_start(&w);
		struct nat_legacy l = legacy(&old);
		size_t want = how < IMPOSSIBLE ? 1 : 2;
		OKF(nat_adopt(&w.nat, &l, w.now) == want &&
		    w.nat.table.used == want && w.nat.site_flows[1] == want,
		    "state: flow %d is %s", how, want == 1 ? "made up" :
		    "possible");
		world_down(&w);
	}
	/* alone, of a host whose block it is not */
	old.rec.flow[2].seal = 0;
	old.rec.flow[1].inside = at("10.1.0.77");
	old.rec.flow[1].seal = nat_table_seal(&old.rec.flow[1]);
	world_config(&w, 1);
	world_start(&w);
	struct nat_legacy l = legacy(&old);
	OKF(nat_adopt(&w.nat, &l, w.now) == 0 && w.nat.site_flows[1] == 0,
	    "state: nor has a host another's block");
	world_down(&w);
	world_down(&old);
}

/* A process that takes over knows whose quota rests. */
static void
test_rest_adopted(void)
{
	static struct world old;
	struct nat_legacy l;

	world_config(&w, 1);
	world_start(&w);
	for (unsigned h = 0; h < 5; h++)
		out(&w, 1, udp(branch1_host(h), 5, server, 80));
	world_wait(&w, 301);
	old = w;
	world_config(&w, 1);
	w.cfg.shared = w.site[1];
	w.now = old.now;
	world_start(&w);
	l = legacy(&old);
	nat_adopt(&w.nat, &l, w.now);
	OKF(w.nat.ports.used == 5 && w.nat.ports.site_blocks[1][0] == 5,
	    "H1c: after a restart, too, they count for the location");
	struct addr was = old.pool[0];
	OKF(out(&w, 1, udp(branch1_host(2), 5, server, 80)) &&
	    addr_eq(&w.ip.src, &was) && w.nat.ports.used == 5,
	    "H1c: and its host has its own again");
	world_wait(&w, 600);
	world_wait(&w, 121);
	OKF(w.nat.ports.used == 0 && w.nat.ports.site_blocks[1][0] == 0,
	    "H1c: until they have rested");
	world_down(&w);
	world_down(&old);
}

/* A port that has been published since is nobody's mapping any more, of that
 * protocol. */
static void
test_published_since(void)
{
	static struct world old;
	struct nat_static rule = { .proto = PROTO_UDP, .inside_first = 80,
		.site = 1 };
	size_t got[2];

	world_up(&w, 1);
	out(&w, 1, udp("10.1.0.5", 3000, server, 80));
	rule.outside = w.ip.src;
	rule.outside_first = rule.outside_last = w.ip.sport;
	rule.inside = at("10.1.0.77");
	old = w;
	for (int i = 0; i < 2; i++) {
		world_config(&w, 1);
		w.cfg.statics = &rule;
		w.cfg.nstatics = 1;
		rule.proto = i == 0 ? PROTO_UDP : PROTO_TCP;
		world_start(&w);
		struct nat_legacy l = legacy(&old);
		got[i] = nat_adopt(&w.nat, &l, w.now);
		world_down(&w);
	}
	OKF(got[0] == 0 && got[1] == 1, "6888-9: a port that is published "
	    "since is taken over by nobody");
	world_down(&old);
}

int
main(void)
{
	test_published_since();
	test_adopt();
	test_torn();
	test_made_up();
	test_rest_adopted();
	return DONE();
}
