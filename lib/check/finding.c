/* SPDX-License-Identifier: ISC */
#include "check/finding.h"

#include "conf/guess.h"
#include "conf/prefixes.h"

#include <stdio.h>

void
lint_vsay(struct lint *lt, const struct conf_section *s, int line,
    enum code code, enum conf_key key, const char *fmt, va_list ap)
{
	char title[CONF_TITLELEN], text[sizeof(lt->d->d->text)];

	vsnprintf(text, sizeof(text), fmt, ap);
	diag_add(lt->d, line != 0 ? line : s->line, code, conf_title(s, title),
	    keys_name(key), "%s", text);
}

void
lint_say(struct lint *lt, const struct conf_section *s, enum code code,
    enum conf_key key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lint_vsay(lt, s, key == KEY_NONE ? 0 : s->said[key], code, key, fmt,
	    ap);
	va_end(ap);
}

void
lint_say_at(struct lint *lt, const struct conf_section *s, int line,
    enum code code, enum conf_key key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lint_vsay(lt, s, line, code, key, fmt, ap);
	va_end(ap);
}

const char *
lint_no_location(struct lint *lt, const char *name, char buf[static LINT_TEXT])
{
	struct guess g;
	char hint[96];

	guess_init(&g, name);
	for (size_t i = 0; lt->guesses > 0 && i < lt->cf->nlocations; i++)
		guess_try(&g, lt->cf->location[i].name);
	lt->guesses -= lt->guesses > 0;
	snprintf(buf, LINT_TEXT, "there is no [location %s]%s", name,
	    guess_format(&g, hint));
	return buf;
}

bool
lint_private_outside(const struct conf_location *server,
    const struct prefix *p)
{
	return prefix_is_private(p) &&
	    server->nat_upstream != CONF_UPSTREAM_YES;
}

bool
lint_is_own(const struct conf_location *l, const struct addr *a)
{
	struct addr end;

	for (size_t i = 0; i < l->address.n; i++)
		if (addr_eq(&l->address.p[i].addr, a))
			return true;
	return addr_parse(&end, l->endpoint_host) && addr_eq(&end, a);
}
