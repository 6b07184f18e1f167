/* SPDX-License-Identifier: ISC */
/* The domain file as data: defaults, references, and large domains. */

#include "conf/conf.h"
#include "base/json.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

static size_t
load(struct conf *cf, const char *text)
{
	struct diags d;
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	diag_init(&d);
	conf_load(cf, &d, f);
	fclose(f);
	size_t errors = d.errors;
	diag_fini(&d);
	return errors;
}

static const char *
list(const struct conf_prefixes *ps)
{
	static char buf[256];
	char p[PREFIX_STRLEN];
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ps->n && n < sizeof(buf); i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%s",
		    i > 0 ? " " : "", prefix_format(&ps->p[i], p));
	return buf;
}

static void
test_defaults(void)
{
	struct conf cf;

	OK(load(&cf, "[location a]\n[location b]\nendpoint = b:7\n") == 0);
	const struct conf_location *a = &cf.location[0], *b = &cf.location[1];
	OK(cf.nlocations == 2 && cf.private_is_internal);
	OK(a->active && a->role == CONF_ROLE_NONE && a->line == 1);
	OK(a->nat == CONF_NAT_MASQUERADE && !a->nat_upstream);
	OK(a->nat_port_first == 16384 && a->nat_port_last == 32767);
	OK(a->mtu == CONF_MTU_AUTO && a->mtu_auto && a->sources == CONF_SOURCES_LAN);
	OK(strcmp(a->interface, "bh0") == 0);
	OK(strcmp(a->egress_interface, "bhx0") == 0 && a->uplink[0] == '\0');
	/* one that dials out keeps its way open */
	OK(a->listen_port == CONF_PORT_DEFAULT && a->keepalive == 25);
	OK(b->listen_port == 7 && b->keepalive == 0);
	OK(a->lan.n == 0 && a->said[KEY_LAN] == 0 && a->said[KEY_PUBLIC_KEY] == 0);
	conf_fini(&cf);
}

static void
test_everything(void)
{
	static const char text[] =
	    "[domain]\nname = d\nprivate-is-internal = no\n"
	    "[location a]\nactive = no\n"
	    "public-key = y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo=\n"
	    "endpoint = [2001:db8::1]:7\nlisten-port = 8\nkeepalive = 9\n"
	    "lan = 10.0.0.128/25\nlan = 10.0.0.0/25,!10.0.0.64/26\n"
	    "internal = 10.0.0.0/16\naddress = 10.0.0.3 10.0.0.2, 10.0.0.3\n"
	    "backhaul = server\nnat = none\nnat-upstream = yes\n"
	    "nat-ports = 2000-3000\ndefault-gateway = 10.0.0.9\n"
	    "  2001:db8::9\nuplink = u\nlan-interface = l\n"
	    "interface = i\negress-interface = e\nmtu = 1300\n"
	    "[location b]\nbackhaul = client\nserver = a\n"
	    "backhaul-sources = participating\n";
	struct conf cf;

	OK(load(&cf, text) == 0);
	const struct conf_location *a = &cf.location[0], *b = &cf.location[1];
	OK(strcmp(cf.name, "d") == 0 && !cf.private_is_internal);
	OK(!a->active && a->said[KEY_PUBLIC_KEY] == 6 && a->public_key.b[0] == 0xcb);
	OK(strcmp(a->endpoint_host, "2001:db8::1") == 0);
	OK(a->endpoint_port == 7 && a->listen_port == 8 && a->keepalive == 9);
	OK(strcmp(list(&a->lan), "10.0.0.0/26 10.0.0.128/25") == 0);
	OK(a->said[KEY_LAN] == 10);
	OK(strcmp(list(&a->internal), "10.0.0.0/16") == 0);
	/* hosts are not merged into a prefix */
	OK(strcmp(list(&a->address), "10.0.0.2/32 10.0.0.3/32") == 0);
	OK(a->role == CONF_ROLE_SERVER && a->nat == CONF_NAT_NONE);
	OK(a->nat_upstream && a->nat_port_first == 2000 &&
	    a->nat_port_last == 3000);
	OK(a->has_gateway4 && a->has_gateway6 && a->gateway4.b[15] == 9 &&
	    a->gateway6.b[15] == 9 && a->gateway6.b[0] == 0x20);
	OK(strcmp(a->uplink, "u") == 0 && strcmp(a->lan_interface, "l") == 0);
	OK(strcmp(a->interface, "i") == 0);
	OK(strcmp(a->egress_interface, "e") == 0 && a->mtu == 1300);
	OK(b->role == CONF_ROLE_CLIENT && b->servers.n == 1 &&
	    b->servers.r[0].location == 0);
	OK(b->sources == CONF_SOURCES_PARTICIPATING);
	conf_fini(&cf);
}

