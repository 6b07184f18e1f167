/* SPDX-License-Identifier: ISC */
#include "engine/import_part.h"

#include "base/die.h"
#include "conf/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Files of wg-quick(8). */

static void
complain(struct import *im, int line, enum code code, const char *key,
    const char *why)
{
	diag_add(&im->d, line, code, im->in_peer ? "Peer" : "Interface", key,
	    "%s", why);
}

static struct peer *
this_peer(struct import *im)
{
	return &im->peer[im->npeers - 1];
}

static struct conf_location *
this_site(struct import *im)
{
	return &im->site[im->from].l;
}

static int
take_private_key(struct import *im, const char *v, char *why)
{
	struct conf_location *l = this_site(im);
	struct key k;
	int code = value_key(&k, v, why);

	if (code == 0) {
		key_public(&l->public_key, &k);
		l->public_key_line = 1;
	}
	key_wipe(&k);
	return code;
}

static int
take_port(struct import *im, const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, 1, 65535, v, why);

	if (code == 0) {
		this_site(im)->listen_port = (uint16_t)n;
		this_site(im)->listen_line = 1;
	}
	return code;
}

static int
take_mtu(struct import *im, const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, 576, 9000, v, why);

	if (code == 0) {
		this_site(im)->mtu = (uint16_t)n;
		this_site(im)->mtu_auto = false;
		this_site(im)->mtu_line = 1;
	}
	return code;
}

/* 10.1.0.1/24 is a host and its network. */
static int
take_address(struct import *im, const char *v, char *why)
{
	struct site *s = &im->site[im->from];
	char host[VALUE_LEN];
	struct prefix net, p = { .len = 128 };
	bool bits;

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(v, "/"), v);
	int code = value_address(&p.addr, host, why);
	if (code != 0)
		return code;
	if (!prefix_parse(&net, v, &bits))
		return value_prefix(&net, v, why);
	if (!prefix_list_add(&s->address, &p) ||
	    !prefix_list_add(&s->net, &net))
		im->failed = true;
	return 0;
}

/* Addresses; among them may be names to search in. */
static int
take_dns(struct import *im, const char *v, char *why)
{
	struct site *s = &im->site[im->from];
	struct prefix p = { .len = 128 };

	(void)why;
	if (addr_parse(&p.addr, v) && !prefix_list_add(&s->resolver, &p))
		im->failed = true;
	return 0;
}

static int
take_public_key(struct import *im, const char *v, char *why)
{
	return value_key(&this_peer(im)->key, v, why);
}

/* "Everything" is also written in halves, or as all that is not private. */
static bool
is_wide(const struct prefix *p)
{
	unsigned least = addr_is_v4(&p->addr) ? PREFIX_V4 + 8 : 7;

	return p->len < least;
}

static int
take_allowed(struct import *im, const char *v, char *why)
{
	struct peer *p = this_peer(im);
	struct prefix pfx;
	bool bits;

	/* wg(8) takes host bits and clears them */
	if (!prefix_parse(&pfx, v, &bits))
		return value_prefix(&pfx, v, why);
	if (is_wide(&pfx))
		p->all = true;
	else if (!prefix_list_add(&p->allowed, &pfx))
		im->failed = true;
	return 0;
}

static int
take_endpoint(struct import *im, const char *v, char *why)
{
	struct peer *p = this_peer(im);

	return value_endpoint(p->host, &p->port, v, why);
}

static int
take_keepalive(struct import *im, const char *v, char *why)
{
	struct conf_location *l = this_site(im);
	unsigned n = 0;
	int code = strcmp(v, "off") == 0 ? 0 :
	    value_number(&n, 0, 65535, v, why);

	if (code == 0 && n >= l->keepalive) {
		l->keepalive = n;
		l->keepalive_line = 1;
	}
	return code;
}

/* Other keys are wg-quick's own (Table, PostUp...): not the domain's. */
static const struct {
	const char *name;
	int (*take)(struct import *im, const char *v, char *why);
	bool peer;
} keys[] = {
	{ "PrivateKey", take_private_key, false },
	{ "ListenPort", take_port, false },
	{ "Address", take_address, false },
	{ "DNS", take_dns, false },
	{ "MTU", take_mtu, false },
	{ "PublicKey", take_public_key, true },
	{ "AllowedIPs", take_allowed, true },
	{ "Endpoint", take_endpoint, true },
	{ "PersistentKeepalive", take_keepalive, true },
};

