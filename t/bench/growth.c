/* SPDX-License-Identifier: ISC */
/*
 * What grows with a company and what must not: the cost of a packet by the
 * number of peers that have a session, sent and received, each packet another
 * peer's (without the cipher; with it, 64 and 1420 bytes), and by the number of
 * flows translated; and what a handshake costs, beside a flood and without.
 * One core; the best of ROUNDS.
 */
#include "../unit/natworld.h"

#include "nat/nat_store.h"
#include "packet/csum.h"
#include "wg/aead.h"
#include "wg/device.h"

#include <err.h>
#include <unistd.h>

enum { ROUNDS = 5, PACKETS = 1 << 17, HANDSHAKES = 300, FLOOD = 20000 };

static uint64_t state = 42;
static volatile uint64_t sink;

static uint32_t
draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

static const uint8_t *
bytes(void)
{
	static uint8_t b[DEVICE_RANDOM];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)draw();
	return b;
}

static double
least(double a, double b)
{
	return a < b ? a : b;
}

/* ---- peers ---- */

static struct path path[DEVICE_PEERS_MAX];

static void
begin(struct device *d, uint16_t i, const struct noise_keys *k, nsec now)
{
	if (!device_add(d, i, NULL, NULL, &path[i].remote, 0, now))
		errx(1, "no peer %u", i);
	device_begin(d, i, k, &path[i], now);
}

/* Sessions of n peers, and those of their other ends, which know each by the
 * same number: what is sent by one is received by the other, so that neither
 * finds in the processor's memory what the other has just used. */
static void
peers(struct device *d[static 2], uint16_t n, nsec now)
{
	for (int end = 0; end < 2; end++)
		if ((d[end] = device_new(DEVICE_DATA, n, bytes())) == NULL)
			errx(1, "no memory");
	for (uint16_t i = 0; i < n; i++) {
		struct noise_keys k = { .local_index = draw(),
			.remote_index = draw(), .initiator = true };
		memcpy(k.send.b, bytes(), sizeof(k.send.b));
		k.receive = k.send;
		path[i].remote = (struct endpoint){ add_to(at("192.0.2.0"), i),
			51820, 0 };
		begin(d[0], i, &k, now);
		uint32_t other = k.local_index;
		k.local_index = k.remote_index;
		k.remote_index = other;
		begin(d[1], i, &k, now);
	}
}

/* A burst as bh-tunnel takes it: sealed, sent, received, opened. */
struct burst {
	struct aead_job job[AEAD_BURST];
	struct session *session[AEAD_BURST];
	uint32_t index[AEAD_BURST];
	uint8_t text[AEAD_BURST][1440];
};

static void
send_burst(struct device *d, struct burst *b, const uint16_t *order,
    struct aead *aead, size_t bytes, nsec now)
{
	for (int i = 0; i < AEAD_BURST; i++) {
		struct session *s = device_sender(d, order[i], now);
		if (s == NULL || !session_may_send(s, now))
			errx(1, "no session");
		b->index[i] = s->keys.remote_index;
		b->job[i] = (struct aead_job){ s->keys.send.b, s->counter++,
			b->text[i], b->text[i], bytes, false };
		device_sent(d, order[i], s, true, bytes, now);
	}
	if (aead != NULL)
		aead_seal(aead, b->job, AEAD_BURST);
}

static void
receive_burst(struct device *d, struct burst *b, struct aead *aead, nsec now)
{
	uint16_t peer[AEAD_BURST];
	bool ready;

	for (int i = 0; i < AEAD_BURST; i++) {
		if (device_receiver(d, b->index[i], now, &b->session[i],
		    &peer[i]) != V_NEXT)
			errx(1, "no receiver");
		b->job[i].key = b->session[i]->keys.receive.b;
	}
	if (aead != NULL)
		aead_open_burst(aead, b->job, AEAD_BURST);
	for (int i = 0; i < AEAD_BURST; i++)
		if ((aead != NULL && !b->job[i].ok) || device_received(d,
		    peer[i], b->session[i], b->job[i].counter, b->job[i].n,
		    &path[peer[i]], now, &ready) != V_NEXT)
			errx(1, "not received");
}

