/* SPDX-License-Identifier: ISC */
/*
 * The messages of a handshake, byte for byte as another implementation makes
 * them: two ends of ours agree on whatever both do wrong.
 */
#include "wg/cookie.h"
#include "wg/noise.h"

#include "test.h"
#include "vectors.h"

enum { A_PRIVATE, B_PRIVATE, PSK, A_RANDOM, B_RANDOM, STAMP, INITIATION,
	RESPONSE, SEND, RECEIVE, COOKIE, REPLY, AGAIN, FIELDS };

static struct field known[FIELDS];
static const nsec t0 = 1000 * NSEC_SEC;

static bool
load(void)
{
	FILE *fp = fopen("t/data/wireguard-messages.txt", "r");
	static struct vector v;
	size_t n = 0;

	while (fp != NULL && n < FIELDS && vector_next(&v, fp))
		known[n++] = v.f[0];
	if (fp != NULL)
		fclose(fp);
	return n == FIELDS;
}

static struct key
key_of(int i)
{
	struct key k;

	memcpy(k.b, known[i].b, KEY_LEN);
	return k;
}

static bool
same(int i, const void *p, size_t n)
{
	return known[i].n == n && memcmp(known[i].b, p, n) == 0;
}

static void
remote(struct noise_remote *r, struct cookie_maker *m,
    const struct noise_local *us, const struct noise_local *them)
{
	struct key psk = key_of(PSK);

	OK(noise_remote_init(r, us, &them->public_key, &psk));
	cookie_maker_init(m, &them->public_key);
}

static void
test_handshake(const struct noise_local *a, const struct noise_local *b)
{
	struct key ra = key_of(A_RANDOM), rb = key_of(B_RANDOM), who;
	struct noise_handshake ha, hb;
	struct noise_remote ab, ba;
	struct cookie_maker to_b, to_a;
	struct msg_initiation m1;
	struct msg_response m2;
	struct noise_keys ka, kb;
	uint8_t stamp[TAI64N_LEN];

	remote(&ab, &to_b, a, b);
	remote(&ba, &to_a, b, a);
	noise_tai64n(stamp, 1234567890123456789);
	OK(same(STAMP, stamp, sizeof(stamp)));
	OK(noise_create_initiation(&ha, a, &ab, &ra, stamp, 0xa1a2a3a4, &m1));
	cookie_add_macs(&to_b, &m1, sizeof(m1), t0);
	OKF(same(INITIATION, &m1, sizeof(m1)), "5.4.2 the initiation");
	OK(noise_read_initiation(&hb, b, &m1, &who) &&
	    noise_finish_initiation(&hb, &ba, &m1, stamp));
	OK(noise_create_response(&hb, &ba, &rb, 0xb1b2b3b4, &m2, &kb));
	cookie_add_macs(&to_a, &m2, sizeof(m2), t0);
	OKF(same(RESPONSE, &m2, sizeof(m2)), "5.4.3 the response");
	OK(noise_consume_response(&ha, a, &ab, &m2, &ka));
	OKF(same(SEND, ka.send.b, KEY_LEN) && same(SEND, kb.receive.b, KEY_LEN),
	    "5.4.5 the initiator's key");
	OKF(same(RECEIVE, ka.receive.b, KEY_LEN) &&
	    same(RECEIVE, kb.send.b, KEY_LEN), "5.4.5 the responder's");
}

/* What each side knows by itself: theirs is recorded. */
static void
test_cookie(const struct noise_local *b)
{
	struct cookie_checker asked;
	struct cookie_maker asks;
	struct msg_initiation m;
	struct msg_cookie reply;

	cookie_checker_init(&asked, &b->public_key);
	OKF(cookie_mac1_ok(&asked, known[INITIATION].b, known[INITIATION].n),
	    "5.4.4 their mac1");
	OK(cookie_mac1_ok(&asked, known[AGAIN].b, known[AGAIN].n));
	cookie_maker_init(&asks, &b->public_key);
	memcpy(&m, known[INITIATION].b, sizeof(m));
	cookie_add_macs(&asks, &m, sizeof(m), t0);
	memcpy(&reply, known[REPLY].b, sizeof(reply));
	OKF(cookie_consume(&asks, &reply, t0), "5.4.7 their cookie reply");
	OK(same(COOKIE, asks.cookie, COOKIE_LEN));
	cookie_add_macs(&asks, &m, sizeof(m), t0);
	OKF(same(AGAIN, &m, sizeof(m)), "5.4.4 mac2 of that cookie");
}

int
main(void)
{
	struct noise_local a, b;

	if (sodium_init() < 0)
		return 1;
	OK(load());
	struct key ka = key_of(A_PRIVATE), kb = key_of(B_PRIVATE);
	noise_local_init(&a, &ka);
	noise_local_init(&b, &kb);
	test_handshake(&a, &b);
	test_cookie(&b);
	return DONE();
}
