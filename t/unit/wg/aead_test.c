/* SPDX-License-Identifier: ISC */
/* Every engine: published vectors, each length, mixed bursts, refusals. */
#include "wg/aead.h"
#include "wg/aead_engine.h"

#include "test.h"
#include "vectors.h"

#include <stdlib.h>

enum { MOST = 2048, TAG = 16 };

/* The other implementation: libsodium, one call a packet. */
static void
model_seal(uint8_t *out, const struct aead_job *j)
{
	uint8_t nonce[12] = { 0 };

	for (int i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(j->counter >> 8 * i);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, j->src, j->n,
	    NULL, 0, NULL, nonce, j->key);
}

static void
test_lengths(struct aead *a)
{
	static uint8_t plain[MOST], want[MOST + TAG], got[MOST + TAG];
	uint8_t key[32];
	size_t sealed = 0, opened = 0, in_place = 0;

	randombytes_buf(plain, sizeof(plain));
	randombytes_buf(key, sizeof(key));
	for (size_t n = 0; n < MOST; n++) {
		struct aead_job j = { .key = key, .counter = n << 40 | n,
			.src = plain, .dst = got, .n = n };
		model_seal(want, &j);
		memset(got, 0xa5, sizeof(got));
		aead_seal(a, &j, 1);
		sealed += memcmp(got, want, n + TAG) == 0 &&
		    (n + TAG == sizeof(got) || got[n + TAG] == 0xa5);
		memcpy(got, plain, n);
		j.src = got;
		aead_seal(a, &j, 1);
		in_place += memcmp(got, want, n + TAG) == 0;
		aead_open_burst(a, &j, 1);
		opened += j.ok && memcmp(got, plain, n) == 0;
	}
	OKF(sealed == MOST, "%s seals 0..%d bytes", aead_name(a), MOST - 1);
	OKF(in_place == MOST, "%s seals them in place", aead_name(a));
	OKF(opened == MOST, "%s opens them in place", aead_name(a));
}

struct burst {
	struct aead_job job[AEAD_BURST];
	uint8_t key[AEAD_BURST][32], plain[AEAD_BURST][MOST];
	uint8_t sealed[AEAD_BURST][MOST + TAG], opened[AEAD_BURST][MOST];
};

/* Keys, lengths and counters differ within the burst; some keys are shared. */
static void
fill_burst(struct burst *b, size_t n)
{
	randombytes_buf(b->key, sizeof(b->key));
	randombytes_buf(b->plain, sizeof(b->plain));
	for (size_t i = 0; i < n; i++) {
		b->job[i].key = b->key[randombytes_uniform(2) ? 0 : i];
		b->job[i].counter = (uint64_t)randombytes_random() << 32 | i;
		b->job[i].n = randombytes_uniform(3) == 0 ? 0 :
		    randombytes_uniform(MOST);
		b->job[i].src = b->plain[i];
		b->job[i].dst = b->sealed[i];
	}
}

static bool
is_zeros(const uint8_t *p, size_t n)
{
	return sodium_is_zero(p, n) == 1;
}

/* Every third packet is forged: in the text, the tag, or the counter. */
static void
forge(struct burst *b, size_t i)
{
	struct aead_job *j = &b->job[i];

	switch (i / 3 % 3) {
	case 0:
		b->sealed[i][j->n + i % TAG] ^= (uint8_t)(1 << i % 8);
		break;
	case 1:
		b->sealed[i][0] ^= 0x80;
		break;
	case 2:
		j->counter++;
		break;
	}
}

static bool
burst_good(struct aead *a, struct burst *b, size_t n)
{
	static uint8_t want[MOST + TAG];
	bool good = true;

	fill_burst(b, n);
	aead_seal(a, b->job, n);
	for (size_t i = 0; i < n; i++) {
		struct aead_job *j = &b->job[i];
		model_seal(want, j);
		good = good && memcmp(b->sealed[i], want, j->n + TAG) == 0;
		if (i % 3 == 2)
			forge(b, i);
		j->src = b->sealed[i];
		j->dst = b->opened[i];
		j->ok = i % 3 == 2;
		memset(b->opened[i], 0xa5, MOST);
	}
	aead_open_burst(a, b->job, n);
	for (size_t i = 0; i < n; i++) {
		const struct aead_job *j = &b->job[i];
		good = good && j->ok == (i % 3 != 2) && (j->ok ?
		    memcmp(j->dst, b->plain[i], j->n) == 0 :
		    is_zeros(j->dst, j->n));
	}
	return good;
}