/* ns to send and receive a packet; without a cipher, what is left of it. */
static double
measure_packets(struct device *d[static 2], uint16_t n, struct aead *aead,
    size_t bytes, nsec *now)
{
	static uint16_t order[PACKETS];
	static struct burst b;
	double best = 1e9;

	for (size_t i = 0; i < PACKETS; i++)
		order[i] = (uint16_t)(draw() % n);
	for (int r = 0; r < ROUNDS; r++) {
		nsec start = clock_now();
		for (size_t i = 0; i < PACKETS; i += AEAD_BURST) {
			send_burst(d[0], &b, order + i, aead, bytes, *now);
			receive_burst(d[1], &b, aead, *now);
			*now += NSEC_MS / 50;
		}
		best = least(best, (double)(clock_now() - start) / PACKETS);
	}
	return best;
}

static void
measure_peers(uint16_t n)
{
	nsec now = 1000 * NSEC_SEC;
	struct aead *aead = aead_open(NULL);
	struct device *d[2];

	if (aead == NULL)
		errx(1, "no engine");
	peers(d, n, now);
	printf("peers    %9u  %8.1f", n,
	    measure_packets(d, n, NULL, 64, &now));
	printf("  %8.1f", measure_packets(d, n, aead, 64, &now));
	printf("  %8.1f\n", measure_packets(d, n, aead, 1420, &now));
	aead_close(aead);
	device_free(d[0]);
	device_free(d[1]);
}

/* ---- flows ---- */

/* Ports of a host, and of its remote end; packets at a time. */
enum { PORTS = 100, BURST = 64 };

/* As /run is. */
#define STORE "/dev/shm/bench-growth.nat"

/* Packet i of that many flows: bytes, and parsed. */
static void
shape(uint8_t *p, struct ip *ip, const struct packet *like, uint32_t i)
{
	struct ip4_hdr *h = (void *)p;
	struct udp_hdr *u = (void *)(p + sizeof(*h));

	memcpy(p, like->b, like->n);
	h->src[2] = (uint8_t)(i / PORTS / PORTS / 100);
	h->src[3] = (uint8_t)(i / PORTS / PORTS % 100 + 1);
	u->sport = be16_put((uint16_t)(2000 + i / PORTS % PORTS));
	u->dport = be16_put((uint16_t)(3000 + i % PORTS));
	h->csum = be16_put(0);
	h->csum = be16_put((uint16_t)~csum_fold(csum_add(0, h, sizeof(*h))));
	if (ip_parse(ip, p, like->n) != V_NEXT)
		errx(1, "no packet");
}

/* A burst of the flows in `order', as the data path takes it. */
static void
translate(struct world *w, const struct packet *like, const uint32_t *order)
{
	static uint8_t pk[BURST][128];
	static struct ip ip[BURST];
	uint64_t ahead[BURST];

	for (int i = 0; i < BURST; i++) {
		shape(pk[i], &ip[i], like, order[i]);
		ahead[i] = !nat_is_large(&w->nat) ? 0 :
		    nat_foresee(&w->nat, NAT_OUTWARD, pk[i], like->n);
	}
	for (int i = 0; i < BURST && nat_is_large(&w->nat); i++)
		nat_fetch(&w->nat, NAT_OUTWARD, ahead[i]);
	for (int i = 0; i < BURST; i++) {
		struct nat_packet p = { .p = pk[i], .ip = &ip[i], .from = 1 };
		if (nat_outbound(&w->nat, &p, w->now) != V_NEXT)
			errx(1, "flow %u is refused", order[i]);
	}
}

static void
measure_flows(uint32_t n)
{
	static struct world w;
	struct segment s = { .proto = PROTO_UDP, .ttl = 64, .sport = 1,
		.dport = 1, .payload = 64 };
	struct packet like;
	uint32_t order[BURST];
	double best = 1e9;

	world_config(&w, OUT_OF_POOL);
	w.cfg.flows = w.cfg.host_flows = w.cfg.site_flows = n + 1;
	const struct nat_store store = { .path = STORE };
	nat_store_open(&w.nat, &w.cfg, &store, w.now, 0);
	packet_make(&like, &s);
	like.b[12] = 10;
	like.b[13] = 1;
	for (uint32_t i = 0; i < n; i += BURST) {
		for (uint32_t k = 0; k < BURST; k++)
			order[k] = i + k < n ? i + k : 0;
		translate(&w, &like, order);
	}
	for (int r = 0; r < ROUNDS; r++) {
		nsec start = clock_now();
		for (size_t i = 0; i < PACKETS; i += BURST) {
			for (int k = 0; k < BURST; k++)
				order[k] = draw() % n;
			translate(&w, &like, order);
		}
		best = least(best, (double)(clock_now() - start) / PACKETS);
	}
	printf("flows    %9u  %8.1f\n", n, best);
	unlink(STORE);
}

