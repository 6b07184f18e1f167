/* SPDX-License-Identifier: ISC */
/*
 * What is secret does not stay where it was worked with: each step runs on a
 * stack of its own, which is searched when it has ended; and so is all memory
 * that is given back.
 */
#include "test.h"

#include "wg/device_state.h"
#include "wg/kdf.h"
#include "wg/uapi.h"

#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static const nsec now = 1000 * NSEC_SEC;

/* ---- a stack, and what is looked for ---- */

static uint8_t stack[1 << 18];
static ucontext_t here, there;

static void
run(void (*step)(void))
{
	memset(stack, 0, sizeof(stack));
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, step, 0);
#ifndef __SANITIZE_ADDRESS__	/* which has a stack of its own, too */
	swapcontext(&here, &there);
#endif
}

static bool
holds(const void *memory, size_t size, const void *secret, size_t n)
{
	return memmem(memory, size, secret, n) != NULL;
}

/* ---- the key schedule ---- */

static struct key chain, input, prk, t[3], padded[2], inner;
static uint8_t mac[COOKIE_LEN];

static void
do_hash(void)
{
	kdf_hash(inner.b, chain.b, KEY_LEN, input.b, KEY_LEN);
}

static void
do_mac(void)
{
	kdf_mac(mac, chain.b, KEY_LEN, input.b, KEY_LEN);
}

static void
do_hmac(void)
{
	kdf_hmac(prk.b, chain.b, KEY_LEN, input.b, KEY_LEN);
}

static void
do_kdf1(void)
{
	kdf1(t[0].b, chain.b, input.b, KEY_LEN);
}

static void
do_kdf2(void)
{
	kdf2(t[0].b, t[1].b, chain.b, input.b, KEY_LEN);
}

static void
do_kdf3(void)
{
	kdf3(t[0].b, t[1].b, t[2].b, chain.b, input.b, KEY_LEN);
}

static void
pad(struct key *to, uint8_t with)
{
	for (size_t i = 0; i < KEY_LEN; i++)
		to->b[i] = chain.b[i] ^ with;
}

static void
prepare_kdf(void)
{
	uint8_t block[64];

	randombytes_buf(&chain, sizeof(chain));
	randombytes_buf(&input, sizeof(input));
	pad(&padded[0], 0x36);
	pad(&padded[1], 0x5c);
	memset(block, 0x36, sizeof(block));
	memcpy(block, padded[0].b, KEY_LEN);
	kdf_hash(inner.b, block, sizeof(block), input.b, KEY_LEN);
	kdf_hmac(prk.b, chain.b, KEY_LEN, input.b, KEY_LEN);
	do_kdf3();
}

/* ---- a handshake ---- */

static struct side {
	struct key private_key, ephemeral, psk;
	struct noise_local local;
	struct noise_remote remote;
	struct noise_handshake hs;
	struct noise_keys keys;
} a, b;
static struct key es, ee, se, ss, who;
static struct symmetric sym;
static struct msg_initiation m1;
static struct msg_response m2;
static uint8_t stamp[TAI64N_LEN];

static void
do_local(void)
{
	noise_local_init(&a.local, &a.private_key);
}

static void
do_remote(void)
{
	noise_remote_init(&a.remote, &a.local, &b.local.public_key, &a.psk);
}

static void
do_initiation(void)
{
	noise_create_initiation(&a.hs, &a.local, &a.remote, &a.ephemeral,
	    stamp, 1, &m1);
}

static void
do_read(void)
{
	noise_read_initiation(&b.hs, &b.local, &m1, &who);
}

static void
do_finish(void)
{
	noise_finish_initiation(&b.hs, &b.remote, &m1, stamp);
}

static void
do_response(void)
{
	noise_create_response(&b.hs, &b.remote, &b.ephemeral, 2, &m2, &b.keys);
}

static void
do_consume(void)
{
	noise_consume_response(&a.hs, &a.local, &a.remote, &m2, &a.keys);
}

static void
do_dh(void)
{
	symmetric_mix_dh(&sym, &a.private_key, &b.local.public_key);
}

static void
do_psk(void)
{
	symmetric_mix_psk(&sym, &a.psk);
}

static void
side_init(struct side *s)
{
	randombytes_buf(&s->private_key, KEY_LEN);
	key_clamp(&s->private_key);
	randombytes_buf(&s->ephemeral, KEY_LEN);
	noise_local_init(&s->local, &s->private_key);
}

static struct key
dh(const struct key *private_key, const struct key *theirs)
{
	struct key shared, public_key;

	key_public(&public_key, theirs);
	key_agree(&shared, private_key, &public_key);
	return shared;
}

