/* SPDX-License-Identifier: ISC */
#include "packet/ip.h"

#include "packet/csum.h"
#include "packet/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_LSRR = 131,
	OPT_SSRR = 137,

	EXT_UNIT = 8,		/* extension headers are multiples of this */
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = 8,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};

/* What there is to say against the packet: nothing, so far. */
static const enum verdict sound = (enum verdict)V_NEXT;

static const struct {
	const char *name;
	uint8_t proto;
} protos[] = {
	{ "tcp", PROTO_TCP },
	{ "udp", PROTO_UDP },
	{ "icmp", PROTO_ICMP },
	{ "icmp6", PROTO_ICMP6 },
	{ "ipv6-icmp", PROTO_ICMP6 },
};

static enum verdict
parse_ports(struct ip *ip, const uint8_t *p, size_t hlen)
{
	const struct udp_hdr *h = (const void *)(p + ip->l4);

	if (ip->len - ip->l4 < (int)hlen)
		return V_SHORT;
	ip->sport = be16_get(h->sport);
	ip->dport = be16_get(h->dport);
	ip->ports = true;
	return sound;
}

static enum verdict
parse_icmp(struct ip *ip, const uint8_t *p, uint8_t echo, uint8_t reply)
{
	const struct icmp_hdr *h = (const void *)(p + ip->l4);

	if (ip->len - ip->l4 < (int)sizeof(*h))
		return V_SHORT;
	ip->sport = (uint16_t)(h->type << 8 | h->code);
	if (h->type == echo || h->type == reply)
		ip->dport = be16_get(h->id);
	ip->ports = true;
	return sound;
}

/* A later fragment has no transport header; ICMP of the other family is just
 * an unknown protocol. */
static enum verdict
parse_ports_of(struct ip *ip, const uint8_t *p)
{
	if (ip->frag_off > 0)
		return sound;
	if (ip->proto == PROTO_TCP)
		return parse_ports(ip, p, sizeof(struct tcp_hdr));
	if (ip->proto == PROTO_UDP)
		return parse_ports(ip, p, sizeof(struct udp_hdr));
	if (ip->proto == PROTO_ICMP && ip->version == 4)
		return parse_icmp(ip, p, ICMP_ECHO, ICMP_ECHO_REPLY);
	if (ip->proto == PROTO_ICMP6 && ip->version == 6)
		return parse_icmp(ip, p, ICMP6_ECHO, ICMP6_ECHO_REPLY);
	return sound;
}

/* Last of all, whether it may go on: its sender is told if not. */
static enum verdict
parse_transport(struct ip *ip, const uint8_t *p)
{
	enum verdict v = parse_ports_of(ip, p);

	return v == sound && ip->ttl == 0 ? V_TTL : v;
}

/*
 * No datagram that fragments make may pass 65535 bytes (RFC 791 3.2, RFC 8200
 * 4.5): what would is only good for overflowing somebody's buffer.  All but the
 * last end at a multiple of 8.  Nothing but a first one may reach into the
 * ports and flags of TCP (RFC 3128).
 */
static enum verdict
check_fragment(const struct ip *ip)
{
	if (ip->frag_off + ip->frag_len > UINT16_MAX ||
	    (ip->more && ip->frag_len % 8 != 0))
		return V_HEADER;
	if (ip->proto == PROTO_TCP && ip->frag_off > 0 &&
	    ip->frag_off < sizeof(struct tcp_hdr))
		return V_FRAGMENT;
	return sound;
}

/* A first fragment has all headers, or somebody hides something (RFC 1858 3,
 * RFC 7112 5). */
static enum verdict
first_whole(const struct ip *ip, enum verdict v)
{
	return v == V_SHORT && ip->more && ip->frag_off == 0 ? V_FRAGMENT : v;
}

