/* SPDX-License-Identifier: ISC */
#include "engine/report.h"

#include "base/die.h"
#include "conf/conf.h"
#include "engine/lint.h"

#include <stdlib.h>
#include <string.h>

/* About the location, or about the domain as a whole. */
static bool
concerns(const struct diag *d, const char *location)
{
	static const char kind[] = "location ";

	if (location == NULL || strncmp(d->section, kind, strlen(kind)) != 0)
		return true;
	return strcmp(d->section + strlen(kind), location) == 0 ||
	    strcmp(d->also, location) == 0;
}

/* "1 error", "2 errors" */
static void
put_count(FILE *out, size_t n, const char *what)
{
	fprintf(out, ", %zu %s%s", n, what, n == 1 ? "" : "s");
}

static void
put_summary(const struct report *r, const struct conf *cf,
    const struct diags *ds, const size_t shown[static SEV_COUNT], FILE *out)
{
	size_t n = cf->nlocations, kept = 0;

	fprintf(out, "%s: %zu location%s", r->file, n, n == 1 ? "" : "s");
	put_count(out, ds->errors, "error");
	put_count(out, ds->warnings, "warning");
	if (ds->count[SEV_NOTICE] > 0)
		put_count(out, ds->count[SEV_NOTICE], "notice");
	for (int s = 0; s < SEV_COUNT; s++)
		kept += ds->count[s] - shown[s];
	if (kept > 0)
		fprintf(out, "; %zu not shown", kept);
	fprintf(out, "\n");
}

static void
put_findings(const struct report *r, const struct diags *ds,
    size_t shown[static SEV_COUNT], FILE *out)
{
	for (size_t i = 0; i < ds->n; i++) {
		if (!concerns(&ds->d[i], r->location))
			continue;
		shown[ds->d[i].severity]++;
		if (r->json)
			diag_print_json(&ds->d[i], r->file, out);
		else
			diag_print(&ds->d[i], r->file, out);
	}
}

static int
status(const struct report *r, const struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		if (ds->d[i].code == BH_FILE_READ)
			return EXIT_RETRY;
	return ds->errors > 0 || (r->strict && ds->warnings > 0) ? EXIT_NO : 0;
}

int
report_file(const struct report *r, FILE *f, FILE *out)
{
	size_t shown[SEV_COUNT] = { 0 };
	struct conf cf;
	struct diags ds;

	diag_init(&ds);
	conf_load(&cf, &ds, f);
	lint_domain(&cf, &ds);
	diag_sort(&ds);
	put_findings(r, &ds, shown, out);
	if (!r->json)
		put_summary(r, &cf, &ds, shown, out);
	int code = status(r, &ds);
	if (code != EXIT_RETRY && r->location != NULL &&
	    conf_find(&cf, r->location) == CONF_NONE) {
		warnx("%s: no [location %s]", r->file, r->location);
		code = EXIT_FIX;
	}
	diag_free(&ds);
	conf_free(&cf);
	return code;
}

/* Words to lines of at most 72 columns, indented. */
static void
put_wrapped(const char *text, FILE *out)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		if (column > 0 && column + 1 + n > 68) {
			putc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column == 0 ? "    " : " ", (int)n,
		    text);
		column += n + (column > 0);
		text += n + (text[n] == ' ');
	}
	putc('\n', out);
}

static void
put_entry(enum code code, enum severity severity, const char *text, FILE *out)
{
	fprintf(out, "BH%03d  %s: %s\n", (int)code, severity_name(severity),
	    text);
	put_wrapped(lint_explain((int)code), out);
}

int
report_explain(const char *which, FILE *out)
{
	enum code code;
	enum severity severity;
	const char *text;
	bool all = strcmp(which, "all") == 0, any = false;
	char *end;

	const char *digits = strncmp(which, "BH", 2) == 0 ? which + 2 : which;
	long want = strtol(digits, &end, 10);
	if (!all && (*digits < '0' || *digits > '9' || *end != '\0'))
		want = 0;
	for (unsigned i = 0; code_entry(i, &code, &severity, &text); i++) {
		if (!all && (long)code != want)
			continue;
		if (any)
			putc('\n', out);
		put_entry(code, severity, text, out);
		any = true;
	}
	if (!any)
		warnx("no finding has the code '%s'; -x all lists them", which);
	return any ? 0 : EXIT_FIX;
}