/* ---- handshakes ---- */

static struct device *dev[3];	/* who calls, who answers, a stranger */
static struct path from[3];
static struct moment t;

static void
meet(void)
{
	struct key key[3];
	struct key none = { { 0 } };

	t = (struct moment){ 1000 * NSEC_SEC, 1700000000 * NSEC_SEC };
	for (int i = 0; i < 3; i++) {
		memset(&key[i], 7 + i, sizeof(key[i]));
		dev[i] = device_new_whole(1, &key[i], bytes());
		from[i].remote = (struct endpoint){ add_to(at("192.0.2.1"),
		    (uint32_t)i), 51820, 0 };
	}
	for (int i = 0; i < 3; i++)
		device_add(dev[i], 0, device_public_key(dev[i == 1 ? 0 : 1]),
		    &none, &from[i == 1 ? 0 : 1].remote, 0, t.now);
}

static struct device_out
call(int who)
{
	struct device_out o;

	t.now += NSEC_SEC;
	t.wall += NSEC_SEC;
	if (!device_initiate(dev[who], 0, &from[1], &t, bytes(), &o))
		errx(1, "no initiation");
	return o;
}

/* Microseconds that the answerer spends on a message. */
static double
answer(const void *msg, size_t n, int who, enum verdict wants)
{
	static struct device_out o;
	nsec start = clock_now();
	enum verdict v = device_handshake(dev[1], &t, bytes(), msg, n,
	    &from[who], &o);
	double us = (double)(clock_now() - start) / 1000;

	if (wants != V_COUNT && v != wants)
		errx(1, "%s instead of %s", verdict_name(v),
		    verdict_name(wants));
	return us;
}

/* The part of a second that FLOOD initiations from everywhere take, which are
 * those of a stranger and have a right mac1. */
static double
flooded(void)
{
	struct device_out o = call(2), answer;
	nsec spent = 0;

	for (int i = 0; i < FLOOD; i++) {
		uint32_t forged = draw();
		struct path p = { .remote = { addr_from_v4((uint8_t *)&forged),
			(uint16_t)(draw() | 1), 0 } };
		const uint8_t *random = bytes();
		t.now += NSEC_SEC / FLOOD;
		nsec start = clock_now();
		device_handshake(dev[1], &t, random, o.msg, o.n, &p, &answer);
		spent += clock_now() - start;
	}
	return (double)spent / NSEC_SEC;
}

static void
row(const char *what, double us)
{
	printf("%-30s  %8.2f  %10.0f\n", what, us, 1e6 / us);
}

static void
measure_handshakes(void)
{
	double genuine = 1e9, stranger = 1e9, garbage = 1e9, load = 1e9;
	struct device_out o;

	for (int i = 0; i < HANDSHAKES; i++) {
		o = call(0);
		genuine = least(genuine, answer(o.msg, o.n, 0, V_SELF));
		o = call(2);
		stranger = least(stranger, answer(o.msg, o.n, 2, V_COUNT));
		o.msg[sizeof(struct msg_initiation) - 20] ^= 1;
		garbage = least(garbage, answer(o.msg, o.n, 2, V_COUNT));
	}
	/* all at one moment: it is under load, and asks for a cookie */
	o = call(2);
	for (int i = 0; i < 10000; i++)
		load = least(load, answer(o.msg, o.n, 2, V_COUNT));
	double flood = flooded();
	row("a peer's handshake", genuine);
	/* what is left of each second */
	row("beside 20,000 forged a second", genuine / (1 - flood));
	row("a stranger's", stranger);
	row("a stranger's, under load", load);
	row("garbage", garbage);
}

int
main(void)
{
	printf("%-8s %9s  %8s  %8s  %8s\n", "of", "number", "ns/packet",
	    "64 bytes", "1420");
	measure_peers(1);
	measure_peers(100);
	measure_peers(10000);
	measure_flows(1);
	measure_flows(10000);
	measure_flows(1000000);
	printf("\n%-30s  %8s  %10s\n", "initiation, answered", "us",
	    "a second");
	meet();
	measure_handshakes();
	return t_n + t_bad;	/* test.h's, of which natworld.h is full */
}
