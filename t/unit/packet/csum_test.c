/* SPDX-License-Identifier: ISC */
/* The Internet checksum against a reference model, at all sizes and alignments. */
#include "test.h"

#include "base/bytes.h"
#include "packet/csum.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_TESTED = 300, ALIGNMENTS = 9 };

static uint8_t bytes[70000];

/* RFC 1071 4.1, a 16-bit word at a time. */
static uint16_t
naive(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
fill(unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand();
}

/* How many (alignment, size) pairs csum_add gets wrong. */
static int
wrong_sums(void)
{
	int wrong = 0;

	for (size_t at = 0; at < ALIGNMENTS; at++)
		for (size_t n = 0; n <= SIZE_MAX_TESTED; n++)
			wrong += csum_fold(csum_add(0, bytes + at, n)) !=
			    naive(bytes + at, n, 0);
	return wrong;
}

/* The same for csum_copy, which must also copy all and no more. */
static int
wrong_copies(void)
{
	uint8_t out[SIZE_MAX_TESTED + 1];
	int wrong = 0;

	for (size_t at = 0; at < ALIGNMENTS; at++)
		for (size_t n = 0; n < sizeof(out); n++) {
			memset(out, 0xa5, sizeof(out));
			uint64_t sum = csum_copy(0, out, bytes + at, n);
			wrong += csum_fold(sum) != naive(bytes + at, n, 0) ||
			    memcmp(out, bytes + at, n) != 0 || out[n] != 0xa5;
		}
	return wrong;
}

/* A sum over two parts is the sum over the whole, cut at any even place. */
static int
wrong_parts(void)
{
	int wrong = 0;

	for (size_t cut = 0; cut <= 200; cut += 2) {
		uint64_t sum = csum_add(0, bytes, cut);
		sum = csum_add(sum, bytes + cut, 201 - cut);
		wrong += csum_fold(sum) != naive(bytes, 201, 0);
	}
	return wrong;
}

static void
test_sums(void)
{
	const unsigned seed = 1071;

	fill(seed);
	OKF(wrong_sums() == 0, "sums equal the naive ones, seed %u", seed);
	OKF(wrong_copies() == 0, "copies equal too, seed %u", seed);
	OKF(wrong_parts() == 0, "sums of parts equal the whole, seed %u", seed);
	OK(csum_fold(csum_add(0, bytes, 65535)) == naive(bytes, 65535, 0));
}

/* Carries: all ones everywhere, and a start that is about to overflow. */
static void
test_carries(void)
{
	memset(bytes, 0xff, sizeof(bytes));
	OK(wrong_sums() == 0);
	OK(wrong_copies() == 0);
	OK(csum_fold(UINT64_MAX) == 0xffff);
	OK(csum_fold(csum_add(UINT64_MAX, bytes, 64)) == 0xffff);
	OK(csum_fold(0xffffffff00000001) == csum_fold(1));
	OK(csum_fold(csum_add(UINT64_MAX, "\x12\x34", 2)) == 0x1234);
	OK(csum_fold(csum_add(0, NULL, 0)) == 0);
}

/* RFC 1071 3: the worked example. */
static void
test_example(void)
{
	static const uint8_t p[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };

	OK(csum_fold(csum_add(0, p, sizeof(p))) == 0xddf2);
}

/* The pseudo header, written out. */
static void
test_pseudo(void)
{
	struct ip ip = { .version = 4 };
	uint8_t v4[12] = { 10, 1, 2, 3, 192, 0, 2, 255, 0, 6, 0x12, 0x34 };
	uint8_t v6[40];

	ip.src = addr_from_v4(v4);
	ip.dst = addr_from_v4(v4 + 4);
	OK(csum_fold(csum_pseudo(&ip, 6, 0x1234)) == naive(v4, 12, 0));

	fill(8200);
	memcpy(v6, bytes, 32);
	memcpy(v6 + 32, "\0\0\xfe\xdc\0\0\0\x3a", 8);
	ip.version = 6;
	ip.src = addr_from_v6(v6);
	ip.dst = addr_from_v6(v6 + 16);
	OK(csum_fold(csum_pseudo(&ip, 58, 0xfedc)) == naive(v6, 40, 0));
}

int
main(void)
{
	test_sums();
	test_carries();
	test_example();
	test_pseudo();
	return DONE();
}
