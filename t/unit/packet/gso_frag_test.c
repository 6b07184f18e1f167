/* SPDX-License-Identifier: ISC */
/* P2: packets and super-packets cut as a router cuts them (RFC 791 3.2), and
 * put together again. */
#include "test.h"

#include "packet.h"
#include "packet/gso.h"

#include <stdio.h>
#include <string.h>

#define SOUND ((enum verdict)V_NEXT)

enum { ID = 9 };

static struct packet pk;
static uint8_t out[PACKET_MAX];

static const struct segment udp4 = {
	.proto = PROTO_UDP, .ttl = 64, .id = ID, .sport = 443,
	.dport = 50001, .payload = 1376,	/* and its header: 8 times 173 */
};

/* No sum yet but the one over addresses and length. */
static struct vnet
to_be_summed(size_t l4)
{
	wire_put16(pk.b + l4 + 6, packet_pseudo(pk.b, PROTO_UDP, pk.n - l4));
	return (struct vnet){ .flags = VNET_NEEDS_CSUM,
		.csum_start = (uint16_t)l4, .csum_offset = 6 };
}

static bool
open_packet(struct gso *g, const struct vnet *v)
{
	struct ip ip;

	return ip_parse(&ip, pk.b, pk.n) == SOUND &&
	    gso_init(g, v, &ip, pk.b, pk.n, 1500) == SOUND;
}

/* The next datagram's transport header and payload, put together from its
 * fragments; 0: there is none, or a piece of it is not as it should be.  The
 * options of the first and of the others are these. */
struct options {
	const uint8_t *first, *later;
	size_t nfirst, nlater;
};

static bool
is_piece(const uint8_t *p, size_t n, size_t mtu, const struct options *o,
    bool first, struct ip *f)
{
	const uint8_t *want = first ? o->first : o->later;
	size_t nwant = first ? o->nfirst : o->nlater;

	return ip_parse(f, p, n) == SOUND && n <= mtu && f->len == n &&
	    f->ttl == 64 && f->l4 == 20 + nwant &&
	    memcmp(p + 20, want, nwant) == 0;
}

static size_t
mended(struct gso *g, size_t mtu, const struct options *o, uint16_t id,
    uint16_t frag, uint8_t *whole)
{
	size_t n, end = 0;
	struct ip f = { .more = true };
	bool last = false;

	while (!last && (n = gso_next(g, out)) > 0) {
		if (!is_piece(out, n, mtu, o, end == 0, &f) ||
		    f.frag_id != id ||
		    f.frag_off != end + frag % 0x2000 * 8u)
			return 0;
		memcpy(whole + end, out + f.l4, n - f.l4);
		end += n - f.l4;
		/* what is no last fragment itself has none */
		last = frag >= IP4_MF ? g->done == g->len : !f.more;
	}
	return f.more == (frag >= IP4_MF) ? end : 0;
}

static const uint8_t nothing[1];
static const struct options none = { nothing, nothing, 0, 0 };

static void
test_plain(bool sum, size_t mtu, uint16_t frag)
{
	static uint8_t got[PACKET_MAX];
	static struct packet want;
	struct segment s = udp4;
	struct vnet v = { .flags = 0 };
	struct gso g;

	s.frag = frag;
	packet_make(&want, &s);
	pk = want;
	if (sum)
		v = to_be_summed(20);
	bool good = open_packet(&g, &v) && gso_fragment(&g, mtu) &&
	    gso_segments(&g) > 1 &&
	    mended(&g, mtu, &none, ID, frag, got) == want.n - 20 &&
	    memcmp(got, want.b + 20, want.n - 20) == 0 &&
	    gso_next(&g, out) == 0;
	OKF(good, "P2: in fragments of %zu, %s, of %#x", mtu,
	    sum ? "the sum to be completed" : "summed", frag);
}

/* RFC 791 3.1: record route and time stamps are the first's only, a router
 * alert is everybody's. */
