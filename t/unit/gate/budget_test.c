/* SPDX-License-Identifier: ISC */
/* What may be said about each location, and in all. */
#include "test.h"

#include "gate/budget.h"

static struct budget b;
static nsec now = 1000 * NSEC_SEC;

static bool
says(size_t site)
{
	if (!budget_has(&b, site, now))
		return false;
	budget_spend(&b, site, now);
	return true;
}

/* In ten seconds, a location that asks 20,000 times a second, and one that asks
 * a hundred times: how many each is told. */
static void
flood(unsigned *told, unsigned *told_other)
{
	*told = *told_other = 0;
	for (unsigned i = 0; i < 200000; i++, now += NSEC_SEC / 20000) {
		*told += says(1);
		if (i % 200 == 199)
			*told_other += says(2);
	}
}

int
main(void)
{
	unsigned told, other, all = 0;

	OK(budget_init(&b, 1000, 8, 8));
	flood(&told, &other);
	OKF(other == 1000 && told >= 1200 && told <= 1300, "H3: one that "
	    "floods has its eighth (%u), the other all it asks (%u)", told,
	    other);
	budget_fini(&b);
	OK(budget_init(&b, 1000, 8, 1));
	now += NSEC_SEC;
	for (unsigned i = 0; i < 100000; i++, now += NSEC_SEC / 10000)
		all += says(1);
	OKF(all >= 10000 && all <= 10100, "H3: one alone has all (%u)", all);
	budget_fini(&b);
	OK(budget_init(&b, 1000, 100, 100));
	now += NSEC_SEC;
	all = 0;
	for (unsigned i = 0; i < 100000; i++, now += NSEC_SEC / 10000)
		for (size_t site = 0; site < 20; site++)
			all += says(site);
	OKF(all >= 10000 && all <= 10100, "H3: all together no more (%u)",
	    all);
	OKF(!says(100), "a location that there is not");
	budget_fini(&b);
	return DONE();
}
