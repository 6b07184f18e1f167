/* SPDX-License-Identifier: ISC */
#include "packet/frag.h"

#include "packet/keyed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 4,
	SPANS = 8,		/* with gaps between them */
	WHOLE_UNKNOWN = 0,
};

/* Which datagram; all bytes are compared. */
struct key {
	struct addr src, dst;
	uint32_t id;
	uint32_t proto;		/* of IPv4 only: RFC 791, RFC 8200 4.5 */
};
static_assert(sizeof(struct key) == 40, "no padding");

/* Bytes of it, from, up to. */
struct span {
	uint16_t from, to;
};

/* Invariant: spans are apart from each other, and within `whole' if that is
 * known. */
struct datagram {
	struct key key;
	nsec since;		/* 0: unused */
	uint16_t decided;
	uint16_t whole;		/* bytes, once the last was seen */
	bool bad;
	uint8_t n;
	struct span span[SPANS];
};

struct frags {
	struct keyed keyed;
	struct datagram *d;	/* sets of WAYS */
};

struct frags *
frags_new(size_t room)
{
	struct frags *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return NULL;
	size_t n = keyed_init(&fs->keyed, room, WAYS);
	fs->d = n > 0 ? calloc(n, sizeof(*fs->d)) : NULL;
	if (fs->d == NULL) {
		frags_free(fs);
		errno = ENOMEM;
		return NULL;
	}
	return fs;
}

void
frags_free(struct frags *fs)
{
	if (fs == NULL)
		return;
	free(fs->d);
	free(fs);
}

static bool
is_live(const struct datagram *d, nsec now)
{
	return d->since != 0 && now - d->since < FRAG_LIFE;
}

/* That of the key; else one that is free, or the oldest, made anew. */
static struct datagram *
find(struct frags *fs, const struct key *k, nsec now)
{
	uint64_t h;

	/* SipHash: who drives another's datagram out of its set has it lost,
	 * and sees of his own which are */
	crypto_shorthash((uint8_t *)&h, (const uint8_t *)k, sizeof(*k),
	    (const uint8_t *)fs->keyed.secret);
	struct datagram *set = &fs->d[(h & fs->keyed.mask) * WAYS], *d = set;
	for (size_t i = 0; i < WAYS; i++)
		if (is_live(&set[i], now) &&
		    memcmp(&set[i].key, k, sizeof(*k)) == 0)
			return &set[i];
	for (size_t i = 1; i < WAYS && is_live(d, now); i++)
		if (!is_live(&set[i], now) || set[i].since < d->since)
			d = &set[i];
	*d = (struct datagram){ .key = *k, .since = now,
		.decided = FRAG_UNDECIDED };
	return d;
}

static bool
fits(struct datagram *d, const struct span *p, bool last)
{
	if (p->from >= p->to)
		return false;
	if (last && d->whole != WHOLE_UNKNOWN)
		return false;
	if (d->whole != WHOLE_UNKNOWN && p->to > d->whole)
		return false;
	for (size_t i = 0; i < d->n; i++)
		if ((p->from < d->span[i].to && d->span[i].from < p->to) ||
		    (last && d->span[i].to > p->to))
			return false;
	return true;
}

/* Joined with those that it touches; false if there are too many. */
static bool
add(struct datagram *d, struct span p)
{
	for (size_t i = 0; i < d->n;) {
		struct span *q = &d->span[i];
		if (q->to != p.from && q->from != p.to) {
			i++;
			continue;
		}
		p.from = q->from < p.from ? q->from : p.from;
		p.to = q->to > p.to ? q->to : p.to;
		*q = d->span[--d->n];
	}
	if (d->n == SPANS)
		return false;
	d->span[d->n++] = p;
	return true;
}

uint16_t *
frags_entry(struct frags *fs, const struct ip *ip, nsec now)
{
	const struct key k = { .src = ip->src, .dst = ip->dst,
		.id = ip->frag_id, .proto = ip->version == 4 ? ip->proto : 0 };
	struct datagram *d = find(fs, &k, now);
	/* from where fragments count: past what each of them repeats */
	const struct span p = { ip->frag_off,
		(uint16_t)(ip->frag_off + ip->frag_len) };

	d->bad = d->bad || !fits(d, &p, !ip->more) || !add(d, p);
	if (d->bad)
		return NULL;
	if (!ip->more)
		d->whole = p.to;
	if (d->n == 1 && d->span[0].from == 0 && d->span[0].to == d->whole)
		d->since = 0;
	return &d->decided;
}
