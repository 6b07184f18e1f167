/* SPDX-License-Identifier: ISC */
#include "show/import_sites.h"

#include "base/die.h"
#include "conf/guess.h"
#include "conf/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Files of wg-quick(8). */

static void
complain(struct import *im, enum code code, const char *key, const char *why)
{
	diag_add(&im->d, im->line, code, im->in_peer ? "Peer" :
	    im->in_interface ? "Interface" : "", key, "%s", why);
}

/* A part that no address and hardly a name has, as long as a key may be. */
static bool
may_be_secret(const char *item)
{
	size_t n = strcspn(item, ".:");

	while (n < GUESS_WORDLEN && item[n] != '\0') {
		item += n + 1;
		n = strcspn(item, ".:");
	}
	return n >= GUESS_WORDLEN;
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
set_private_key(struct import *im, const char *v, char *why)
{
	struct conf_location *l = this_site(im);
	struct key k;
	int code = value_key(&k, v, why);

	if (code == 0) {
		key_public(&l->public_key, &k);
		l->said[KEY_PUBLIC_KEY] = 1;
		im->site[im->from].key = k;
	}
	key_wipe(&k);
	return code;
}

static int
set_port(struct import *im, const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, 0, 65535, v, why);

	if (code == 0 && n != 0) {
		this_site(im)->listen_port = (uint16_t)n;
		this_site(im)->said[KEY_LISTEN_PORT] = 1;
	}
	return code;
}

static int
set_mtu(struct import *im, const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, 576, 9000, v, why);

	if (code == 0) {
		this_site(im)->mtu = (uint16_t)n;
		this_site(im)->mtu_auto = false;
		this_site(im)->said[KEY_MTU] = 1;
	}
	return code;
}

/* 10.1.0.1/24 is a host and its network. */
static int
set_address(struct import *im, const char *v, char *why)
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
set_dns(struct import *im, const char *v, char *why)
{
	struct site *s = &im->site[im->from];
	struct prefix p = { .len = 128 };

	if (!addr_parse(&p.addr, v) && may_be_secret(v)) {
		snprintf(why, VALUE_WHYLEN, "what stands there is no address, "
		    "and not shown, for it may be a key");
		return BH_IMPORT_DROPPED;
	}
	if (!addr_parse(&p.addr, v)) {
		snprintf(why, VALUE_WHYLEN, "the search domain '%.80s' is not "
		    "taken over: hosts get theirs from DHCP or resolv.conf(5)",
		    v);
		return BH_IMPORT_DROPPED;
	}
	if (!prefix_list_add(&s->resolver, &p))
		im->failed = true;
	return 0;
}

static int
set_public_key(struct import *im, const char *v, char *why)
{
	return value_key(&this_peer(im)->key, v, why);
}

static int
set_psk(struct import *im, const char *v, char *why)
{
	int code = value_key(&this_peer(im)->psk, v, why);

	if (code != 0 || im->keydir != NULL)
		return code;
	snprintf(why, VALUE_WHYLEN, "it is not taken over, since a domain "
	    "file holds no secret, and without it the two hosts refuse each "
	    "other; '-k KEYDIR' before '-i' puts it into a file there");
	return BH_IMPORT_DROPPED;
}

/* "Everything" is also written in halves, or as all that is not private. */
static bool
is_wide(const struct prefix *p)
{
	unsigned least = addr_is_v4(&p->addr) ? PREFIX_V4 + 8 : 7;

	return p->len < least;
}

static int
set_allowed(struct import *im, const char *v, char *why)
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
set_endpoint(struct import *im, const char *v, char *why)
{
	struct peer *p = this_peer(im);

	return value_endpoint(p->host, &p->port, v, why);
}

static int
set_keepalive(struct import *im, const char *v, char *why)
{
	struct conf_location *l = this_site(im);
	unsigned n = 0;
	int code = strcmp(v, "off") == 0 ? 0 :
	    value_number(&n, 0, 65535, v, why);

	if (code == 0 && n >= l->keepalive) {
		l->keepalive = n;
		l->said[KEY_KEEPALIVE] = 1;
	}
	return code;
}

/* A key is taken, or wg-quick's own, and it is said why that is not taken over,
 * unless its value says what is so anyway. */
static const struct wgkey {
	const char *name;
	int (*set)(struct import *im, const char *v, char *why);
	bool peer, list;
	const char *why;
	const char *anyway[2];
} keys[] = {
#define SET(name, set, peer, list) \
	{ name, set, peer, list, NULL, { NULL } }
#define OWN(name, why, ...) { name, NULL, false, false, why, { __VA_ARGS__ } }
#define COMMAND(name) OWN(name, "the command is not taken over: 'backhaul " \
	"up' sets addresses, routes, forwarding and translation itself; see " \
	"whether it does anything else", NULL)
	SET("PrivateKey", set_private_key, false, false),
	SET("ListenPort", set_port, false, false),
	SET("Address", set_address, false, true),
	SET("DNS", set_dns, false, true),
	SET("MTU", set_mtu, false, false),
	SET("PublicKey", set_public_key, true, false),
	SET("PresharedKey", set_psk, true, false),
	SET("AllowedIPs", set_allowed, true, true),
	SET("Endpoint", set_endpoint, true, false),
	SET("PersistentKeepalive", set_keepalive, true, false),
	COMMAND("PreUp"), COMMAND("PostUp"), COMMAND("PreDown"),
	COMMAND("PostDown"),
	OWN("Table", "it is not taken over: 'backhaul up' has routing tables "
	    "of its own (bh-plan(8))", "auto"),
	OWN("FwMark", "it is not taken over: 'backhaul up' has a mark of its "
	    "own (bh-plan(8))", "off", "0"),
	OWN("SaveConfig", "it is not taken over: nothing but its author writes "
	    "to a domain file", "false"),
