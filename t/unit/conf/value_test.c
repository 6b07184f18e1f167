/* SPDX-License-Identifier: ISC */
/* Values, as tables: what is taken, what is refused and how it is told. */

#include "conf/guess.h"
#include "conf/value.h"

#include "test.h"

#include <string.h>

static char why[VALUE_WHYLEN];

static const struct {
	const char *in;
	int code;
	const char *out;	/* as printed, or part of the reason */
} prefixes[] = {
	{ "10.0.0.0/8", 0, "10.0.0.0/8" },
	{ "10.0.0.1", 0, "10.0.0.1/32" },
	{ "0.0.0.0/0", 0, "0.0.0.0/0" },
	{ "2001:DB8::/32", 0, "2001:db8::/32" },
	{ "2001:db8::1", 0, "2001:db8::1/128" },
	{ "2000::/3", 0, "2000::/3" },
	{ "10.0.0.5/20", BH_HOST_BITS, "write 10.0.0.0/20" },
	{ "10.0.0.1/31", BH_HOST_BITS, "leave out '/31'" },
	{ "2001:db8::1/64", BH_HOST_BITS, "write 2001:db8::/64" },
	{ "10.0.0.0/33", BH_BAD_PREFIX, "not a prefix" },
	{ "2001:db8::/129", BH_BAD_PREFIX, "not a prefix" },
	{ "10.0.0/8", BH_BAD_PREFIX, "not a prefix" },
	{ "10.0.0.0/", BH_BAD_PREFIX, "not a prefix" },
	{ "10.0.0.0/+8", BH_BAD_PREFIX, "not a prefix" },
	{ "10.0.0.0/8/8", BH_BAD_PREFIX, "not a prefix" },
	{ "010.0.0.0/8", BH_BAD_PREFIX, "not a prefix" },
	{ "#", BH_BAD_PREFIX, "begins with ' ;'" },
	{ "", BH_BAD_PREFIX, "not a prefix" },
	{ "::/0", BH_BAD_PREFIX, "2000::/3" },
	{ "::/80", BH_BAD_PREFIX, "IPv4-mapped" },
	{ "::ffff:10.0.0.1", BH_BAD_PREFIX, "IPv4-mapped" },
	{ "fe80::1%eth0", BH_BAD_PREFIX, "not a prefix" },
};

static void
test_prefixes(void)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct prefix p;
		int code = value_prefix(&p, prefixes[i].in, why);
		const char *got = code == 0 ? prefix_format(&p, text) : why;
		OKF(code == prefixes[i].code && strstr(got, prefixes[i].out) !=
		    NULL, "prefix '%s': %d, %s", prefixes[i].in, code, got);
	}
}

static const struct {
	const char *in;
	int code;
	const char *out;	/* FIRST-LAST, or part of the reason */
} ranges_of[] = {
	{ "10.0.0.0/30", 0, "10.0.0.0-10.0.0.3" },
	{ "10.0.0.7", 0, "10.0.0.7-10.0.0.7" },
	{ "10.0.0.5-10.0.0.9", 0, "10.0.0.5-10.0.0.9" },
	{ "10.0.0.5-10.0.0.5", 0, "10.0.0.5-10.0.0.5" },
	{ "2001:db8::1-2001:db8::f", 0, "2001:db8::1-2001:db8::f" },
	{ "0.0.0.0-255.255.255.255", 0, "0.0.0.0-255.255.255.255" },
	{ "10.0.0.9-10.0.0.5", BH_BAD_PREFIX, "before it begins" },
	{ "10.0.0.5-9", BH_BAD_PREFIX, "not a range" },
	{ "10.0.0.5-", BH_BAD_PREFIX, "not a range" },
	{ "-10.0.0.5", BH_BAD_PREFIX, "not a range" },
	{ "10.0.0.0/8-11.0.0.0/8", BH_BAD_PREFIX, "not a range" },
	{ "10.0.0.1-10.0.0.2-10.0.0.3", BH_BAD_PREFIX, "not a range" },
	{ "10.0.0.1-2001:db8::1", BH_BAD_PREFIX, "two families" },
	{ "::1-2001:db8::1", BH_BAD_PREFIX, "two families" },
	{ "::ffff:10.0.0.1-::ffff:10.0.0.2", BH_BAD_PREFIX, "two families" },
	{ "10.0.0.5/20", BH_HOST_BITS, "write 10.0.0.0/20" },
};

