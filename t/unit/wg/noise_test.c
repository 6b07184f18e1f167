/* SPDX-License-Identifier: ISC */
/* The handshake: the published vector, and WireGuard's messages. */
#include "wg/kdf.h"
#include "wg/noise.h"

#include "test.h"
#include "vectors.h"

/* Stands before libsodium's, so that a test can count. */
static unsigned dh_count;

int crypto_scalarmult(unsigned char *q, const unsigned char *n,
    const unsigned char *p);

int
crypto_scalarmult(unsigned char *q, const unsigned char *n,
    const unsigned char *p)
{
	dh_count++;
	return crypto_scalarmult_curve25519(q, n, p);
}

enum { KEYS = 10, MESSAGES = 6 };

struct published {
	struct field key[KEYS];
	struct field payload[MESSAGES], sealed[MESSAGES];
};

enum { INIT_PROLOGUE, INIT_PSK, INIT_STATIC, INIT_EPHEMERAL, INIT_REMOTE,
	RESP_PROLOGUE, RESP_PSK, RESP_STATIC, RESP_EPHEMERAL, HASH };

static bool
load(struct published *p)
{
	FILE *fp = fopen("t/data/noise.txt", "r");
	static struct vector v;
	size_t keys = 0, messages = 0;

	if (fp == NULL)
		return false;
	while (vector_next(&v, fp))
		if (v.nfields == 1 && keys < KEYS) {
			p->key[keys++] = v.f[0];
		} else if (v.nfields == 2 && messages < MESSAGES) {
			p->payload[messages] = v.f[0];
			p->sealed[messages++] = v.f[1];
		}
	fclose(fp);
	return keys == KEYS && messages == MESSAGES;
}

static struct key
key_of(const struct field *f)
{
	struct key k;

	memcpy(k.b, f->b, KEY_LEN);
	return k;
}

/* One end of the published handshake. */
struct end {
	struct noise_local local;
	struct noise_remote remote;
	struct ikpsk2 ik;
};

static void
end_init(struct end *e, const struct published *p, int first,
    const struct key *remote, const struct key *responder)
{
	struct key own = key_of(&p->key[first == INIT_PROLOGUE ? INIT_STATIC :
	    RESP_STATIC]), psk = key_of(&p->key[first + 1]);
	const struct field *prologue = &p->key[first];

	noise_local_init(&e->local, &own);
	OK(noise_remote_init(&e->remote, &e->local, remote, &psk));
	ikpsk2_init(&e->ik, prologue->b, prologue->n, responder);
	e->ik.ephemeral = key_of(&p->key[first == INIT_PROLOGUE ?
	    INIT_EPHEMERAL : RESP_EPHEMERAL]);
}

static bool
same(const struct field *f, const void *p, size_t n)
{
	return f->n == n && memcmp(f->b, p, n) == 0;
}

static void
test_transport(const struct published *p, const struct ikpsk2 *ik)
{
	struct key k[2];
	uint8_t out[VECTOR_MOST];

	symmetric_split(&ik->s, &k[0], &k[1]);
	for (size_t i = 2; i < MESSAGES; i++) {
		const struct field *f = &p->payload[i];
		uint8_t nonce[12] = { [4] = (uint8_t)((i - 2) / 2) };

		crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, f->b,
		    f->n, NULL, 0, NULL, nonce, k[i % 2].b);
		OKF(same(&p->sealed[i], out, f->n + TAG_LEN),
		    "W22 transport message %zu", i - 1);
	}
}

static void
test_published(void)
{
	static struct published p;
	static struct end a, b;
	uint8_t out[VECTOR_MOST], back[VECTOR_MOST];
	struct key who, responder, initiator, own;

	OK(load(&p));
	own = key_of(&p.key[INIT_STATIC]);
	key_public(&initiator, &own);
	responder = key_of(&p.key[INIT_REMOTE]);
	end_init(&a, &p, INIT_PROLOGUE, &responder, &responder);
	end_init(&b, &p, RESP_PROLOGUE, &initiator, &responder);
	OK(key_eq(&b.local.public_key, &responder));

	size_t n = p.payload[0].n;
	OK(ikpsk2_write_first(&a.ik, &a.local, &a.remote, p.payload[0].b, n,
	    out));
	OKF(same(&p.sealed[0], out, IKPSK2_FIRST_LEN(n)), "W22 message 1");
	OK(ikpsk2_read_first(&b.ik, &b.local, out, &who));
	OK(key_eq(&who, &initiator));
	OK(ikpsk2_finish_first(&b.ik, &b.remote, out, back, n));
	OK(same(&p.payload[0], back, n));

	n = p.payload[1].n;
	OK(ikpsk2_write_second(&b.ik, &b.remote, p.payload[1].b, n, out));
	OKF(same(&p.sealed[1], out, IKPSK2_SECOND_LEN(n)), "W22 message 2");
	OK(ikpsk2_read_second(&a.ik, &a.local, &a.remote, out, back, n));
	OK(same(&p.payload[1], back, n));
	OKF(same(&p.key[HASH], a.ik.s.hash, HASH_LEN) &&
	    same(&p.key[HASH], b.ik.s.hash, HASH_LEN), "W22 handshake hash");
	test_transport(&p, &a.ik);
	test_transport(&p, &b.ik);
}

