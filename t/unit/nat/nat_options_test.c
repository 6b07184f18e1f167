/* SPDX-License-Identifier: ISC */
/* The window scale that a SYN's options say, whole or broken, how long a header
 * says that it is, and where a window ends. */
#include "nat/nat_tcp.h"

#include "packet/wire.h"

#include "test.h"

#include <string.h>

enum { NONE = 15, ROOM = 60 };

static const struct {
	uint8_t n, option[12], scale;
} row[] = {
	{ 0, { 0 }, NONE },
	{ 4, { 3, 3, 7, 0 }, 7 },
	{ 4, { 1, 3, 3, 0 }, 0 },
	{ 4, { 3, 3, 13 }, 13 }, { 4, { 3, 3, 14 }, 14 },
	{ 4, { 3, 3, 15 }, 14 }, { 4, { 3, 3, 255 }, 14 },
	{ 8, { 2, 4, 5, 0xb4, 3, 3, 6, 0 }, 6 },
	{ 12, { 8, 10, 3, 3, 9, 9, 9, 9, 9, 9, 1, 1 }, NONE },
	{ 8, { 4, 2, 1, 1, 1, 3, 3, 5 }, 5 },
	/* what stands behind the end is none */
	{ 8, { 0, 3, 3, 7, 3, 3, 7, 0 }, NONE },
	/* of another length it is another */
	{ 4, { 3, 2, 3, 3 }, NONE }, { 4, { 3, 4, 7, 7 }, NONE },
	{ 8, { 3, 4, 7, 7, 3, 3, 2, 0 }, 2 },
	/* broken: no length, none in it, one of nothing, beyond the end */
	{ 4, { 1, 1, 1, 2 }, NONE }, { 4, { 2, 0, 3, 3 }, NONE },
	{ 8, { 2, 1, 3, 3, 7, 1, 1, 1 }, NONE },
	{ 8, { 2, 9, 3, 3, 7, 1, 1, 1 }, NONE },
	{ 8, { 2, 8, 3, 3, 7, 1, 1, 1 }, NONE },
	{ 4, { 1, 1, 3, 3 }, NONE },
	{ 4, { 4, 2, 3, 3 }, NONE },
};

static void
syn(struct nat_run *r, const uint8_t *option, size_t n, size_t claimed,
    size_t size)
{
	uint8_t p[ROOM + 8];
	struct tcp_hdr *h = (void *)p;

	/* what lies behind it must not count */
	memset(p, 3, sizeof(p));
	*h = (struct tcp_hdr){ .seq = be32_put(1000), .flags = TCP_SYN,
		.off = (uint8_t)(claimed / 4 << 4), .win = be16_put(1000) };
	memcpy(h + 1, option, n);
	*r = (struct nat_run){ .site = 3 };
	nat_tcp_track(r, h, size, NAT_OUTWARD);
}

static bool
tracks(struct nat_run *r, enum nat_dir dir, uint8_t flags, uint32_t seq,
    uint32_t ack, uint16_t win)
{
	struct tcp_hdr h = { .seq = be32_put(seq), .ack = be32_put(ack),
		.flags = flags, .off = 0x50, .win = be16_put(win) };

	return nat_tcp_track(r, &h, sizeof(h), dir);
}

/* A window of one byte, and then of none: the byte may be under way. */
static void
test_edge(void)
{
	for (uint16_t win = 0; win < 3; win++) {
		struct nat_run r = { .site = 3 };
		OK(tracks(&r, NAT_OUTWARD, TCP_SYN, 999, 0, 1000));
		OK(tracks(&r, NAT_INWARD, TCP_SYN | TCP_ACK, 4999, 1000, win));
		OK(tracks(&r, NAT_OUTWARD, TCP_ACK, 1000, 5000, 1000));
		OKF(tracks(&r, NAT_INWARD, TCP_ACK, 5000, 1000, 0) &&
		    tracks(&r, NAT_OUTWARD, TCP_ACK, 1000u + win, 5000, 1000) &&
		    !tracks(&r, NAT_OUTWARD, TCP_ACK, 1001u + win, 5000, 1000),
		    "5382-1: a window of %u that has closed", win);
	}
}

int
main(void)
{
	test_edge();
	struct nat_run r;

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		syn(&r, row[i].option, row[i].n, 20u + row[i].n,
		    20u + row[i].n);
		OKF((r.scale & 15) == row[i].scale && r.end[0] == 1001,
		    "options %zu: scale %d", i, r.scale & 15);
	}
	static const uint8_t scale[] = { 1, 3, 3, 4 };
	syn(&r, scale, 4, 24, 40);
	OKF((r.scale & 15) == 4 && r.end[0] == 1017, "data behind options");
	syn(&r, scale, 4, 16, 40);
	OKF((r.scale & 15) == NONE && r.end[0] == 1021, "shorter than any");
	syn(&r, scale, 4, 60, 24);
	OKF((r.scale & 15) == 4 && r.end[0] == 1001, "longer than all of it");
	return DONE();
}
