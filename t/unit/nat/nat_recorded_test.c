/* SPDX-License-Identifier: ISC */
/*
 * The translator, as it was: under the eyes of a few hosts that send all there
 * is, in all states, with quotas, rules, fragments, errors, time, and a state
 * that is taken over now and then.  What the other tests do not look at is at
 * least what it was when this was recorded.  A line of t/data/nat.txt is so many
 * steps of one configuration; where the translator is meant to change:
 * GOLDEN=write build/release/t/unit/nat/nat_recorded_test.
 */
#include "natworld.h"

#include <string.h>

enum { STEPS = 2000, LINES = 10, LINE = 160 };

static struct world w, old;
static uint64_t seed, digest;

static uint32_t
draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 32) % n);
}

/* FNV-1a */
static void
note(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		digest = (digest ^ b[i]) * 0x100000001b3;
}

static void
note_number(uint64_t v)
{
	note(&v, sizeof(v));
}

/* ---- configurations ---- */

static struct prefix friends = { .len = 120 };
static struct nat_static statics[] = {
	{ .proto = PROTO_TCP, .outside_first = 1100, .outside_last = 1110,
	    .inside_first = 5000, .site = 1, .from = &friends, .nfrom = 1 },
	{ .proto = PROTO_UDP, .outside_first = 443, .outside_last = 445,
	    .inside_first = 5000, .site = 1 },
	{ .proto = PROTO_ICMP, .outside_first = 1200, .outside_last = 1264,
	    .inside_first = 5000, .site = 2 },
	{ .proto = 0, .outside_last = 65535, .site = 2 },
};
static struct nat_span spans[2];

static void
configure_plain(struct world *x)
{
	x->cfg.site_flows = 100;
	x->cfg.site_blocks[0] = x->cfg.site_blocks[1] = 6;
	x->cfg.shared = x->site[1];
}

static void
configure_address(struct world *x)
{
	x->cfg.filter = NAT_FILTER_ADDRESS;
	x->cfg.inbound_refresh = true;
	x->cfg.host_flows = 24;
}

static void
configure_open(struct world *x)
{
	x->cfg.filter = NAT_FILTER_INDEPENDENT;
	x->cfg.flows = 60;
}

static void
configure_published(struct world *x)
{
	friends.addr = at("203.0.113.0");
	for (int i = 0; i < 4; i++) {
		statics[i].outside = x->pool[i / 2];
		statics[i].inside = at(i == 0 ? "10.1.0.1" : i == 1 ?
		    "10.1.0.2" : i == 2 ? "10.2.0.1" : "10.2.0.2");
	}
	x->cfg.statics = statics;
	x->cfg.nstatics = 4;
	x->cfg.filter = NAT_FILTER_ADDRESS;
}

static void
configure_fixed(struct world *x)
{
	spans[0] = (struct nat_span){ at("10.1.0.0"), 4, 0, 1 };
	spans[1] = (struct nat_span){ at("10.2.0.2"), 3, 4, 2 };
	x->cfg.span = spans;
	x->cfg.nspans = 2;
	x->cfg.nfixed = 7;
	x->cfg.fixed = (struct nat_range){ 0, 2 };
	x->site[2].range[1].n = 0;	/* its IPv6 is refused */
}

static void
configure_full(struct world *x)
{
	/* a dozen blocks in all */
	x->cfg.block = 8192;
	x->cfg.host_blocks = 1;
	x->site[1].range[0] = (struct nat_range){ 1, 1 };
	x->cfg.shared = x->site[2];
}

static const struct {
	const char *name;
	void (*configure)(struct world *x);
} configs[] = {
	{ "plain", configure_plain }, { "address", configure_address },
	{ "open", configure_open }, { "published", configure_published },
	{ "fixed", configure_fixed }, { "full", configure_full },
};

static void
begin(struct world *x, size_t which, uint64_t now)
{
	world_config(x, 2);
	x->cfg.flows = 150;
	x->cfg.block = 64;
	x->cfg.host_blocks = 2;
	x->now = now;
	configs[which].configure(x);
	world_start(x);
}