static void
prepare_noise(void)
{
	side_init(&a);
	side_init(&b);
	randombytes_buf(&a.psk, KEY_LEN);
	b.psk = a.psk;
	noise_remote_init(&a.remote, &a.local, &b.local.public_key, &a.psk);
	noise_remote_init(&b.remote, &b.local, &a.local.public_key, &b.psk);
	es = dh(&a.ephemeral, &b.private_key);
	ee = dh(&a.ephemeral, &b.ephemeral);
	se = dh(&a.private_key, &b.ephemeral);
	ss = dh(&a.private_key, &b.private_key);
	do_initiation();
	do_read();
	do_finish();
}

/* What symmetric_mix_psk puts into the hash. */
static void
prepare_symmetric(void)
{
	randombytes_buf(&sym, sizeof(sym));
	kdf3(t[0].b, t[1].b, t[2].b, sym.chain, a.psk.b, KEY_LEN);
}

/* ---- cookies ---- */

static struct cookie_checker asked;
static struct cookie_maker asks;
static struct msg_cookie reply;
static struct endpoint from;
static uint8_t cookie_random[56];

static void
do_reply(void)
{
	cookie_reply(&asked, &m1, sizeof(m1), &from, cookie_random, now,
	    &reply);
}

static void
do_cookie(void)
{
	cookie_consume(&asks, &reply, now);
}

static void
do_mac2(void)
{
	cookie_mac2_ok(&asked, &m1, sizeof(m1), &from, now);
}

static void
prepare_cookie(void)
{
	randombytes_buf(cookie_random, sizeof(cookie_random));
	cookie_checker_init(&asked, &b.local.public_key);
	cookie_maker_init(&asks, &b.local.public_key);
	cookie_add_macs(&asks, &m1, sizeof(m1), now);
	do_reply();
	do_cookie();
	struct cookie_maker has = asks;
	cookie_add_macs(&asks, &m1, sizeof(m1), now);
	do_reply();
	asks.have_mac1 = true;
	memcpy(asks.cookie, has.cookie, COOKIE_LEN);
}

/* ---- a device ---- */

static struct device *dev[2];
static struct device_out out[3];
static const struct path path = { .remote = { .port = 9 } };
static struct moment moment = { .now = 1000 * NSEC_SEC };
static uint8_t drawn[3][DEVICE_RANDOM];
static struct key other;

static void
do_device_initiate(void)
{
	device_initiate(dev[0], 0, &path, &moment, drawn[0], &out[0]);
}

static void
do_device_answer(void)
{
	device_handshake(dev[1], &moment, drawn[1], out[0].msg, out[0].n,
	    &path, &out[1]);
}

static void
do_device_done(void)
{
	device_handshake(dev[0], &moment, drawn[2], out[1].msg, out[1].n,
	    &path, &out[2]);
}

static void
do_device_key(void)
{
	device_set_private_key(dev[1], &other, now);
}

static void
do_device_same_key(void)
{
	device_set_private_key(dev[1], &b.private_key, now);
}

static void
prepare_device(void)
{
	static const struct endpoint nowhere;

	randombytes_buf(drawn, sizeof(drawn));
	randombytes_buf(&other, sizeof(other));
	key_clamp(&other);
	for (int i = 0; i < 2; i++) {
		struct side *us = i == 0 ? &a : &b, *them = i == 0 ? &b : &a;
		dev[i] = device_new_whole(1, &us->private_key, drawn[0]);
		device_add(dev[i], 0, &them->local.public_key, &us->psk,
		    &nowhere, 0, now);
	}
}

/* ---- text ---- */

static struct uapi_item item = { .key = UAPI_PRIVATE_KEY };
static char line[UAPI_LINE_MAX], hex[2 * KEY_LEN + 1];

static void
do_put(void)
{
	uapi_put(&item, line);
}

static void
prepare_text(void)
{
	item.u.secret = a.private_key;
	sodium_bin2hex(hex, sizeof(hex), a.private_key.b, KEY_LEN);
}

/* ---- all of it ---- */

#define KEY(x) { #x, &(x), KEY_LEN }