static void
test_bursts(struct aead *a)
{
	struct burst *b = calloc(1, sizeof(*b));
	size_t good = 0;

	for (size_t n = 0; n <= AEAD_BURST; n++)
		good += burst_good(a, b, n);
	OKF(good == AEAD_BURST + 1, "W2 %s: bursts of 0..%d mixed keys and "
	    "lengths, a third forged and left as zeros", aead_name(a),
	    AEAD_BURST);
	free(b);
}

/* One flipped bit anywhere, in place, leaves no plaintext behind. */
static void
test_bits(struct aead *a)
{
	enum { N = 77 };
	uint8_t key[32] = { 7 }, plain[N], good[N + TAG], buf[N + TAG];
	struct aead_job j = { .key = key, .counter = 9, .src = plain,
		.dst = good, .n = N };
	size_t refused = 0;

	randombytes_buf(plain, sizeof(plain));
	aead_seal(a, &j, 1);
	j.src = j.dst = buf;
	for (size_t bit = 0; bit < sizeof(buf) * 8; bit++) {
		memcpy(buf, good, sizeof(buf));
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		aead_open_burst(a, &j, 1);
		refused += !j.ok && is_zeros(buf, N);
	}
	OKF(refused == sizeof(buf) * 8, "W2 %s refuses each flipped bit",
	    aead_name(a));
}

enum { VEC_KEY, VEC_NONCE, VEC_AD, VEC_PLAIN, VEC_SEALED, VEC_FIELDS };

/* Opens, and refuses, and seals again; in place every second time. */
static bool
vector_good(const struct aead_engine *e, void *state, const struct vector *v)
{
	static uint8_t in[VECTOR_MOST], out[VECTOR_MOST];
	static unsigned turn;
	const struct field *sealed = &v->f[VEC_SEALED];
	bool valid = strstr(v->name, "-valid") != NULL, good;
	struct aead_with w = { .ad = v->f[VEC_AD].b,
		.adlen = v->f[VEC_AD].n };
	struct aead_job j = { .key = v->f[VEC_KEY].b, .src = in,
		.dst = turn++ % 2 ? in : out, .n = sealed->n - TAG };

	memcpy(w.nonce, v->f[VEC_NONCE].b, sizeof(w.nonce));
	memcpy(in, sealed->b, sealed->n);
	e->unseal(state, &j, &w, 1);
	good = j.ok == valid && (valid ?
	    memcmp(j.dst, v->f[VEC_PLAIN].b, j.n) == 0 :
	    is_zeros(j.dst, j.n));
	if (!valid)
		return good;
	memcpy(in, v->f[VEC_PLAIN].b, j.n);
	e->seal(state, &j, &w, 1);
	return good && memcmp(j.dst, sealed->b, sealed->n) == 0;
}

/* Nonces of other sizes cannot be said in this interface. */
static void
test_vectors(const struct aead_engine *e)
{
	FILE *fp = fopen("t/data/chacha20-poly1305.txt", "r");
	static struct vector v;
	unsigned ran = 0, other = 0;
	void *state;

	if (fp == NULL || !e->open(&state)) {
		OKF(false, "%s: vectors", e->name);
		return;
	}
	for (; vector_next(&v, fp); ran++) {
		if (v.f[VEC_NONCE].n != 12) {
			other++;
			continue;
		}
		if (v.nfields != VEC_FIELDS || !vector_good(e, state, &v))
			OKF(false, "%s %s", e->name, v.name);
	}
	OKF(ran == 301 && other == 7, "%s ran the vectors of Wycheproof and "
	    "RFC 8439: %u", e->name, ran - other);
	e->close(state);
	fclose(fp);
}

#ifdef HAVE_IPSEC_MB
static const struct aead_engine *const other_engine = &aead_mb;
#else
static const struct aead_engine *const other_engine = NULL;
#endif

static void
test_engine(const char *name)
{
	struct aead *a = aead_open(name);

	OKF(a != NULL && strcmp(aead_name(a), name) == 0, "%s opens", name);
	if (a == NULL)
		return;
	test_lengths(a);
	test_bursts(a);
	test_bits(a);
	aead_close(a);
}

int
main(void)
{
	const char *name;
	struct aead *a = aead_open(NULL);
	unsigned n = 0;

	OK(a != NULL && strcmp(aead_name(a), aead_available(0)) == 0);
	OK(aead_open("rot13") == NULL);
#ifdef HAVE_IPSEC_MB
	OKF(strcmp(aead_available(0), "ipsec-mb") == 0,
	    "ipsec-mb was built in, and comes first");
#endif
	for (; (name = aead_available(n)) != NULL; n++) {
		test_engine(name);
		test_vectors(strcmp(name, "sodium") == 0 ? &aead_sodium :
		    other_engine);
	}
	OK(n > 0 && aead_available(n + 1) == NULL);
	OK(strcmp(aead_available(n - 1), "sodium") == 0);
	aead_close(a);
	return DONE();
}
