/* SPDX-License-Identifier: ISC */
/* npt_packet: whatever the packet, nothing beyond it is touched, its sum stays,
 * and what went out comes back the same. */
#include "fuzz.h"

#include "nat/npt.h"
#include "packet/csum.h"

static const struct {
	struct prefix inside, outside;
} nets[] = {
	{ { { { 0xfd, 1, 2, 3, 4, 5 } }, 48 },
	    { { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 48 } },
	{ { { { 0xfd, 1, 2, 3, 4, 5 } }, 48 },
	    { { { 0x20, 1, 0x0d, 0xb8 } }, 32 } },
	{ { { { 0xfd, 1, 2, 3, 4, 5, 6, 7 } }, 64 },
	    { { { 0x20, 1, 0x0d, 0xb8, 0, 1, 2, 3 } }, 64 } },
};

static uint16_t
sum(const uint8_t *p, size_t n)
{
	uint16_t s = csum_fold(csum_add(0, p, n));

	return s == 0xffff ? 0 : s;
}

static void
check(const struct npt *t, enum npt_dir dir, const uint8_t *data, size_t n)
{
	uint8_t *p = at_edge(data, n);
	struct ip ip;

	if (ip_parse(&ip, p, n) != (enum verdict)V_NEXT)
		return;
	const struct ip before = ip;
	if (!npt_packet(t, dir, p, &ip)) {
		must(memcmp(p, data, n) == 0);
		return;
	}
	must(sum(p, n) == sum(data, n));
	must(!npt_has(t, dir, dir == NPT_OUT ? &ip.src : &ip.dst) ||
	    memcmp(p, data, n) == 0 || npt_has(t, (enum npt_dir)!dir,
	    dir == NPT_OUT ? &ip.src : &ip.dst));
	must(before.l4 == ip.l4 && before.len == ip.len);
}

/* There and back for the address alone. */
static void
check_address(const struct npt *t, const uint8_t *data)
{
	struct addr a = t->net[0].addr, b;

	for (unsigned bit = t->net[0].len; bit < 128; bit++)
		a.b[bit / 8] |= data[bit / 8] & (uint8_t)(0x80 >> bit % 8);
	b = a;
	if (npt_map(t, NPT_OUT, &b)) {
		must(npt_has(t, NPT_IN, &b));
		must(sum(a.b, 16) == sum(b.b, 16));
		must(npt_map(t, NPT_IN, &b) && addr_eq(&a, &b));
	}
	must(addr_eq(&a, &b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		struct npt t;
		must(npt_init(&t, &nets[i].inside, &nets[i].outside));
		if (n >= 16)
			check_address(&t, data);
		if (n <= 4096) {
			check(&t, NPT_OUT, data, n);
			check(&t, NPT_IN, data, n);
		}
	}
	return 0;
}
