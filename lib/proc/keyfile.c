/* SPDX-License-Identifier: ISC */
#include "proc/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum keyfile
read_line(int fd, struct key *k)
{
	char text[KEY_STRLEN + 1];
	ssize_t n = read(fd, text, sizeof(text));

	if (n < 0)
		return KEYFILE_NONE;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	bool ok = n == KEY_STRLEN - 1;
	if (ok) {
		text[n] = '\0';
		ok = key_parse(k, text);
	}
	sodium_memzero(text, sizeof(text));
	return ok ? KEYFILE_GOOD : KEYFILE_BAD;
}

static enum keyfile
read_file(int fd, struct key *k)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return KEYFILE_NONE;
	if (S_ISREG(st.st_mode) && !trust_owner(&st))
		return KEYFILE_OWNER;
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		return KEYFILE_OPEN;
	return read_line(fd, k);
}

enum keyfile
keyfile_read(struct key *k, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	key_wipe(k);
	if (fd < 0)
		return KEYFILE_NONE;
	enum keyfile what = read_file(fd, k);
	int error = errno;
	close(fd);
	errno = error;
	return what;
}

const char *
keyfile_why(enum keyfile what, const char *path, const char *make,
    char why[static TRUST_WHYLEN])
{
	switch (what) {
	case KEYFILE_NONE:
		if (errno == ENOENT)
			snprintf(why, TRUST_WHYLEN, "there is no key file %s; "
			    "run 'bh-key %s -o %s'", path, make, path);
		else
			snprintf(why, TRUST_WHYLEN, "cannot read key file %s: "
			    "%s", path, strerror(errno));
		break;
	case KEYFILE_OWNER:
		snprintf(why, TRUST_WHYLEN, "key file %s belongs to another "
		    "user, who can change it; run 'chown root %s', and think "
		    "of a new key", path, path);
		break;
	case KEYFILE_OPEN:
		snprintf(why, TRUST_WHYLEN, "key file %s can be read by others "
		    "than its owner; run 'chmod 600 %s', and think of a new "
		    "key", path, path);
		break;
	case KEYFILE_BAD:
		snprintf(why, TRUST_WHYLEN, "key file %s does not hold a key "
		    "in one line of 44 characters; remove it and run "
		    "'bh-key %s -o %s'", path, make, path);
		break;
	case KEYFILE_GOOD:
		why[0] = '\0';
	}
	return why;
}
