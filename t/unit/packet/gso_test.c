/* SPDX-License-Identifier: ISC */
/* Super-packets that are cut, compared byte for byte with packets that were
 * written one by one. */
#include "test.h"

#include "bursts.h"

#include <string.h>

#define SOUND ((enum verdict)V_NEXT)

static uint8_t out[PACKET_MAX];

static struct vnet
vnet_of(const struct segment *s)
{
	bool tcp = s->proto == PROTO_TCP;

	return (struct vnet){
		.flags = VNET_NEEDS_CSUM,
		.gso_type = !tcp ? VNET_GSO_UDP : s->v6 ? VNET_GSO_TCP6 :
		    VNET_GSO_TCP4,
		.gso_size = SIZE,
		.csum_start = s->v6 ? 40 : 20, .csum_offset = tcp ? 16 : 6,
	};
}

static enum verdict
open_packet(struct gso *g, const struct vnet *v, size_t mtu)
{
	struct ip ip;

	if (ip_parse(&ip, pk.b, pk.n) != SOUND)
		return V_COUNT;
	return gso_init(g, v, &ip, pk.b, pk.n, mtu);
}

/* Cuts a packet of `payload' bytes that begins with s; end: flags that only
 * the last has, start: only the first.  The number of right segments. */
static unsigned
cut(struct segment s, size_t payload, uint8_t start, uint8_t end)
{
	struct vnet v = vnet_of(&s);
	struct gso g;
	unsigned i = 0;
	size_t n;

	s.payload = payload;
	s.flags |= start | end;
	packet_make(&pk, &s);
	s.flags &= (uint8_t)~(start | end);
	if (open_packet(&g, &v, MTU) != SOUND)
		return 0;
	size_t segments = gso_segments(&g);
	for (; (n = gso_next(&g, out)) > 0; i++) {
		struct segment one = nth(s, i);
		bool last = i + 1 == segments;

		one.payload = last ? payload - i * SIZE : SIZE;
		one.flags |= (i == 0 ? start : 0) | (last ? end : 0);
		packet_make(&want, &one);
		if (n != want.n || memcmp(out, want.b, n) != 0)
			return 0;
	}
	return i == segments ? i : 0;
}

static void
test_cut(void)
{
	OK(cut(tcp4, 2500, 0, 0) == 3);
	OK(cut(tcp4, 2500, TCP_CWR, TCP_PSH | TCP_FIN) == 3);
	OK(cut(tcp4, 2000, 0, TCP_PSH) == 2);
	OK(cut(tcp4, 60000, 0, 0) == 60);
	OK(cut(tcp4, SIZE, 0, TCP_PSH) == 1);
	OK(cut(tcp4, 1, TCP_CWR, TCP_FIN) == 1);
	OK(cut(tcp6, 64321, TCP_CWR, TCP_PSH) == 65);
	OK(cut(udp4, 2001, 0, 0) == 3);
	OK(cut(udp6, 64000, 0, 0) == 64);
}

/* Each contradiction between virtio-net header and packet. */
static void
test_cut_refused(void)
{
	static const struct {
		const char *what;
		size_t at;		/* in struct vnet */
		uint16_t value;
		bool wide;
	} t[] = {
		{ "no checksum asked for", offsetof(struct vnet, flags), 0, 0 },
		{ "size 0", offsetof(struct vnet, gso_size), 0, 1 },
		{ "segments over the MTU", offsetof(struct vnet, gso_size),
		    MTU - 52 + 1, 1 },
		{ "sum before the transport header",
		    offsetof(struct vnet, csum_start), 12, 1 },
		{ "sum beyond it", offsetof(struct vnet, csum_start), 40, 1 },
		{ "sum in another field",
		    offsetof(struct vnet, csum_offset), 6, 1 },
		{ "IPv6", offsetof(struct vnet, gso_type), VNET_GSO_TCP6, 0 },
		{ "UDP", offsetof(struct vnet, gso_type), VNET_GSO_UDP, 0 },
		{ "unknown", offsetof(struct vnet, gso_type), 7, 0 },
		{ "UFO", offsetof(struct vnet, gso_type), 3, 0 },
		{ "ECN alone", offsetof(struct vnet, gso_type), 0x80, 0 },
	};
	struct segment s = tcp4;
	struct gso g;

	s.payload = 5000;
	packet_make(&pk, &s);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct vnet v = vnet_of(&s);
		uint8_t low = (uint8_t)t[i].value;

		memcpy((uint8_t *)&v + t[i].at,
		    t[i].wide ? (const void *)&t[i].value : &low,
		    t[i].wide ? 2 : 1);
		OKF(open_packet(&g, &v, MTU) == V_OFFLOAD, "refused: %s",
		    t[i].what);
	}
}

