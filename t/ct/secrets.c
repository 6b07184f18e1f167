/* SPDX-License-Identifier: ISC */
/*
 * All that touches a secret, with the secrets marked undefined: under memcheck
 * a branch or an address that depends on one is an error, and those are what
 * time tells.  What is sent to everybody is marked defined again, whatever it
 * was made of.  t/ct/run tells what may depend on one: the answer.
 */
#include "base/key.h"
#include "proc/keyfile.h"
#include "wg/aead.h"
#include "wg/cookie.h"
#include "wg/device_state.h"
#include "wg/noise.h"
#include "wg/uapi.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

#define SECRET(x) VALGRIND_MAKE_MEM_UNDEFINED(&(x), sizeof(x))
#define PUBLIC(x) VALGRIND_MAKE_MEM_DEFINED(&(x), sizeof(x))

static const nsec now = 1000 * NSEC_SEC;
static struct noise_local local[2];
static struct noise_remote remote[2];

static struct key
bytes(int fill)
{
	struct key k;

	memset(&k, fill, sizeof(k));
	return k;
}

static void
say(const char *what, bool ok)
{
	PUBLIC(ok);
	printf("%s: %s\n", what, ok ? "yes" : "no");
}

static void
test_keys(void)
{
	struct key a = bytes(1), b = bytes(1), c = bytes(2), p;
	char text[KEY_STRLEN];

	SECRET(a);
	SECRET(b);
	say("equal", key_eq(&a, &b));
	say("other", key_eq(&a, &c));
	say("zero", key_is_zero(&a));
	key_format(&a, text);
	PUBLIC(text);
	say("text", text[0] != '\0');
	VALGRIND_MAKE_MEM_UNDEFINED(text, KEY_STRLEN - 1);
	say("parse", key_parse(&b, text));
	key_clamp(&a);
	key_public(&p, &a);
	PUBLIC(p);
	say("public", !key_is_zero(&p));
}

/* A line of wg(8)'s, and ours to it: all but the key is known. */
static void
test_lines(const char *name, enum uapi_key which)
{
	enum uapi_place at = which == UAPI_PRIVATE_KEY ? UAPI_DEVICE :
	    UAPI_PEER;
	char line[UAPI_LINE_MAX];
	struct uapi_item it;
	struct key k = bytes(12);

	SECRET(k);
	it = uapi_secret(which, &k);
	size_t n = uapi_put(&it, line);
	PUBLIC(n);
	PUBLIC(line);
	line[n - 1] = '\0';
	VALGRIND_MAKE_MEM_UNDEFINED(line + n - 1 - 2 * KEY_LEN, 2 * KEY_LEN);
	say(name, uapi_parse(&it, &at, line));
}

/* What comes of a file is a secret as soon as it is there. */
ssize_t
read(int fd, void *p, size_t n)
{
	ssize_t got = syscall(SYS_read, fd, p, n);

	if (got > 1)		/* not the end of the line, or the file */
		VALGRIND_MAKE_MEM_UNDEFINED(p, (size_t)got - 1);
	return got;
}

static void
test_file(void)
{
	char path[] = "/tmp/bh-ct.XXXXXX", text[KEY_STRLEN];
	int fd = mkstemp(path);
	struct key k = bytes(13);

	key_format(&k, text);
	text[KEY_STRLEN - 1] = '\n';
	bool ok = fd >= 0 && write(fd, text, sizeof(text)) == sizeof(text);
	k = bytes(0);
	ok = ok && keyfile_read(&k, path) == KEYFILE_GOOD;
	say("file", ok);
	close(fd);
	unlink(path);
}

static void
test_macs(void)
{
	static struct cookie_checker checker;
	static struct cookie_maker maker;
	struct endpoint from = { .port = 9 };
	struct key own = bytes(7), random = bytes(3);
	struct msg_initiation m = { .type = le32_put(MSG_INITIATION) };
	struct msg_cookie reply;
	uint8_t draw[56] = { 1, 2, 3 };

	cookie_checker_init(&checker, &own);
	cookie_maker_init(&maker, &own);
	SECRET(random);
	cookie_add_macs(&maker, &m, sizeof(m), now);
	SECRET(checker.mac1_key);
	say("mac1", cookie_mac1_ok(&checker, &m, sizeof(m)));
	m.macs.mac1[5] ^= 1;
	say("mac1 forged", cookie_mac1_ok(&checker, &m, sizeof(m)));
	m.macs.mac1[5] ^= 1;
	SECRET(draw[0]);
	VALGRIND_MAKE_MEM_UNDEFINED(draw, 32);
	cookie_reply(&checker, &m, sizeof(m), &from, draw, now, &reply);
	PUBLIC(reply);
	say("cookie", cookie_consume(&maker, &reply, now));
	SECRET(maker.cookie);
	cookie_add_macs(&maker, &m, sizeof(m), now);
	PUBLIC(m);
	say("mac2", cookie_mac2_ok(&checker, &m, sizeof(m), &from, now));
	m.macs.mac2[9] ^= 1;
	say("mac2 forged", cookie_mac2_ok(&checker, &m, sizeof(m), &from,
	    now));
}

