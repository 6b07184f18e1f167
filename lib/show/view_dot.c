/* SPDX-License-Identifier: ISC */
#include "show/views.h"

#include "base/die.h"
#include "conf/publish.h"
#include "show/view_mesh.h"

#include <string.h>

/* A name of the domain file, or an address, needs no escape in a quoted string
 * of dot(1): neither can hold '"' or '\'. */

enum { PREFIXES_SHOWN = 3 };

static const struct {
	const char *shape, *fill;
} look[] = {
	[CONF_ROLE_NONE] = { "ellipse", "white" },
	[CONF_ROLE_CLIENT] = { "box", "lightblue" },
	[CONF_ROLE_SERVER] = { "box3d", "gold" },
};

static void
put_location(const struct conf_location *l, FILE *out)
{
	char buf[PREFIX_STRLEN];

	fprintf(out, "\t\"%s\" [shape=%s, style=\"filled%s\", fillcolor=%s, "
	    "label=\"%s", l->name, look[l->role].shape,
	    l->active ? "" : ",dashed", l->active ? look[l->role].fill :
	    "white", l->name);
	for (size_t i = 0; i < l->lan.n && i < PREFIXES_SHOWN; i++)
		fprintf(out, "\\n%s", prefix_format(&l->lan.p[i], buf));
	if (l->lan.n > PREFIXES_SHOWN)
		fprintf(out, "\\nand %zu more", l->lan.n - PREFIXES_SHOWN);
	fputs("\"]\n", out);
}

/* The addresses that a server's clients have outside. */
static void
put_egress(const struct conf_location *l, FILE *out)
{
	char buf[ADDR_STRLEN], prefix[PREFIX_STRLEN];
	const char *nat = l->nat == CONF_NAT_MASQUERADE ? "masquerade" :
	    l->nat == CONF_NAT_POOL ? "pool" :
	    l->nat_upstream == CONF_UPSTREAM_YES ? "translated upstream" :
	    "not translated";

	fprintf(out, "\t\"%s\" -> internet [style=bold, label=\"%s", l->name,
	    nat);
	for (size_t i = 0; i < l->pool.addr.n && i < PREFIXES_SHOWN; i++)
		if (conf_nat_of(l, addr_is_v4(&l->pool.addr.p[i].addr)) ==
		    CONF_NAT_POOL)
			fprintf(out, "\\n%s", prefix_format(
			    &l->pool.addr.p[i], prefix));
	if (l->has_gateway4)
		fprintf(out, "\\nvia %s", addr_format(&l->gateway4, buf));
	if (l->has_gateway6)
		fprintf(out, "\\nvia %s", addr_format(&l->gateway6, buf));
	if (l->gateway_name[0] != '\0')
		fprintf(out, "\\nvia %s", l->gateway_name);
	if (l->nat6 == CONF_NAT6_NPT)
		fprintf(out, "\\nNPTv6 %s", prefix_format(&l->npt, prefix));
	fputs("\"]\n", out);
}

/* Breakouts: packets that leave a client in clear. */
static void
put_breakouts(const struct conf *cf, size_t i, FILE *out)
{
	if (!conf_has_breakout(cf, i))
		return;
	fprintf(out, "\t\"%s\" -> internet [style=dashed, color=red, "
	    "fontcolor=red, label=\"in clear", cf->location[i].name);
	for (size_t k = 0; k < cf->nbreakouts; k++)
		if (conf_breaks_out(&cf->breakout[k], i))
			fprintf(out, "\\n%s", cf->breakout[k].name);
	fputs("\"]\n", out);
}

/* [publish]: the Internet begins, and comes in here. */
static void
put_published(const struct conf *cf, size_t i, FILE *out)
{
	char match[PUBLISH_STRLEN];
	size_t n = 0;

	for (size_t k = 0; k < cf->npublish; k++) {
		const struct conf_publish *p = &cf->publish[k];
		if (!publish_is_of(cf, p, i))
			continue;
		if (n++ == 0)
			fprintf(out, "\tinternet -> \"%s\" [style=dotted, "
			    "label=\"published", cf->location[i].name);
		if (n <= PREFIXES_SHOWN)
			fprintf(out, "\\n%s", publish_format_match(p, match));
	}
	if (n > PREFIXES_SHOWN)
		fprintf(out, "\\nand %zu more", n - PREFIXES_SHOWN);
	if (n > 0)
		fputs("\"]\n", out);
}

static void
put_edges(const struct conf *cf, size_t i, FILE *out)
{
	const struct conf_location *l = &cf->location[i];

	for (size_t k = 0; k < l->servers.n; k++) {
		int s = l->servers.r[k].location;
		if (s == CONF_NONE || !conf_is_client_of(cf, i, (size_t)s))
			continue;
		fprintf(out, "\t\"%s\" -> \"%s\" [style=bold, color=blue, "
		    "label=\"Internet", l->name, cf->location[s].name);
		if (l->servers.n > 1 && l->server_mode == CONF_MODE_BALANCE)
			fputs(", a share", out);
		else if (l->servers.n > 1)
			fprintf(out, " %zu", k + 1);
		fputs("\"]\n", out);
	}
}

/* A location, or the mesh that it is the first of: no location has a blank in
 * its name. */
static void
put_end(const struct mesh *m, size_t i, FILE *out)
{
	fprintf(out, "\"%s%s\"", mesh_has(m, i) ? "mesh " : "",
	    m->cf->location[i].name);
}

static void
put_partners(const struct mesh *m, size_t i, FILE *out)
{
	int to;

	if (m->size[i] != 0)
		fprintf(out, "\t\"mesh %s\" [shape=octagon, label=\"%u "
		    "partners\\nof each other\"]\n", m->cf->location[i].name,
		    m->size[i]);
	if (mesh_has(m, i))
		fprintf(out, "\t\"mesh %s\" -> \"%s\" [dir=none]\n",
		    m->cf->location[m->of[i]].name, m->cf->location[i].name);
	for (size_t at = 0; (to = mesh_next(m, i, &at)) != CONF_NONE;) {
		putc('\t', out);
		put_end(m, i, out);
		fputs(" -> ", out);
		put_end(m, (size_t)to, out);
		fputs(" [dir=both]\n", out);
	}
}

/* dot's own layout takes minutes for what these are more than. */
enum { LAYERED_LINES = 150 };

static void
put_drawing(const struct mesh *m, FILE *out)
{
	const struct conf *cf = m->cf;

	fprintf(out, "digraph domain {\n\t%s\n\tlabel=\"%s\"\n"
	    "\tnode [fontname=\"sans-serif\"]\n"
	    "\tedge [fontname=\"sans-serif\", fontsize=10]\n"
	    "\tinternet [label=\"Internet\", shape=doublecircle]\n",
	    m->lines > LAYERED_LINES ? "layout=sfdp; overlap=prism" :
	    "rankdir=LR", cf->name);
	for (size_t i = 0; i < cf->nlocations; i++)
		put_location(&cf->location[i], out);
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		put_edges(cf, i, out);
		put_partners(m, i, out);
		put_breakouts(cf, i, out);
		if (l->active && l->role == CONF_ROLE_SERVER)
			put_egress(l, out);
		put_published(cf, i, out);
	}
	fputs("}\n", out);
}

bool
view_dot(const struct conf *cf, size_t most, FILE *out)
{
	struct mesh m;

	if (!mesh_init(&m, cf))
		die(EXIT_RETRY, "cannot draw");
	bool drawn = m.lines <= most;
	if (drawn)
		put_drawing(&m, out);
	mesh_fini(&m);
	return drawn;
}
