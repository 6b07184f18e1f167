/* SPDX-License-Identifier: ISC */
#include "tunnel/stampfile.h"

#include "base/once.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1 };

/* Two copies take turns: one that a killed program has left half written is
 * told by its sum, and the other is there. */
struct record {
	struct key peer;
	struct copy {
		struct stamps stamps;
		uint8_t sum[crypto_shorthash_BYTES];
	} copy[2];
	uint64_t turn;
};

struct stampfile {
	uint8_t magic[8];		/* "bh-time\n" */
	uint32_t version, n;
	struct record record[];
};

static const uint8_t magic[8] = "bh-time\n";

static size_t
size_for(uint32_t n)
{
	return sizeof(struct stampfile) + n * sizeof(struct record);
}

/* Against accidents: who can write the file can do as he likes. */
static void
sum_of(const struct copy *c, uint8_t out[static crypto_shorthash_BYTES])
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "bh-tunnel.stamp";

	crypto_shorthash(out, (const uint8_t *)&c->stamps, sizeof(c->stamps),
	    key);
}

static bool
copy_is_whole(const struct copy *c)
{
	uint8_t sum[crypto_shorthash_BYTES];

	sum_of(c, sum);
	return memcmp(sum, c->sum, sizeof(sum)) == 0;
}

static void
recall(struct device *d, uint16_t i, const struct record *r)
{
	struct stamps s = { 0 };

	for (int k = 0; k < 2; k++)
		if (copy_is_whole(&r->copy[k]))
			stamps_merge(&s, &r->copy[k].stamps);
	device_recall(d, i, &s);
}

/* ---- the file of an earlier life ---- */

/* Of n records; another process may write to them. */
static void
recall_all(const struct stampfile *f, uint32_t n, struct device *d)
{
	struct record r;

	for (uint32_t i = 0; i < n; i++) {
		once_copy(&r, &f->record[i], sizeof(r));
		uint16_t peer = device_lookup(d, &r.peer);
		if (peer != DEVICE_NOBODY)
			recall(d, peer, &r);
	}
}

/* What is no such file is no loss: it is as if there were none. */
static void
read_old(const char *path, struct device *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stampfile *f = NULL;
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)sizeof(*f) &&
	    st.st_size <= (off_t)size_for(DEVICE_PEERS_MAX))
		f = malloc((size_t)st.st_size);
	if (f != NULL && read(fd, f, (size_t)st.st_size) == st.st_size &&
	    memcmp(f->magic, magic, sizeof(magic)) == 0 &&
	    f->version == VERSION && st.st_size == (off_t)size_for(f->n))
		recall_all(f, f->n, d);
	free(f);
	close(fd);
}

/* ---- a new one ---- */

static struct stampfile *
map_new(const char *path, uint32_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return NULL;
	int error = posix_fallocate(fd, 0, (off_t)size_for(n));
	struct stampfile *f = error != 0 ? MAP_FAILED : mmap(NULL, size_for(n),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (error == 0)
		error = errno;
	close(fd);
	errno = error;
	return f == MAP_FAILED ? NULL : f;
}

struct stampfile *
stampfile_open(const char *dir, struct device *d, uint16_t npeers)
{
	char path[PATH_MAX], new[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/bh-tunnel.stamps", dir) >=
	    PATH_MAX || snprintf(new, sizeof(new), "%s/bh-tunnel.stamps.new",
	    dir) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	read_old(path, d);
	unlink(new);
	struct stampfile *f = map_new(new, npeers);
	if (f == NULL)
		return NULL;
	memcpy(f->magic, magic, sizeof(magic));
	f->version = VERSION;
	f->n = npeers;
	for (uint16_t i = 0; i < npeers; i++)
		stampfile_note(f, d, i);
	/* the old one is there until the new one is complete */
	return rename(new, path) == 0 ? f : NULL;
}

void
stampfile_note(struct stampfile *f, struct device *d, uint16_t i)
{
	const struct identity *id = device_identity(d, i);

	if (f == NULL || id == NULL)
		return;
	struct record *r = &f->record[i];
	struct copy *c = &r->copy[r->turn++ % 2];
	r->peer = id->remote.public_key;
	c->stamps = id->stamps;
	sum_of(c, c->sum);
}

void
stampfile_recall(const struct stampfile *f, struct device *d, uint16_t npeers)
{
	if (f != NULL)
		recall_all(f, npeers, d);
}
