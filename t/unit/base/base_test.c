/* SPDX-License-Identifier: ISC */
/* Addresses, prefixes, endpoints, verdicts, byte order, clock. */
#include "test.h"

#include "base/addr.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/verdict.h"

#include <string.h>

static void
test_prefix(const char *text, const char *canonical, bool host_bits)
{
	struct prefix p;
	bool h = !host_bits;
	char buf[PREFIX_STRLEN];

	bool ok = prefix_parse(&p, text, &h);
	OKF(ok == (canonical != NULL), "prefix '%s' %s", text,
	    canonical ? "is one" : "is none");
	if (!ok || canonical == NULL)
		return;
	OKF(strcmp(prefix_format(&p, buf), canonical) == 0, "'%s' is %s", text,
	    canonical);
	OKF(h == host_bits, "'%s' has%s host bits", text, h ? "" : " no");
}

static void
test_prefixes(void)
{
	test_prefix("10.0.0.0/8", "10.0.0.0/8", false);
	test_prefix("10.1.2.3/8", "10.0.0.0/8", true);
	test_prefix("0.0.0.0/0", "0.0.0.0/0", false);
	test_prefix("192.0.2.1", "192.0.2.1/32", false);
	test_prefix("::/0", "::/0", false);
	test_prefix("2001:db8::/32", "2001:db8::/32", false);
	test_prefix("2001:db8::1/47", "2001:db8::/47", true);
	test_prefix("2001:db8::1", "2001:db8::1/128", false);
	test_prefix("10.0.0.0/33", NULL, false);
	test_prefix("10.0.0.0/", NULL, false);
	test_prefix("10.0.0.0/-1", NULL, false);
	test_prefix("10.0.0.0/ 8", NULL, false);
	test_prefix("10.0.0.0/8x", NULL, false);
	test_prefix("10.0.0/8", NULL, false);
	test_prefix("", NULL, false);
	test_prefix("::/129", NULL, false);
}

static bool
has(const char *prefix, const char *addr)
{
	struct prefix p;
	struct addr a;
	bool h;

	return prefix_parse(&p, prefix, &h) && addr_parse(&a, addr) &&
	    prefix_has(&p, &a);
}

static void
test_has(void)
{
	OK(has("10.0.0.0/8", "10.255.255.255"));
	OK(!has("10.0.0.0/8", "11.0.0.0"));
	OK(has("10.128.0.0/9", "10.128.0.1"));
	OK(!has("10.128.0.0/9", "10.127.255.255"));
	OK(has("0.0.0.0/0", "203.0.113.9"));
	OK(!has("0.0.0.0/0", "2001:db8::1"));
	OK(has("2001:db8:8000::/33", "2001:db8:ffff::1"));
	OK(!has("2001:db8:8000::/33", "2001:db8:7fff::1"));
	OK(has("192.0.2.7/32", "192.0.2.7"));
	OK(!has("192.0.2.7/32", "192.0.2.6"));
}

static void
test_endpoint(const char *addr, uint16_t port, const char *text)
{
	struct endpoint e = { .port = port }, back;
	struct sockaddr_storage ss;
	char buf[ENDPOINT_STRLEN];

	addr_parse(&e.addr, addr);
	OKF(strcmp(endpoint_format(&e, buf), text) == 0, "endpoint %s", text);
	for (int dual = 0; dual <= 1; dual++) {
		endpoint_to_sockaddr(&e, dual, &ss);
		OKF(endpoint_from_sockaddr(&back, &ss) &&
		    endpoint_eq(&e, &back), "%s through a sockaddr", text);
	}
}

static void
test_verdicts(void)
{
	bool unique = true, back = true;

	for (unsigned v = 0; v < V_COUNT; v++) {
		back = back && verdict_parse(verdict_name(v)) == v;
		for (unsigned w = 0; w < v; w++)
			unique = unique && strcmp(verdict_name(v),
			    verdict_name(w)) != 0;
	}
	OK(unique);
	OK(back);
	OK(verdict_parse("nonsense") == V_COUNT);
	OK(verdict_delivers(V_INTERNET) && !verdict_delivers(V_SHORT));
}

static void
test_bytes(void)
{
	be64 w = be64_put(0x0102030405060708);

	OK(be16_get(be16_put(0xabcd)) == 0xabcd);
	OK(be32_get(be32_put(0xdeadbeef)) == 0xdeadbeef);
	OK(le32_get(le32_put(0xdeadbeef)) == 0xdeadbeef);
	OK(le64_get(le64_put(0x0123456789abcdef)) == 0x0123456789abcdef);
	OK(le32_put(1).b[0] == 1 && be32_put(1).b[3] == 1);
	OK(w.b[0] == 1 && w.b[7] == 8);
}

int
main(void)
{
	test_prefixes();
	test_has();
	test_endpoint("192.0.2.1", 51820, "192.0.2.1:51820");
	test_endpoint("2001:db8::1", 1, "[2001:db8::1]:1");
	test_verdicts();
	test_bytes();
	OK(clock_poll_ms(0, 5) == -1);
	OK(clock_poll_ms(5, 5) == 0);
	OK(clock_poll_ms(6, 5) == 1);
	OK(clock_poll_ms(5 + NSEC_SEC, 5) == 1000);
	return DONE();
}
