/* SPDX-License-Identifier: ISC */
#include "show/views.h"

#include "base/die.h"
#include "base/json.h"
#include "base/special.h"
#include "conf/prefixes.h"
#include "conf/space.h"

#include <stdlib.h>

/*
 * Packets that may leave a client in clear: for each breakout its filter, its
 * sources and its destinations, computed as bh-classify decides it.
 */

struct clear {
	const struct conf *cf;
	const struct space *space;
	FILE *out;
};

static void
must(bool ok)
{
	if (!ok)
		diex(EXIT_RETRY, "no memory");
}

static void
add_all(struct prefix_list *l, const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		must(prefix_list_add(l, &ps->p[i]));
}

static void
add_groups(struct prefix_list *l, const struct conf *cf,
    const struct conf_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		add_all(l, &cf->group[refs->r[i].location].members);
}

/* The addresses that both have; neither overlaps itself. */
static void
intersect(struct prefix_list *out, const struct prefix_list *a,
    const struct prefix_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++) {
			const struct prefix *p = &a->p[i], *q = &b->p[k];
			if (prefix_has(p, &q->addr) && p->len <= q->len)
				must(prefix_list_add(out, q));
			else if (prefix_has(q, &p->addr))
				must(prefix_list_add(out, p));
		}
}

static void
normal(struct prefix_list *in, struct prefix_list *not,
    struct prefix_list *out)
{
	must(prefixes_normal(in, not, out));
	prefix_list_fini(in);
	prefix_list_fini(not);
}

/* The sources that the breakout names, among those whose Internet traffic the
 * location lets go anywhere at all. */
static void
senders(const struct clear *c, const struct conf_breakout *b, size_t i,
    struct prefix_list *out)
{
	struct prefix_list lan = { 0 }, site = { 0 }, none = { 0 },
	    all = { 0 }, named = { 0 };

	must(space_of(c->space, c->cf, i, &lan, &site));
	if (c->cf->location[i].sources == CONF_SOURCES_LAN)
		for (size_t k = 0; k < site.n; k++)
			must(prefix_list_add(&lan, &site.p[k]));
	prefix_list_fini(&site);
	normal(&lan, &none, &all);
	if (b->from.n == 0) {
		*out = all;
		return;
	}
	struct prefix_list groups = { 0 }, both = { 0 };
	add_groups(&groups, c->cf, &b->from);
	normal(&groups, &none, &named);
	intersect(&both, &all, &named);
	prefix_list_fini(&all);
	prefix_list_fini(&named);
	normal(&both, &none, out);
}

static void
add_text(struct prefix_list *l, const char *text)
{
	struct prefix p;
	bool host_bits;

	if (prefix_parse(&p, text, &host_bits))
		must(prefix_list_add(l, &p));
}

/* The groups that it names, without what is never Internet. */
static void
receivers(const struct clear *c, const struct conf_breakout *b,
    struct prefix_list *out)
{
	struct prefix_list groups = { 0 }, not = { 0 }, special = { 0 };

	add_groups(&groups, c->cf, &b->to);
	for (size_t i = 0; i < c->cf->nlocations; i++) {
		add_all(&not, &c->cf->location[i].lan);
		add_all(&not, &c->cf->location[i].internal);
		if (c->cf->location[i].active)
			add_text(&not, c->cf->location[i].endpoint_host);
	}
	must(prefixes_special(&special, SPECIAL_NEVER |
	    (c->cf->private_is_internal ? SPECIAL_PRIVATE : 0)));
	for (size_t i = 0; i < special.n; i++)
		must(prefix_list_add(&not, &special.p[i]));
	prefix_list_fini(&special);
	normal(&groups, &not, out);
}

static void
put_set(const struct clear *c, const char *what, const struct prefix_list *l)
{
	char buf[PREFIX_STRLEN];

	fprintf(c->out, "    %-6s", what);
	for (size_t i = 0; i < l->n; i++)
		fprintf(c->out, " %s%s", prefix_format(&l->p[i], buf),
		    i + 1 < l->n ? "," : "");
	fputs(l->n == 0 ? " nobody\n" : "\n", c->out);
}

