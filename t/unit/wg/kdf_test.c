/* SPDX-License-Identifier: ISC */
/* BLAKE2s (RFC 7693), Mac, HMAC and Kdf. */
#include "wg/kdf.h"

#include "test.h"
#include "vectors.h"

#include <blake2.h>

static bool
is_hex(const uint8_t *p, size_t n, const char *hex)
{
	struct field f;

	return vector_field(&f, hex) && f.n == n && memcmp(f.b, p, n) == 0;
}

static void
test_hash(void)
{
	uint8_t h[HASH_LEN];

	kdf_hash(h, "abc", 3, NULL, 0);
	OKF(is_hex(h, HASH_LEN, "508c5e8c327c14e2e1a72ba34eeb452f"
	    "37458b209ed63a294d999b4c86675982"), "RFC 7693 appendix B");
	kdf_hash(h, "ab", 2, "c", 1);
	OKF(h[0] == 0x50 && h[31] == 0x82, "a hash of two parts");
	kdf_hash(h, "", 0, "abc", 3);
	OKF(h[0] == 0x50 && h[31] == 0x82, "the first may be empty");
	kdf_hmac(h, "", 0, "abc", 3);
	OKF(is_hex(h, HASH_LEN, "4a79a31b10a8c34b7c89735b8088e6b8"
	    "10b4bad4f36d671b65ca2ea0914952bf"), "HMAC with no key, as python3 has it");
	kdf_hash(h, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s", 37, NULL, 0);
	OKF(is_hex(h, HASH_LEN, "60e26daef327efc02ec335e2a025d2d0"
	    "16eb4206f87277f52d38d1988b78cd36"), "the first chaining key");
}

/* The bytes of RFC 7693 appendix E. */
static void
selftest_seq(uint8_t *out, size_t n, uint32_t seed)
{
	uint32_t a = 0xdead4bad * seed, b = 1;

	for (size_t i = 0; i < n; i++) {
		uint32_t t = a + b;
		a = b;
		b = t;
		out[i] = (uint8_t)(t >> 24);
	}
}

/* All of libb2's BLAKE2s, and ours where a length is one of ours. */
static void
test_rfc7693(void)
{
	static const size_t out_len[] = { 16, 20, 28, 32 };
	static const size_t in_len[] = { 0, 3, 64, 65, 255, 1024 };
	uint8_t in[1024], md[32], key[32], own[32];
	blake2s_state all;
	bool same = true;

	blake2s_init(&all, 32);
	for (size_t i = 0; i < 24; i++) {
		size_t outlen = out_len[i / 6], n = in_len[i % 6];
		selftest_seq(in, n, (uint32_t)n);
		blake2s(md, in, NULL, outlen, n, 0);
		blake2s_update(&all, md, outlen);
		kdf_hash(own, in, n, NULL, 0);
		same = same && (outlen != 32 || memcmp(own, md, 32) == 0);
		selftest_seq(key, outlen, (uint32_t)outlen);
		blake2s(md, in, key, outlen, n, outlen);
		blake2s_update(&all, md, outlen);
		kdf_mac(own, key, outlen, in, n);
		same = same && (outlen != 16 || memcmp(own, md, 16) == 0);
	}
	blake2s_final(&all, md, 32);
	OKF(is_hex(md, 32, "6a411f08ce25adcdfb02aba641451cec"
	    "53c598b24f4fc787fbdc88797f4c1dfe"), "RFC 7693 appendix E");
	OKF(same, "kdf_hash and kdf_mac are BLAKE2s-256 and keyed "
	    "BLAKE2s-128");
}

static bool
vector_good(const struct vector *v)
{
	const uint8_t *key = v->f[0].b, *in = v->f[1].b;
	size_t n = v->f[1].n;
	uint8_t t[4][HASH_LEN];
	bool good;

	kdf_hmac(t[0], key, v->f[0].n, in, n);
	good = memcmp(t[0], v->f[2].b, HASH_LEN) == 0;
	if (v->f[0].n != HASH_LEN)
		return good;
	kdf1(t[1], key, in, n);
	good = good && memcmp(t[1], v->f[3].b, HASH_LEN) == 0;
	kdf2(t[1], t[2], key, in, n);
	good = good && memcmp(t[1], v->f[3].b, HASH_LEN) == 0 &&
	    memcmp(t[2], v->f[4].b, HASH_LEN) == 0;
	kdf3(t[1], t[2], t[3], key, in, n);
	for (int i = 1; i < 4; i++)
		good = good && memcmp(t[i], v->f[2 + i].b, HASH_LEN) == 0;
	/* the output may take the place of the chaining key */
	memcpy(t[1], key, HASH_LEN);
	kdf3(t[1], t[2], t[3], t[1], in, n);
	return good && memcmp(t[1], v->f[3].b, HASH_LEN) == 0 &&
	    memcmp(t[3], v->f[5].b, HASH_LEN) == 0;
}

static void
test_vectors(void)
{
	FILE *fp = fopen("t/data/kdf.txt", "r");
	static struct vector v;
	unsigned ran = 0;

	for (; fp != NULL && vector_next(&v, fp); ran++)
		OKF(vector_good(&v), "W22 HMAC and Kdf, %s", v.name);
	OK(ran == 15);
	if (fp != NULL)
		fclose(fp);
}

int
main(void)
{
	test_hash();
	test_rfc7693();
	test_vectors();
	return DONE();
}
