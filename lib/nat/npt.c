/* SPDX-License-Identifier: ISC */
#include "nat/npt.h"

#include "packet/wire.h"

#include <string.h>

enum {
	WORD_SUBNET = 3,	/* of eight; makes up for a /48 or wider */
	WORD_IID = 4,		/* from here on, for a narrower */
	WORDS = 8,
	LEN_SUBNET = 48,
	ALL_ONES = 0xffff,
};

static uint16_t
word_get(const struct addr *a, int i)
{
	return (uint16_t)(a->b[2 * i] << 8 | a->b[2 * i + 1]);
}

/* One's complement (RFC 1071 1). */
static uint16_t
add1(uint16_t a, uint16_t b)
{
	unsigned sum = (unsigned)a + b;

	return (uint16_t)(sum + (sum >> 16));
}

static uint16_t
sum_of(const struct prefix *p)
{
	uint16_t sum = 0;

	for (int i = 0; i < WORDS; i++)
		sum = add1(sum, word_get(&p->addr, i));
	return sum;
}

bool
npt_init(struct npt *t, const struct prefix *inside,
    const struct prefix *outside)
{
	uint8_t len = outside->len;

	*t = (struct npt){ .net = { { .len = len }, *outside } };
	if (len > NPT_LEN_MAX || inside->len < len)
		return false;
	addr_put_bits(&t->net[0].addr, &inside->addr, len);
	uint16_t in = sum_of(&t->net[0]), out = sum_of(&t->net[1]);
	/* what leaving takes away from the sum has to come back */
	t->adjust[NPT_OUT] = add1(in, (uint16_t)~out);
	t->adjust[NPT_IN] = (uint16_t)~t->adjust[NPT_OUT];
	return true;
}

/* RFC 6296 3.4 and 3.5; the word that makes up for it, -1 if none can. */
static int
find_word(uint8_t len, const struct addr *a)
{
	int first = len <= LEN_SUBNET ? WORD_SUBNET : WORD_IID;
	int last = len <= LEN_SUBNET ? WORD_SUBNET : WORDS - 1;

	for (int i = first; i <= last; i++)
		if (word_get(a, i) != ALL_ONES)
			return i;
	return -1;
}

bool
npt_has(const struct npt *t, enum npt_dir dir, const struct addr *a)
{
	return prefix_has(&t->net[dir], a);
}

bool
npt_map(const struct npt *t, enum npt_dir dir, struct addr *a)
{
	const struct prefix *to = &t->net[dir == NPT_OUT ? NPT_IN : NPT_OUT];
	int i = npt_has(t, dir, a) ? find_word(to->len, a) : -1;

	if (i < 0)
		return false;
	addr_put_bits(a, &to->addr, to->len);
	uint16_t v = add1(word_get(a, i), t->adjust[dir]);
	wire_put16(a->b + 2 * i, v == ALL_ONES ? 0 : v);
	return true;
}

/* The address at `at', which is one of a header's. */
static bool
rewrite(const struct npt *t, enum npt_dir dir, uint8_t *at)
{
	struct addr a = addr_from_v6(at);

	if (!npt_has(t, dir, &a))
		return true;
	if (!npt_map(t, dir, &a))
		return false;
	memcpy(at, a.b, sizeof(a.b));
	return true;
}

/* Types 1 to 127 quote the packet that they are about, as it was on the far
 * side of us: of what we let in an error going out quotes the destination. */
static void
rewrite_quoted(const struct npt *t, enum npt_dir dir, uint8_t *p,
    const struct ip *ip)
{
	size_t at = ip->l4 + sizeof(struct icmp_hdr);
	const struct icmp_hdr *h = (const void *)(p + ip->l4);

	if (ip->proto != PROTO_ICMP6 || ip->frag_off != 0 || h->type == 0 ||
	    h->type >= 128 || at + sizeof(struct ip6_hdr) > ip->len ||
	    p[at] >> 4 != 6)
		return;
	/* one that nothing stands for was never let through */
	(void)rewrite(t, dir, p + at + (dir == NPT_OUT ?
	    offsetof(struct ip6_hdr, dst) : offsetof(struct ip6_hdr, src)));
}

bool
npt_packet(const struct npt *t, enum npt_dir dir, uint8_t *p, struct ip *ip)
{
	uint8_t *at = p + (dir == NPT_OUT ? offsetof(struct ip6_hdr, src) :
	    offsetof(struct ip6_hdr, dst));

	if (ip->version != 6)
		return true;
	if (!rewrite(t, dir, at))
		return false;
	*(dir == NPT_OUT ? &ip->src : &ip->dst) = addr_from_v6(at);
	rewrite_quoted(t, dir, p, ip);
	return true;
}
