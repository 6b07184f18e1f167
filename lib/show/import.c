/* SPDX-License-Identifier: ISC */
#include "show/import.h"

#include "base/die.h"
#include "conf/print.h"
#include "show/import_sites.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * wg-quick(8) says, host by host, who may send what to whom; a domain file says
 * it once.  A peer that may be sent everything is a server, the prefixes that
 * a host may be sent are its lan, and two hosts that list each other's are
 * partners.  What wg-quick does not know, such as what is internal and takes no
 * part, nobody can make up: bh-check asks for it.
 */

/* The site with that key; a new one if there is none. */
static size_t
find_site(struct import *im, const struct key *k)
{
	char name[32];

	for (size_t i = 0; i < im->nsites; i++)
		if (key_eq(&im->site[i].l.public_key, k))
			return i;
	snprintf(name, sizeof(name), "peer%zu", im->nsites + 1);
	struct site *s = &im->site[im->nsites];
	*s = (struct site){ .l = import_location(name) };
	s->l.public_key = *k;
	s->l.said[KEY_PUBLIC_KEY] = 1;
	return im->nsites++;
}

static void
add_ref(struct import *im, struct conf_location *l, enum conf_key key,
    size_t to)
{
	struct conf_refs *refs = key == KEY_SERVER ? &l->servers :
	    &l->partners;
	const char *name = im->site[to].l.name;

	for (size_t i = 0; i < refs->n; i++)
		if (strcmp(refs->r[i].name, name) == 0)
			return;
	struct conf_ref *r = realloc(refs->r, (refs->n + 1) * sizeof(*r));
	if (r == NULL) {
		im->failed = true;
		return;
	}
	refs->r = r;
	refs->r[refs->n] = (struct conf_ref){ .line = 1 };
	snprintf(refs->r[refs->n++].name, CONF_NAMELEN, "%s", name);
	l->said[key] = 1;
}

/* The other direction calls this one its server. */
static bool
serves(const struct import *im, size_t client, size_t server)
{
	for (size_t i = 0; i < im->npeers; i++)
		if (im->peer[i].from == client && im->peer[i].to == server)
			return im->peer[i].all;
	return false;
}

static void __attribute__((format(printf, 4, 5)))
tell(struct import *im, const struct peer *p, const char *key,
    const char *fmt, ...)
{
	char text[VALUE_WHYLEN];
	struct diags d;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_init(&d);
	diag_add(&d, p->line, BH_IMPORT_DROPPED, "Peer", key, "%s", text);
	if (d.n > 0)
		diag_print(&d.d[0], im->site[p->from].path, stderr);
	diag_fini(&d);
}

static void
relate(struct import *im, const struct peer *p)
{
	struct conf_location *a = &im->site[p->from].l;
	struct conf_location *b = &im->site[p->to].l;

	if (p->host[0] != '\0' && b->endpoint_host[0] != '\0' &&
	    (strcmp(b->endpoint_host, p->host) != 0 ||
	    b->endpoint_port != p->port))
		tell(im, p, "Endpoint", "%s:%u is not taken over: another file "
		    "says %s:%u of %s, and a location has one", p->host,
		    p->port, b->endpoint_host, b->endpoint_port, b->name);
	if (p->host[0] != '\0' && b->endpoint_host[0] == '\0') {
		snprintf(b->endpoint_host, CONF_HOSTLEN, "%s", p->host);
		b->endpoint_port = p->port;
		b->said[KEY_ENDPOINT] = 1;
	}
	if (p->all) {
		a->role = CONF_ROLE_CLIENT;
		b->role = CONF_ROLE_SERVER;
		a->said[KEY_BACKHAUL] = b->said[KEY_BACKHAUL] = 1;
		add_ref(im, a, KEY_SERVER, p->to);
	}
	if (p->allowed.n > 0 && !serves(im, p->to, p->from)) {
		add_ref(im, a, KEY_PARTNERS, p->to);
		add_ref(im, b, KEY_PARTNERS, p->from);
	}
}

static void
set_prefixes(struct import *im, struct conf_prefixes *ps,
    struct prefix_list *in, struct prefix_list *not)
{
	struct prefix_list out = { 0 };

	if (!prefixes_normal(in, not, &out))
		im->failed = true;
	*ps = (struct conf_prefixes){ out.p, out.n };
}

/* A peer that has all addresses says by its private ones where hosts are. */
static void
drop_public(struct peer *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->allowed.n; i++)
		if (!p->all || prefix_is_private(&p->allowed.p[i]))
			p->allowed.p[n++] = p->allowed.p[i];
	p->allowed.n = n;
}

