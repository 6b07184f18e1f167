/* SPDX-License-Identifier: ISC */
/* A server was started again, and its branches come back, many of them from
 * behind one address (a carrier's NAT). */
#include "fresh.h"
#include "test.h"

enum { BRANCHES = 400, PORT = 10000 };

static struct device *server, *branch[BRANCHES];
static struct key server_key, server_public, branch_public[BRANCHES];
static struct moment now;

static struct path
nat(uint16_t port)
{
	return (struct path){ .remote = { addr_from_v4((uint8_t[]){ 192, 0, 2,
	    9 }), port, 0 } };
}

/* recall: it knows where they were. */
static void
start_server(bool recall)
{
	static const struct key none;

	now.now += 1000 * NSEC_SEC;
	now.wall += 1000 * NSEC_SEC;
	device_free(server);
	server = device_new_whole(BRANCHES, &server_key, fresh());
	for (uint16_t i = 0; i < BRANCHES; i++) {
		struct path p = nat((uint16_t)(PORT + i));
		device_add(server, i, &branch_public[i], &none, &p.remote, 0,
		    now.now);
		if (recall)
			device_seen(server, i, &p.remote, now.now);
	}
}

static void
start(void)
{
	static const struct key none;
	struct noise_local l;

	now = (struct moment){ 1000 * NSEC_SEC, 1700000000 * NSEC_SEC };
	memset(&server_key, 7, sizeof(server_key));
	noise_local_init(&l, &server_key);
	server_public = l.public_key;
	for (uint16_t i = 0; i < BRANCHES; i++) {
		struct key k = { { 1, (uint8_t)i, (uint8_t)(i >> 8) } };
		noise_local_init(&l, &k);
		branch_public[i] = l.public_key;
		branch[i] = device_new_whole(1, &k, fresh());
		device_add(branch[i], 0, &server_public, &none,
		    &(struct endpoint){ addr_from_v4((uint8_t[]){ 198, 51, 100,
		    1 }), 51820, 0 }, 0, now.now);
	}
}

/* The server begins with each: how many answers are taken, all at once. */
static unsigned
server_asks(void)
{
	const struct path hq = { .remote = { addr_from_v4((uint8_t[]){ 198, 51,
	    100, 1 }), 51820, 0 } };
	struct device_out init, response, o;
	unsigned in = 0;

	for (uint16_t i = 0; i < BRANCHES; i++) {
		struct path p = nat((uint16_t)(PORT + i));
		device_initiate(server, i, &p, &now, fresh(), &init);
		if (device_handshake(branch[i], &now, fresh(), init.msg,
		    init.n, &hq, &response) != V_SELF)
			continue;
		in += device_handshake(server, &now, fresh(), response.msg,
		    response.n, &p, &o) == V_SELF;
	}
	return in;
}

/* Each begins, at once: how many get in. */
static unsigned
branches_ask(uint16_t first)
{
	struct path to = { .remote = { addr_from_v4((uint8_t[]){ 198, 51, 100,
	    1 }), 51820, 0 } };
	struct device_out init, o;
	unsigned in = 0;

	for (uint16_t i = 0; i < BRANCHES; i++) {
		struct path p = nat((uint16_t)(first + i));
		device_initiate(branch[i], 0, &to, &now, fresh(), &init);
		in += device_handshake(server, &now, fresh(), init.msg, init.n,
		    &p, &o) == V_SELF;
	}
	return in;
}

/* How many of so many that know the server's public key, and nothing else,
 * cost it a DH. */
static unsigned
strangers(unsigned n, uint16_t first)
{
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct cookie_maker maker;
	struct device_out o;
	unsigned paid = 0;

	cookie_maker_init(&maker, &server_public);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	for (unsigned i = 0; i < n; i++) {
		struct path p = nat((uint16_t)(first + i));
		paid += device_handshake(server, &now, fresh(), &m, sizeof(m),
		    &p, &o) == V_HANDSHAKE;
	}
	return paid;
}

/* Whoever sees an initiation go by can forge answers to it. */
static unsigned
forged_answers(unsigned n)
{
	struct device_out init, o;
	struct path p = nat(PORT);
	struct cookie_maker maker;
	unsigned paid = 0;

	device_initiate(server, 0, &p, &now, fresh(), &init);
	struct msg_response m = { .type = le32_put(MSG_RESPONSE),
		.receiver = ((struct msg_initiation *)init.msg)->sender };
	cookie_maker_init(&maker, &server_public);
	cookie_add_macs(&maker, &m, sizeof(m), now.now);
	for (unsigned i = 0; i < n; i++)
		paid += device_handshake(server, &now, fresh(), &m, sizeof(m),
		    &p, &o) == V_HANDSHAKE;
	return paid;
}

static void
test_seen(void)
{
	const struct endpoint nowhere = { .port = 0 };
	struct endpoint e[300];
	struct seen s;
	unsigned wrong = 0;

	seen_init(&s, 300, fresh());
	for (unsigned i = 0; i < 300; i++) {
		e[i] = nat((uint16_t)(1 + i / 2)).remote;
		e[i].addr.b[15] = (uint8_t)(i % 7);
		seen_move(&s, &nowhere, &e[i], 10);
	}
	for (unsigned i = 0; i < 300; i++)
		wrong += seen_at(&s, &e[i], 9) != 1;
	OKF(wrong == 0 && seen_behind(&s, &e[0].addr, 9) == 43 &&
	    seen_behind(&s, &e[6].addr, 9) == 42, "each is where it is");
	OK(seen_at(&s, &e[0], 10) == 0);
	for (unsigned i = 0; i < 300; i += 3)
		seen_move(&s, &e[i], &nowhere, 10);
	for (unsigned i = 0; i < 300; i++)
		wrong += seen_at(&s, &e[i], 9) != (i % 3 != 0);
	OKF(wrong == 0, "and not where it was");
	for (unsigned i = 0; i < 300; i++)
		if (i % 3 != 0)
			seen_move(&s, &e[i], &nowhere, 10);
	for (uint32_t i = 0; i <= s.mask; i++)
		wrong += s.entry[i].n;
	OKF(wrong == 0, "nothing is left in the end");
	seen_free(&s);
}

int
main(void)
{
	unsigned n;

	if (sodium_init() < 0)
		return 1;
	test_seen();
	start();
	start_server(false);
	n = server_asks();
	OKF(n == BRANCHES, "F35: answers to what the server asks are not "
	    "counted: %u of %d", n, BRANCHES);
	start_server(true);
	n = branches_ask(PORT);
	OKF(n == BRANCHES, "F35: who comes from where it was is not bounded by "
	    "its neighbours: %u of %d", n, BRANCHES);
	start_server(true);
	n = strangers(20000, PORT + BRANCHES);
	OKF(n <= ratelimit_all.burst, "F35b: a flood of that address is "
	    "bounded: %u", n);
	n = branches_ask(PORT);
	OKF(n == BRANCHES, "F35b: and keeps nobody out: %u of %d", n, BRANCHES);
	start_server(true);
	n = branches_ask(PORT + 5000);
	OKF(n == BRANCHES, "F35c: nor are they kept out whose NAT has chosen "
	    "other ports: %u of %d", n, BRANCHES);
	start_server(false);
	n = strangers(20000, PORT);
	OKF(n == ratelimit_host.burst, "W4: an address where nobody was has "
	    "its five: %u", n);
	start_server(false);
	n = forged_answers(10000);
	OKF(n <= 2 * ratelimit_host.burst, "F35d: forged answers cost no more "
	    "than a source may: %u", n);
	return DONE();
}
