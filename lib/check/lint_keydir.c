/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include "proc/keyfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* KEYDIR/LOCATION.key and, for a peer, KEYDIR/PEER.psk (backhaul(8)). */

struct keyfile_of {
	struct lint lt;
	const char *dir;
	const struct conf_location *l;
	char path[512];
};

/* False: reported, or there is no such file and it may be so. */
static bool
read_file(struct keyfile_of *kf, const char *name, const char *suffix,
    bool needed, struct key *k)
{
	static const enum code code[] = {
		[KEYFILE_NONE] = BH_KEYFILE_MISSING,
		[KEYFILE_OWNER] = BH_KEYFILE_OPEN,
		[KEYFILE_OPEN] = BH_KEYFILE_OPEN,
		[KEYFILE_BAD] = BH_KEYFILE_BAD,
	};
	char why[TRUST_WHYLEN];

	snprintf(kf->path, sizeof(kf->path), "%s/%s.%s", kf->dir, name,
	    suffix);
	enum keyfile what = keyfile_read(k, kf->path);
	if (what == KEYFILE_GOOD)
		return true;
	if (what == KEYFILE_NONE && errno == ENOENT && !needed)
		return false;
	lint_say(&kf->lt, &kf->l->section, code[what], KEY_NONE, "%s",
	    keyfile_why(what, kf->path, needed ? "genkey" : "genpsk", why));
	return false;
}

static void
check_private(struct keyfile_of *kf)
{
	struct key k, public_key;
	char is[KEY_STRLEN];

	if (!read_file(kf, kf->l->name, "key", true, &k))
		return;
	key_public(&public_key, &k);
	key_wipe(&k);
	if (kf->l->said[KEY_PUBLIC_KEY] != 0 &&
	    !conf_broken(kf->l, KEY_PUBLIC_KEY) &&
	    !key_eq(&public_key, &kf->l->public_key))
		lint_say(&kf->lt, &kf->l->section, BH_KEYFILE_OTHER,
		    KEY_PUBLIC_KEY, "it is not that of key file %s, which "
		    "'bh-key pubkey <%s' prints: %s", kf->path, kf->path,
		    key_format(&public_key, is));
}

static void
check_location(struct keyfile_of *kf)
{
	const struct conf *cf = kf->lt.cf;
	size_t self = (size_t)(kf->l - cf->location);
	struct key k;

	check_private(kf);
	for (size_t i = 0; i < cf->nlocations; i++) {
		if (!conf_has_tunnel(cf, self, i))
			continue;
		if (read_file(kf, cf->location[i].name, "psk", false, &k))
			key_wipe(&k);
	}
}

static bool
has_key(const struct keyfile_of *kf)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.key", kf->dir, kf->l->name);
	return access(path, F_OK) == 0;
}

/* False: there is none to look into. */
static bool
check_directory(const char *keydir, struct diags *d)
{
	char why[TRUST_WHYLEN];

	if (trust_directory(keydir, why))
		return true;
	if (why[0] == '\0' && errno == ENOENT)
		diag_add(d, 0, BH_KEYFILE_MISSING, "", "", "there is no key "
		    "directory %s; run 'install -d -m 700 %s'", keydir,
		    keydir);
	else if (why[0] == '\0')
		diag_add(d, 0, BH_KEYFILE_MISSING, "", "", "cannot look at "
		    "%s: %s", keydir, strerror(errno));
	else
		diag_add(d, 0, BH_KEYDIR_OPEN, "", "", "key directory %s", why);
	return why[0] != '\0';
}

void
lint_keydir(const struct conf *cf, const char *keydir, const char *location,
    struct diags *d)
{
	struct keyfile_of kf = { .lt = { .cf = cf, .d = d }, .dir = keydir };

	if (!check_directory(keydir, d))
		return;
	for (size_t i = 0; i < cf->nlocations; i++) {
		kf.l = &cf->location[i];
		if (kf.l->active && (location != NULL ?
		    strcmp(kf.l->name, location) == 0 : has_key(&kf)))
			check_location(&kf);
	}
}

const struct lint_explanation explain_keydir[] = {
	{ BH_KEYFILE_MISSING,
	    "bh-check -k looks for KEYDIR/LOCATION.key, as 'backhaul up' "
	    "does. Make it on that gateway: 'bh-key genkey -o "
	    "KEYDIR/LOCATION.key', then put what 'bh-key pubkey' prints into "
	    "the domain file.",
	    NULL,
	    "bh-key genkey -o KEYDIR/branch1.key" },
	{ BH_KEYFILE_OPEN,
	    "Somebody other than root could read or change the key, so "
	    "'backhaul up' refuses it. Whoever has it can be this location. "
	    "'chmod 600' closes the file, 'chown root' takes it back; a key "
	    "that was open for long is better replaced.",
	    NULL,
	    "chmod 600 KEYDIR/branch1.key" },
	{ BH_KEYFILE_BAD,
	    "A key file has one line: 32 bytes in base64, 44 characters. For "
	    "example 'bh-key genkey' makes a private key, 'bh-key genpsk' a "
	    "preshared one.",
	    NULL,
	    "bh-key genkey -o KEYDIR/branch1.key" },
	{ BH_KEYFILE_OTHER,
	    "The gateway would sign on with another key than the one that all "
	    "others know it by, and nobody would answer. Either the file is "
	    "another location's, or the domain file has an old key: 'bh-key "
	    "pubkey <KEYDIR/LOCATION.key' prints the one to write.",
	    NULL,
	    "bh-key pubkey <KEYDIR/branch1.key" },
	{ BH_KEYDIR_OPEN,
	    "Whoever can write into KEYDIR can give the gateway another "
	    "private key, or a preshared key that he knows, so 'backhaul "
	    "up' refuses it. It belongs to root alone: 'install -d -m 700 "
	    "/etc/backhaul/keys'.",
	    NULL,
	    "chmod 700 KEYDIR" },
	{ .text = NULL },
};
