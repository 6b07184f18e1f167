/* SPDX-License-Identifier: ISC */
#include "base/ratelimit.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

const struct ratelimit_rule ratelimit_host = { 4, 8, 20, 5 };
const struct ratelimit_rule ratelimit_network = { 2, 4, 400, 400 };
const struct ratelimit_rule ratelimit_site = { 3, 6, 100, 50 };
const struct ratelimit_rule ratelimit_all = { 0, 0, 1000, 1000 };

void
ratelimit_init(struct ratelimit *r, const struct ratelimit_rule *rule,
    const uint8_t random[static 16])
{
	memset(r, 0, sizeof(*r));
	r->rule = rule;
	memcpy(r->secret, random, sizeof(r->secret));
}

/* The source that pays.  Of an IPv4 address it is the mapped form's half, which
 * is no /64 that routes. */
static uint64_t
source_of(const struct ratelimit_rule *rule, const struct addr *a)
{
	bool v4 = addr_is_v4(a);
	uint64_t v = 0;

	if (v4 && rule->v4 > 0)
		memcpy(&v, a->b + 8, 4 + (size_t)rule->v4);
	else if (!v4)
		memcpy(&v, a->b, rule->v6);
	return v;
}

static struct ratelimit_entry *
set_of(struct ratelimit *r, uint64_t source)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash,
	    (const unsigned char *)&source, sizeof(source), r->secret);
	return r->set[hash % RATELIMIT_SETS];
}

/* The entry of the source, or NULL; *spare: that of the set whose time passes,
 * or has passed, before all others'. */
static struct ratelimit_entry *
entry_of(struct ratelimit *r, uint64_t source, nsec now,
    struct ratelimit_entry **spare)
{
	struct ratelimit_entry *e = set_of(r, source);

	*spare = e;
	for (int i = 0; i < RATELIMIT_WAYS; i++) {
		if (e[i].due > now && e[i].source == source)
			return &e[i];
		if (e[i].due < (*spare)->due)
			*spare = &e[i];
	}
	return NULL;
}

/* The entry that may count one more, which is a spare one if the source has
 * none; NULL: that would be one too many.  times: so often as the rule says. */
static struct ratelimit_entry *
entry_with_room(struct ratelimit *r, uint64_t from, unsigned times, nsec now)
{
	struct ratelimit_entry *spare, *e = entry_of(r, from, now, &spare);
	nsec interval = NSEC_SEC / (r->rule->per_second * times);
	nsec early = (r->rule->burst * times - 1) * interval;

	if (e == NULL)
		return spare->due > now ? NULL : spare;
	return e->due > now + early ? NULL : e;
}

static void
count(struct ratelimit *r, struct ratelimit_entry *e, uint64_t from,
    unsigned times, nsec now)
{
	if (e->due <= now)
		*e = (struct ratelimit_entry){ from, now };
	e->due += NSEC_SEC / (r->rule->per_second * times);
}

static bool
allow(struct ratelimit *r, uint64_t from, unsigned times, nsec now)
{
	struct ratelimit_entry *e = entry_with_room(r, from, times, now);

	if (e != NULL)
		count(r, e, from, times, now);
	return e != NULL;
}

bool
ratelimit_allow_each(struct ratelimit *const r[], const struct addr *source,
    nsec now)
{
	struct ratelimit_entry *e[RATELIMIT_EACH];
	size_t n = 0;

	for (; r[n] != NULL; n++) {
		assert(n < RATELIMIT_EACH);
		e[n] = entry_with_room(r[n], source_of(r[n]->rule, source), 1,
		    now);
		if (e[n] == NULL)
			return false;
	}
	while (n-- > 0)
		count(r[n], e[n], source_of(r[n]->rule, source), 1, now);
	return true;
}

bool
ratelimit_allow(struct ratelimit *r, const struct addr *source, nsec now)
{
	return allow(r, source_of(r->rule, source), 1, now);
}

bool
ratelimit_allow_shared(struct ratelimit *r, const struct addr *source,
    unsigned times, nsec now)
{
	return allow(r, source_of(r->rule, source), times, now);
}

bool
ratelimit_allow_port(struct ratelimit *r, const struct endpoint *source,
    nsec now)
{
	uint8_t text[sizeof(source->addr) + sizeof(source->port)];
	uint64_t from;

	memcpy(text, &source->addr, sizeof(source->addr));
	memcpy(text + sizeof(source->addr), &source->port,
	    sizeof(source->port));
	crypto_shorthash((unsigned char *)&from, text, sizeof(text),
	    r->secret);
	return allow(r, from, 1, now);
}

void
ratelimit_note(struct ratelimit *r, const struct addr *source, nsec now,
    nsec until)
{
	uint64_t from = source_of(r->rule, source);
	struct ratelimit_entry *spare, *e = entry_of(r, from, now, &spare);

	*(e != NULL ? e : spare) = (struct ratelimit_entry){ from, until };
}

bool
ratelimit_has(struct ratelimit *r, const struct addr *source, nsec now)
{
	struct ratelimit_entry *spare;

	return entry_of(r, source_of(r->rule, source), now, &spare) != NULL;
}
