/* SPDX-License-Identifier: ISC */
#include "nat/nat_frag.h"

#include "nat/nat_hash.h"

#define DATAGRAM_TIME (2 * NSEC_SEC)
#define HELD_TIME NSEC_SEC

static size_t
set_of(const struct nat_frags *f, const struct ip *ip)
{
	uint8_t in[40] = { 0 };

	memcpy(in, ip->src.b, 16);
	memcpy(in + 16, ip->dst.b, 16);
	memcpy(in + 32, &ip->frag_id, 4);
	in[36] = ip->proto;
	return nat_hash(f->key, in, sizeof(in)) % NAT_FRAG_SETS;
}

static bool
is_of(const struct nat_datagram *d, const struct ip *ip)
{
	return d->known && d->id == ip->frag_id && d->proto == ip->proto &&
	    d->version == ip->version && addr_eq(&d->src, &ip->src) &&
	    addr_eq(&d->dst, &ip->dst);
}

const struct nat_datagram *
nat_frag_find(const struct nat_frags *f, const struct ip *ip, nsec now)
{
	const struct nat_datagram *d = f->datagram[set_of(f, ip)];

	for (int i = 0; i < NAT_FRAG_WAYS; i++)
		if (is_of(&d[i], ip) && d[i].until > now)
			return &d[i];
	return NULL;
}

/* In its own place if it is there, else in that of the oldest of its set. */
void
nat_frag_learn(struct nat_frags *f, const struct ip *ip,
    const struct addr *to, uint16_t new_id, nsec now)
{
	struct nat_datagram *d = f->datagram[set_of(f, ip)], *at = d;

	for (int i = 1; i < NAT_FRAG_WAYS && !is_of(at, ip); i++)
		if (is_of(&d[i], ip) || d[i].until < at->until)
			at = &d[i];
	*at = (struct nat_datagram){ .src = ip->src, .dst = ip->dst,
		.id = ip->frag_id, .proto = ip->proto,
		.version = ip->version, .known = true, .new_id = new_id,
		.to = *to, .until = now + DATAGRAM_TIME };
}

static void
drop(struct nat_frags *f, struct nat_held *h)
{
	h->n = 0;
	f->held--;
}

bool
nat_frag_hold(struct nat_frags *f, const uint8_t *p, size_t n, uint16_t from,
    bool inward, nsec now)
{
	struct nat_held *free = NULL;
	unsigned mine = 0;

	for (int i = 0; i < NAT_HELD; i++) {
		struct nat_held *h = &f->slot[i];
		if (h->n != 0 && h->until <= now)
			drop(f, h);
		if (h->n == 0)
			free = h;
		else if (h->inward == inward && h->from == from)
			mine++;
	}
	if (free == NULL || mine >= NAT_HELD_EACH || n > NAT_HELD_MAX)
		return false;
	free->n = (uint16_t)n;
	free->from = from;
	free->inward = inward;
	free->until = now + HELD_TIME;
	memcpy(free->p, p, n);
	f->held++;
	return true;
}

size_t
nat_frag_release(struct nat_frags *f, uint8_t *p, uint16_t *from, bool inward,
    nsec now)
{
	struct ip ip;

	for (int i = 0; f->held > 0 && i < NAT_HELD; i++) {
		struct nat_held *h = &f->slot[i];
		size_t n = h->n;
		if (n == 0 || h->inward != inward)
			continue;
		if (h->until <= now) {
			drop(f, h);
			continue;
		}
		if (ip_parse(&ip, h->p, n) != (enum verdict)V_NEXT ||
		    nat_frag_find(f, &ip, now) == NULL)
			continue;
		memcpy(p, h->p, n);
		*from = h->from;
		drop(f, h);
		return n;
	}
	return 0;
}