/* Somebody else's addresses are in it: it is what the tunnels themselves are
 * numbered from, and nobody's LAN. */
static bool
is_shared(const struct import *im, size_t i, const struct prefix *net)
{
	for (size_t k = 0; k < im->npeers; k++)
		for (size_t n = 0; im->peer[k].to != i &&
		    n < im->peer[k].allowed.n; n++)
			if (prefixes_meet(net, 1, &im->peer[k].allowed.p[n]))
				return true;
	for (size_t k = 0; k < im->nsites; k++)
		for (size_t n = 0; k != i && n < im->site[k].address.n; n++)
			if (prefixes_meet(net, 1, &im->site[k].address.p[n]))
				return true;
	return false;
}

static void
add(struct import *im, struct prefix_list *l, const struct prefix *p)
{
	if (!prefix_list_add(l, p))
		im->failed = true;
}

/* The networks that a host is on, one for each of its addresses. */
static void
add_nets(struct import *im, size_t i, struct prefix_list *lan)
{
	const struct site *s = &im->site[i];

	for (size_t n = 0; n < s->net.n; n++)
		add(im, lan, is_shared(im, i, &s->net.p[n]) ?
		    &s->address.p[n] : &s->net.p[n]);
}

/* p is what some hosts' tunnels are numbered from: they have addresses in it
 * and call it their network. */
static bool
numbers_tunnels(const struct import *im, const struct prefix *p)
{
	size_t hosts = 0;

	for (size_t k = 0; k < im->nsites; k++)
		for (size_t n = 0; n < im->site[k].net.n; n++)
			if (prefix_cmp(&im->site[k].net.p[n], p) == 0) {
				hosts++;
				break;
			}
	return hosts > 1;
}

/* Others may send p to a host.  Of the network of the tunnels it has only its
 * own addresses. */
static void
add_claim(struct import *im, size_t i, const struct prefix *p,
    struct prefix_list *lan)
{
	const struct site *s = &im->site[i];

	if (!numbers_tunnels(im, p)) {
		add(im, lan, p);
		return;
	}
	for (size_t n = 0; n < s->address.n; n++)
		if (prefix_has(p, &s->address.p[n].addr))
			add(im, lan, &s->address.p[n]);
}

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int c = prefix_cmp(&x->p, &y->p);

	return c != 0 ? c : (x->owner > y->owner) - (x->owner < y->owner);
}

/* What anybody may be sent, and is, in order: files have many. */
static void
sort_claims(struct import *im)
{
	size_t n = 0;

	for (size_t i = 0; i < im->npeers; i++)
		n += im->peer[i].allowed.n;
	for (size_t i = 0; i < im->nsites; i++)
		n += im->site[i].address.n;
	im->nclaims = 0;
	im->claim = malloc((n + 1) * sizeof(*im->claim));
	if (im->claim == NULL) {
		im->failed = true;
		return;
	}
	for (size_t i = 0; i < im->npeers; i++)
		for (size_t k = 0; k < im->peer[i].allowed.n; k++)
			im->claim[im->nclaims++] = (struct claim){
				im->peer[i].allowed.p[k], im->peer[i].to };
	for (size_t i = 0; i < im->nsites; i++)
		for (size_t k = 0; k < im->site[i].address.n; k++)
			im->claim[im->nclaims++] = (struct claim){
				im->site[i].address.p[k], i };
	qsort(im->claim, im->nclaims, sizeof(*im->claim), compare_claims);
}

/* The first of those whose address may be in the prefix. */
static size_t
first_claim(const struct import *im, const struct prefix *wide)
{
	size_t from = 0, to = im->nclaims;

	while (from < to) {
		size_t at = from + (to - from) / 2;
		if (memcmp(&im->claim[at].p.addr, &wide->addr,
		    sizeof(wide->addr)) < 0)
			from = at + 1;
		else
			to = at;
	}
	return from;
}

/* A host is sent more than its own, for it passes that on: what is inside of
 * it and another's, is the other's. */
static void
give_back(struct import *im, struct peer *p, const struct prefix *wide,
    const struct claim *own, struct prefix_list *others)
{
	size_t owner = own->owner;

	if (owner == p->to || own->p.len <= wide->len)
		return;
	add(im, others, &own->p);
	if (owner == p->from || p->told)
		return;
	p->told = true;
	tell(im, p, "AllowedIPs", "%s reaches %s, and perhaps others, through "
	    "%s, which is not taken over: two locations have a tunnel of their "
	    "own; if they are to, give one an 'endpoint' and name each in the "
	    "other's 'partners'", im->site[p->from].l.name,
	    im->site[owner].l.name, im->site[p->to].l.name);
}