/* Source routes are refused, all else passes (RFC 7126 4.3, 4.4). */
static enum verdict
check_options(const uint8_t *p, size_t n)
{
	while (n > 0 && *p != OPT_END) {
		size_t len = 1;

		if (*p == OPT_LSRR || *p == OPT_SSRR)
			return V_OPTIONS;
		if (*p != OPT_NOP) {
			if (n < 2 || p[1] < 2 || p[1] > n)
				return V_HEADER;
			len = p[1];
		}
		p += len;
		n -= len;
	}
	return sound;
}

/* RFC 1812 5.2.2, in its order; only then is anything believed. */
static enum verdict
check_v4(const struct ip4_hdr *h, size_t n)
{
	size_t hlen = (h->vhl & 15u) * 4, len = be16_get(h->len);

	if (hlen < sizeof(*h) || len < hlen)
		return V_HEADER;
	if (len > n)
		return V_SHORT;
	if (csum_fold(csum_add(0, h, hlen)) != 0xffff)
		return V_CHECKSUM;
	if (hlen > sizeof(*h))
		return check_options((const uint8_t *)(h + 1),
		    hlen - sizeof(*h));
	return sound;
}

static enum verdict
parse_v4(struct ip *ip, const uint8_t *p, size_t n)
{
	const struct ip4_hdr *h = (const void *)p;

	if (n < sizeof(*h))
		return V_SHORT;
	enum verdict v = check_v4(h, n);
	if (v != sound)
		return v;

	uint16_t frag = be16_get(h->frag);
	ip->src = addr_from_v4(h->src);
	ip->dst = addr_from_v4(h->dst);
	ip->len = be16_get(h->len);
	ip->l4 = (uint16_t)((h->vhl & 15) * 4);
	ip->version = 4;
	ip->proto = h->proto;
	ip->ttl = h->ttl;
	ip->tos = h->tos;
	ip->frag_off = (uint16_t)((frag & IP4_OFFSET) * 8);
	ip->more = (frag & IP4_MF) != 0;
	ip->frag = ip->more || ip->frag_off > 0;
	ip->frag_id = be16_get(h->id);
	if (!ip->frag)
		return parse_transport(ip, p);
	ip->frag_len = (uint16_t)(ip->len - ip->l4);
	v = check_fragment(ip);
	return v == sound ? first_whole(ip, parse_transport(ip, p)) : v;
}

static bool
is_extension(uint8_t next)
{
	return next == PROTO_HOPOPTS || next == PROTO_ROUTING ||
	    next == PROTO_FRAGMENT || next == PROTO_AH || next == PROTO_DSTOPTS;
}

/* Bytes of the extension header h of type `next'; its first EXT_UNIT bytes are
 * there. */
static size_t
extension_len(uint8_t next, const uint8_t *h)
{
	if (next == PROTO_FRAGMENT)
		return sizeof(struct ip6_frag);
	if (next == PROTO_AH)
		return (h[1] + 2u) * 4;	/* RFC 4302 2.2 */
	return (h[1] + 1u) * EXT_UNIT;
}

/* An atomic fragment (RFC 6946) is a fragment like any other here: its
 * transport header is there, and frag says that it is one. */
static enum verdict
parse_fragment(struct ip *ip, const struct ip6_frag *h)
{
	uint16_t off = be16_get(h->off);

	if (ip->frag)
		return V_HEADER;
	ip->frag = true;
	ip->frag_off = off & IP6_OFFSET;
	ip->frag_len = (uint16_t)(ip->len - ip->l4 - (int)sizeof(*h));
	ip->more = (off & IP6_MF) != 0;
	ip->frag_id = be32_get(h->id);
	return sound;
}

/* One extension header, at ip->l4: what it says, then past it.  Its third byte
 * is the type if it is a routing header. */