/* ---- packets ---- */

static const char *const hosts[] = { "10.1.0.1", "10.1.0.2", "10.1.0.3",
	"10.2.0.1", "10.2.0.2", "10.2.0.4", "2001:db8:1::1", "2001:db8:2::1" };
static const char *const remotes[] = { "203.0.113.7", "203.0.113.8",
	"198.18.7.7", "203.0.114.9" };
static const char *const remotes6[] = { "2001:db8:9::7", "2001:db8:9::8" };
static const uint16_t remote_ports[] = { 53, 80, 0, 443, 5000 };
static const uint8_t flags[] = { TCP_SYN, TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK,
	TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK, 0 };

/* A number, or one beside it, or one a window away. */
static uint32_t
near(uint32_t v)
{
	static const uint32_t by[] = { 0, 0, 0, 1, (uint32_t)-1, 1000, 1001,
		(uint32_t)-1000, 65535, 65536, 0x40000000, 0x80000000 };

	return v + by[draw(sizeof(by) / sizeof(*by))];
}

static uint8_t
echo(bool v6, bool ask)
{
	return v6 ? ask ? 128 : 129 : ask ? 8 : 0;
}

static struct leg
random_leg(void)
{
	const char *src = hosts[draw(sizeof(hosts) / sizeof(*hosts))];
	bool v6 = strchr(src, ':') != NULL;
	const uint8_t protos[] = { PROTO_TCP, PROTO_UDP,
		v6 ? PROTO_ICMP6 : PROTO_ICMP };

	return (struct leg){ .src = src, .proto = protos[draw(3)],
		.sport = (uint16_t)(5000 + draw(12)),
		.dst = v6 ? remotes6[draw(2)] : remotes[draw(4)],
		.dport = remote_ports[draw(5)], .flags = flags[draw(9)],
		.seq = near(1000), .ack = near(7000), .win = (uint16_t)
		(draw(3) * 700), .scale = (uint8_t)draw(17),
		.payload = draw(3) * 40, .nosum = draw(9) == 0,
		.type = draw(12) == 0 ? (uint8_t)draw(256) :
		    echo(v6, draw(4) > 0), .id = (uint16_t)draw(6),
		.frag = draw(4) == 0 ? IP4_DF : draw(6) == 0 ? IP4_MF : 0 };
}

/* A flow that there is; 0: none was met. */
static uint32_t
some_flow(void)
{
	for (int i = 0; i < 50; i++) {
		uint32_t f = 1 + draw(w.cfg.flows);
		if (w.nat.table.flow[f].seal != 0)
			return f;
	}
	return 0;
}

/* A packet of the flow or of nearly that, from inside or from outside. */
static struct leg
flow_leg(uint32_t i, bool inward)
{
	const struct nat_flow *f = &w.nat.table.flow[i];
	const struct nat_run *r = &w.nat.table.run[i];
	bool v6 = !addr_is_v4(&f->inside);
	bool icmp = f->proto == PROTO_ICMP || f->proto == PROTO_ICMP6;
	struct leg l = random_leg();

	l.proto = f->proto;
	l.type = draw(10) == 0 ? l.type : echo(v6, !inward);
	l.seq = near(r->end[inward]);
	l.ack = near(r->end[!inward]);
	l.src = text(inward ? &f->remote : &f->inside);
	l.dst = text(inward ? &f->outside : &f->remote);
	l.sport = inward && !icmp ? f->remote_port : inward ? f->outside_port :
	    f->inside_port;
	l.dport = inward ? f->outside_port : f->remote_port;
	if (draw(8) == 0)
		l.sport++;
	if (draw(12) == 0)
		l.dport ^= 1;
	if (draw(12) == 0)
		l.src = v6 ? remotes6[draw(2)] : remotes[draw(4)];
	return l;
}

static void
note_packet(enum verdict v)
{
	note_number(v);
	note(w.pk.b, w.pk.n < 200 ? w.pk.n : 200);
	note_number(w.nat.table.used);
	note_number(w.nat.ports.used);
	note_number(w.nat.frags.held);
}