/* Two gateways and what they know of each other. */
struct pair {
	struct noise_local a, b;
	struct noise_remote ab, ba;	/* b as a knows it, a as b does */
	struct key random;
	uint8_t tai64n[TAI64N_LEN];
};

static struct key
draw(void)
{
	struct key k;

	randombytes_buf(k.b, KEY_LEN);
	return k;
}

static void
pair_init(struct pair *p, const struct key *psk_a, const struct key *psk_b)
{
	struct key ka = draw(), kb = draw();

	noise_local_init(&p->a, &ka);
	noise_local_init(&p->b, &kb);
	noise_remote_init(&p->ab, &p->a, &p->b.public_key, psk_a);
	noise_remote_init(&p->ba, &p->b, &p->a.public_key, psk_b);
	p->random = draw();
	noise_tai64n(p->tai64n, 1234567890123456789);
}

static bool
initiate(const struct pair *p, struct noise_handshake *hs,
    struct msg_initiation *m)
{
	return noise_create_initiation(hs, &p->a, &p->ab, &p->random,
	    p->tai64n, 0xa1a2a3a4, m);
}

static bool
accept_initiation(const struct pair *p, struct noise_handshake *hs,
    const struct msg_initiation *m)
{
	uint8_t tai64n[TAI64N_LEN];
	struct key who;

	return noise_read_initiation(hs, &p->b, m, &who) &&
	    key_eq(&who, &p->a.public_key) &&
	    noise_finish_initiation(hs, &p->ba, m, tai64n) &&
	    memcmp(tai64n, p->tai64n, TAI64N_LEN) == 0;
}

static bool
handshake(const struct pair *p, struct noise_keys *a, struct noise_keys *b)
{
	struct noise_handshake ha, hb;
	struct msg_initiation m1;
	struct msg_response m2;
	struct key random = draw();

	return initiate(p, &ha, &m1) && accept_initiation(p, &hb, &m1) &&
	    noise_create_response(&hb, &p->ba, &random, 0xb1b2b3b4, &m2, b) &&
	    noise_consume_response(&ha, &p->a, &p->ab, &m2, a) &&
	    ha.state == NOISE_NONE && hb.state == NOISE_NONE &&
	    sodium_is_zero((uint8_t *)&ha, sizeof(ha)) &&
	    sodium_is_zero((uint8_t *)&hb, sizeof(hb));
}

static void
test_handshake(void)
{
	struct key psk = draw(), other = draw(), zero = { 0 };
	struct noise_keys a, b;
	struct pair p;

	pair_init(&p, &psk, &psk);
	OKF(handshake(&p, &a, &b), "W21 with a psk");
	OK(key_eq(&a.send, &b.receive) && key_eq(&a.receive, &b.send));
	OK(!key_eq(&a.send, &a.receive));
	OK(a.initiator && !b.initiator);
	OK(a.local_index == 0xa1a2a3a4 && a.remote_index == 0xb1b2b3b4);
	OK(b.local_index == 0xb1b2b3b4 && b.remote_index == 0xa1a2a3a4);
	pair_init(&p, &psk, &other);
	OKF(!handshake(&p, &a, &b), "W21 refuses another psk");
	pair_init(&p, &psk, NULL);
	OKF(!handshake(&p, &a, &b), "W21 refuses a missing psk");
	pair_init(&p, &zero, NULL);
	OKF(handshake(&p, &a, &b), "W21 no psk is 32 zero bytes");
	noise_keys_wipe(&a);
	OK(sodium_is_zero((uint8_t *)&a, sizeof(a)));
}

