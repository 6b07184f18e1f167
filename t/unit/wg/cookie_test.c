/* SPDX-License-Identifier: ISC */
/* mac1, mac2 and cookie replies, both sides, and their ages. */
#include "wg/cookie.h"
#include "wg/noise.h"

#include "test.h"
#include "vectors.h"

static const nsec t0 = 1000 * NSEC_SEC;

/* A gateway that is asked, and one that asks it. */
struct sides {
	struct cookie_checker asked;
	struct cookie_maker asks;
	struct endpoint from;
	struct msg_initiation m;
	uint8_t random[56];
};

static void
sides_init(struct sides *s)
{
	struct key private_key;
	struct noise_local l;

	randombytes_buf(private_key.b, KEY_LEN);
	noise_local_init(&l, &private_key);
	cookie_checker_init(&s->asked, &l.public_key);
	cookie_maker_init(&s->asks, &l.public_key);
	randombytes_buf(&s->m, sizeof(s->m));
	randombytes_buf(s->random, sizeof(s->random));
	addr_parse(&s->from.addr, "2001:db8::7");
	s->from.port = 51820;
	s->from.scope = 0;
}

static bool
mac2_ok(const struct sides *s, const struct endpoint *from, nsec now)
{
	return cookie_mac2_ok(&s->asked, &s->m, sizeof(s->m), from, now);
}

/* Asks, is told a cookie, asks again with it. */
static bool
ask_twice(struct sides *s, nsec now, struct msg_cookie *reply)
{
	cookie_add_macs(&s->asks, &s->m, sizeof(s->m), now);
	cookie_reply(&s->asked, &s->m, sizeof(s->m), &s->from, s->random, now,
	    reply);
	bool ok = cookie_consume(&s->asks, reply, now);
	cookie_add_macs(&s->asks, &s->m, sizeof(s->m), now);
	return ok;
}

/* Each bit that mac1 covers, and mac1 itself, but not mac2. */
static void
test_mac1(void)
{
	struct sides s, other;
	size_t refused = 0, taken = 0;
	uint8_t *b = (uint8_t *)&s.m;

	sides_init(&s);
	sides_init(&other);
	OK(!cookie_mac1_ok(&s.asked, &s.m, sizeof(s.m)));
	cookie_add_macs(&s.asks, &s.m, sizeof(s.m), t0);
	OKF(cookie_mac1_ok(&s.asked, &s.m, sizeof(s.m)), "W3 mac1 is right");
	OKF(!cookie_mac1_ok(&other.asked, &s.m, sizeof(s.m)),
	    "W3 mac1 is wrong for another public key");
	OK(sodium_is_zero(s.m.macs.mac2, COOKIE_LEN));
	for (size_t bit = 0; bit < sizeof(s.m) * 8; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (cookie_mac1_ok(&s.asked, &s.m, sizeof(s.m)))
			taken++;
		else
			refused++;
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	OKF(refused == 132 * 8 && taken == 16 * 8,
	    "W2 mac1 covers 116 bytes and itself, and not mac2");
}

static void
test_cookie(void)
{
	struct sides s;
	struct msg_cookie reply;
	struct endpoint other;

	sides_init(&s);
	OKF(!mac2_ok(&s, &s.from, t0), "W5 no cookie was given yet");
	struct sides forger = s;
	forger.asked.secret_born = NSEC_SEC;
	ask_twice(&forger, NSEC_SEC, &reply);
	s.m = forger.m;
	OK(mac2_ok(&forger, &forger.from, NSEC_SEC));
	OKF(!mac2_ok(&s, &s.from, NSEC_SEC), "W5 a secret of zeros is none, "
	    "also in the first two minutes");
	OKF(ask_twice(&s, t0, &reply), "W5 the reply authenticates");
	OKF(memcmp(&reply, "\3\0\0\0", 4) == 0 && sizeof(reply) == 64 &&
	    memcmp(&reply.receiver, &s.m.sender, 4) == 0,
	    "W1 a cookie reply of 64 bytes goes to the sender's index");
	OKF(memcmp(reply.nonce, s.random + 32, XNONCE_LEN) == 0,
	    "the nonce is the one that was given");
	OKF(mac2_ok(&s, &s.from, t0), "W5 mac2 is right");
	OKF(cookie_mac1_ok(&s.asked, &s.m, sizeof(s.m)), "and mac1 is");
	other = s.from;
	other.port++;
	OKF(!mac2_ok(&s, &other, t0), "W5 not from another port");
	other = s.from;
	other.addr.b[15]++;
	OKF(!mac2_ok(&s, &other, t0), "W5 not from another address");
	other = s.from;
	other.scope++;
	OKF(!mac2_ok(&s, &other, t0), "W5 not from another link");
	s.m.ephemeral[0] ^= 1;
	OKF(!mac2_ok(&s, &s.from, t0), "W5 not for another message");
}

static void
test_ages(void)
{
	const nsec secret = 120 * NSEC_SEC, cookie = 115 * NSEC_SEC;
	struct sides s;
	struct msg_cookie reply;
	uint8_t old[32];

	sides_init(&s);
	ask_twice(&s, t0, &reply);
	OKF(mac2_ok(&s, &s.from, t0 + secret - 1), "W5 good up to 120 s");
	OKF(!mac2_ok(&s, &s.from, t0 + secret), "W5 not after 120 s");

	cookie_add_macs(&s.asks, &s.m, sizeof(s.m), t0 + cookie - 1);
	OKF(!sodium_is_zero(s.m.macs.mac2, COOKIE_LEN) &&
	    mac2_ok(&s, &s.from, t0 + cookie - 1), "W5 used up to 115 s");
	cookie_add_macs(&s.asks, &s.m, sizeof(s.m), t0 + cookie);
	OKF(sodium_is_zero(s.m.macs.mac2, COOKIE_LEN), "W5 not after 115 s");

	memcpy(old, s.asked.secret, sizeof(old));
	randombytes_buf(s.random, sizeof(s.random));
	ask_twice(&s, t0 + secret - 1, &reply);
	OKF(memcmp(old, s.asked.secret, sizeof(old)) == 0,
	    "W5 the secret stays for 120 s");
	OK(mac2_ok(&s, &s.from, t0 + secret - 1));
	ask_twice(&s, t0 + secret, &reply);
	OKF(memcmp(s.random, s.asked.secret, sizeof(old)) == 0,
	    "W5 and is drawn anew then");
	OK(mac2_ok(&s, &s.from, t0 + secret));
}

static void
test_consume(void)
{
	struct sides s, before;
	struct msg_cookie reply, bad;
	size_t good = 0, from = offsetof(struct msg_cookie, nonce);

	sides_init(&s);
	OKF(sodium_is_zero(s.asks.cookie, sizeof(s.asks) -
	    offsetof(struct cookie_maker, cookie)) && sodium_is_zero(
	    s.asked.secret, sizeof(s.asked) -
	    offsetof(struct cookie_checker, secret)),
	    "W5 whoever begins has neither a cookie nor a secret");
	memset(&reply, 0, sizeof(reply));
	OKF(!cookie_consume(&s.asks, &reply, t0), "W5 nothing was sent");
	cookie_add_macs(&s.asks, &s.m, sizeof(s.m), t0);
	cookie_reply(&s.asked, &s.m, sizeof(s.m), &s.from, s.random, t0,
	    &reply);
	memcpy(&before, &s, sizeof(s));
	for (size_t bit = from * 8; bit < sizeof(reply) * 8; bit++) {
		bad = reply;
		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		good += !cookie_consume(&s.asks, &bad, t0) &&
		    memcmp(&s, &before, sizeof(s)) == 0;
	}
	OKF(good == (sizeof(reply) - from) * 8, "W2 each of %zu flipped bits "
	    "is refused and changes nothing", (sizeof(reply) - from) * 8);
	bad = reply;
	bad.type = le32_put(MSG_DATA);
	OKF(!cookie_consume(&s.asks, &bad, t0), "W1 another type");
	s.asks.last_mac1[3] ^= 4;
	OKF(!cookie_consume(&s.asks, &reply, t0),
	    "W5 the reply to another message");
	s.asks.last_mac1[3] ^= 4;
	OK(cookie_consume(&s.asks, &reply, t0));
	OKF(!cookie_consume(&s.asks, &reply, t0), "W5 one reply to a message");
}

/* A response is shorter; the macs are at its end. */
static void
test_response(void)
{
	struct sides s;
	struct msg_response m;
	struct msg_cookie reply;

	sides_init(&s);
	randombytes_buf(&m, sizeof(m));
	ask_twice(&s, t0, &reply);
	cookie_add_macs(&s.asks, &m, sizeof(m), t0);
	OK(cookie_mac1_ok(&s.asked, &m, sizeof(m)));
	OK(cookie_mac2_ok(&s.asked, &m, sizeof(m), &s.from, t0));
	cookie_reply(&s.asked, &m, sizeof(m), &s.from, s.random, t0, &reply);
	OK(memcmp(&reply.receiver, &m.sender, 4) == 0);
	OK(cookie_consume(&s.asks, &reply, t0));
}

enum { K, NONCE, AD, PLAIN, SEALED };

static bool
opens(const struct field *f, const uint8_t *in, uint8_t *out)
{
	unsigned long long n;

	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n, NULL, in,
	    f[SEALED].n, f[AD].b, f[AD].n, f[NONCE].b, f[K].b) == 0;
}

