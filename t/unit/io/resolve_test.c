/* SPDX-License-Identifier: ISC */
/* When a name is asked for again, and what is said of it. */
#include "io/resolve.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

static struct dns_answer
answer(uint32_t ttl, const char *a, const char *b)
{
	struct dns_answer r = { .status = DNS_FOUND, .ttl = ttl };

	addr_parse(&r.addr[r.n++], a);
	if (b != NULL)
		addr_parse(&r.addr[r.n++], b);
	return r;
}

static bool
prints(const struct resolve *r, const struct dns_answer *a, const char *want)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	resolve_print(r, a, f);
	fclose(f);
	bool same = strcmp(text, want) == 0;
	free(text);
	return same;
}

static void
test_good(void)
{
	struct resolve r = { .name = "filter" };
	struct dns_answer a = answer(30, "192.0.2.1", "2001:db8::1");

	OK(resolve_update(&r, &a, 5 * NSEC_SEC));
	OK(r.due == 35 * NSEC_SEC);
	OK(prints(&r, &a, "filter 30 192.0.2.1 2001:db8::1\n"));
	OK(!resolve_update(&r, &a, 35 * NSEC_SEC));
	a = answer(30, "192.0.2.1", NULL);
	OK(resolve_update(&r, &a, 65 * NSEC_SEC));
	OK(r.n == 1);
}

static void
test_bounds(void)
{
	struct resolve r = { .name = "filter" };
	struct dns_answer a = answer(0, "192.0.2.1", NULL);

	resolve_update(&r, &a, NSEC_SEC);
	OKF(r.due == 2 * NSEC_SEC, "a TTL of 0 is a second");
	a.ttl = 86400;
	resolve_update(&r, &a, NSEC_SEC);
	OKF(r.due == 3601 * NSEC_SEC, "a day is an hour");
	a.ttl = UINT32_MAX;
	resolve_update(&r, &a, NSEC_SEC);
	OKF(r.due == 0, "the hosts file is not asked again");
}

static void
test_failure(void)
{
	static const struct dns_answer none = { .status = DNS_NONE },
	    silent = { .status = DNS_SILENT };
	static const unsigned wait[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct resolve r = { .name = "filter" };
	struct dns_answer a = answer(30, "192.0.2.1", NULL);

	OK(resolve_update(&r, &none, NSEC_SEC));
	OK(prints(&r, &none, "filter 0\n"));
	resolve_update(&r, &a, NSEC_SEC);
	for (size_t i = 0; i < sizeof(wait) / sizeof(wait[0]); i++) {
		bool news = resolve_update(&r, &silent, NSEC_SEC);
		OKF(news == (i == 0) && r.due == (1 + wait[i]) * NSEC_SEC,
		    "try %zu: again after %u s", i, wait[i]);
	}
	OKF(r.n == 1, "what was good is kept");
	OKF(resolve_update(&r, &a, NSEC_SEC), "back again, and said so");
	OK(!resolve_update(&r, &a, NSEC_SEC));
	resolve_update(&r, &none, NSEC_SEC);
	OKF(r.due == 2 * NSEC_SEC, "the back-off starts anew");
}

int
main(void)
{
	test_good();
	test_bounds();
	test_failure();
	return DONE();
}