static void
test_wire(void)
{
	struct noise_handshake hs;
	struct msg_initiation m1;
	struct msg_response m2;
	struct noise_keys k;
	struct pair p;
	uint8_t *w1 = (uint8_t *)&m1, *w2 = (uint8_t *)&m2;

	pair_init(&p, NULL, NULL);
	memset(&m1, 0xff, sizeof(m1));
	memset(&m2, 0xff, sizeof(m2));
	OK(initiate(&p, &hs, &m1));
	OKF(memcmp(w1, "\1\0\0\0\xa4\xa3\xa2\xa1", 8) == 0 &&
	    sizeof(m1) == 148, "W1 an initiation of 148 bytes begins with "
	    "type, reserved and sender");
	OKF(sodium_is_zero(w1 + 116, 32), "the macs are left to cookie");
	OK(accept_initiation(&p, &hs, &m1));
	OK(noise_create_response(&hs, &p.ba, &p.random, 0xb1b2b3b4, &m2, &k));
	OKF(memcmp(w2, "\2\0\0\0\xb4\xb3\xb2\xb1\xa4\xa3\xa2\xa1", 12) == 0 &&
	    sizeof(m2) == 92, "W1 a response of 92 bytes begins with type, "
	    "reserved, sender and receiver");
	OKF(sodium_is_zero(w2 + 60, 32), "the macs are left to cookie");
}

/* What a failed step might have touched. */
struct ends {
	struct noise_handshake hs;
	struct noise_keys keys;
	struct key who;
	uint8_t tai64n[TAI64N_LEN];
};

typedef bool step_fn(struct ends *e, const struct pair *p, const void *msg);

static bool
step_read(struct ends *e, const struct pair *p, const void *msg)
{
	return noise_read_initiation(&e->hs, &p->b, msg, &e->who);
}

static bool
step_finish(struct ends *e, const struct pair *p, const void *msg)
{
	return noise_finish_initiation(&e->hs, &p->ba, msg, e->tai64n);
}

static bool
step_consume(struct ends *e, const struct pair *p, const void *msg)
{
	return noise_consume_response(&e->hs, &p->a, &p->ab, msg, &e->keys);
}

/* Flips each bit of from..to in turn: refused, and not one byte changed. */
static void
test_flips(const char *what, const struct pair *p, step_fn *step,
    const struct ends *before, const void *msg, size_t len, size_t from,
    size_t to)
{
	uint8_t bad[sizeof(struct msg_initiation)];
	struct ends after;
	size_t good = 0;

	for (size_t bit = from * 8; bit < to * 8; bit++) {
		memcpy(bad, msg, len);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memcpy(&after, before, sizeof(after));
		good += !step(&after, p, bad) &&
		    memcmp(&after, before, sizeof(after)) == 0;
	}
	OKF(good == (to - from) * 8, "W2 %s: each of %zu flipped bits is "
	    "refused and changes nothing", what, (to - from) * 8);
	memcpy(&after, before, sizeof(after));
	OKF(step(&after, p, msg), "and %s still takes the genuine one", what);
}

static void
test_failing(void)
{
	struct ends a, b;
	struct msg_initiation m1;
	struct msg_response m2;
	struct pair p;
	struct key psk = draw();

	randombytes_buf(&a, sizeof(a));
	randombytes_buf(&b, sizeof(b));
	pair_init(&p, &psk, &psk);
	initiate(&p, &a.hs, &m1);
	/* the sender index may be any; type, e and s must be right */
	test_flips("initiation: type", &p, step_read, &b, &m1, sizeof(m1),
	    0, 4);
	/* the last bit of e is no part of its number, but of the hash */
	test_flips("initiation: who", &p, step_read, &b, &m1, sizeof(m1),
	    8, 88);
	step_read(&b, &p, &m1);
	test_flips("initiation: proof", &p, step_finish, &b, &m1,
	    sizeof(m1), 88, 116);
	step_finish(&b, &p, &m1);
	noise_create_response(&b.hs, &p.ba, &psk, 7, &m2, &b.keys);
	test_flips("response: type", &p, step_consume, &a, &m2, sizeof(m2),
	    0, 4);
	test_flips("response: receiver, e, proof", &p, step_consume, &a, &m2,
	    sizeof(m2), 8, 60);
}

