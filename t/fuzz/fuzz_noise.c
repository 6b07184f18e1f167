/* SPDX-License-Identifier: ISC */
/*
 * The three handshake messages.  The first byte chooses one, and whether the
 * rest is the message or is XORed onto the genuine one.  A message is accepted
 * if the bytes that are authenticated are the genuine ones, and not otherwise;
 * what is refused changes nothing.
 */
#include "fuzz.h"
#include "toy.h"

#include "wg/cookie.h"
#include "wg/noise.h"

enum { LONGEST = sizeof(struct msg_initiation), NOW = 1000000 };

/* a has sent an initiation to b, b a response and a cookie to a. */
static struct world {
	struct noise_local a, b;
	struct noise_remote ab, ba;
	struct noise_handshake sent;
	struct cookie_checker checker;
	struct cookie_maker maker;
	struct msg_initiation m1;
	struct msg_response m2;
	struct msg_cookie m3;
	struct noise_keys keys;
} w;

/* What a step may write to, all of it. */
struct outputs {
	struct noise_handshake hs;
	struct noise_keys keys;
	struct cookie_maker maker;
	struct key who;
	uint8_t tai64n[TAI64N_LEN];
};

static struct key
fixed(uint8_t byte)
{
	struct key k;

	memset(&k, byte, sizeof(k));
	return k;
}

static void
world_init(void)
{
	struct key ka = fixed(1), kb = fixed(2), psk = fixed(3), ea = fixed(4),
	    eb = fixed(5);
	struct endpoint from = { .port = 7 };
	struct noise_handshake got;
	uint8_t tai64n[TAI64N_LEN] = { 0x40 }, random[56] = { 9 };
	struct key who;

	must(sodium_init() >= 0);
	noise_local_init(&w.a, &ka);
	noise_local_init(&w.b, &kb);
	must(noise_remote_init(&w.ab, &w.a, &w.b.public_key, &psk));
	must(noise_remote_init(&w.ba, &w.b, &w.a.public_key, &psk));
	cookie_checker_init(&w.checker, &w.b.public_key);
	cookie_maker_init(&w.maker, &w.b.public_key);
	must(noise_create_initiation(&w.sent, &w.a, &w.ab, &ea, tai64n, 11,
	    &w.m1));
	cookie_add_macs(&w.maker, &w.m1, sizeof(w.m1), NOW);
	must(noise_read_initiation(&got, &w.b, &w.m1, &who));
	must(noise_finish_initiation(&got, &w.ba, &w.m1, tai64n));
	must(noise_create_response(&got, &w.ba, &eb, 22, &w.m2, &w.keys));
	cookie_reply(&w.checker, &w.m1, sizeof(w.m1), &from, random, NOW,
	    &w.m3);
}

/* Whether two messages are the same but for the index of their sender, which
 * the macs cover and the handshake does not. */
static bool
same(const uint8_t *msg, const void *genuine, size_t n)
{
	const uint8_t *g = genuine;

	return memcmp(msg, g, 4) == 0 && memcmp(msg + 8, g + 8, n - 8) == 0;
}

static void
unchanged(const struct outputs *o, const struct outputs *before)
{
	must(memcmp(o, before, sizeof(*o)) == 0);
}

static void
initiation(const uint8_t *msg, struct outputs *o, const struct outputs *before)
{
	const struct msg_initiation *m = (const void *)msg;

	must(cookie_mac1_ok(&w.checker, m, sizeof(*m)) ==
	    (memcmp(m, &w.m1, sizeof(*m) - COOKIE_LEN) == 0));
	bool ok = noise_read_initiation(&o->hs, &w.b, m, &o->who);
	must(ok == same(msg, &w.m1, offsetof(struct msg_initiation,
	    timestamp)));
	if (!ok) {
		unchanged(o, before);
		return;
	}
	must(key_eq(&o->who, &w.a.public_key));
	struct outputs read = *o;
	ok = noise_finish_initiation(&o->hs, &w.ba, m, o->tai64n);
	must(ok == same(msg, &w.m1, offsetof(struct msg_initiation, macs)));
	if (!ok)
		unchanged(o, &read);
}

static void
response(const uint8_t *msg, struct outputs *o, const struct outputs *before)
{
	bool ok = noise_consume_response(&o->hs, &w.a, &w.ab,
	    (const void *)msg, &o->keys);

	must(ok == same(msg, &w.m2, offsetof(struct msg_response, macs)));
	if (!ok)
		unchanged(o, before);
	else
		must(key_eq(&o->keys.send, &w.keys.receive) &&
		    key_eq(&o->keys.receive, &w.keys.send));
}

static void
cookie(const uint8_t *msg, struct outputs *o, const struct outputs *before)
{
	bool ok = cookie_consume(&o->maker, (const void *)msg, NOW);

	must(ok == same(msg, &w.m3, sizeof(w.m3)));
	if (!ok)
		unchanged(o, before);
}

static const struct {
	void (*run)(const uint8_t *msg, struct outputs *o,
	    const struct outputs *before);
	const void *genuine;
	size_t len;
} messages[] = {
	{ initiation, &w.m1, sizeof(w.m1) },
	{ response, &w.m2, sizeof(w.m2) },
	{ cookie, &w.m3, sizeof(w.m3) },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool ready;
	struct outputs o, before;
	uint8_t msg[LONGEST] = { 0 };

	if (!ready)
		world_init();
	ready = true;
	if (n == 0)
		return 0;
	unsigned which = data[0] % 3;
	if (data[0] & 0x80)
		memcpy(msg, messages[which].genuine, messages[which].len);
	for (size_t i = 0; i < messages[which].len && i + 1 < n; i++)
		msg[i] ^= data[i + 1];
	memset(&before, 0x5a, sizeof(before));
	before.hs = w.sent;
	before.maker = w.maker;
	memcpy(&o, &before, sizeof(o));
	messages[which].run(msg, &o, &before);
	return 0;
}
