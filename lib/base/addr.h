/* SPDX-License-Identifier: ISC */
#ifndef BH_ADDR_H
#define BH_ADDR_H

/*
 * One address type for both families: 16 bytes, IPv4 as ::ffff:a.b.c.d.  One
 * look-up, one flow key and one printer serve both.  The price: ip_parse
 * refuses IPv6 packets that carry ::ffff:0:0/96 on the wire (RFC 4038 4.2).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct addr {
	uint8_t b[16];
};

/* Host bits zero.  len counts bits of the 16-byte form: IPv4 /8 is 104. */
struct prefix {
	struct addr addr;
	uint8_t len;
};

/* A UDP address; scope is the interface index of a link-local address. */
struct endpoint {
	struct addr addr;
	uint16_t port; /* host order; 0: none */
	uint32_t scope;
};

enum {
	ADDR_STRLEN = 48,	/* an address as text, with its 0 */
	PREFIX_STRLEN = 52,
	ENDPOINT_STRLEN = 72,	/* [address%scope]:port */
	PREFIX_V4 = 96,		/* bits before an IPv4 address */
};

static inline bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, (const uint8_t[12]){ [10] = 0xff, 0xff }, 12) == 0;
}

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Bit i, 0 for the first. */
static inline bool
addr_bit(const struct addr *a, unsigned i)
{
	return (a->b[i / 8] & 0x80 >> i % 8) != 0;
}

static inline void
addr_set_bit(struct addr *a, unsigned i)
{
	a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* The next one, or the one before with by == -1; false if it goes around. */
static inline bool
addr_step(struct addr *a, int by)
{
	for (int i = 15; i >= 0; i--) {
		a->b[i] = (uint8_t)(a->b[i] + by);
		if (a->b[i] != (by > 0 ? 0 : 0xff))
			return true;
	}
	return false;
}

/* Its upper (0) or lower (1) 64 bits as a number. */
static inline uint64_t
addr_half(const struct addr *a, unsigned half)
{
	uint64_t v;

	memcpy(&v, a->b + 8 * half, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline struct addr
addr_from_v4(const uint8_t b[4])
{
	return (struct addr){ { [10] = 0xff, 0xff, b[0], b[1], b[2], b[3] } };
}

static inline struct addr
addr_from_v6(const uint8_t b[16])
{
	struct addr a;

	memcpy(a.b, b, sizeof(a.b));
	return a;
}

/* Numeric text in, false if it is none; no name is ever resolved here. */
bool addr_parse(struct addr *a, const char *text);
const char *addr_format(const struct addr *a, char buf[static ADDR_STRLEN]);

/* All of its addresses are IPv4: ::/0 and what else holds ::ffff:0:0/96 is
 * IPv6. */
static inline bool
prefix_is_v4(const struct prefix *p)
{
	return p->len >= PREFIX_V4 && addr_is_v4(&p->addr);
}

bool prefix_has(const struct prefix *p, const struct addr *a);
/* The first len bits of one, the rest of the other. */
void addr_put_bits(struct addr *to, const struct addr *from, unsigned len);
/* "10.0.0.0/8", "2001:db8::/32"; a host without "/" is /32 or /128.  False if
 * it is not a prefix; *host_bits says that bits were set beyond the length
 * (they are cleared). */
bool prefix_parse(struct prefix *p, const char *text, bool *host_bits);
const char *prefix_format(const struct prefix *p,
    char buf[static PREFIX_STRLEN]);

/* To and from a socket address; always AF_INET6 (v4-mapped) when `dual'. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e, bool dual,
    struct sockaddr_storage *ss);
bool endpoint_from_sockaddr(struct endpoint *e,
    const struct sockaddr_storage *ss);
/* Has a port, and an address that one host may have. */
bool endpoint_is_host(const struct endpoint *e);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
const char *endpoint_format(const struct endpoint *e,
    char buf[static ENDPOINT_STRLEN]);

#endif
