/* SPDX-License-Identifier: ISC */
/* lpm: whatever the prefixes, a look-up is what a list would answer. */
#include "fuzz.h"

#include "../unit/packet/longest.h"

enum { ENTRY = 18, MOST = 200 };

/* 18 bytes: flags, length, address.  The flags put it under ::ffff:0:0/96 or
 * have it share its first bits with the one before. */
static void
take_entry(struct lpm_entry *e, size_t i, const uint8_t *b)
{
	struct prefix *p = &e[i].prefix;

	p->addr = b[0] & 1 ? addr_from_v4(b + 2) : addr_from_v6(b + 2);
	if ((b[0] & 2) && i > 0)
		memcpy(&p->addr, &e[i - 1].prefix.addr, b[0] >> 4);
	unsigned first = addr_is_v4(&p->addr) ? PREFIX_V4 : 0;
	p->len = (uint8_t)(first + b[1] % (129 - first));
	for (unsigned k = p->len; k < 128; k++)
		p->addr.b[k / 8] &= (uint8_t)~(0x80 >> k % 8);
	e[i].value = (uint32_t)i + 1;
}

static void
check(const struct lpm *t, const struct lpm_entry *e, size_t n,
    const struct addr *a)
{
	const struct lpm_entry *want = longest(e, n, a);
	struct prefix p;

	if (want == NULL) {
		must(lpm_lookup(t, a) == LPM_NONE);
		must(lpm_explain(t, a, &p) == LPM_NONE);
		return;
	}
	must(lpm_lookup(t, a) == want->value);
	must(lpm_explain(t, a, &p) == want->value);
	must(p.len == want->prefix.len);
	must(memcmp(&p.addr, &want->prefix.addr, sizeof(p.addr)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct lpm_entry e[MOST], copy[MOST];
	size_t count = n / ENTRY < MOST ? n / ENTRY : MOST;

	for (size_t i = 0; i < count; i++)
		take_entry(e, i, data + i * ENTRY);
	memcpy(copy, e, count * sizeof(*e));
	struct lpm *t = lpm_new_of(copy, count);
	must(t != NULL);
	/* each prefix's first address, and what differs from it in one bit at
	 * its end or anywhere */
	for (size_t i = 0; i < count; i++) {
		struct addr a = e[i].prefix.addr;
		check(t, e, count, &a);
		unsigned len = e[i].prefix.len;
		if (len > 0)
			a.b[(len - 1) / 8] ^= (uint8_t)(0x80 >> (len - 1) % 8);
		check(t, e, count, &a);
		a = e[i].prefix.addr;
		unsigned bit = data[i * ENTRY + 2] % 128;
		a.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		check(t, e, count, &a);
	}
	lpm_free(t);
	return 0;
}