static uint16_t
site_of(const char *src)
{
	uint16_t site = src[3] == '1' || src[9] == '1' ? 1 : 2;

	return draw(20) == 0 ? (uint16_t)(3 - site) : site;
}

static void
step_out(void)
{
	uint32_t i = draw(2) == 0 ? some_flow() : 0;
	struct leg l = i != 0 ? flow_leg(i, false) : random_leg();
	uint16_t site = site_of(l.src);

	if (draw(30) == 0 && i != 0)	/* of one that came in by a hairpin */
		l.dst = text(&w.nat.table.flow[i].outside);
	make(&w.pk, &l);
	enum verdict v = out_again(&w, site);
	note_packet(v);
}

static void
step_in(void)
{
	uint32_t i = some_flow();
	struct leg l = i != 0 && draw(5) > 0 ? flow_leg(i, true) :
	    random_leg();

	if (i == 0 || draw(6) == 0) {
		l.src = remotes[draw(4)];
		l.dst = text(&w.pool[draw(2)]);
		l.dport = (uint16_t)(draw(2) == 0 ? 1095 + draw(20) :
		    440 + draw(8));
	}
	make(&w.pk, &l);
	note_packet(in_again(&w));
}

/* A host opens many at once, as far as it may. */
static void
step_burst(void)
{
	struct leg l = random_leg();

	l.flags = TCP_SYN;
	for (unsigned i = draw(140); i > 0; i--) {
		l.sport = (uint16_t)(6000 + draw(512));
		make(&w.pk, &l);
		note_packet(out_again(&w, site_of(l.src)));
	}
}

/* A first or a later fragment of one of few datagrams. */
static void
step_fragment(void)
{
	uint32_t i = some_flow();
	bool inward = i != 0 && draw(2) == 0;
	struct leg l = i != 0 ? flow_leg(i, inward) : random_leg();
	struct addr src = at(l.src);

	if (!addr_is_v4(&src))
		return;
	l.id = (uint16_t)draw(5);
	l.frag = draw(2) == 0 ? IP4_MF : (uint16_t)(1 + draw(3));
	l.payload = 8 + draw(5) * 8 + (draw(40) == 0 ? 2100 : 0);
	make(&w.pk, &l);
	note_packet(inward ? in_again(&w) : out_again(&w, site_of(l.src)));
	for (int k = 0; k < 2; k++) {
		uint16_t from = 9;
		uint8_t p[NAT_HELD_MAX];
		size_t n = nat_released(&w.nat, p, &from, k, w.now);
		note_number(n);
		note_number(from);
		note(p, n < 60 ? n : 60);
	}
}

/* An error that quotes a packet of a flow. */
static void
step_error(void)
{
	static const uint8_t types[] = { 3, 11, 12, 4, 5, 1, 2 };
	static uint8_t inner[PACKET_MAX];
	uint32_t i = some_flow();
	bool inward = draw(2) == 0;
	size_t quote = 8 * draw(10);

	if (i == 0)
		return;
	struct leg l = flow_leg(i, !inward);
	if (draw(8) == 0)
		l.frag = (uint16_t)draw(2);
	if (inward) {	/* as it left */
		const struct nat_flow *f = &w.nat.table.flow[i];
		l.src = text(&f->outside);
		l.sport = f->outside_port;
	} else {	/* as it came in, to its host */
		const struct nat_flow *f = &w.nat.table.flow[i];
		l.dst = text(&f->inside);
		l.dport = f->inside_port;
	}
	make(&w.pk, &l);
	size_t n = w.pk.n < quote ? w.pk.n : quote;
	memcpy(inner, w.pk.b, n);
	struct addr a = at(l.src);
	bool v6 = !addr_is_v4(&a);
	struct leg e = { .proto = v6 ? PROTO_ICMP6 : PROTO_ICMP,
		.src = draw(3) == 0 ? l.dst : v6 ? remotes6[0] : remotes[0],
		.dst = draw(12) == 0 ? remotes[1] : l.src, .payload = n,
		.type = types[draw(7)] };
	if (!inward && draw(4) > 0)
		e.src = text(&w.nat.table.flow[i].inside);
	struct addr b = at(e.src), c = at(e.dst);
	if (addr_is_v4(&b) != addr_is_v4(&c))
		return;
	size_t hlen = v6 ? 40 : 20;
	make(&w.pk, &e);
	memset(w.pk.b + hlen + 4, 0, 4);
	memcpy(w.pk.b + hlen + 8, inner, n);
	put_sum(w.pk.b, hlen, w.pk.n, e.proto);
	if (draw(20) == 0)
		w.pk.b[hlen + 2] ^= 1;
	note_packet(inward ? in_again(&w) : out_again(&w, site_of(e.src)));
}

