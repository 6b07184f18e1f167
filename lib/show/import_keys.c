/* SPDX-License-Identifier: ISC */
#include "show/import_sites.h"

#include "base/die.h"
#include "proc/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Secrets of wg-quick(8) files, each in a file of a key directory, as
 * backhaul(8) wants them: LOCATION.key and, for a peer, PEER.psk. */

static int
write_key(const char *path, const struct key *k)
{
	char text[KEY_STRLEN + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	key_format(k, text);
	text[KEY_STRLEN - 1] = '\n';
	ssize_t n = write(fd, text, KEY_STRLEN);
	explicit_bzero(text, sizeof(text));
	return close(fd) == 0 && n == KEY_STRLEN ? 0 : -1;
}

/* 0, or an exit status: reported.  What is there already is left alone. */
static int
put_key(const char *dir, const char *name, const char *suffix,
    const struct key *k)
{
	char path[PATH_MAX];
	struct key was;

	if (key_is_zero(k))
		return 0;
	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
	if (write_key(path, k) == 0)
		return 0;
	if (errno != EEXIST) {
		warn("cannot write %s", path);
		return EXIT_RETRY;
	}
	bool same = keyfile_read(&was, path) == KEYFILE_GOOD &&
	    key_eq(&was, k);
	key_wipe(&was);
	if (!same)
		warnx("%s is there and holds another key, or is open to "
		    "others: move it away, and import again", path);
	return same ? 0 : EXIT_FIX;
}

/* One host's own, and those that it shares with its peers. */
static int
put_host(const struct import *im, size_t i, const char *dir)
{
	int code = put_key(dir, im->site[i].l.name, "key", &im->site[i].key);

	for (size_t k = 0; code == 0 && k < im->npeers; k++)
		if (im->peer[k].from == i)
			code = put_key(dir, im->site[im->peer[k].to].l.name,
			    "psk", &im->peer[k].psk);
	return code;
}

int
import_keys(const struct import *im, size_t files)
{
	char dir[PATH_MAX / 2];

	for (size_t i = 0; i < files; i++) {
		int n = snprintf(dir, sizeof(dir), files > 1 ? "%s/%s" : "%s",
		    im->keydir, im->site[i].l.name);
		if (n >= (int)sizeof(dir)) {
			warnx("%s: the name is too long", im->keydir);
			return EXIT_FIX;
		}
		if (files > 1 && mkdir(dir, 0700) < 0 && errno != EEXIST) {
			warn("cannot make %s", dir);
			return errno == ENOENT ? EXIT_FIX : EXIT_RETRY;
		}
		int code = put_host(im, i, dir);
		if (code != 0)
			return code;
	}
	return 0;
}