static void
test_ranges(void)
{
	for (size_t i = 0; i < sizeof(ranges_of) / sizeof(ranges_of[0]); i++) {
		struct addr a, b;
		char got[2 * ADDR_STRLEN], one[ADDR_STRLEN], two[ADDR_STRLEN];
		int code = value_addresses(&a, &b, ranges_of[i].in, why);
		if (code == 0)
			snprintf(got, sizeof(got), "%s-%s",
			    addr_format(&a, one), addr_format(&b, two));
		const char *said = code == 0 ? got : why;
		OKF(code == ranges_of[i].code &&
		    strstr(said, ranges_of[i].out) != NULL,
		    "range '%s': %d, %s", ranges_of[i].in, code, said);
	}
}

static const struct {
	const char *in, *host;
	unsigned port;
} endpoints[] = {
	{ "192.0.2.1:51820", "192.0.2.1", 51820 },
	{ "[2001:DB8:0::1]:1", "2001:db8::1", 1 },
	{ "[192.0.2.1]:7", "192.0.2.1", 7 },
	{ "HQ.Example.net:65535", "hq.example.net", 65535 },
	{ "a-b.c_d:2", "a-b.c_d", 2 },
	{ "localhost:3", "localhost", 3 },
	{ "192.0.2.1", NULL, 0 },
	{ "2001:db8::1", NULL, 0 },
	{ "2001:db8::1:51820", NULL, 0 },
	{ "[2001:db8::1]", NULL, 0 },
	{ "[2001:db8::1]51820", NULL, 0 },
	{ "[2001:db8::1:51820", NULL, 0 },
	{ "[hq]:51820", NULL, 0 },
	{ "hq:", NULL, 0 },
	{ "hq:0", NULL, 0 },
	{ "hq:65536", NULL, 0 },
	{ "hq:7x", NULL, 0 },
	{ ":51820", NULL, 0 },
	{ "-hq:1", NULL, 0 },
	{ "hq-:1", NULL, 0 },
	{ "h..q:1", NULL, 0 },
	{ "h q:1", NULL, 0 },
	{ "1.2.3:1", NULL, 0 },
	{ "256.0.0.1:1", NULL, 0 },
	{ "0.0.0.0:1", NULL, 0 },
	{ "224.0.0.1:1", NULL, 0 },
	{ "[::]:1", NULL, 0 },
	{ "[ff02::1]:1", NULL, 0 },
};

static void
test_endpoints(void)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		char host[VALUE_HOSTLEN] = "";
		uint16_t port = 0;
		const char *want = endpoints[i].host;
		int code = value_endpoint(host, &port, endpoints[i].in, why);
		bool ok = want == NULL ? code == BH_BAD_ENDPOINT :
		    code == 0 && strcmp(host, want) == 0 &&
		    port == endpoints[i].port;
		OKF(ok, "endpoint '%s': %s", endpoints[i].in,
		    code == 0 ? host : why);
	}
}