static void
step_time(void)
{
	static const uint16_t seconds[] = { 0, 1, 1, 1, 5, 59, 60, 61, 119, 120,
		121, 239, 241, 300, 1000, 7441 };
	unsigned budget = 1 + draw(40);

	w.now += seconds[draw(6) == 0 ? draw(16) : draw(4)] * NSEC_SEC;
	note_number(nat_due(&w.nat));
	note_number(nat_tick(&w.nat, w.now, budget));
	note_number(w.nat.table.used);
	for (struct nat_event e; nat_news(&w.nat, &e);) {
		note_number(e.what);
		note_number(e.block);
		note_number(e.site);
		note(&e.host, sizeof(e.host));
		note_number(e.wall);
		note_number(e.since);
	}
}

static int
whose(const void *arg, const struct addr *inside)
{
	(void)arg;
	return addr_is_v4(inside) ? inside->b[13] : inside->b[5];
}

/* Another process takes over, perhaps with another configuration. */
static void
step_adopt(size_t which)
{
	struct nat_legacy l;

	old = w;
	begin(&w, draw(3) == 0 ? draw(6) : which, old.now);
	w.nat.ids = old.nat.ids;
	l = (struct nat_legacy){ .rec = old.rec, .flows = old.cfg.flows,
		.pool = old.pool, .npool = old.cfg.npool,
		.block = old.cfg.block, .place = whose };
	note_number(nat_adopt(&w.nat, &l, w.now));
	note_number(w.nat.ports.used);
	for (int i = 0; i < BRANCHES; i++) {
		note_number(w.nat.site_flows[i]);
		note_number(w.nat.ports.site_blocks[i][0]);
		note_number(w.nat.ports.site_blocks[i][1]);
	}
	world_down(&old);
}

static void
step(size_t which)
{
	uint32_t what = draw(100);

	if (what < 40)
		step_out();
	else if (what < 70)
		step_in();
	else if (what < 78)
		step_fragment();
	else if (what < 88)
		step_error();
	else if (what < 98)
		step_time();
	else if (draw(8) > 0)
		step_burst();
	else
		step_adopt(which);
}

static void
record(size_t which, unsigned line, char *to)
{
	digest = 0xcbf29ce484222325;
	for (unsigned i = 0; i < STEPS; i++)
		step(which);
	snprintf(to, LINE, "%s %u: %u flows, %u blocks, %016llx\n",
	    configs[which].name, line, w.nat.table.used, w.nat.ports.used,
	    (unsigned long long)digest);
}

int
main(void)
{
	bool writes = getenv("GOLDEN") != NULL;
	FILE *f = fopen("t/data/nat.txt", writes ? "w" : "r");
	char got[LINE], want[LINE];

	if (f == NULL)
		return 1;
	for (size_t c = 0; c < sizeof(configs) / sizeof(*configs); c++) {
		seed = 88172645463325252 + c;
		begin(&w, c, 1000 * NSEC_SEC);
		for (unsigned i = 1; i <= LINES; i++) {
			record(c, i, got);
			if (writes)
				fputs(got, f);
			bool same = writes || (fgets(want, sizeof(want), f) !=
			    NULL && strcmp(got, want) == 0);
			OKF(same, "recorded: %s %u", configs[c].name, i);
			if (!same)
				printf("# %s# %s", want, got);
		}
		world_down(&w);
	}
	fclose(f);
	return DONE();
}
