/* SPDX-License-Identifier: ISC */
#include "show/report.h"

#include "base/die.h"
#include "check/lint.h"
#include "show/facts.h"
#include "show/views.h"

#include <stdint.h>
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

/* How many findings of one kind are shown, lest they bury those of others; of
 * errors all are. */
static const size_t enough[SEV_COUNT] = {
	[SEV_ERROR] = SIZE_MAX, [SEV_WARNING] = 10, [SEV_NOTICE] = 1,
};

enum { CODE_MAX = 1000 };

/* The last of its kind that is shown says how many are not. */
static void
put_last(const struct diag *d, size_t more, const struct report *r, FILE *out)
{
	struct diag last = *d;
	size_t n = strlen(last.text), room = sizeof(last.text);

	n = n < room - 48 ? n : room - 48;
	snprintf(last.text + n, room - n, "; and %zu more like this (-v)",
	    more);
	diag_print(&last, r->file, out);
}

static void
put_findings(const struct report *r, const struct diags *ds,
    size_t shown[static SEV_COUNT], FILE *out)
{
	size_t left[CODE_MAX] = { 0 }, put[CODE_MAX] = { 0 };

	for (size_t i = 0; i < ds->n; i++)
		left[ds->d[i].code] += concerns(&ds->d[i], r->location);
	for (size_t i = 0; i < ds->n; i++) {
		const struct diag *d = &ds->d[i];
		bool all = r->all || r->json;
		if (!concerns(d, r->location) ||
		    (!all && put[d->code] == enough[d->severity]))
			continue;
		shown[d->severity]++;
		left[d->code]--;
		put[d->code]++;
		if (r->json)
			diag_print_json(d, r->file, out);
		else if (!all && left[d->code] > 0 &&
		    put[d->code] == enough[d->severity])
			put_last(d, left[d->code], r, out);
		else
			diag_print(d, r->file, out);
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

static void
load(const struct report *r, FILE *f, struct conf *cf, struct diags *ds)
{
	const char *why = "no answer";

	diag_init(ds);
	conf_load(cf, ds, f);
	if (r->names && !lint_names(cf, ds, &why))
		diex(EXIT_RETRY, "cannot ask the DNS: %s", why);
	lint_domain(cf, ds);
	if (r->keydir != NULL)
		lint_keydir(cf, r->keydir, r->location, ds);
	diag_sort(ds);
}

/* 0, or EXIT_FIX: reported. */
static int
find_location(const struct report *r, const struct conf *cf, int *location)
{
	*location = VIEW_ALL;
	if (r->location == NULL)
		return 0;
	*location = conf_find(cf, r->location);
	if (*location != CONF_NONE)
		return 0;
	warnx("%s: no [location %s]", r->file, r->location);
	return EXIT_FIX;
}

/* Half a view would be a wrong one. */
static void
facts_done(struct facts *fs)
{
	if (fs->failed)
		diex(EXIT_RETRY, "no memory");
	facts_fini(fs);
}

static void
print_facts(const struct report *r, const struct conf *cf, int location,
    FILE *out)
{
	struct facts fs = { 0 };
	struct space s;

	if (space_init(&s, cf))
		facts_get(&fs, cf, &s, (size_t)location);
	else
		fs.failed = true;
	if (!r->json)
		putc('\n', out);
	(r->json ? facts_print_json : facts_print)(&fs,
	    cf->location[location].name, out);
	facts_done(&fs);
	space_fini(&s);
}

int
report_file(const struct report *r, FILE *f, FILE *out)
{
	size_t shown[SEV_COUNT] = { 0 };
	struct conf cf;
	struct diags ds;
	int location = VIEW_ALL;

	load(r, f, &cf, &ds);
	put_findings(r, &ds, shown, out);
	if (!r->json)
		put_summary(r, &cf, &ds, shown, out);
	int code = status(r, &ds);
	if (code != EXIT_RETRY && find_location(r, &cf, &location) != 0)
		code = EXIT_FIX;
	else if (ds.errors == 0 && location != VIEW_ALL)
		print_facts(r, &cf, location, out);
	diag_fini(&ds);
	conf_fini(&cf);
	return code;
}

int
report_load(const struct report *r, FILE *f, struct conf *cf, int *location)
{
	struct diags ds;

	load(r, f, cf, &ds);
	for (size_t i = 0; i < ds.n; i++)
		if (ds.d[i].severity == SEV_ERROR)
			diag_print(&ds.d[i], r->file, stderr);
	int code = ds.errors > 0 ? status(r, &ds) :
	    find_location(r, cf, location);
	diag_fini(&ds);
	return code;
}

/* One of the two files that are compared. */
struct side {
	const struct conf *cf;
	struct space space;
};

static void
get_facts(struct facts *fs, const struct side *s, const char *name)
{
	int i = conf_find(s->cf, name);

	if (i != CONF_NONE)
		facts_get(fs, s->cf, &s->space, (size_t)i);
}

/* A location that is in one file only has changed in all that it is. */
static void
compare(const struct report *r, const struct side *old,
    const struct side *now, const char *name, FILE *out)
{
	struct facts a = { 0 }, b = { 0 };

	if (r->location != NULL && strcmp(r->location, name) != 0)
		return;
	get_facts(&a, old, name);
	get_facts(&b, now, name);
	facts_compare(&a, &b, name, r->json, out);
	facts_done(&a);
	facts_done(&b);
}

int
report_changes(const struct report *r, const struct conf *old,
    const struct conf *now, FILE *out)
{
	struct side was = { .cf = old }, is = { .cf = now };

	if (r->location != NULL &&
	    conf_find(old, r->location) == CONF_NONE &&
	    conf_find(now, r->location) == CONF_NONE) {
		warnx("neither file has a [location %s]", r->location);
		return EXIT_FIX;
	}
	if (!space_init(&was.space, old) || !space_init(&is.space, now))
		die(EXIT_RETRY, "cannot compare");
	for (size_t i = 0; i < old->nlocations; i++)
		compare(r, &was, &is, old->location[i].name, out);
	for (size_t i = 0; i < now->nlocations; i++)
		if (conf_find(old, now->location[i].name) == CONF_NONE)
			compare(r, &was, &is, now->location[i].name, out);
	space_fini(&was.space);
	space_fini(&is.space);
	return 0;
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
put_lines(const char *title, const char *text, FILE *out)
{
	for (const char *p = text; p != NULL;) {
		size_t n = strcspn(p, "\n");
		fprintf(out, "    %-7s %.*s\n", p == text ? title : "", (int)n,
		    p);
		p = p[n] != '\0' ? p + n + 1 : NULL;
	}
}

static void
put_entry(enum code code, enum severity severity, const char *text, FILE *out)
{
	const struct lint_explanation *e = lint_explain((int)code);

	fprintf(out, "BH%03d  %s: %s\n", (int)code, severity_name(severity),
	    text);
	put_wrapped(e->text, out);
	put_lines("wrong", e->wrong, out);
	put_lines(e->wrong != NULL ? "right" : "do", e->right, out);
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
