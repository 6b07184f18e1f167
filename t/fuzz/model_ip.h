/* SPDX-License-Identifier: ISC */
#ifndef BH_T_MODEL_IP_H
#define BH_T_MODEL_IP_H

/*
 * A slow, obvious ip_parse, written from what packet/ip.h and the RFCs there
 * promise: every byte by its offset, one rule after the other.
 */

#include "packet/ip.h"
#include "packet/wire.h"

#include <string.h>

static const enum verdict model_sound = (enum verdict)V_NEXT;

static inline unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The transport header at ip->l4, if the datagram begins here; a first fragment
 * that lacks it hides it (RFC 1858 3, RFC 7112 5).  TTL last. */
static inline enum verdict
model_transport(struct ip *ip, const uint8_t *p)
{
	const uint8_t *t = p + ip->l4;
	unsigned room = ip->len - ip->l4;
	bool icmp = ip->proto == (ip->version == 4 ? 1 : 58);
	bool tcp = ip->proto == 6, udp = ip->proto == 17;
	bool echo = false;

	if (ip->frag_off + ip->frag_len > 65535)
		return V_HEADER;
	if (ip->more && ip->frag_len % 8 != 0)
		return V_HEADER;
	if (tcp && ip->frag_off > 0 && ip->frag_off < 20)
		return V_FRAGMENT;	/* RFC 3128 */
	if (ip->frag_off > 0)
		return ip->ttl == 0 ? V_TTL : model_sound;
	if ((tcp && room < 20) || ((udp || icmp) && room < 8))
		return ip->more ? V_FRAGMENT : V_SHORT;
	if (icmp)
		echo = ip->version == 4 ? t[0] == 0 || t[0] == 8 :
		    t[0] == 128 || t[0] == 129;
	ip->ports = tcp || udp || icmp;
	if (ip->ports)
		ip->sport = (uint16_t)get16(t);
	if (tcp || udp)
		ip->dport = (uint16_t)get16(t + 2);
	if (echo)
		ip->dport = (uint16_t)get16(t + 4);
	return ip->ttl == 0 ? V_TTL : model_sound;
}

static inline bool
model_summed(const uint8_t *p, unsigned hlen)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < hlen; i += 2)
		sum += get16(p + i);
	return sum % 0xffff == 0 && sum > 0;
}

static inline enum verdict
model_options(const uint8_t *p, unsigned hlen)
{
	for (unsigned i = 20; i < hlen && p[i] != 0;) {
		if (p[i] == 131 || p[i] == 137)
			return V_OPTIONS;
		if (p[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= hlen || p[i + 1] < 2 || i + p[i + 1] > hlen)
			return V_HEADER;
		i += p[i + 1];
	}
	return model_sound;
}

static inline enum verdict
model_parse4(struct ip *ip, const uint8_t *p, size_t n)
{
	if (n < 20)
		return V_SHORT;
	unsigned hlen = (p[0] & 15u) * 4, len = get16(p + 2);
	if (hlen < 20 || len < hlen)
		return V_HEADER;
	if (len > n)
		return V_SHORT;
	if (!model_summed(p, hlen))
		return V_CHECKSUM;
	enum verdict v = model_options(p, hlen);
	if (v != model_sound)
		return v;
	*ip = (struct ip){ .version = 4, .src = addr_from_v4(p + 12),
		.dst = addr_from_v4(p + 16), .len = (uint16_t)len,
		.l4 = (uint16_t)hlen, .tos = p[1], .ttl = p[8],
		.proto = p[9], .frag_id = get16(p + 4),
		.frag_off = (uint16_t)(get16(p + 6) % 8192 * 8),
		.more = (p[6] & 0x20) != 0 };
	ip->frag = ip->more || ip->frag_off > 0;
	if (ip->frag)
		ip->frag_len = (uint16_t)(len - hlen);
	return model_transport(ip, p);
}

/* Past the extension headers, which are at most eight. */
static inline enum verdict
model_chain(struct ip *ip, const uint8_t *p)
{
	for (int count = 0; ip->frag_off == 0; count++) {
		const uint8_t *h = p + ip->l4;
		unsigned room = ip->len - ip->l4, kind = ip->proto, hlen = 8;

		if (kind != 0 && kind != 43 && kind != 44 && kind != 51 &&
		    kind != 60)
			break;
		if (count == 8)
			return V_OPTIONS;
		if (room >= 8 && kind == 51)
			hlen = (h[1] + 2u) * 4;
		else if (room >= 8 && kind != 44)
			hlen = (h[1] + 1u) * 8;
		if (room < 8 || room < hlen)
			return ip->more ? V_FRAGMENT : V_SHORT;
		if (kind == 0 && count > 0)
			return V_HEADER;
		if (kind == 43 && h[2] == 0)
			return V_OPTIONS;
		if (kind == 44 && ip->frag)
			return V_HEADER;
		if (kind == 44) {
			ip->frag = true;
			ip->frag_off = (uint16_t)(get16(h + 2) / 8 * 8);
			ip->more = (h[3] & 1) != 0;
			ip->frag_id = get16(h + 4) << 16 | get16(h + 6);
			ip->frag_len = (uint16_t)(room - 8);
		}
		ip->l4 = (uint16_t)(ip->l4 + hlen);
		ip->proto = h[0];
	}
	return model_sound;
}

static inline enum verdict
model_parse6(struct ip *ip, const uint8_t *p, size_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (n < 40 || 40 + get16(p + 4) > n)
		return V_SHORT;
	if (40 + get16(p + 4) > 65535)
		return V_TOO_BIG;
	if (memcmp(p + 8, mapped, 12) == 0 || memcmp(p + 24, mapped, 12) == 0)
		return V_MAPPED;
	*ip = (struct ip){ .version = 6, .src = addr_from_v6(p + 8),
		.dst = addr_from_v6(p + 24),
		.len = (uint16_t)(40 + get16(p + 4)), .l4 = 40,
		.tos = (uint8_t)(get16(p) >> 4), .ttl = p[7], .proto = p[6] };
	enum verdict v = model_chain(ip, p);
	return v == model_sound ? model_transport(ip, p) : v;
}

static inline enum verdict
model_parse(struct ip *ip, const uint8_t *p, size_t n)
{
	if (n == 0)
		return V_SHORT;
	if (p[0] >> 4 == 4)
		return model_parse4(ip, p, n);
	return p[0] >> 4 == 6 ? model_parse6(ip, p, n) : V_VERSION;
}

#endif
