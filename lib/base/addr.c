/* SPDX-License-Identifier: ISC */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
addr_parse(struct addr *a, const char *text)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*a = addr_from_v4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*a = addr_from_v6(b);
	else
		return false;
	return true;
}

const char *
addr_format(const struct addr *a, char buf[static ADDR_STRLEN])
{
	if (addr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, buf, ADDR_STRLEN);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_STRLEN);
	return buf;
}

/* The bits of a byte that a prefix has so many of. */
static uint8_t
first_bits(unsigned n)
{
	return (uint8_t)(0xff00 >> n);
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	unsigned bytes = p->len / 8, bits = p->len % 8;

	if (memcmp(p->addr.b, a->b, bytes) != 0)
		return false;
	return bits == 0 ||
	    ((p->addr.b[bytes] ^ a->b[bytes]) & first_bits(bits)) == 0;
}

void
addr_put_bits(struct addr *to, const struct addr *from, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;

	memcpy(to->b, from->b, whole);
	if (rest != 0) {
		uint8_t mask = first_bits(rest);
		to->b[whole] = (uint8_t)((from->b[whole] & mask) |
		    (to->b[whole] & ~mask));
	}
}

bool
prefix_parse(struct prefix *p, const char *text, bool *host_bits)
{
	char buf[ADDR_STRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof(buf))
		return false;
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (!addr_parse(&p->addr, buf))
		return false;
	unsigned max = addr_is_v4(&p->addr) ? 32 : 128, len = max;
	if (slash != NULL) {
		char *end;
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		unsigned long v = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || v > max)
			return false;
		len = (unsigned)v;
	}
	p->len = (uint8_t)(128 - max + len);
	struct addr net = { { 0 } };
	addr_put_bits(&net, &p->addr, p->len);
	*host_bits = !addr_eq(&net, &p->addr);
	p->addr = net;
	return true;
}

const char *
prefix_format(const struct prefix *p, char buf[static PREFIX_STRLEN])
{
	char a[ADDR_STRLEN];
	unsigned base = addr_is_v4(&p->addr) && p->len >= PREFIX_V4 ?
	    PREFIX_V4 : 0;

	snprintf(buf, PREFIX_STRLEN, "%s/%u", addr_format(&p->addr, a),
	    p->len - base);
	return buf;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *e, bool dual,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (!dual && addr_is_v4(&e->addr)) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;
		in->sin_family = AF_INET;
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->addr.b + 12, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(e->port);
	in6->sin6_scope_id = e->scope;
	memcpy(&in6->sin6_addr, e->addr.b, 16);
	return sizeof(*in6);
}

bool
endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr_storage *ss)
{
	memset(e, 0, sizeof(*e));
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
		e->addr = addr_from_v4((const uint8_t *)&in->sin_addr);
		e->port = ntohs(in->sin_port);
		return true;
	}
	if (ss->ss_family != AF_INET6)
		return false;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	e->addr = addr_from_v6((const uint8_t *)&in6->sin6_addr);
	e->port = ntohs(in6->sin6_port);
	e->scope = in6->sin6_scope_id;
	return true;
}

bool
endpoint_is_host(const struct endpoint *e)
{
	static const struct addr none;
	uint8_t first = e->addr.b[addr_is_v4(&e->addr) ? 12 : 0];

	if (addr_is_v4(&e->addr))
		return e->port != 0 && first != 0 && first < 224;
	return e->port != 0 && first != 0xff && !addr_eq(&e->addr, &none);
}

bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return addr_eq(&a->addr, &b->addr) && a->port == b->port &&
	    a->scope == b->scope;
}

const char *
endpoint_format(const struct endpoint *e, char buf[static ENDPOINT_STRLEN])
{
	char a[ADDR_STRLEN];

	addr_format(&e->addr, a);
	if (addr_is_v4(&e->addr))
		snprintf(buf, ENDPOINT_STRLEN, "%s:%u", a, e->port);
	else if (e->scope != 0)
		snprintf(buf, ENDPOINT_STRLEN, "[%s%%%u]:%u", a, e->scope,
		    e->port);
	else
		snprintf(buf, ENDPOINT_STRLEN, "[%s]:%u", a, e->port);
	return buf;
}