static void
give_all_back(struct import *im, struct peer *p, struct prefix_list *others)
{
	for (size_t n = 0; n < p->allowed.n; n++) {
		const struct prefix *wide = &p->allowed.p[n];
		for (size_t k = first_claim(im, wide); k < im->nclaims &&
		    prefix_has(wide, &im->claim[k].p.addr); k++)
			give_back(im, p, wide, &im->claim[k], others);
	}
}

/* Others may send to these; if nobody says, the networks it is on. */
static void
set_lan(struct import *im, size_t i)
{
	struct site *s = &im->site[i];
	struct conf_location *l = &s->l;
	struct prefix_list lan = { 0 }, others = { 0 };

	for (size_t k = 0; k < im->npeers; k++) {
		struct peer *p = &im->peer[k];
		if (p->to != i)
			continue;
		for (size_t n = 0; n < p->allowed.n; n++)
			add_claim(im, i, &p->allowed.p[n], &lan);
		give_all_back(im, p, &others);
	}
	if (lan.n == 0)
		add_nets(im, i, &lan);
	set_prefixes(im, &l->lan, &lan, &others);
	set_prefixes(im, &l->internal, &lan, &others);
	l->said[KEY_LAN] = l->said[KEY_INTERNAL] = l->lan.n > 0;
	prefix_list_fini(&lan);
	prefix_list_fini(&others);
	l->address = (struct conf_prefixes){ s->address.p, s->address.n };
	l->resolver = (struct conf_prefixes){ s->resolver.p, s->resolver.n };
	l->said[KEY_ADDRESS] = l->said[KEY_RESOLVER] = 1;
}

static void
print_domain(struct import *im, FILE *out)
{
	struct conf cf = { .name = "imported", .private_is_internal = true,
		.nlocations = im->nsites };

	cf.location = calloc(im->nsites + 1, sizeof(*cf.location));
	if (cf.location == NULL) {
		im->failed = true;
		return;
	}
	for (size_t i = 0; i < im->nsites; i++)
		cf.location[i] = im->site[i].l;
	conf_print(&cf, out);
	for (size_t i = 0; i < im->nsites; i++) {
		struct conf_location *l = &cf.location[i];
		free(l->lan.p);
		free(l->internal.p);
		free(l->partners.r);
		free(l->servers.r);
	}
	free(cf.location);
}

int
import_combine(struct import *im, size_t files, FILE *out)
{
	int code = 0;

	for (size_t i = 0; i < im->npeers; i++) {
		im->peer[i].to = find_site(im, &im->peer[i].key);
		drop_public(&im->peer[i]);
	}
	for (size_t i = 0; i < im->npeers; i++)
		relate(im, &im->peer[i]);
	sort_claims(im);
	for (size_t i = 0; i < im->nsites; i++)
		set_lan(im, i);
	if (!im->failed && im->keydir != NULL)
		code = import_keys(im, files);
	if (!im->failed && code == 0)
		print_domain(im, out);
	return code;
}

void
import_forget(struct import *im)
{
	for (size_t i = 0; i < im->npeers; i++) {
		key_wipe(&im->peer[i].psk);
		prefix_list_fini(&im->peer[i].allowed);
	}
	for (size_t i = 0; i < im->nsites; i++) {
		key_wipe(&im->site[i].key);
		prefix_list_fini(&im->site[i].address);
		prefix_list_fini(&im->site[i].net);
		prefix_list_fini(&im->site[i].resolver);
	}
	free(im->claim);
	im->claim = NULL;
	im->npeers = im->nsites = 0;
}

int
import_files(char *const *path, size_t n, const char *keydir, FILE *out)
{
	struct import im = { .keydir = keydir };
	int code = 0;

	if (sodium_init() < 0)
		die(EXIT_RETRY, "cannot start libsodium");
	im.site = calloc(n + IMPORT_PEERS_MAX, sizeof(*im.site));
	im.peer = calloc(IMPORT_PEERS_MAX, sizeof(*im.peer));
	if (im.site == NULL || im.peer == NULL)
		die(EXIT_RETRY, "cannot import");
	for (size_t i = 0; i < n; i++) {
		int c = import_read(&im, path[i]);
		code = c > code ? c : code;
	}
	if (code == 0)
		code = import_combine(&im, n, out);
	import_forget(&im);
	free(im.peer);
	free(im.site);
	if (im.failed)
		diex(EXIT_RETRY, "no memory, or more than %d peers",
		    (int)IMPORT_PEERS_MAX);
	return code;
}
