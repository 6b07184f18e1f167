/* SPDX-License-Identifier: ISC */
#include "conf/diag.h"

#include "base/json.h"
#include "base/text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct entry {
	enum code code;
	enum severity severity;
	const char *text;
} entries[] = {
#define ENTRY(id, number, severity, text) { BH_##id, severity, text },
	CODES(ENTRY)
#undef ENTRY
};

enum { NENTRIES = sizeof(entries) / sizeof(entries[0]) };

bool
code_entry(unsigned i, enum code *code, enum severity *sev, const char **text)
{
	if (i >= NENTRIES)
		return false;
	*code = entries[i].code;
	*sev = entries[i].severity;
	*text = entries[i].text;
	return true;
}

static enum severity
code_severity(enum code code)
{
	for (size_t i = 0; i < NENTRIES; i++)
		if (entries[i].code == code)
			return entries[i].severity;
	return SEV_ERROR;
}

const char *
severity_name(enum severity s)
{
	static const char *const name[] = {
		[SEV_ERROR] = "error",
		[SEV_WARNING] = "warning",
		[SEV_NOTICE] = "notice",
	};

	return name[s];
}

void
diag_init(struct diags *ds)
{
	*ds = (struct diags){ 0 };
}

void
diag_fini(struct diags *ds)
{
	free(ds->d);
	diag_init(ds);
}

/* A new slot, or NULL: the limit is reached or there is no memory.  Either way
 * the finding has been counted, so an error still stops a program. */
static struct diag *
append(struct diags *ds)
{
	if (ds->n == DIAG_MAX)
		return NULL;
	if (ds->n == ds->room) {
		size_t room = ds->room == 0 ? 32 : ds->room * 2;
		struct diag *d = realloc(ds->d, room * sizeof(*d));
		if (d == NULL)
			return NULL;
		ds->d = d;
		ds->room = room;
	}
	return &ds->d[ds->n++];
}

static void
count(struct diags *ds, enum severity s)
{
	ds->count[s]++;
	ds->errors = ds->count[SEV_ERROR];
	ds->warnings = ds->count[SEV_WARNING];
}

/* A terminal shows text of the file: none of it may control one. */
static void
copy(char *to, size_t size, const char *from)
{
	text_copy(to, size, from);
	text_visible(to, TEXT_ANY);
}

void
diag_add(struct diags *ds, int line, enum code code, const char *section,
    const char *key, const char *fmt, ...)
{
	va_list ap;
	enum severity severity = code_severity(code);
	struct diag *d = append(ds);

	count(ds, severity);
	if (d == NULL)
		return;
	*d = (struct diag){ .line = line, .severity = severity, .code = code };
	copy(d->section, sizeof(d->section), section);
	copy(d->key, sizeof(d->key), key);
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	text_visible(d->text, TEXT_ANY);
}

void
diag_also(struct diags *ds, const char *location)
{
	if (ds->n > 0)
		copy(ds->d[ds->n - 1].also, sizeof(ds->d->also), location);
}

/* Merging keeps the order of finding among equals; qsort(3) need not. */
static void
merge(struct diag *d, size_t n, struct diag *tmp)
{
	size_t half = n / 2, a = 0, b = half, to = 0;

	if (n < 2)
		return;
	merge(d, half, tmp);
	merge(d + half, n - half, tmp);
	while (a < half && b < n)
		tmp[to++] = d[b].line < d[a].line ? d[b++] : d[a++];
	while (a < half)
		tmp[to++] = d[a++];
	memcpy(d, tmp, to * sizeof(*d));
}

void
diag_sort(struct diags *ds)
{
	struct diag *tmp = malloc(ds->n * sizeof(*tmp));

	if (tmp == NULL)
		return;		/* unsorted is still all of them */
	merge(ds->d, ds->n, tmp);
	free(tmp);
}

void
diag_print(const struct diag *d, const char *file, FILE *out)
{
	char name[PATH_MAX];

	copy(name, sizeof(name), file);
	fprintf(out, "%s:", name);
	if (d->line > 0)
		fprintf(out, "%d:", d->line);
	fprintf(out, " %s BH%03d: ", severity_name(d->severity),
	    (int)d->code);
	if (d->section[0] != '\0')
		fprintf(out, "[%s] ", d->section);
	if (d->key[0] != '\0')
		fprintf(out, "%s: ", d->key);
	fprintf(out, "%s\n", d->text);
}

void
diag_print_json(const struct diag *d, const char *file, FILE *out)
{
	fputs("{\"file\":", out);
	json_string(out, file);
	fprintf(out, ",\"line\":%d,\"severity\":\"%s\",\"code\":\"BH%03d\","
	    "\"section\":", d->line, severity_name(d->severity),
	    (int)d->code);
	json_string(out, d->section);
	fputs(",\"key\":", out);
	json_string(out, d->key);
	fputs(",\"text\":", out);
	json_string(out, d->text);
	fputs("}\n", out);
}
