/* SPDX-License-Identifier: ISC */
#include "packet/ecn.h"

#include "base/bytes.h"

#include <string.h>

/* RFC 6040 figure 4 */
static const uint8_t combined[4][4] = {
	/* outer       Not-ECT      ECT(1)       ECT(0)       CE */
	[ECN_NOT_ECT] = { ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT, ECN_DROP },
	[ECN_ECT1] = { ECN_ECT1, ECN_ECT1, ECN_ECT1, ECN_CE },
	[ECN_ECT0] = { ECN_ECT0, ECN_ECT1, ECN_ECT0, ECN_CE },
	[ECN_CE] = { ECN_CE, ECN_CE, ECN_CE, ECN_CE },
};

int
ecn_decapsulate(uint8_t inner, uint8_t outer)
{
	return combined[inner & ECN_MASK][outer & ECN_MASK];
}

static uint16_t
word_get(const uint8_t *p)
{
	be16 x;

	memcpy(&x, p, sizeof(x));
	return be16_get(x);
}

static void
word_put(uint8_t *p, uint16_t v)
{
	be16 x = be16_put(v);

	memcpy(p, &x, sizeof(x));
}

/* RFC 1624 equation 3: HC' = ~(~HC + ~m + m') */
static uint16_t
sum_changed(uint16_t sum, uint16_t from, uint16_t to)
{
	uint32_t s = (uint16_t)~sum + (uint32_t)(uint16_t)~from + to;

	s = (s & 0xffff) + (s >> 16);
	s += s >> 16;
	return (uint16_t)~s;
}

void
ecn_set(uint8_t *packet, uint8_t version, uint8_t ecn)
{
	/* the lowest bits of byte 1, or bits 4 and 5 of it */
	int shift = version == 4 ? 0 : 4;
	uint16_t from = word_get(packet);
	uint16_t to = (uint16_t)((from & ~(ECN_MASK << shift)) | ecn << shift);

	word_put(packet, to);
	if (version == 4)
		word_put(packet + 10,
		    sum_changed(word_get(packet + 10), from, to));
}
