/* SPDX-License-Identifier: ISC */
#include "show/views.h"

#include "base/json.h"
#include "conf/prefixes.h"

#include <string.h>

/* Semantics C6: whoever sits between the hosts and the gateway must know that
 * the gateway is the way out. */

struct route {
	const struct conf_location *l;
	struct prefix to;
	const struct addr *via;		/* NULL: the file does not say */
	const char *why;
	const struct conf_location *whose;	/* NULL: the Internet's */
};

struct routes {
	void (*put)(const struct route *r, FILE *out);
	FILE *out;
	size_t n;
	bool outside;	/* routers in front, not behind: they meet the gateway
			 * at an address that the file does not have */
};

/* The gateway's first address of that family, on the LAN side. */
static const struct addr *
find_via(const struct conf_location *l, bool v4)
{
	for (size_t i = 0; i < l->address.n; i++)
		if (prefix_is_v4(&l->address.p[i]) == v4)
			return &l->address.p[i].addr;
	return NULL;
}

static void
add(struct routes *rs, const struct conf_location *l, const struct prefix *to,
    const char *why, const struct conf_location *whose)
{
	struct route r = { l, *to, rs->outside ? NULL :
		find_via(l, prefix_is_v4(to)), why, whose };

	rs->n++;
	rs->put(&r, rs->out);
}

static void
add_all(struct routes *rs, const struct conf_location *l,
    const struct conf_prefixes *ps, const char *why,
    const struct conf_location *whose)
{
	for (size_t i = 0; i < ps->n; i++)
		add(rs, l, &ps->p[i], why, whose);
}

static void
add_default(struct routes *rs, const struct conf_location *l)
{
	static const struct prefix all[] = {
		{ { { [10] = 0xff, [11] = 0xff } }, PREFIX_V4 }, { .len = 0 },
	};

	for (int v4 = 1; v4 >= 0; v4--)
		if (conf_has_family(&l->lan, v4 != 0) ||
		    conf_has_family(&l->internal, v4 != 0))
			add(rs, l, &all[v4 ? 0 : 1], "all Internet traffic of "
			    "the site has to come to the gateway", NULL);
}

/* All of the site takes part. */
static bool
same_space(const struct conf_location *c)
{
	for (size_t i = 0; i < c->internal.n; i++)
		if (prefixes_find(c->lan.p, c->lan.n, &c->internal.p[i]) ==
		    NULL)
			return false;
	return true;
}

static bool
is_inside(const struct conf_location *l, const struct addr *a)
{
	struct prefix p = { *a, 128 };

	return prefixes_find(l->lan.p, l->lan.n, &p) != NULL ||
	    prefixes_find(l->internal.p, l->internal.n, &p) != NULL;
}

static void
add_family(struct routes *rs, const struct conf_location *l, bool v4,
    const struct conf_location *c)
{
	const struct conf_prefixes *ps = c->sources == CONF_SOURCES_LAN &&
	    c->internal.n > 0 ? &c->internal : &c->lan;

	for (size_t i = 0; i < ps->n; i++)
		if (prefix_is_v4(&ps->p[i]) == v4)
			add(rs, l, &ps->p[i], "answers from the Internet have "
			    "to come back to the server, for", c);
}

static bool
is_plain(const struct conf_location *l, bool v4)
{
	return conf_nat_of(l, v4) == CONF_NAT_NONE &&
	    (v4 || l->nat6 != CONF_NAT6_NPT);
}

/* Where nothing is translated, whoever forwards what a server lets out has to
 * send the answers back to it. */
static void
add_returns(struct routes *rs, const struct conf *cf, size_t i)
{
	const struct conf_location *l = &cf->location[i];

	rs->outside = !(l->has_gateway4 && is_inside(l, &l->gateway4)) &&
	    !(l->has_gateway6 && is_inside(l, &l->gateway6));
	for (size_t k = 0; k < cf->nlocations; k++) {
		const struct conf_location *c = &cf->location[k];
		if (!conf_is_client_of(cf, k, i))
			continue;
		if (!rs->outside && conf_partners(cf, k, i) &&
		    (c->sources != CONF_SOURCES_LAN || same_space(c)))
			continue;	/* the routes for the partner do */
		for (int v4 = 1; v4 >= 0; v4--)
			if (is_plain(l, v4 != 0))
				add_family(rs, l, v4 != 0, c);
	}
}

