/* SPDX-License-Identifier: ISC */
#include "policy/servers.h"
#include "show/views.h"

#include "base/die.h"
#include "conf/prefixes.h"
#include "proc/keyfile.h"

#include <errno.h>
#include <string.h>

/* The same domain in the words of wg(8) and wg-quick(8). */

struct wg_file {
	const struct conf *cf;
	const struct conf_location *l;
	const char *keydir;
	FILE *out;
	bool quick;
};

/* KEYDIR/NAME.SUFFIX as text.  1: there is none and it may be so; 0 or an exit
 * status. */
static int
read_key(const struct wg_file *w, const char *name, const char *suffix,
    char text[static KEY_STRLEN])
{
	char path[512], why[TRUST_WHYLEN];
	bool psk = strcmp(suffix, "psk") == 0;
	struct key k;

	snprintf(path, sizeof(path), "%s/%s.%s", w->keydir, name, suffix);
	enum keyfile what = keyfile_read(&k, path);
	if (what == KEYFILE_NONE && errno == ENOENT && psk)
		return 1;
	if (what != KEYFILE_GOOD) {
		warnx("%s", keyfile_why(what, path, psk ? "genpsk" : "genkey",
		    why));
		return EXIT_FIX;
	}
	key_format(&k, text);
	key_wipe(&k);
	return 0;
}

static int
put_secret(const struct wg_file *w, const char *word, const char *name,
    const char *suffix)
{
	char text[KEY_STRLEN] = "";
	int code = read_key(w, name, suffix, text);

	if (code == 0)
		fprintf(w->out, "%s = %s\n", word, text);
	explicit_bzero(text, sizeof(text));
	return code == 1 ? 0 : code;
}

/* The gateway's own, and what hosts the location is if it is single hosts. */
static void
put_addresses(const struct wg_file *w)
{
	const struct conf_prefixes *from[] = { &w->l->address, &w->l->lan };
	char buf[PREFIX_STRLEN];
	size_t n = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < from[k]->n; i++) {
			const struct prefix *p = &from[k]->p[i];
			if (p->len != 128 || (k > 0 && prefixes_find(
			    from[0]->p, from[0]->n, p) != NULL))
				continue;
			fprintf(w->out, "%s%s", n++ == 0 ? "Address = " : ", ",
			    prefix_format(p, buf));
		}
	fputs(n > 0 ? "\n" : "# Address = the address of this gateway\n",
	    w->out);
}

/* Names are asked for where the location's other hosts ask. */
static void
put_resolvers(const struct wg_file *w)
{
	char buf[ADDR_STRLEN];

	for (size_t i = 0; i < w->l->resolver.n; i++)
		fprintf(w->out, "%s%s", i == 0 ? "DNS = " : ", ",
		    addr_format(&w->l->resolver.p[i].addr, buf));
	if (w->l->resolver.n > 0)
		putc('\n', w->out);
}

static int
put_interface(const struct wg_file *w)
{
	int code = 0;

	fputs("[Interface]\n", w->out);
	if (w->keydir == NULL)
		fprintf(w->out, "PrivateKey = PUT-THE-KEY-OF-%s-HERE\n",
		    w->l->name);
	else
		code = put_secret(w, "PrivateKey", w->l->name, "key");
	if (w->l->said[KEY_ENDPOINT] != 0 ||
	    w->l->said[KEY_LISTEN_PORT] != 0)
		fprintf(w->out, "ListenPort = %u\n", w->l->listen_port);
	if (w->quick) {
		put_addresses(w);
		put_resolvers(w);
		fprintf(w->out, "MTU = %u\n", w->l->mtu_auto ?
		    (unsigned)CONF_MTU_DEFAULT : w->l->mtu);
	}
	return code;
}

static void
put_endpoint(const struct wg_file *w, const struct conf_location *p)
{
	bool v6 = strchr(p->endpoint_host, ':') != NULL;

	if (p->endpoint_host[0] != '\0')
		fprintf(w->out, "Endpoint = %s%s%s:%u\n", v6 ? "[" : "",
		    p->endpoint_host, v6 ? "]" : "", p->endpoint_port);
	if (p->endpoint_host[0] != '\0' && w->l->keepalive > 0)
		fprintf(w->out, "PersistentKeepalive = %u\n",
		    w->l->keepalive);
}

/* Everything to the server, both families whatever the LAN has: what is not
 * for it must not leave beside the tunnel. */
static int
put_peer(const struct wg_file *w, const struct conf_location *p, bool server)
{
	char buf[PREFIX_STRLEN], key[KEY_STRLEN];
	int code = 0;

	fprintf(w->out, "\n# %s\n[Peer]\nPublicKey = %s\n", p->name,
	    key_format(&p->public_key, key));
	if (w->keydir != NULL)
		code = put_secret(w, "PresharedKey", p->name, "psk");
	if (server)
		fputs("AllowedIPs = 0.0.0.0/0, ::/0\n", w->out);
	for (size_t i = 0; !server && i < p->lan.n; i++)
		fprintf(w->out, "AllowedIPs = %s\n",
		    prefix_format(&p->lan.p[i], buf));
	put_endpoint(w, p);
	return code;
}

int
view_wg(const struct conf *cf, size_t location, bool quick,
    const char *keydir, FILE *out)
{
	struct wg_file w = { cf, &cf->location[location], keydir, out, quick };
	const char *why = NULL;

	if (!w.l->active)
		why = "is inactive";
	else if (w.l->role == CONF_ROLE_SERVER)
		why = "is a server: plain WireGuard has no guard";
	if (why != NULL) {
		warnx("[location %s] %s; nothing was written", w.l->name, why);
		return EXIT_FIX;
	}
	struct servers sv;
	servers_init(&sv, cf, location);
	int code = put_interface(&w);
	for (size_t i = 0; code == 0 && i < cf->nlocations; i++) {
		/* only one can have all of the Internet */
		bool server = sv.n > 0 && sv.s[0].peer == i;
		if (server || conf_partners(cf, location, i))
			code = put_peer(&w, &cf->location[i], server);
	}
	return code;
}
