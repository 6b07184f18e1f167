/* SPDX-License-Identifier: ISC */
#include "engine/lint_part.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* KEYDIR/LOCATION.key and, for a peer, KEYDIR/PEER.psk (backhaul(8)). */

struct keyfile {
	struct lint lt;
	const char *dir;
	const struct conf_location *l;
	char path[512];
};

/* False: reported, or there is no such file and it may be so. */
static bool
read_file(struct keyfile *kf, const char *name, const char *suffix,
    bool needed, struct key *k)
{
	snprintf(kf->path, sizeof(kf->path), "%s/%s.%s", kf->dir, name,
	    suffix);
	if (key_read(k, kf->path) == 0)
		return true;
	if (errno == EPERM)
		lint_say(&kf->lt, kf->l, 0, BH_KEYFILE_OPEN, "", "%s can be "
		    "read by others than its owner; use 'chmod 600', and "
		    "think of a new key", kf->path);
	else if (errno == EINVAL)
		lint_say(&kf->lt, kf->l, 0, BH_KEYFILE_BAD, "", "%s does not "
		    "hold a key in one line of 44 characters; make one with "
		    "'bh-key %s'", kf->path, strcmp(suffix, "psk") == 0 ?
		    "genpsk" : "genkey");
	else if (errno != ENOENT || needed)
		lint_say(&kf->lt, kf->l, 0, BH_KEYFILE_MISSING, "", "cannot "
		    "read %s: %s", kf->path, strerror(errno));
	return false;
}

static void
check_private(struct keyfile *kf)
{
	struct key k, public_key;

	if (!read_file(kf, kf->l->name, "key", true, &k))
		return;
	key_public(&public_key, &k);
	if (kf->l->public_key_line != 0 &&
	    !conf_broken(kf->l, "public-key") &&
	    !key_eq(&public_key, &kf->l->public_key))
		lint_say(&kf->lt, kf->l, kf->l->public_key_line,
		    BH_KEYFILE_OTHER, "public-key", "it is not the public key "
		    "of %s; print the right one with 'bh-key pubkey <%s'",
		    kf->path, kf->path);
	key_wipe(&k);
}

static void
check_location(struct keyfile *kf)
{
	const struct conf *cf = kf->lt.cf;
	size_t self = (size_t)(kf->l - cf->location);
	struct key k;

	check_private(kf);
	for (size_t i = 0; i < cf->nlocations; i++) {
		if (i == self || !(conf_partners(cf, self, i) ||
		    conf_is_client_of(cf, self, i) ||
		    conf_is_client_of(cf, i, self)))
			continue;
		if (read_file(kf, cf->location[i].name, "psk", false, &k))
			key_wipe(&k);
	}
}

static bool
has_key(const struct keyfile *kf)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.key", kf->dir, kf->l->name);
	return access(path, F_OK) == 0;
}

static void
check_directory(const char *keydir, struct diags *d)
{
	struct stat st;

	if (stat(keydir, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		diag_add(d, 0, BH_KEYDIR_OPEN, "", "", "%s can be written by "
		    "others than its owner; use 'chmod 700'", keydir);
}

void
lint_keydir(const struct conf *cf, const char *keydir, const char *location,
    struct diags *d)
{
	struct keyfile kf = { .lt = { .cf = cf, .d = d }, .dir = keydir };

	check_directory(keydir, d);
	for (size_t i = 0; i < cf->nlocations; i++) {
		kf.l = &cf->location[i];
		if (kf.l->active && (location != NULL ?
		    strcmp(kf.l->name, location) == 0 : has_key(&kf)))
			check_location(&kf);
	}
}
