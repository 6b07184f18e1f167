/* SPDX-License-Identifier: ISC */
#include "base/special.h"

#define MARTIAN SPECIAL_MARTIAN
#define MULTICAST SPECIAL_MULTICAST
#define LINKLOCAL SPECIAL_LINKLOCAL
#define RESERVED SPECIAL_RESERVED
#define PRIVATE SPECIAL_PRIVATE
#define DUMMY SPECIAL_DUMMY

#define V4(a, b, c, d, bits) \
	{ { { [10] = 0xff, [11] = 0xff, a, b, c, d } }, PREFIX_V4 + (bits) }, \
	0, ~0ull, 0xffff00000000 | (uint32_t)(a) << 24 | (b) << 16 | \
	    (c) << 8 | (d), ~0ull << (32 - (bits))
#define HI6(a, b, c, d) \
	((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d))
#define BYTES(a) (a) >> 8, (a) & 0xff
/* A prefix of 1 to 64 bits; one of 96; a host. */
#define V6(a, b, c, d, bits) \
	{ { { BYTES(a), BYTES(b), BYTES(c), BYTES(d) } }, (bits) }, \
	HI6(a, b, c, d), ~0ull << (64 - (bits)), 0, 0
#define V6_96(a, b) \
	{ { { BYTES(a), BYTES(b) } }, 96 }, HI6(a, b, 0, 0), ~0ull, 0, \
	~0ull << 32
#define HOST6(a, b, lo) \
	{ { { BYTES(a), BYTES(b), [14] = (lo) >> 8, (lo) & 0xff } }, 128 }, \
	HI6(a, b, 0, 0), ~0ull, (lo), ~0ull

/* A prefix stands before those that hold it. */
const struct special special_table[] = {
	{ V4(0, 0, 0, 0, 8), MARTIAN | RESERVED,
	    "this network", "RFC 791" },
	{ V4(10, 0, 0, 0, 8), PRIVATE, "private", "RFC 1918" },
	{ V4(100, 100, 100, 200, 32), RESERVED,
	    "cloud metadata", "Alibaba Cloud" },
	{ V4(100, 64, 0, 0, 10), PRIVATE, "shared, behind NAT", "RFC 6598" },
	{ V4(127, 0, 0, 0, 8), MARTIAN | RESERVED, "loopback", "RFC 1122" },
	{ V4(169, 254, 0, 0, 16), MARTIAN | LINKLOCAL,
	    "link-local", "RFC 3927" },
	{ V4(172, 16, 0, 0, 12), PRIVATE, "private", "RFC 1918" },
	{ V4(192, 0, 0, 8, 32), RESERVED | DUMMY,
	    "dummy address", "RFC 7600" },
	{ V4(192, 0, 0, 0, 24), RESERVED,
	    "protocol assignments", "RFC 6890" },
	{ V4(192, 88, 99, 0, 24), RESERVED, "6to4 relays", "RFC 7526" },
	{ V4(192, 168, 0, 0, 16), PRIVATE, "private", "RFC 1918" },
	{ V4(198, 18, 0, 0, 15), RESERVED, "benchmarks", "RFC 2544" },
	{ V4(224, 0, 0, 0, 4), MARTIAN | MULTICAST, "multicast", "RFC 5771" },
	{ V4(255, 255, 255, 255, 32), MARTIAN | MULTICAST,
	    "broadcast", "RFC 919" },
	{ V4(240, 0, 0, 0, 4), MARTIAN | RESERVED, "reserved", "RFC 1112" },

	{ HOST6(0, 0, 0), MARTIAN | RESERVED, "unspecified", "RFC 4291" },
	{ HOST6(0, 0, 1), MARTIAN | RESERVED, "loopback", "RFC 4291" },
	{ V6_96(0, 0), RESERVED, "IPv4-compatible", "RFC 4291" },
	{ V6_96(0x64, 0xff9b), RESERVED, "NAT64", "RFC 6052" },
	{ V6(0x64, 0xff9b, 1, 0, 48), RESERVED, "local NAT64", "RFC 8215" },
	{ V6(0x100, 0, 0, 0, 64), RESERVED, "discarded", "RFC 6666" },
	{ V6(0x100, 0, 0, 1, 64), RESERVED, "dummy prefix", "RFC 9780" },
	{ V6(0x2001, 3, 0, 0, 32), 0, "AMT", "RFC 7450" },
	{ V6(0x2001, 4, 0x112, 0, 48), 0, "AS 112", "RFC 7535" },
	{ V6(0x2001, 0, 0, 0, 23), RESERVED,
	    "protocol assignments, Teredo", "RFC 2928" },
	{ V6(0x2002, 0, 0, 0, 16), RESERVED, "6to4", "RFC 3056" },
	{ V6(0x5f00, 0, 0, 0, 16), RESERVED, "segment routing", "RFC 9602" },
	{ HOST6(0xfd00, 0xec2, 0x254), RESERVED,
	    "cloud metadata", "Amazon EC2" },
	{ V6(0xfc00, 0, 0, 0, 7), PRIVATE, "unique local", "RFC 4193" },
	{ V6(0xfe80, 0, 0, 0, 10), MARTIAN | LINKLOCAL,
	    "link-local", "RFC 4291" },
	{ V6(0xfec0, 0, 0, 0, 10), RESERVED, "site-local", "RFC 3879" },
	{ V6(0xff00, 0, 0, 0, 8), MARTIAN | MULTICAST,
	    "multicast", "RFC 4291" },
};

const size_t special_count = sizeof(special_table) / sizeof(*special_table);

#define ASK SPECIAL_UNKNOWN
const uint8_t special_by_byte[224] = {
	[10] = PRIVATE, [0] = ASK, [100] = ASK, [127] = ASK, [169] = ASK,
	[172] = ASK, [192] = ASK, [198] = ASK,
};

const struct special *
special_find(uint64_t hi, uint64_t lo)
{
	for (size_t i = 0; i < special_count; i++) {
		const struct special *s = &special_table[i];
		if ((hi & s->hi_mask) == s->hi && (lo & s->lo_mask) == s->lo)
			return s;
	}
	return NULL;
}
