/* SPDX-License-Identifier: ISC */
#include "check/finding.h"

#include "base/special.h"
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

const struct prefix *
lint_special(const struct prefix *p)
{
	for (size_t i = 0; i < special_count; i++) {
		const struct special *s = &special_table[i];
		if ((s->kinds & SPECIAL_MARTIAN) != 0 &&
		    prefixes_meet(&s->prefix, 1, p))
			return &s->prefix;
	}
	return NULL;
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

const struct lint_explanation explain_findings[] = {
	{ BH_OUTSIDE_PRIVATE,
	    "What hosts of the Internet answer to has to be routed to the "
	    "server, and private space (RFC 1918, RFC 6598, RFC 4193) is "
	    "routed nowhere. Right if something behind the server translates "
	    "again; say so there with 'nat-upstream = yes'.",
	    "[location hq]\nnat = pool\nnat-pool = 192.168.5.0/28",
	    "[location hq]\nnat = pool\nnat-pool = 192.168.5.0/28\n"
	    "nat-upstream = yes" },
	{ BH_POOL_OWN,
	    "What bh-egress translates itself (nat = pool) is answered to "
	    "addresses that are routed to the gateway. What comes to an "
	    "address of the gateway itself, where its tunnel ends or on its "
	    "LAN, is taken by the system and never reaches bh-egress. Give "
	    "another address of the uplink's network, which is then answered "
	    "for, or one that is routed there.",
	    "[location hq]\nendpoint = 198.51.100.1:51820\nnat = pool\n"
	    "[publish web]\nserver = hq\nmatch = 198.51.100.1 tcp 443",
	    "[location hq]\nendpoint = 198.51.100.1:51820\nnat = pool\n"
	    "[publish web]\nserver = hq\nmatch = 198.51.100.2 tcp 443" },
	{ .text = NULL },
};
