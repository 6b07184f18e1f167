/* SPDX-License-Identifier: ISC */
#include "io/resolve.h"

#include <string.h>

static uint32_t
bounded(uint32_t ttl)
{
	return ttl < RESOLVE_TTL_MIN ? RESOLVE_TTL_MIN :
	    ttl > RESOLVE_TTL_MAX ? RESOLVE_TTL_MAX : ttl;
}

static bool
keep_good(struct resolve *r, const struct dns_answer *a, nsec now)
{
	bool same = r->told && !r->stale && r->n == a->n &&
	    memcmp(r->addr, a->addr, a->n * sizeof(*a->addr)) == 0;

	memcpy(r->addr, a->addr, a->n * sizeof(*a->addr));
	r->n = a->n;
	r->wait = 0;
	r->told = true;
	r->stale = false;
	/* the hosts file is read once */
	r->due = a->ttl == UINT32_MAX ? 0 : now + bounded(a->ttl) * NSEC_SEC;
	return !same;
}

bool
resolve_update(struct resolve *r, const struct dns_answer *a, nsec now)
{
	bool news = !r->told || !r->stale;

	if (a->status == DNS_FOUND)
		return keep_good(r, a, now);
	r->wait = r->wait == 0 ? 1 : r->wait * 2 < RESOLVE_WAIT_MAX ?
	    r->wait * 2 : RESOLVE_WAIT_MAX;
	r->due = now + r->wait * NSEC_SEC;
	r->told = r->stale = true;
	return news;
}

void
resolve_print(const struct resolve *r, const struct dns_answer *a, FILE *out)
{
	char text[ADDR_STRLEN];

	fprintf(out, "%s", r->name);
	if (a->status != DNS_FOUND)
		fputs(" 0", out);
	else
		fprintf(out, " %u", bounded(a->ttl));
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++)
		fprintf(out, " %s", addr_format(&a->addr[i], text));
	fputc('\n', out);
}
