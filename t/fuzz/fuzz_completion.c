/* SPDX-License-Identifier: ISC */
/*
 * A line of a domain file at TAB: what completion takes from it is expanded by a
 * shell, maybe root's.  The expression is that of contrib/completion, as sed(1)
 * has it compiled; the input is a line.  It is all replaced, by what is a name
 * and nothing else, or none of it is offered; and where the loader sees a
 * location, that is what is offered.
 */
#include "fuzz.h"

#include "conf/ini.h"
#include "conf/value.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>

enum { LINE = 4096 };

static struct re_pattern_buffer pattern;

/* What stands between "s/" and "/\1/p" there. */
static void
open_all(void)
{
	static char text[1 << 16];
	FILE *f = fopen("contrib/completion/backhaul.bash", "r");

	must(f != NULL);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	char *from = strstr(text, "sed -n 's/"), *to;
	must(from != NULL);
	from += strlen("sed -n 's/");
	must((to = strstr(from, "/\\1/p'")) != NULL);
	re_set_syntax(RE_SYNTAX_POSIX_BASIC & ~RE_DOT_NOT_NULL);
	must(re_compile_pattern(from, (size_t)(to - from), &pattern) == NULL);
}

/* The name that is offered, and its length; 0: none. */
static size_t
offered(const char *line, size_t n, const char **name)
{
	static struct re_registers regs;

	if (re_search(&pattern, line, (int)n, 0, (int)n, &regs) < 0)
		return 0;
	/* or the rest of the line would be offered beside it */
	must(regs.start[0] == 0 && regs.end[0] == (int)n);
	*name = line + regs.start[1];
	return (size_t)(regs.end[1] - regs.start[1]);
}

static void
check_name(const char *s, size_t n)
{
	must(isalnum((unsigned char)s[0]));
	for (size_t i = 0; i < n; i++)
		must(isalnum((unsigned char)s[i]) || s[i] == '-' ||
		    s[i] == '_' || s[i] == '.');
}

/* ---- the loader ---- */

static char location[VALUE_NAMELEN];

static void
on_section(void *arg, const char *text, int line)
{
	char word[INI_SECTION_MAX + 1], name[INI_SECTION_MAX + 1], rest[2];
	char why[VALUE_WHYLEN];

	(void)arg, (void)line;
	if (sscanf(text, " %49s %49s %1s", word, name, rest) == 2 &&
	    strcmp(word, "location") == 0 && strpbrk(text, "\v\f\r") == NULL)
		value_name(location, name, why);
}

static bool
on_skip(void *arg, const char *text, int line)
{
	(void)arg, (void)text, (void)line;
	return false;
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	(void)arg, (void)p;
}

static const char *
loaded(const char *line, size_t n)
{
	static const struct ini_events events = { on_section, on_pair, on_skip,
		NULL, false };
	static char copy[LINE + 1];
	struct diags d;

	memcpy(copy, line, n);
	location[0] = '\0';
	diag_init(&d);
	ini_parse(copy, n, &d, &events, NULL);
	diag_fini(&d);
	return location;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = memchr(data, '\n', n);
	const char *name, *line, *known;

	if (pattern.buffer == NULL)
		open_all();
	n = end != NULL ? (size_t)(end - data) : n;
	if (n > LINE || (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0))
		return 0;
	line = (const char *)at_edge(data, n);
	size_t length = offered(line, n, &name);
	if (length > 0)
		check_name(name, length);
	known = loaded(line, n);
	must(known[0] == '\0' || (strlen(known) == length &&
	    memcmp(known, name, length) == 0));
	return 0;
}