static void
test_references(void)
{
	static const char text[] =
	    "[location hq]\npartners = d b\nbackhaul = server\n"
	    "[location b]\npartners = hq\nbackhaul = client\nserver = hq\n"
	    "[location c]\nbackhaul = client\nserver = hq\nactive = no\n"
	    "[location d]\npartners = x\n";
	struct conf cf;

	OK(load(&cf, text) == 0);
	OK(conf_find(&cf, "hq") == 0 && conf_find(&cf, "d") == 3);
	OK(conf_find(&cf, "x") == CONF_NONE && conf_find(&cf, "") == CONF_NONE);
	OK(conf_partners(&cf, 0, 1) && conf_partners(&cf, 1, 0));
	OK(!conf_partners(&cf, 0, 3));		/* one-sided */
	OK(!conf_partners(&cf, 0, 0));
	OK(conf_is_client_of(&cf, 1, 0) && !conf_is_client_of(&cf, 0, 1));
	OK(!conf_is_client_of(&cf, 2, 0));	/* inactive */
	OK(!conf_is_client_of(&cf, 3, 0));
	conf_fini(&cf);
}

static void
test_mistakes(void)
{
	struct conf cf;

	/* the first of a name stays, and indexes are right after the second
	 * went */
	OK(load(&cf, "[location b]\nmtu = 1301\n[location b]\nmtu = 1302\n"
	    "[location a]\nmtu = 1303\n") == 1);
	OK(cf.nlocations == 2 && cf.location[0].mtu == 1301);
	OK(conf_find(&cf, "a") == 1 && cf.location[1].mtu == 1303);
	conf_fini(&cf);

	/* a key is marked broken, also one that was only misspelt */
	OK(load(&cf, "[location a]\nlan = 10.0.0.0/24, x\nintrenal = y\n"
	    "mtu = 1300\n") == 2);
	OK(conf_broken(&cf.location[0], KEY_LAN));
	OK(conf_broken(&cf.location[0], KEY_INTERNAL));
	OK(!conf_broken(&cf.location[0], KEY_MTU));
	OK(strcmp(list(&cf.location[0].lan), "10.0.0.0/24") == 0);
	conf_fini(&cf);

	/* the first value of a key stays */
	OK(load(&cf, "[location a]\nmtu = 1300\nmtu = 1400\n") == 1);
	OK(cf.location[0].mtu == 1300);
	conf_fini(&cf);
	OK(load(&cf, "x\n") == 1 && cf.nlocations == 0 && cf.generation != 0);
	conf_fini(&cf);
}

/* Every location a partner of every other. */
static void
test_large(void)
{
	enum { N = 300 };
	char *text = NULL;
	size_t size = 0, found = 0;
	FILE *f = open_memstream(&text, &size);
	struct conf cf;

	for (int i = 0; i < N; i++) {
		fprintf(f, "[location l%d]\nlan = 10.%d.%d.0/24\n", i, i / 250,
		    i % 250);
		for (int j = 0; j < N; j++)
			if (j != i)
				fprintf(f, "partners = l%d\n", j);
	}
	fclose(f);
	OK(load(&cf, text) == 0 && cf.nlocations == N);
	for (size_t i = 0; i < cf.nlocations; i++)
		for (size_t j = 0; j < cf.nlocations; j++)
			found += conf_partners(&cf, i, j);
	OK(found == N * (N - 1));
	conf_fini(&cf);
	free(text);
}

static void
test_diags(void)
{
	struct diags d;
	char *text = NULL;
	size_t size = 0;

	diag_init(&d);
	diag_add(&d, 3, BH_NO_INTERNAL, "location a", "internal", "w\033");
	diag_add(&d, 2, BH_LAN_LAN, "", "", "second");
	diag_add(&d, 2, BH_LINE_NUL, "", "", "third");
	diag_sort(&d);
	OK(d.errors == 2 && d.warnings == 1);
	OK(strcmp(d.d[0].text, "second") == 0);
	OK(strcmp(d.d[1].text, "third") == 0);

	FILE *f = open_memstream(&text, &size);
	diag_print(&d.d[2], "f", f);
	diag_print_json(&d.d[0], "a\"b", f);
	fclose(f);
	OKF(strcmp(text, "f:3: warning BH304: [location a] internal: w?\n"
	    "{\"file\":\"a\\\"b\",\"line\":2,\"severity\":\"error\",\"code\":"
	    "\"BH305\",\"section\":\"\",\"key\":\"\",\"text\":\"second\"}\n") ==
	    0, "printed: %zu bytes", size);
	free(text);

	for (int i = 0; i < 2 * DIAG_MAX; i++)
		diag_add(&d, 1, BH_LINE_NUL, "", "", "x");
	OK(d.n == DIAG_MAX && d.errors == 2 + 2 * DIAG_MAX);
	diag_fini(&d);
}

static const struct {
	const char *in, *out;
} strings[] = {
	{ "a/b", "\"a/b\"" },
	{ "\"\\\n\t\001\x7f", "\"\\\"\\\\\\n\\t\\u0001\\u007f\"" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "\xc3", "\"\\ufffd\"" },			/* cut */
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
	{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },		/* overlong */
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },	/* surrogate */
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
};

static void
test_json(void)
{
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);
		json_string(f, strings[i].in);
		fclose(f);
		OKF(strcmp(text, strings[i].out) == 0, "JSON string %zu", i);
		free(text);
	}
}

int
main(void)
{
	test_defaults();
	test_everything();
	test_references();
	test_mistakes();
	test_large();
	test_diags();
	test_json();
	return DONE();
}
