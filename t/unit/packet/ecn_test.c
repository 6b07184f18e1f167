/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "packet/csum.h"
#include "packet/ecn.h"

#include <string.h>

/* RFC 6040 figure 4, row by row: arriving inner, then by arriving outer
 * Not-ECT, ECT(0), ECT(1), CE. */
static const struct {
	uint8_t inner;
	int out[4];
} table[] = {
	{ ECN_NOT_ECT, { ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT, ECN_DROP } },
	{ ECN_ECT0, { ECN_ECT0, ECN_ECT0, ECN_ECT1, ECN_CE } },
	{ ECN_ECT1, { ECN_ECT1, ECN_ECT1, ECN_ECT1, ECN_CE } },
	{ ECN_CE, { ECN_CE, ECN_CE, ECN_CE, ECN_CE } },
};
static const uint8_t outer[4] = { ECN_NOT_ECT, ECN_ECT0, ECN_ECT1, ECN_CE };

/* The update equals a sum made anew, for every mark and many headers. */
static unsigned
wrong_sums(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < 65536; i++) {
		uint8_t h[20] = { 0x45, (uint8_t)i, 5, 220, (uint8_t)(i >> 8),
			(uint8_t)(i * 7), 64, 0, 63, 6, 0, 0, 10, 1,
			(uint8_t)i, 5, 192, 0, 2, (uint8_t)(i >> 5) };
		uint16_t sum = (uint16_t)~csum_fold(csum_add(0, h, sizeof(h)));
		h[10] = (uint8_t)(sum >> 8);
		h[11] = (uint8_t)sum;
		uint8_t mark = (uint8_t)(i >> 3 & 3), tos = h[1];
		ecn_set(h, 4, mark);
		wrong += csum_fold(csum_add(0, h, sizeof(h))) != 0xffff ||
		    h[1] != ((tos & ~3) | mark);
	}
	return wrong;
}

int
main(void)
{
	uint8_t six[40] = { 0x6a, 0xbc, 0xde, 0xf0 };

	for (int i = 0; i < 4; i++)
		for (int o = 0; o < 4; o++)
			OKF(ecn_decapsulate(table[i].inner | 0xfc, outer[o]) ==
			    table[i].out[o], "inner %u, outer %u: %d",
			    table[i].inner, outer[o], table[i].out[o]);
	OKF(wrong_sums() == 0, "IPv4 checksums stay right");
	ecn_set(six, 6, ECN_CE);
	OKF(memcmp(six, "\x6a\xbc\xde\xf0", 4) == 0, "CE already");
	ecn_set(six, 6, ECN_ECT0);
	OKF(memcmp(six, "\x6a\xac\xde\xf0", 4) == 0, "IPv6 traffic class");
	return DONE();
}
