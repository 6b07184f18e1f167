/* SPDX-License-Identifier: ISC */
#include "packet/frag.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 4,
	PARTS = 8,		/* with gaps between them */
	WHOLE_UNKNOWN = 0,
};

/* Which datagram; all bytes are compared. */
struct key {
	struct addr src, dst;
	uint32_t id;
	uint32_t proto;		/* of IPv4 only: RFC 791, RFC 8200 4.5 */
};
static_assert(sizeof(struct key) == 40, "no padding");

/* From, up to. */
struct part {
	uint16_t from, to;
};

/* Invariant: parts are apart from each other, and within `whole' if that is
 * known. */
struct datagram {
	struct key key;
	nsec since;		/* 0: unused */
	uint16_t decided;
	uint16_t whole;		/* bytes, once the last was seen */
	bool bad;
	uint8_t n;
	struct part part[PARTS];
};

struct frags {
	uint8_t secret[crypto_shorthash_KEYBYTES];
	size_t mask;
	struct datagram *d;	/* sets of WAYS */
};

struct frags *
frags_create(size_t room)
{
	struct frags *fs = calloc(1, sizeof(*fs));
	size_t sets = 1;

	if (fs == NULL)
		return NULL;
	while (sets * WAYS < room)
		sets *= 2;
	fs->mask = sets - 1;
	fs->d = calloc(sets * WAYS, sizeof(*fs->d));
	if (fs->d == NULL || sodium_init() < 0) {
		frags_free(fs);
		errno = ENOMEM;
		return NULL;
	}
	randombytes_buf(fs->secret, sizeof(fs->secret));
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

	crypto_shorthash((uint8_t *)&h, (const uint8_t *)k, sizeof(*k),
	    fs->secret);
	struct datagram *set = &fs->d[(h & fs->mask) * WAYS], *d = set;
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
fits(struct datagram *d, const struct part *p, bool last)
{
	if (p->from >= p->to)
		return false;
	if (last && d->whole != WHOLE_UNKNOWN)
		return false;
	if (d->whole != WHOLE_UNKNOWN && p->to > d->whole)
		return false;
	for (size_t i = 0; i < d->n; i++)
		if ((p->from < d->part[i].to && d->part[i].from < p->to) ||
		    (last && d->part[i].to > p->to))
			return false;
	return true;
}

/* Joined with those that it touches; false if there are too many. */
static bool
add(struct datagram *d, struct part p)
{
	for (size_t i = 0; i < d->n;) {
		struct part *q = &d->part[i];
		if (q->to != p.from && q->from != p.to) {
			i++;
			continue;
		}
		p.from = q->from < p.from ? q->from : p.from;
		p.to = q->to > p.to ? q->to : p.to;
		*q = d->part[--d->n];
	}
	if (d->n == PARTS)
		return false;
	d->part[d->n++] = p;
	return true;
}

uint16_t *
frags_take(struct frags *fs, const struct ip *ip, nsec now)
{
	const struct key k = { .src = ip->src, .dst = ip->dst,
		.id = ip->frag_id, .proto = ip->version == 4 ? ip->proto : 0 };
	struct datagram *d = find(fs, &k, now);
	/* from where fragments count: past what each of them repeats */
	const struct part p = { ip->frag_off,
		(uint16_t)(ip->frag_off + ip->frag_len) };

	d->bad = d->bad || !fits(d, &p, !ip->more) || !add(d, p);
	if (d->bad)
		return NULL;
	if (!ip->more)
		d->whole = p.to;
	if (d->n == 1 && d->part[0].from == 0 && d->part[0].to == d->whole)
		d->since = 0;
	return &d->decided;
}