/* What the packet says of itself must hold as well. */
static void
test_cut_headers(void)
{
	struct segment s = tcp4;
	struct vnet v = vnet_of(&s);
	struct gso g;

	packet_make(&pk, &s);
	pk.b[20 + 12] = 0x40;			/* TCP header of 16 */
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	s.payload = 10;
	s.options = 0;
	packet_make(&pk, &s);
	pk.b[20 + 12] = 0xf0;			/* beyond the packet */
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	s.payload = 12;				/* parts end at 8 bytes */
	s.frag = IP4_MF;
	packet_make(&pk, &s);
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	v.hdr_len = 0xffff;			/* a hint, never used */
	s = tcp4;
	packet_make(&pk, &s);
	OK(open_packet(&g, &v, MTU) == SOUND && g.hlen == 52);
	v.gso_type |= VNET_GSO_ECN;
	OK(open_packet(&g, &v, MTU) == SOUND);
}

/* A plain packet whose checksum is left to us, as the kernel hands it over:
 * the field holds the pseudo header's sum. */
static bool
completes(const struct segment *s)
{
	struct vnet v = vnet_of(s);
	struct gso g;

	packet_make(&want, s);
	pk = want;
	wire_put16(pk.b + v.csum_start + v.csum_offset,
	    packet_pseudo(pk.b, s->proto, pk.n - v.csum_start));
	v.gso_type = VNET_GSO_NONE;
	if (open_packet(&g, &v, MTU) != SOUND || gso_segments(&g) != 1)
		return false;
	size_t n = gso_next(&g, out);
	return n == want.n && memcmp(out, want.b, n) == 0 &&
	    gso_next(&g, out) == 0;
}

/* The payload that makes the sum come out as zero, found by trying. */
static bool
zero_becomes_ones(void)
{
	struct segment s = udp4;
	struct vnet v = vnet_of(&s);

	s.payload = 2;
	for (unsigned i = 0; i < 65536; i++) {
		packet_make(&want, &s);
		want.b[28] = (uint8_t)(i >> 8);
		want.b[29] = (uint8_t)i;
		packet_sum_l4(want.b, 20, want.n, PROTO_UDP);
		if (want.b[26] != 0xff || want.b[27] != 0xff)
			continue;
		struct gso g;
		pk = want;
		wire_put16(pk.b + 26, packet_pseudo(pk.b, PROTO_UDP, 10));
		v.gso_type = VNET_GSO_NONE;
		return open_packet(&g, &v, MTU) == SOUND &&
		    gso_next(&g, out) == want.n &&
		    memcmp(out, want.b, want.n) == 0;
	}
	return false;
}

static void
test_plain(void)
{
	struct vnet none = { 0 }, v = vnet_of(&tcp4);
	struct gso g;

	OK(completes(&tcp4));
	OK(completes(&tcp6));
	OK(completes(&udp4));
	OK(completes(&udp6));
	OK(zero_becomes_ones());

	packet_make(&pk, &tcp4);
	pk.n += 6;				/* link padding */
	OK(open_packet(&g, &none, MTU) == SOUND);
	OK(gso_next(&g, out) == pk.n - 6 && memcmp(out, pk.b, pk.n - 6) == 0);
	OK(gso_next(&g, out) == 0);
	OK(open_packet(&g, &none, pk.n - 7) == V_TOO_BIG);

	v.gso_type = VNET_GSO_NONE;
	v.csum_offset = 6;			/* not TCP's */
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	v.csum_start = 2, v.csum_offset = 16;	/* part of the address */
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	v.csum_start = (uint16_t)(pk.n - 8), v.csum_offset = 1;
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
	v.csum_start = 0xffff, v.csum_offset = 0xffff;
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);

	struct segment first = tcp4;
	first.frag = IP4_MF;
	packet_make(&pk, &first);
	v = vnet_of(&first);
	v.gso_type = VNET_GSO_NONE;
	OK(open_packet(&g, &v, MTU) == V_OFFLOAD);
}

int
main(void)
{
	test_cut();
	test_cut_refused();
	test_cut_headers();
	test_plain();
	return DONE();
}