static void
test_states(void)
{
	struct noise_handshake none = { 0 }, got, sent, copy;
	struct msg_initiation m1;
	struct msg_response m2, untouched;
	struct noise_keys k;
	struct pair p;
	uint8_t tai64n[TAI64N_LEN];
	struct key who;

	pair_init(&p, NULL, NULL);
	initiate(&p, &sent, &m1);
	accept_initiation(&p, &got, &m1);
	memset(&m2, 0x5a, sizeof(m2));
	untouched = m2;
	copy = sent;
	OK(!noise_create_response(&sent, &p.ba, &p.random, 1, &m2, &k));
	OK(!noise_create_response(&none, &p.ba, &p.random, 1, &m2, &k));
	OK(memcmp(&m2, &untouched, sizeof(m2)) == 0);
	OK(!noise_finish_initiation(&sent, &p.ba, &m1, tai64n));
	OK(!noise_finish_initiation(&none, &p.ba, &m1, tai64n));
	OK(memcmp(&copy, &sent, sizeof(sent)) == 0);
	copy = got;
	copy.state = NOISE_NONE;
	OK(!noise_create_response(&copy, &p.ba, &p.random, 1, &m2, &k));
	OK(noise_read_initiation(&copy, &p.b, &m1, &who));
	copy.state = NOISE_SENT_INITIATION;
	OK(!noise_finish_initiation(&copy, &p.ba, &m1, tai64n));
	copy = got;
	OK(noise_create_response(&copy, &p.ba, &p.random, 1, &m2, &k));
	OKF(!noise_create_response(&copy, &p.ba, &p.random, 1, &m2, &k),
	    "one response to an initiation");
	copy = sent;
	copy.state = NOISE_GOT_INITIATION;
	OK(!noise_consume_response(&copy, &p.a, &p.ab, &m2, &k));
	OK(noise_consume_response(&sent, &p.a, &p.ab, &m2, &k));
	OKF(!noise_consume_response(&sent, &p.a, &p.ab, &m2, &k),
	    "one session of a response");
}

static void
test_cost(void)
{
	struct noise_handshake hs;
	struct msg_initiation m;
	struct pair p, stranger;
	struct key who;

	pair_init(&p, NULL, NULL);
	initiate(&p, &hs, &m);
	dh_count = 0;
	OK(noise_read_initiation(&hs, &p.b, &m, &who));
	OKF(dh_count == 1, "W3 telling who it is costs one DH");
	pair_init(&stranger, NULL, NULL);
	dh_count = 0;
	OK(!noise_read_initiation(&hs, &stranger.b, &m, &who));
	OKF(dh_count == 1, "W3 so does an initiation to somebody else");
	m.type = le32_put(MSG_DATA);
	dh_count = 0;
	OK(!noise_read_initiation(&hs, &p.b, &m, &who));
	OKF(dh_count == 0, "W1 another type costs none");
}

/* Every point of low order, with either value of the bit that is ignored. */
static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
test_low_order(void)
{
	struct noise_remote r;
	struct noise_handshake hs;
	struct msg_initiation m;
	struct key who, psk = draw();
	struct field f;
	struct pair p;

	pair_init(&p, NULL, NULL);
	initiate(&p, &hs, &m);
	for (size_t i = 0; i < 2 * sizeof(low_order) / sizeof(*low_order);
	    i++) {
		vector_field(&f, low_order[i / 2]);
		f.b[31] |= i % 2 ? 0x80 : 0;
		struct key bad = key_of(&f);
		OKF(!noise_remote_init(&r, &p.a, &bad, &psk) &&
		    key_is_zero(&r.static_static),
		    "W22 no secret with a peer of low order: %s%s", low_order[i / 2],
		    i % 2 ? ", high bit set" : "");
		memcpy(m.ephemeral, bad.b, KEY_LEN);
		OKF(!noise_read_initiation(&hs, &p.b, &m, &who),
		    "W22 nor such an ephemeral");
	}
}

static void
test_tai64n(void)
{
	uint8_t t[TAI64N_LEN], u[TAI64N_LEN];

	noise_tai64n(t, 0);
	OK(memcmp(t, "\x40\0\0\0\0\0\0\x0a\0\0\0\0", 12) == 0);
	noise_tai64n(t, (uint64_t)933107200 * NSEC_SEC + 999999999);
	OK(memcmp(t, "\x40\0\0\0\x37\x9e\x16\x0a\x3b\x9a\xc9\xff", 12) == 0);
	noise_tai64n(u, (uint64_t)933107201 * NSEC_SEC);
	OKF(memcmp(t, u, TAI64N_LEN) < 0, "W6 later is greater by memcmp");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_published();
	test_handshake();
	test_wire();
	test_failing();
	test_states();
	test_cost();
	test_low_order();
	test_tai64n();
	return DONE();
}
