/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "base/ratelimit.h"

#include <string.h>

static struct ratelimit r;
static const uint8_t secret[16] = "sixteen bytes...";

static struct addr
host(const char *text)
{
	struct addr a;

	addr_parse(&a, text);
	return a;
}

/* The series of the kernel's self-test, with a clock of our own. */
static void
test_series(void)
{
	static const struct {
		unsigned wait_ms;
		bool allowed;
	} series[] = {
		{ 0, true }, { 0, true }, { 0, true }, { 0, true }, { 0, true },
		{ 0, false }, { 49, false }, { 1, true }, { 0, false },
		{ 25, false }, { 25, true }, { 0, false }, { 100, true },
		{ 0, true }, { 0, false }, { 10000, true }, { 0, true },
		{ 0, true }, { 0, true }, { 0, true }, { 0, false },
	};
	struct addr a = host("192.0.2.1");
	nsec now = 5 * NSEC_SEC;

	ratelimit_init(&r, &ratelimit_host, secret);
	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		now += series[i].wait_ms * NSEC_MS;
		OKF(ratelimit_allow(&r, &a, now) == series[i].allowed,
		    "W4: number %zu, %u ms later: %s", i, series[i].wait_ms,
		    series[i].allowed ? "allowed" : "refused");
	}
}

/* True if the second source is refused for what the first has done. */
static bool
share(const struct ratelimit_rule *rule, const char *first, const char *second)
{
	struct addr a = host(first), b = host(second);

	ratelimit_init(&r, rule, secret);
	for (int i = 0; i < (int)r.rule->burst; i++)
		ratelimit_allow(&r, &a, NSEC_SEC);
	return !ratelimit_allow(&r, &b, NSEC_SEC);
}

static void
test_room(void)
{
	unsigned allowed = 0, again = 0;
	uint8_t b[4];

	ratelimit_init(&r, &ratelimit_host, secret);
	for (uint32_t i = 0; i < 3 * RATELIMIT_SETS * RATELIMIT_WAYS; i++) {
		memcpy(b, &i, 4);
		struct addr a = addr_from_v4(b);
		allowed += ratelimit_allow(&r, &a, NSEC_SEC);
	}
	OKF(allowed <= RATELIMIT_SETS * RATELIMIT_WAYS &&
	    allowed > RATELIMIT_SETS * RATELIMIT_WAYS * 8 / 10,
	    "a full table refuses strangers, %u got in", allowed);
	for (uint32_t i = 0; i < 1000; i++) {
		memcpy(b, &i, 4);
		b[3] = 77;
		struct addr a = addr_from_v4(b);
		again += ratelimit_allow(&r, &a, 2 * NSEC_SEC);
	}
	/* five in one set of four are rare, not impossible */
	OKF(again > 980, "and has room again later: %u of 1000", again);
}

static void
test_known(void)
{
	struct addr a = host("192.0.2.1"), b = host("192.0.2.2");
	unsigned known = 0;
	uint8_t v4[4];

	ratelimit_init(&r, &ratelimit_host, secret);
	OK(!ratelimit_has(&r, &a, NSEC_SEC));
	ratelimit_note(&r, &a, NSEC_SEC, 9 * NSEC_SEC);
	OKF(ratelimit_has(&r, &a, 8 * NSEC_SEC) &&
	    !ratelimit_has(&r, &b, 8 * NSEC_SEC), "who is noted is known");
	OKF(!ratelimit_has(&r, &a, 9 * NSEC_SEC), "until then");
	ratelimit_note(&r, &a, 9 * NSEC_SEC, 20 * NSEC_SEC);
	ratelimit_note(&r, &a, 10 * NSEC_SEC, 30 * NSEC_SEC);
	OKF(ratelimit_has(&r, &a, 29 * NSEC_SEC), "or again, for longer");
	for (uint32_t i = 0; i < 2 * RATELIMIT_SETS * RATELIMIT_WAYS; i++) {
		memcpy(v4, &i, 4);
		b = addr_from_v4(v4);
		ratelimit_note(&r, &b, 10 * NSEC_SEC, (40 + i) * NSEC_SEC);
		known += ratelimit_has(&r, &b, 11 * NSEC_SEC);
	}
	OKF(known == 2 * RATELIMIT_SETS * RATELIMIT_WAYS &&
	    !ratelimit_has(&r, &a, 11 * NSEC_SEC),
	    "in a full table the oldest makes room");
}

/* A source that one bound refuses has taken nothing of another. */
static void
test_each(void)
{
	static struct ratelimit all;
	struct ratelimit *const both[] = { &r, &all, NULL };
	struct addr a = host("192.0.2.1"), b = host("192.0.2.2");
	unsigned n = 0;

	ratelimit_init(&r, &ratelimit_host, secret);
	ratelimit_init(&all, &ratelimit_site, secret);
	for (int i = 0; i < 1000; i++)
		n += ratelimit_allow_each(both, &a, NSEC_SEC);
	OKF(n == ratelimit_host.burst, "H5: five, by the narrower bound");
	for (int i = 0; i < 1000 && ratelimit_allow(&all, &b, NSEC_SEC); i++)
		n++;
	OKF(n == ratelimit_site.burst, "H5: and no more than five of the wider");
	OKF(ratelimit_allow(&r, &b, NSEC_SEC), "H5: nor the other way round");
	OKF(!ratelimit_allow_each(both, &b, NSEC_SEC), "H5: all must agree");
	n = 0;
	while (n < 9 && ratelimit_allow(&r, &b, NSEC_SEC))
		n++;
	OKF(n == ratelimit_host.burst - 1, "H5: or none counts it");
}

int
main(void)
{
	test_each();
	test_known();
	test_series();
	OK(share(&ratelimit_host, "192.0.2.1", "192.0.2.1"));
	OK(!share(&ratelimit_host, "192.0.2.1", "192.0.2.2"));
	OK(share(&ratelimit_host, "2001:db8::1", "2001:db8::2"));
	OK(!share(&ratelimit_host, "2001:db8::1", "2001:db8:0:1::1"));
	OK(!share(&ratelimit_host, "192.0.2.1", "::"));
	OK(share(&ratelimit_network, "192.0.2.1", "192.0.77.2"));
	OK(!share(&ratelimit_network, "192.0.2.1", "192.1.2.1"));
	OK(share(&ratelimit_network, "2001:db8::1", "2001:db8:ffff::2"));
	OK(!share(&ratelimit_network, "2001:db8::1", "2001:db9::1"));
	OKF(share(&ratelimit_site, "192.0.2.1", "192.0.2.99"), "H5: a /24");
	OK(!share(&ratelimit_site, "192.0.2.1", "192.0.3.1"));
	OKF(share(&ratelimit_site, "2001:db8::1", "2001:db8:0:ffff::2"),
	    "H5: a /48");
	OK(!share(&ratelimit_site, "2001:db8::1", "2001:db8:1::1"));
	OK(share(&ratelimit_all, "192.0.2.1", "2001:db8::1"));
	test_room();
	return DONE();
}