static bool
new_peer(struct import *im, int line)
{
	if (im->npeers == im->room) {
		size_t room = im->room == 0 ? 16 : im->room * 2;
		struct peer *p = realloc(im->peer, room * sizeof(*p));
		if (p == NULL)
			return false;
		im->peer = p;
		im->room = room;
	}
	im->peer[im->npeers++] = (struct peer){ .from = im->from,
		.line = line };
	return true;
}

static void
on_section(void *arg, const char *name, int line)
{
	struct import *im = arg;

	im->in_peer = strcasecmp(name, "Peer") == 0;
	im->in_interface = strcasecmp(name, "Interface") == 0;
	if (!im->in_peer && !im->in_interface)
		diag_add(&im->d, line, BH_SECTION_UNKNOWN, name, "",
		    "wg-quick has [Interface] and [Peer] only");
	if (im->in_peer && (im->npeers == IMPORT_PEERS_MAX ||
	    !new_peer(im, line))) {
		im->failed = true;
		im->in_peer = false;
	}
}

static bool
on_skip(void *arg, const char *name, int line)
{
	struct import *im = arg;

	(void)name, (void)line;
	im->in_peer = im->in_interface = false;
	return false;
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	struct import *im = arg;
	char item[VALUE_LEN], why[VALUE_WHYLEN], value[VALUE_LEN];

	if (p->continued) {
		complain(im, p->line, BH_KEY_CONTINUED, "", "begin each key in "
		    "the first column");
		return;
	}
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(p->value, "#"),
	    p->value);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *list = value;
		if (strcasecmp(p->key, keys[i].name) != 0 ||
		    !(keys[i].peer ? im->in_peer : im->in_interface))
			continue;
		while (value_next(&list, item)) {
			int code = keys[i].take(im, item, why);
			if (code != 0)
				complain(im, p->line, (enum code)code, p->key,
				    why);
		}
	}
	explicit_bzero(value, sizeof(value));
	explicit_bzero(item, sizeof(item));
}

struct conf_location
import_location(const char *name)
{
	struct conf_location l = { .line = 1, .active = true,
		.mtu = CONF_MTU_AUTO, .mtu_auto = true };

	snprintf(l.name, sizeof(l.name), "%s", name);
	return l;
}

/* 0, or an exit status: reported. */
static int
name_site(struct import *im, const char *path)
{
	struct site *s = &im->site[im->nsites];
	const char *base = strrchr(path, '/') != NULL ?
	    strrchr(path, '/') + 1 : path;
	char text[256], name[VALUE_NAMELEN], why[VALUE_WHYLEN];

	snprintf(text, sizeof(text), "%s", base);
	char *dot = strrchr(text, '.');
	if (dot != NULL && strcmp(dot, ".conf") == 0)
		*dot = '\0';
	if (value_name(name, text, why) != 0) {
		warnx("%s: %s", path, why);
		return EXIT_FIX;
	}
	for (size_t i = 0; i < im->nsites; i++)
		if (strcmp(im->site[i].l.name, name) == 0) {
			warnx("%s and %s would both be [location %s]; rename "
			    "one", im->site[i].path, path, name);
			return EXIT_FIX;
		}
	*s = (struct site){ .l = import_location(name) };
	snprintf(s->path, sizeof(s->path), "%s", path);
	return 0;
}

int
import_read(struct import *im, const char *path)
{
	static const struct ini_events events = { on_section, on_pair,
		on_skip, NULL, true };
	int code = name_site(im, path);

	if (code != 0)
		return code;
	FILE *f = fopen(path, "re");
	if (f == NULL) {
		warn("cannot open %s", path);
		return errno == ENOENT ? EXIT_FIX : EXIT_RETRY;
	}
	im->from = im->nsites++;
	diag_init(&im->d);
	on_skip(im, NULL, 0);
	ini_read(f, &im->d, &events, im);
	fclose(f);
	if (this_site(im)->public_key_line == 0)
		diag_add(&im->d, 0, BH_KEY_MISSING, "Interface", "PrivateKey",
		    "there is none, so the location's public key is unknown");
	for (size_t i = 0; i < im->npeers; i++)
		if (im->peer[i].from == im->from &&
		    key_is_zero(&im->peer[i].key))
			diag_add(&im->d, im->peer[i].line, BH_KEY_MISSING,
			    "Peer", "PublicKey", "the peer has none");
	code = im->d.errors > 0 ? EXIT_FIX : 0;
	for (size_t i = 0; i < im->d.n; i++)
		diag_print(&im->d.d[i], path, stderr);
	diag_free(&im->d);
	return code;
}
