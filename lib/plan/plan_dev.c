/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include <string.h>

/*
 * Which interfaces are on the site's side and which lead out.  The domain file
 * names one of each; a host may have more, and what it has is asked when the
 * plan is made.  An interface that is unknown then is on neither side, so that
 * the guard lets nothing of the site out by it, and nothing in.
 */

bool
plan_is_tun(const struct plan *p, const char *dev)
{
	char name[IFNAMSIZ];

	if (strcmp(dev, p->self->interface) == 0)
		return true;
	for (unsigned i = 0; plan_has_egress(p) && i < conf_egresses(p->self);
	    i++)
		if (strcmp(dev, conf_egress_device(p->self, i, name)) == 0)
			return true;
	return false;
}

static bool
has(const struct conf_prefixes *ps, const struct addr *a)
{
	for (size_t i = 0; i < ps->n; i++)
		if (prefix_has(&ps->p[i], a))
			return true;
	return false;
}

/* The uplink's address may be of the site, too; its network is not. */
static bool
is_on_site(const struct plan *p, const struct plan_net *n)
{
	const struct conf_location *l = p->self;

	return strcmp(n->dev, "lo") != 0 && strcmp(n->dev, l->uplink) != 0 &&
	    strcmp(n->dev, l->lan_interface) != 0 && !plan_is_tun(p, n->dev) &&
	    (has(&l->lan, &n->own) || has(&l->internal, &n->own));
}

static bool
is_first(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(p->host.net[k].dev, p->host.net[i].dev) == 0 &&
		    is_on_site(p, &p->host.net[k]))
			return false;
	return true;
}

const char *
plan_site_dev(const struct plan *p, size_t *i)
{
	if (*i == 0) {
		++*i;
		return p->self->lan_interface;
	}
	while (*i <= p->host.nnets) {
		size_t k = (*i)++ - 1;
		if (is_on_site(p, &p->host.net[k]) && is_first(p, k))
			return p->host.net[k].dev;
	}
	return NULL;
}

static bool
is_of_site(const struct plan *p, const char *name)
{
	const char *dev;

	for (size_t i = 0; (dev = plan_site_dev(p, &i)) != NULL;)
		if (strcmp(dev, name) == 0)
			return true;
	return false;
}

const char *
plan_outward_dev(const struct plan *p, size_t *i)
{
	const char *up = p->self->uplink;

	if (*i == 0) {
		++*i;
		if (up[0] != '\0')
			return up;
	}
	while (*i <= p->host.ndevs) {
		const struct plan_dev *d = &p->host.dev[(*i)++ - 1];
		if (d->outward && strcmp(d->name, up) != 0 &&
		    !plan_is_tun(p, d->name) && !is_of_site(p, d->name))
			return d->name;
	}
	return NULL;
}

typedef const char *next_fn(const struct plan *p, size_t *i);

static void
put_devs(const struct plan *p, next_fn *next, FILE *out)
{
	const char *dev, *sep = "{ ";

	for (size_t i = 0; (dev = next(p, &i)) != NULL; sep = ", ")
		fprintf(out, "%s\"%s\"", sep, dev);
	fputs(" }", out);
}

void
plan_site_devs(const struct plan *p, FILE *out)
{
	put_devs(p, plan_site_dev, out);
}

void
plan_outward_devs(const struct plan *p, FILE *out)
{
	put_devs(p, plan_outward_dev, out);
}

void
plan_tuns(const struct plan *p, FILE *out)
{
	fprintf(out, "{ \"%s\"%s%s }", p->self->interface,
	    plan_has_egress(p) ? ", " : "",
	    plan_has_egress(p) ? plan_egress_list(p).text : "");
}