static void
routes_of(struct routes *rs, const struct conf *cf, size_t i)
{
	const struct conf_location *l = &cf->location[i];

	rs->outside = false;
	if (!l->active || l->said[KEY_LAN_INTERFACE] == 0)
		return;		/* of a phone there are no routers */
	if (l->role == CONF_ROLE_CLIENT)
		add_default(rs, l);
	for (size_t k = 0; k < cf->nlocations; k++)
		if (conf_partners(cf, i, k))
			add_all(rs, l, &cf->location[k].lan,
			    "traffic to a partner has to come to the gateway, "
			    "for", &cf->location[k]);
	if (l->role == CONF_ROLE_SERVER &&
	    (is_plain(l, true) || is_plain(l, false)))
		add_returns(rs, cf, i);
}

static const char *
via_text(const struct route *r, char buf[static ADDR_STRLEN])
{
	return r->via != NULL ? addr_format(r->via, buf) :
	    prefix_is_v4(&r->to) ? "GATEWAY" : "GATEWAY6";
}

static void
put_text(const struct route *r, FILE *out)
{
	char to[PREFIX_STRLEN], via[ADDR_STRLEN];

	fprintf(out, "%s: %s via %s: %s%s%s\n", r->l->name,
	    prefix_format(&r->to, to), via_text(r, via), r->why,
	    r->whose != NULL ? " " : "",
	    r->whose != NULL ? r->whose->name : "");
}

static void
put_frr(const struct route *r, FILE *out)
{
	char to[PREFIX_STRLEN], via[ADDR_STRLEN];

	fprintf(out, "%s route %s %s\n", prefix_is_v4(&r->to) ? "ip" : "ipv6",
	    prefix_format(&r->to, to), via_text(r, via));
}

static void
put_ios(const struct route *r, FILE *out)
{
	static const struct addr ones = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff } };
	const struct prefix mask = prefix_around(&ones, r->to.len);
	char net[ADDR_STRLEN], bits[ADDR_STRLEN], via[ADDR_STRLEN];

	if (!prefix_is_v4(&r->to)) {
		put_frr(r, out);
		return;
	}
	fprintf(out, "ip route %s %s %s\n", addr_format(&r->to.addr, net),
	    addr_format(&mask.addr, bits), via_text(r, via));
}

static void
put_linux(const struct route *r, FILE *out)
{
	char to[PREFIX_STRLEN], via[ADDR_STRLEN];

	fprintf(out, "ip %sroute add %s via %s\n",
	    prefix_is_v4(&r->to) ? "" : "-6 ",
	    prefix_format(&r->to, to), via_text(r, via));
}

static void
put_json(const struct route *r, FILE *out)
{
	char to[PREFIX_STRLEN], via[ADDR_STRLEN];

	fputs("{\"location\":", out);
	json_string(out, r->l->name);
	fprintf(out, ",\"to\":\"%s\",\"via\":", prefix_format(&r->to, to));
	if (r->via != NULL)
		json_string(out, addr_format(r->via, via));
	else
		fputs("null", out);
	fputs(",\"why\":", out);
	json_string(out, r->why);
	fputs(",\"whose\":", out);
	json_string(out, r->whose != NULL ? r->whose->name : "");
	fputs("}\n", out);
}

static void
put_nothing(const struct route *r, FILE *out)
{
	(void)r, (void)out;
}

static size_t
put_routes(const struct conf *cf, size_t i,
    void (*put)(const struct route *r, FILE *out), FILE *out)
{
	struct routes rs = { .put = put, .out = out };

	routes_of(&rs, cf, i);
	return rs.n;
}

void
view_routers_json(const struct conf *cf, int location, FILE *out)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		if (location == VIEW_ALL || location == (int)i)
			put_routes(cf, i, put_json, out);
}

/* False: none. */
static bool
put_location(const struct conf *cf, size_t i, bool first, FILE *out)
{
	static const struct {
		const char *title;
		void (*put)(const struct route *r, FILE *out);
	} form[] = {
		{ "! FRR", put_frr },
		{ "! Cisco IOS", put_ios },
		{ "# Linux", put_linux },
	};
	struct routes rs = { .put = put_nothing, .out = out };

	routes_of(&rs, cf, i);
	if (rs.n == 0)
		return false;
	if (!first)
		putc('\n', out);
	put_routes(cf, i, put_text, out);
	for (size_t k = 0; k < sizeof(form) / sizeof(form[0]); k++) {
		fprintf(out, "\n%s at %s\n", form[k].title,
		    cf->location[i].name);
		put_routes(cf, i, form[k].put, out);
	}
	return true;
}

void
view_routers(const struct conf *cf, int location, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < cf->nlocations; i++)
		if ((location == VIEW_ALL || location == (int)i) &&
		    put_location(cf, i, !any, out))
			any = true;
	if (!any)
		fputs("no router needs to be told anything\n", out);
}