static void
open_peers(void)
{
	struct key k[2] = { bytes(4), bytes(5) }, psk = bytes(6);
	struct key publics[2];

	for (int i = 0; i < 2; i++) {
		SECRET(k[i]);
		noise_local_init(&local[i], &k[i]);
		PUBLIC(local[i].public_key);
		publics[i] = local[i].public_key;
	}
	SECRET(psk);
	for (int i = 0; i < 2; i++)
		say("peer", noise_remote_init(&remote[i], &local[i],
		    &publics[!i], &psk));
}

static void
test_handshake(bool forged)
{
	struct noise_handshake a = { 0 }, b = { 0 };
	struct noise_keys ka, kb;
	struct key random[2] = { bytes(8), bytes(9) }, who;
	uint8_t stamp[TAI64N_LEN] = { 1 };
	struct msg_initiation i;
	struct msg_response r;

	SECRET(random);
	say("initiation", noise_create_initiation(&a, &local[0], &remote[0],
	    &random[0], stamp, 77, &i));
	PUBLIC(i);
	if (forged)
		((uint8_t *)&i)[60] ^= 1;
	say("read", noise_read_initiation(&b, &local[1], &i, &who));
	PUBLIC(who);
	if (forged)
		return;
	say("finish", noise_finish_initiation(&b, &remote[1], &i, stamp));
	PUBLIC(stamp);
	say("response", noise_create_response(&b, &remote[1], &random[1], 78,
	    &r, &kb));
	PUBLIC(r);
	struct msg_response bad = r;
	((uint8_t *)&bad)[50] ^= 1;	/* the tag */
	say("forged", noise_consume_response(&a, &local[0], &remote[0], &bad,
	    &ka));
	say("consume", noise_consume_response(&a, &local[0], &remote[0], &r,
	    &ka));
	say("same", key_eq(&ka.send, &kb.receive));
}

static void
test_data(const char *engine)
{
	enum { N = 3 };
	struct aead *e = aead_open(engine);
	struct key k = bytes(11);
	static uint8_t plain[N][1440], wire[N][1456];
	struct aead_job job[N];

	SECRET(k);
	SECRET(plain);
	for (int i = 0; i < N; i++)
		job[i] = (struct aead_job){ .key = k.b,
			.counter = (uint64_t)i, .src = plain[i],
			.dst = wire[i], .n = 64 + 600u * (unsigned)i };
	aead_seal(e, job, N);
	PUBLIC(wire);
	wire[1][7] ^= 1;
	for (int i = 0; i < N; i++) {
		job[i].src = wire[i];
		job[i].dst = plain[i];
	}
	aead_open_burst(e, job, N);
	for (int i = 0; i < N; i++)
		say(engine, job[i].ok);
	aead_close(e);
}

/* ---- a device: the same, and what is made of it ---- */

static struct device *
open_device(int fill, const struct key *psk, const struct key *other)
{
	static const uint8_t random[DEVICE_RANDOM] = { 1 };
	static const struct endpoint nowhere;
	struct key own = bytes(fill);

	key_clamp(&own);
	SECRET(own);
	struct device *d = device_new_whole(1, &own, random);
	VALGRIND_MAKE_MEM_DEFINED(device_public_key(d), sizeof(own));
	say("add", device_add(d, 0, other, psk, &nowhere, 0, now));
	return d;
}

/* Of it only the ephemeral key is one: the others are sent as they are. */
static const uint8_t *
draw(uint8_t fill)
{
	static uint8_t random[DEVICE_RANDOM];

	memset(random, fill, sizeof(random));
	VALGRIND_MAKE_MEM_UNDEFINED(random + RND_EPHEMERAL, KEY_LEN);
	return random;
}

static void
test_device(void)
{
	static const struct path from = { .remote = { .port = 9 } };
	struct moment at = { 2 * now, 2 * (uint64_t)now };
	struct key psk = bytes(14), own, publics[2];
	struct device_out a, b;

	for (int i = 0; i < 2; i++) {
		own = bytes(15 + i);
		key_clamp(&own);
		key_public(&publics[i], &own);
	}
	SECRET(psk);
	struct device *one = open_device(15, &psk, &publics[1]);
	struct device *two = open_device(16, &psk, &publics[0]);
	say("begun", device_initiate(one, 0, &from, &at, draw(1), &a));
	PUBLIC(a.msg);
	say("came", device_handshake(two, &at, draw(2), a.msg, a.n, &from,
	    &b) == V_SELF);
	PUBLIC(b.msg);
	PUBLIC(b.n);
	say("answered", device_handshake(one, &at, draw(3), b.msg, b.n, &from,
	    &a) == V_SELF);
	say("other key", device_set_private_key(one, &psk, now));
}

/* What memcheck has to find, or it finds nothing. */
static __attribute__((noinline)) int
planted(const volatile uint8_t *p)
{
	return p[0] == 1 ? puts("") : 0;
}

int
main(int argc, char *argv[])
{
	struct key k = bytes(1);

	(void)argv;
	if (sodium_init() < 0)
		return 111;
	SECRET(k);
	if (argc > 1)
		planted(k.b);
	test_keys();
	test_lines("private key", UAPI_PRIVATE_KEY);
	test_lines("preshared key", UAPI_PRESHARED_KEY);
	test_file();
	test_macs();
	open_peers();
	test_handshake(false);
	test_handshake(true);
	test_device();
	for (unsigned i = 0; aead_available(i) != NULL; i++)
		test_data(aead_available(i));
	return 0;
}