static void
test_numbers(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1",
		"9", "101", "99999999999999999999", "4294967306", "1e1" };
	static const char *const ranges[] = { "10", "10-", "-10", "20-10",
		"9-20", "10-101", "10-20-30", "10 - 20", "10--20" };
	unsigned v = 0, w = 0;

	OK(value_number(&v, 10, 100, "10", why) == 0 && v == 10);
	OK(value_number(&v, 10, 100, "0100", why) == 0 && v == 100);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		OKF(value_number(&v, 10, 100, bad[i], why) == BH_BAD_NUMBER &&
		    v == 100, "'%s' is no number from 10 to 100", bad[i]);
	OK(value_range(&v, &w, 10, 100, "10-100", why) == 0 && v == 10 &&
	    w == 100);
	OK(value_range(&v, &w, 10, 100, "11-11", why) == 0 && v == w);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		OKF(value_range(&v, &w, 10, 100, ranges[i], why) ==
		    BH_BAD_NUMBER, "'%s' is no range", ranges[i]);
}

static void
test_names(void)
{
	static const char *const words[] = { "none", "client", "server", NULL };
	char name[VALUE_NAMELEN], dev[IFNAMSIZ];
	unsigned v = 9;

	OK(value_name(name, "hq-1.a_b", why) == 0 &&
	    strcmp(name, "hq-1.a_b") == 0);
	OK(value_name(name, "1", why) == 0);
	OK(value_name(name, "", why) == BH_BAD_NAME);
	OK(value_name(name, ".", why) == BH_BAD_NAME);
	OK(value_name(name, "../x", why) == BH_BAD_NAME);
	OK(value_name(name, "a/b", why) == BH_BAD_NAME);
	OK(value_name(name, "h\xc3\xa9", why) == BH_BAD_NAME);
	OK(value_interface(dev, "eth0.100", why) == 0);
	OK(value_interface(dev, "0123456789abcde", why) == 0);
	OK(value_interface(dev, "0123456789abcdef", why) == BH_BAD_INTERFACE);
	OK(value_word(&v, words, "client", why) == 0 && v == 1);
	OK(value_word(&v, words, "clinet", why) == BH_BAD_WORD && v == 1);
	OK(strstr(why, "none, client or server; did you mean 'client'?"));
	OK(value_word(&v, words, "xyzzy", why) == BH_BAD_WORD);
	OK(strstr(why, "did you mean") == NULL);
}

static void
test_lists(void)
{
	const char *list = ", a,b  c,\t,d ";
	char item[VALUE_LEN], all[64] = "";

	while (value_next(&list, item))
		strcat(strcat(all, item), "|");
	OKF(strcmp(all, "a|b|c|d|") == 0, "commas and blanks separate (%s)",
	    all);
	OK(!value_next(&list, item));
}

static const struct {
	const char *word, *known, *best;
} guesses[] = {
	{ "intrnal", "internal", "internal" },		/* left out */
	{ "internall", "internal", "internal" },	/* put in */
	{ "lna", "lan", "lan" },			/* swapped */
	{ "partmers", "partners", "partners" },		/* replaced */
	{ "partner", "server", NULL },
	{ "x", "y", NULL },
	{ "", "lan", NULL },
	{ "uplink", "interface", NULL },
};

static void
test_guesses(void)
{
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		struct guess g;
		const char *want = guesses[i].best;
		guess_init(&g, guesses[i].word);
		guess_try(&g, guesses[i].known);
		OKF(want == NULL ? g.best == NULL : g.best != NULL &&
		    strcmp(g.best, want) == 0, "'%s' and '%s'",
		    guesses[i].word, guesses[i].known);
	}
	struct guess g;
	guess_init(&g, "servr");
	guess_try(&g, "serve");
	guess_try(&g, "server");
	guess_try(&g, "sever");
	OKF(g.best != NULL && strcmp(g.best, "serve") == 0,
	    "of equals the first");
}

int
main(void)
{
	struct key k;

	test_prefixes();
	test_ranges();
	test_endpoints();
	test_numbers();
	test_names();
	test_lists();
	test_guesses();
	OK(value_key(&k, "y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo=",
	    why) == 0);
	OK(value_key(&k, "y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo",
	    why) == BH_BAD_KEY && strstr(why, "this has 43"));
	OK(value_key(&k, "y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVp=",
	    why) == BH_BAD_KEY);
	return DONE();
}