static const struct step {
	const char *name;
	void (*prepare)(void), (*step)(void);
	struct {
		const char *name;
		const void *p;
		size_t n;
	} secret[6];
} steps[] = {
	{ "kdf_hash", prepare_kdf, do_hash, { KEY(chain), KEY(input) } },
	{ "kdf_mac", prepare_kdf, do_mac, { KEY(chain), KEY(input) } },
	{ "kdf_hmac", prepare_kdf, do_hmac, { KEY(chain), KEY(input),
	    KEY(padded[0]), KEY(padded[1]), KEY(inner), KEY(prk) } },
	{ "kdf1", prepare_kdf, do_kdf1, { KEY(prk), KEY(chain), KEY(input),
	    KEY(t[0]) } },
	{ "kdf2", prepare_kdf, do_kdf2, { KEY(prk), KEY(t[0]), KEY(t[1]) } },
	{ "kdf3", prepare_kdf, do_kdf3, { KEY(prk), KEY(t[0]), KEY(t[1]),
	    KEY(t[2]) } },
	{ "our own key", prepare_noise, do_local, { KEY(a.private_key) } },
	{ "a peer's", NULL, do_remote, { KEY(a.private_key), KEY(ss),
	    KEY(a.psk) } },
	{ "an initiation", NULL, do_initiation, { KEY(a.ephemeral), KEY(es),
	    KEY(ss), KEY(a.private_key), KEY(a.hs.ik.s.chain) } },
	{ "who sends it", NULL, do_read, { KEY(es), KEY(b.private_key),
	    KEY(who), KEY(b.hs.ik.s.chain) } },
	{ "its proof", NULL, do_finish, { KEY(ss), KEY(b.hs.ik.s.chain) } },
	{ "a response", NULL, do_response, { KEY(b.ephemeral), KEY(ee),
	    KEY(se), KEY(b.psk), KEY(b.keys.send), KEY(b.keys.receive) } },
	{ "its proof", NULL, do_consume, { KEY(a.ephemeral), KEY(ee), KEY(se),
	    KEY(a.psk), KEY(a.keys.send), KEY(a.keys.receive) } },
	{ "a shared secret", prepare_symmetric, do_dh, { KEY(ss),
	    KEY(a.private_key) } },
	{ "a psk", prepare_symmetric, do_psk, { KEY(a.psk), KEY(t[1]) } },
	{ "a cookie reply", prepare_cookie, do_reply,
	    { { "cookie", asks.cookie, COOKIE_LEN } } },
	{ "a cookie that comes", prepare_cookie, do_cookie,
	    { { "cookie", asks.cookie, COOKIE_LEN } } },
	{ "mac2", prepare_cookie, do_mac2,
	    { { "cookie", asks.cookie, COOKIE_LEN } } },
	{ "an initiation of a device", prepare_device, do_device_initiate,
	    { { "ephemeral", drawn[0], KEY_LEN }, KEY(a.private_key) } },
	{ "its answer", NULL, do_device_answer,
	    { { "ephemeral", drawn[1], KEY_LEN }, KEY(b.private_key) } },
	{ "the end", NULL, do_device_done,
	    { { "ephemeral", drawn[0], KEY_LEN }, KEY(a.private_key) } },
	{ "the same key again", NULL, do_device_same_key,
	    { KEY(b.private_key) } },
	{ "a new key", NULL, do_device_key, { KEY(other), KEY(b.psk),
	    KEY(b.private_key), KEY(ss) } },
	{ "a key as text", prepare_text, do_put, { KEY(a.private_key),
	    { "digits", hex, 2 * KEY_LEN } } },
};

static void
test_stack(void)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct step *s = &steps[i];
		if (s->prepare != NULL)
			s->prepare();
		run(s->step);
		for (size_t k = 0; k < 6 && s->secret[k].p != NULL; k++)
			OKF(!holds(stack, sizeof(stack), s->secret[k].p,
			    s->secret[k].n), "%s: nothing left of %s", s->name,
			    s->secret[k].name);
	}
}

/* ---- what is given back ---- */

static struct {
	const char *name;
	const void *p;
	bool there;
} freed[] = {
	{ "the private key", &a.private_key, false },
	{ "a psk", &a.psk, false },
	{ "a secret of two keys", &ss, false },
	{ "a session's key", &a.keys.send, false },
};

#ifndef __SANITIZE_ADDRESS__

extern void __libc_free(void *);

/* Stands before glibc's. */
void
free(void *p)
{
	for (size_t i = 0; p != NULL && i < sizeof(freed) / sizeof(*freed);
	    i++)
		freed[i].there |= holds(p, malloc_usable_size(p), freed[i].p,
		    KEY_LEN);
	__libc_free(p);
}

#endif

static void
test_heap(void)
{
	prepare_noise();
	prepare_device();
	do_device_initiate();
	do_device_answer();
	do_device_done();
	a.keys.send = device_sender(dev[0], 0, now)->keys.send;
	device_free(dev[0]);
	device_free(dev[1]);
	for (size_t i = 0; i < sizeof(freed) / sizeof(*freed); i++)
		OKF(!freed[i].there, "what is freed does not hold %s",
		    freed[i].name);
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_stack();
	test_heap();
	return DONE();
}