/* XChaCha20-Poly1305, of which the cookie's box is made: as published, and
 * not with any bit of the tag flipped. */
static bool
vector_good(const struct vector *v)
{
	static uint8_t out[VECTOR_MOST], in[VECTOR_MOST];
	const struct field *f = v->f, *sealed = &f[SEALED];
	unsigned long long n;
	bool good;

	if (strstr(v->name, "-valid") == NULL)
		return !opens(f, sealed->b, out);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out, &n, f[PLAIN].b,
	    f[PLAIN].n, f[AD].b, f[AD].n, NULL, f[NONCE].b, f[K].b);
	good = n == sealed->n && memcmp(out, sealed->b, n) == 0;
	for (size_t bit = 0; bit <= TAG_LEN * 8; bit++) {
		memcpy(in, sealed->b, sealed->n);
		if (bit < TAG_LEN * 8)
			in[f[PLAIN].n + bit / 8] ^= (uint8_t)(1 << bit % 8);
		good = good && opens(f, in, out) == (bit == TAG_LEN * 8);
	}
	return good && memcmp(out, f[PLAIN].b, f[PLAIN].n) == 0;
}

static void
test_vectors(void)
{
	FILE *fp = fopen("t/data/xchacha20-poly1305.txt", "r");
	static struct vector v;
	unsigned ran = 0, other = 0;

	for (; fp != NULL && vector_next(&v, fp); ran++)
		/* other sizes cannot be said in this interface */
		if (v.f[NONCE].n != 24)
			other++;
		else if (!vector_good(&v))
			OKF(false, "W5 %s", v.name);
	OKF(ran == 56 + 284 && other == 4,
	    "W5 XChaCha20-Poly1305: %u published vectors", ran - other);
	if (fp != NULL)
		fclose(fp);
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_mac1();
	test_cookie();
	test_ages();
	test_consume();
	test_response();
	test_vectors();
	return DONE();
}