static void
put_words(const struct clear *c, const struct conf_breakout *b, size_t i,
    const struct prefix_list *from, const struct prefix_list *to)
{
	(void)i;
	fprintf(c->out, "  %s, line %d\n", b->name, b->line);
	put_set(c, "from", from);
	if (to != NULL)
		put_set(c, "to", to);
	else
		fputs("    to     the Internet\n", c->out);
	fprintf(c->out, "    what   %s\n", b->filter[0] != '\0' ? b->filter :
	    "everything");
}

static void
json_set(const struct clear *c, const char *what, const struct prefix_list *l)
{
	char buf[PREFIX_STRLEN];

	fprintf(c->out, ",\"%s\":", what);
	if (l == NULL) {
		fputs("null", c->out);
		return;
	}
	putc('[', c->out);
	for (size_t i = 0; i < l->n; i++)
		fprintf(c->out, "%s\"%s\"", i > 0 ? "," : "",
		    prefix_format(&l->p[i], buf));
	putc(']', c->out);
}

static void
put_json(const struct clear *c, const struct conf_breakout *b, size_t i,
    const struct prefix_list *from, const struct prefix_list *to)
{
	fprintf(c->out, "{\"location\":\"%s\",\"uplink\":\"%s\","
	    "\"breakout\":\"%s\",\"line\":%d", c->cf->location[i].name,
	    c->cf->location[i].uplink, b->name, b->line);
	json_set(c, "from", from);
	json_set(c, "to", to);
	fputs(",\"filter\":", c->out);
	if (b->filter[0] != '\0')
		json_string(c->out, b->filter);
	else
		fputs("null", c->out);
	fputs("}\n", c->out);
}

typedef void put_fn(const struct clear *c, const struct conf_breakout *b,
    size_t i, const struct prefix_list *from, const struct prefix_list *to);

static void
each_breakout(const struct clear *c, size_t i, put_fn *put)
{
	for (size_t k = 0; k < c->cf->nbreakouts; k++) {
		const struct conf_breakout *b = &c->cf->breakout[k];
		struct prefix_list from = { 0 }, to = { 0 };
		if (!conf_breaks_out(b, i))
			continue;
		senders(c, b, i, &from);
		if (b->to.n > 0)
			receivers(c, b, &to);
		put(c, b, i, &from, b->to.n > 0 ? &to : NULL);
		prefix_list_fini(&from);
		prefix_list_fini(&to);
	}
}

static void
words(const struct clear *c, size_t i)
{
	const struct conf_location *l = &c->cf->location[i];

	if (l->role != CONF_ROLE_CLIENT || !l->active) {
		fprintf(c->out, "%s: no backhaul client, so this file does not "
		    "say\n", l->name);
		return;
	}
	if (!conf_has_breakout(c->cf, i)) {
		fprintf(c->out, "%s: nothing of the LAN\n", l->name);
		return;
	}
	fprintf(c->out, "%s: by %s, translated to its address, what the first "
	    "of these lets out; all else goes through the tunnel or nowhere\n",
	    l->name, l->uplink);
	each_breakout(c, i, put_words);
	fprintf(c->out, "  never to addresses of a location%s, special-purpose "
	    "addresses and tunnel endpoints\n", c->cf->private_is_internal ?
	    ", private ones" : "");
}

static void
json(const struct clear *c, size_t i)
{
	if (conf_has_breakout(c->cf, i))
		each_breakout(c, i, put_json);
	else if (c->cf->location[i].role == CONF_ROLE_CLIENT)
		fprintf(c->out, "{\"location\":\"%s\",\"breakout\":null}\n",
		    c->cf->location[i].name);
}

void
view_clear(const struct conf *cf, int location, bool as_json, FILE *out)
{
	struct space s;
	struct clear c = { cf, &s, out };

	must(space_init(&s, cf));
	for (size_t i = 0; i < cf->nlocations; i++)
		if (location == VIEW_ALL || location == (int)i)
			(as_json ? json : words)(&c, i);
	space_fini(&s);
}
