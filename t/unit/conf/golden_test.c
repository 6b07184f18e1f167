/* SPDX-License-Identifier: ISC */
/*
 * Domain files of t/data/conf: what is found in each, then all of it in its
 * plainest form, as the file of the same name with .out has it.  GOLDEN=write
 * writes those.
 */
#include "test.h"

#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/print.h"

#include <stdlib.h>
#include <string.h>

/* Which keys of a location nobody knows. */
static void
tell_broken(const struct conf_location *l, FILE *out)
{
	int sound = 0;

	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		sound += conf_keys[k].kind == CONF_LOCATION &&
		    !conf_broken(l, k);
	if (sound == 0)
		fprintf(out, "; broken: %s, all\n", l->name);
	for (enum conf_key k = 0; sound > 0 && k < KEY_COUNT; k++)
		if (conf_keys[k].kind == CONF_LOCATION && conf_broken(l, k))
			fprintf(out, "; broken: %s %s\n", l->name,
			    keys_name(k));
}

/* What is found, then what is printed; the number of errors. */
static size_t
tell(FILE *in, FILE *out)
{
	struct diags d;
	struct conf cf;

	diag_init(&d);
	conf_load(&cf, &d, in);
	diag_sort(&d);
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.d[i], "f", out);
	conf_print(&cf, out);
	for (size_t i = 0; i < cf.nlocations; i++)
		tell_broken(&cf.location[i], out);
	size_t errors = d.errors;
	conf_fini(&cf);
	diag_fini(&d);
	return errors;
}

static char *
tell_of(const char *text, size_t *errors)
{
	char *said = NULL;
	size_t n = 0;
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	FILE *out = open_memstream(&said, &n);

	*errors = tell(in, out);
	fclose(in);
	fclose(out);
	return said;
}

static char *
contents(const char *name)
{
	static char text[1 << 16];
	FILE *f = fopen(name, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	return text;
}

static void
test_file(const char *name, bool sound)
{
	char in[64], golden[64];
	size_t errors;

	snprintf(in, sizeof(in), "t/data/conf/%s.ini", name);
	snprintf(golden, sizeof(golden), "t/data/conf/%s.out", name);
	char *said = tell_of(contents(in), &errors);
	if (getenv("GOLDEN") != NULL) {
		FILE *f = fopen(golden, "w");
		fputs(said, f);
		fclose(f);
	}
	OKF((errors == 0) == sound && strcmp(said, contents(golden)) == 0,
	    "%s says what %s does", in, golden);
	if (sound) {
		char *again = tell_of(said, &errors);
		OKF(errors == 0 && strcmp(again, said) == 0,
		    "and what it says is a file that says the same");
		free(again);
	}
	free(said);
}

/* ---- bounds ---- */

static bool
takes(const char *section, const char *key, const char *value)
{
	char text[512];
	size_t errors;

	snprintf(text, sizeof(text), "[%s]\n%s = %s\n", section, key, value);
	char *said = tell_of(text, &errors);
	/* what is taken is printed as it stands there */
	snprintf(text, sizeof(text), "%s = %s\n", key, value);
	bool printed = strstr(said, text) != NULL;
	free(said);
	return errors == 0 && printed;
}

static void
test_bounds(void)
{
	static const struct {
		const char *key, *before, *after;
		unsigned min, max;
	} rows[] = {
		{ "listen-port", "", "", 1, 65535 },
		{ "keepalive", "", "", 0, 65535 },
		{ "workers", "", "", 1, CONF_WORKERS_MAX },
		{ "failback", "hold ", "s", 1, CONF_HOLD_MAX },
		{ "port-block", "", "", 64, 8192 },
		{ "nat-table", "", "", 1024, 16777216 },
		{ "nat-quota-host", "", "", 1, 16777216 },
		{ "nat-quota-location", "", "", 1, 16777216 },
		{ "nat-udp-timeout", "", "", 120, 86400 },
		{ "nat-icmp-timeout", "", "", 60, 86400 },
		{ "nat-tcp-timeout", "", "", 7440, 604800 },
		{ "nat-tcp-transitory", "", "", 240, 86400 },
		{ "mtu", "", "", 576, 9000 },
		{ "dscp", "", "", 0, 63 },
		{ "icmp-errors", "", "", 0, 10000 },
		{ "nat-ports", "", "-65535", 1024, 65535 },
		{ "nat-ports", "1024-", "", 1024, 65535 },
		{ "endpoint", "hq.example.net:", "", 1, 65535 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned min = rows[i].min, max = rows[i].max;
		const unsigned v[] = { min - 1, min, max, max + 1 };
		bool ok = true;
		for (int k = 0; k < 4; k++) {
			char value[64];
			snprintf(value, sizeof(value), "%s%u%s",
			    rows[i].before, v[k], rows[i].after);
			ok = ok && takes("location a", rows[i].key, value) ==
			    (v[k] >= min && v[k] <= max);
		}
		OKF(ok, "%s from %u to %u", rows[i].key, min, max);
	}
}

static void
test_words(void)
{
	static const struct {
		const char *key, *words[3];
	} rows[] = {
		{ "active", { "yes", "no" } },
		{ "backhaul", { "none", "client", "server" } },
		{ "server-mode", { "failover", "balance" } },
		{ "backhaul-sources", { "lan", "participating" } },
		{ "nat", { "masquerade", "none", "pool" } },
		{ "nat6", { "none", "pool" } },
		{ "nat-upstream", { "no", "yes", "routed" } },
		{ "filtering", { "address-port", "address",
		    "endpoint-independent" } },
		{ "nat-refresh", { "outbound", "both" } },
		{ "nat-deterministic", { "yes", "no" } },
		{ "failback", { "now", "never" } },
		{ "mtu", { "auto" } },
		{ "dscp", { "copy" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < 3 && rows[i].words[k] != NULL; k++) {
			char bad[64];
			snprintf(bad, sizeof(bad), "%sx", rows[i].words[k]);
			OKF(takes("location a", rows[i].key,
			    rows[i].words[k]) &&
			    !takes("location a", rows[i].key, bad),
			    "%s = %s", rows[i].key, rows[i].words[k]);
		}
}

int
main(void)
{
	test_file("everything", true);
	test_file("mistakes", false);
	test_bounds();
	test_words();
	return DONE();
}