static enum verdict
parse_extension(struct ip *ip, const uint8_t *p)
{
	const uint8_t *h = p + ip->l4;
	size_t room = (size_t)(ip->len - ip->l4);

	if (room < EXT_UNIT || room < extension_len(ip->proto, h))
		return V_SHORT;
	if (ip->proto == PROTO_HOPOPTS && ip->l4 != IP6_HLEN)
		return V_HEADER;	/* RFC 8200 4.1: first or not at all */
	if (ip->proto == PROTO_ROUTING && h[2] == 0)
		return V_OPTIONS;	/* RFC 5095 */
	if (ip->proto == PROTO_FRAGMENT) {
		enum verdict v = parse_fragment(ip, (const void *)h);
		if (v != sound)
			return v;
	}
	ip->l4 += (uint16_t)extension_len(ip->proto, h);
	ip->proto = h[0];
	return sound;
}

/* Up to the transport header, or to the data of a later fragment. */
static enum verdict
parse_chain(struct ip *ip, const uint8_t *p)
{
	int left = IP6_MAX_HEADERS;

	while (is_extension(ip->proto) && ip->frag_off == 0) {
		if (left-- == 0)
			return V_OPTIONS;
		enum verdict v = parse_extension(ip, p);
		if (v != sound)
			return v;
	}
	return check_fragment(ip);
}

static enum verdict
parse_v6(struct ip *ip, const uint8_t *p, size_t n)
{
	const struct ip6_hdr *h = (const void *)p;

	if (n < sizeof(*h))
		return V_SHORT;
	size_t len = sizeof(*h) + be16_get(h->len);
	if (len > n)
		return V_SHORT;
	if (len > UINT16_MAX)
		return V_TOO_BIG;
	ip->src = addr_from_v6(h->src);
	ip->dst = addr_from_v6(h->dst);
	if (addr_is_v4(&ip->src) || addr_is_v4(&ip->dst))
		return V_MAPPED;
	ip->len = (uint16_t)len;
	ip->l4 = IP6_HLEN;
	ip->version = 6;
	ip->proto = h->next;
	ip->ttl = h->hops;
	ip->tos = (uint8_t)(be32_get(h->flow) >> 20);

	enum verdict v = parse_chain(ip, p);
	return first_whole(ip, v == sound ? parse_transport(ip, p) : v);
}

enum verdict
ip_parse(struct ip *ip, const uint8_t *p, size_t n)
{
	memset(ip, 0, sizeof(*ip));
	if (n == 0)
		return V_SHORT;
	switch (p[0] >> 4) {
	case 4:
		return parse_v4(ip, p, n);
	case 6:
		return parse_v6(ip, p, n);
	default:
		return V_VERSION;
	}
}

void
ip_step_back(uint8_t *p)
{
	struct ip4_hdr *h4 = (void *)p;
	struct ip6_hdr *h6 = (void *)p;
	const uint8_t was[2] = { h4->ttl, h4->proto };

	if (p[0] >> 4 == 6) {
		h6->hops += h6->hops < UINT8_MAX;
		return;
	}
	h4->ttl += h4->ttl < UINT8_MAX;
	h4->csum = be16_put(csum_patch(be16_get(h4->csum),
	    csum_change(0, was, &h4->ttl, sizeof(was))));
}

void
ip_turn(struct ip *ip)
{
	struct ip old = *ip;

	ip->src = old.dst;
	ip->dst = old.src;
	if (ip->proto == PROTO_ICMP || ip->proto == PROTO_ICMP6)
		return;
	ip->sport = old.dport;
	ip->dport = old.sport;
}

const char *
ip_proto_name(uint8_t proto, char buf[static 8])
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(*protos); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	snprintf(buf, 8, "%u", proto);
	return buf;
}

int
ip_proto_parse(const char *text)
{
	char *end;

	for (size_t i = 0; i < sizeof(protos) / sizeof(*protos); i++)
		if (strcmp(protos[i].name, text) == 0)
			return protos[i].proto;
	if (*text < '0' || *text > '9')
		return -1;
	unsigned long v = strtoul(text, &end, 10);
	return *end == '\0' && v <= UINT8_MAX ? (int)v : -1;
}