#undef COMMAND
#undef OWN
#undef TAKEN
};

enum { NKEYS = sizeof(keys) / sizeof(keys[0]) };

static bool
belongs(const struct import *im, const struct wgkey *k)
{
	return k->peer ? im->in_peer : im->in_interface;
}

static void
unknown_key(struct import *im, const char *key)
{
	char hint[96], why[VALUE_WHYLEN], word[GUESS_WORDLEN];
	struct guess g;

	guess_init(&g, guess_word(word, key));
	for (size_t i = 0; i < NKEYS; i++)
		if (belongs(im, &keys[i]))
			guess_try(&g, keys[i].name);
	snprintf(why, sizeof(why), "wg-quick has no such key here%s",
	    guess_format(&g, hint));
	complain(im, BH_KEY_UNKNOWN, word, why);
}

static const struct wgkey *
find_key(const struct import *im, const char *name)
{
	for (size_t i = 0; i < NKEYS; i++)
		if (strcasecmp(name, keys[i].name) == 0 &&
		    belongs(im, &keys[i]))
			return &keys[i];
	return NULL;
}

static void
drop(struct import *im, const struct wgkey *k, const char *value)
{
	for (size_t i = 0; i < 2 && k->anyway[i] != NULL; i++)
		if (strcasecmp(value, k->anyway[i]) == 0)
			return;
	complain(im, BH_IMPORT_DROPPED, k->name, k->why);
}

/* n: how long it is, of which value may be the beginning. */
static void
set_value(struct import *im, const struct wgkey *k, const char *value,
    size_t n)
{
	char why[VALUE_WHYLEN];
	int code = BH_VALUE_LONG;

	snprintf(why, sizeof(why), "it has %zu characters", n);
	if (n < VALUE_LEN)
		code = k->set(im, value, why);
	if (code != 0 && may_be_secret(value) && code != BH_BAD_KEY &&
	    code != BH_IMPORT_DROPPED)
		snprintf(why, sizeof(why), "what stands there is no such "
		    "value, and not shown, for it may be a key");
	if (code != 0)
		complain(im, (enum code)code, k->name, why);
}

static void
set(struct import *im, const struct wgkey *k, const char *value)
{
	char item[VALUE_LEN];
	size_t n;

	if (!k->list && *value != '\0')
		set_value(im, k, value, strlen(value));
	while (k->list && (n = value_next(&value, item)) > 0)
		set_value(im, k, item, n);
}

static bool
add_peer(struct import *im, int line)
{
	if (im->npeers == IMPORT_PEERS_MAX)
		return false;
	im->peer[im->npeers++] = (struct peer){ .from = im->from,
		.line = line };
	return true;
}

static void
on_section(void *arg, const char *name, int line)
{
	struct import *im = arg;
	char word[GUESS_WORDLEN];

	im->in_peer = strcasecmp(name, "Peer") == 0;
	im->in_interface = strcasecmp(name, "Interface") == 0;
	im->lost = !im->in_peer && !im->in_interface;
	if (im->lost)
		diag_add(&im->d, line, BH_SECTION_UNKNOWN,
		    guess_word(word, name), "",
		    "wg-quick has [Interface] and [Peer] only");
	if (im->in_peer && !add_peer(im, line)) {
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
	im->lost = true;
	return false;
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	struct import *im = arg;
	const struct wgkey *k = find_key(im, p->key);

	im->line = p->line;
	if (im->lost)
		return;
	if (k == NULL)
		unknown_key(im, p->key);
	else if (k->set == NULL)
		drop(im, k, p->value);
	else
		set(im, k, p->value);
}

struct conf_location
import_location(const char *name)
{
	struct conf_location l;

	conf_location_init(&l);
	l.line = 1;
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

static const struct ini_events events = { on_section, on_pair, on_skip, NULL,
	true };

/* A site, about which the file will tell. */
static void
begin(struct import *im)
{
	im->from = im->nsites++;
	diag_init(&im->d);
	im->in_peer = im->in_interface = im->lost = false;
}

/* What the file has not told; 0, or an exit status: reported. */
static int
end(struct import *im, const char *path)
{
	if (this_site(im)->said[KEY_PUBLIC_KEY] == 0)
		diag_add(&im->d, 0, BH_KEY_MISSING, "Interface", "PrivateKey",
		    "there is none, so the location's public key is unknown");
	for (size_t i = 0; i < im->npeers; i++)
		if (im->peer[i].from == im->from &&
		    key_is_zero(&im->peer[i].key))
			diag_add(&im->d, im->peer[i].line, BH_KEY_MISSING,
			    "Peer", "PublicKey", "the peer has none");
	int code = im->d.errors > 0 ? EXIT_FIX : 0;
	for (size_t i = 0; i < im->d.n; i++)
		diag_print(&im->d.d[i], path, stderr);
	diag_fini(&im->d);
	return code;
}

int
import_text(struct import *im, const char *path, char *text, size_t n)
{
	int code = name_site(im, path);

	if (code != 0)
		return code;
	begin(im);
	ini_parse(text, n, &im->d, &events, im);
	return end(im, path);
}

int
import_read(struct import *im, const char *path)
{
	int code = name_site(im, path);

	if (code != 0)
		return code;
	FILE *f = fopen(path, "re");
	if (f == NULL) {
		warn("cannot open %s", path);
		return errno == ENOENT ? EXIT_FIX : EXIT_RETRY;
	}
	begin(im);
	setvbuf(f, NULL, _IONBF, 0);	/* no copy of a secret is left there */
	ini_read(f, &im->d, &events, im);
	fclose(f);
	return end(im, path);
}