static void
test_options(bool sum, size_t mtu)
{
	static const uint8_t all[20] = {
		1, 7, 7, 4, 0, 0, 0, 0,			/* record route */
		148, 4, 0, 0,				/* router alert */
		1, 68, 6, 5, 0, 0, 0,			/* time stamp */
		0,
	};
	static const struct options o = { all, all + 8, sizeof(all), 4 };
	static uint8_t got[PACKET_MAX];
	static struct packet want;
	struct vnet v = { .flags = 0 };
	struct gso g;

	packet_make(&want, &udp4);
	pk = want;
	memmove(pk.b + 20 + sizeof(all), pk.b + 20, pk.n - 20);
	memcpy(pk.b + 20, all, sizeof(all));
	pk.n += sizeof(all);
	pk.b[0] = 0x40 | (20 + sizeof(all)) / 4;
	wire_put16(pk.b + 2, (uint16_t)pk.n);
	wire_put16(pk.b + 10, 0);
	wire_put16(pk.b + 10,
	    (uint16_t)~packet_sum(pk.b, 20 + sizeof(all), 0));
	if (sum)
		v = to_be_summed(20 + sizeof(all));
	bool good = open_packet(&g, &v) && gso_fragment(&g, mtu) &&
	    mended(&g, mtu, &o, ID, 0, got) == want.n - 20 &&
	    memcmp(got, want.b + 20, want.n - 20) == 0 &&
	    gso_next(&g, out) == 0;
	OKF(good, "P2: options in fragments of %zu%s", mtu,
	    sum ? ", the sum to be completed" : "");
}

/* Each datagram of a super-packet is in fragments what it is on its own. */
static void
test_super(uint16_t size, size_t payload, size_t mtu)
{
	static uint8_t got[PACKET_MAX], alone[PACKET_MAX];
	struct segment s = udp4;
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .csum_start = 20,
		.csum_offset = 6, .gso_type = VNET_GSO_UDP, .gso_size = size };
	struct gso g, h;
	size_t n, len, count = 0, good = 0, many = 0;

	s.payload = payload;
	packet_make(&pk, &s);
	bool begun = open_packet(&g, &v) && open_packet(&h, &v) &&
	    gso_fragment(&h, mtu);
	size_t promised = gso_segments(&h);
	for (; begun && (n = gso_next(&g, alone)) > 0; count++) {
		len = mended(&h, mtu, &none, (uint16_t)(ID + count), 0, got);
		good += len == n - 20 && memcmp(got, alone + 20, len) == 0;
		many += (len + h.piece - 1) / h.piece;
	}
	OKF(begun && good == count && count == (payload + size - 1) / size &&
	    many == promised && gso_next(&h, out) == 0,
	    "P2: %zu of UDP by %u, each in fragments of %zu", payload,
	    (unsigned)size, mtu);
}

static void
test_refused(void)
{
	struct segment s = udp4;
	struct vnet v = { .flags = 0 };
	struct gso g;

	s.frag = IP4_DF;
	packet_make(&pk, &s);
	OKF(open_packet(&g, &v) && !gso_fragment(&g, 576), "P2: DF: never");
	s.v6 = true;
	packet_make(&pk, &s);
	OKF(open_packet(&g, &v) && !gso_fragment(&g, 576), "P2: IPv6: never");
	/* a sum for the first fragment that is not in it */
	packet_make(&pk, &udp4);
	v = (struct vnet){ .flags = VNET_NEEDS_CSUM, .csum_start = 1000,
		.csum_offset = 6 };
	OK(open_packet(&g, &v) && !gso_fragment(&g, 576));
	OK(open_packet(&g, &v) && gso_fragment(&g, 1400));
}

int
main(void)
{
	for (size_t mtu = 508; mtu < 1404; mtu += 99) {
		test_plain(false, mtu, 0);
		test_plain(true, mtu, 0);
		test_options(mtu % 2, mtu);
	}
	test_plain(false, 1280, 50);
	test_plain(false, 1280, IP4_MF | 50);
	test_super(1400, 65000, 1220);
	test_super(1400, 1401, 1220);
	test_super(1400, 2800, 1044);
	test_super(1392, 1392 * 3 + 1200, 508);
	test_super(1200, 5000, 1227);
	test_refused();
	return DONE();
}
