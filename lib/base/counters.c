/* SPDX-License-Identifier: ISC */
#include "base/counters.h"

#include "base/part.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint8_t counters_magic[8] = "bh-stat\n";

static size_t
counters_size(size_t npeers)
{
	return sizeof(struct counters) + npeers * sizeof(struct counters_peer);
}

/* A new file takes the old one's place: who reads the old one still may. */
static int
counters_file(const char *dir, const char *program, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.stat", dir, program) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (flags & O_CREAT)
		unlink(path);
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

struct counters *
counters_create(const char *dir, const char *program, size_t npeers)
{
	size_t size = counters_size(npeers);
	int fd = -1, map = MAP_PRIVATE | MAP_ANONYMOUS;

	if (dir != NULL) {
		fd = counters_file(dir, program, O_RDWR | O_CREAT | O_EXCL);
		if (fd < 0)
			return NULL;
		/* not ftruncate(2): a disk that is full should tell now, not
		 * by SIGBUS when a page is first touched */
		int error = posix_fallocate(fd, 0, (off_t)size);
		if (error != 0) {
			close(fd);
			errno = error;
			return NULL;
		}
		map = MAP_SHARED;
	}
	struct counters *c = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    map | MAP_POPULATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (c == MAP_FAILED)
		return NULL;
	memcpy(c->magic, counters_magic, sizeof(c->magic));
	c->version = COUNTERS_VERSION;
	c->verdicts = V_COUNT;
	c->npeers = (uint32_t)npeers;
	snprintf(c->program, sizeof(c->program), "%s", program);
	return c;
}

static bool
counters_valid(const struct counters *c, size_t size)
{
	return memcmp(c->magic, counters_magic, sizeof(c->magic)) == 0 &&
	    c->version == COUNTERS_VERSION && c->verdicts == V_COUNT &&
	    size == counters_size(c->npeers);
}

const struct counters *
counters_open(const char *dir, const char *program)
{
	int fd = counters_file(dir, program, O_RDONLY);

	if (fd < 0)
		return NULL;
	off_t size = lseek(fd, 0, SEEK_END);
	if (size < (off_t)sizeof(struct counters)) {
		close(fd);
		errno = EPROTO;
		return NULL;
	}
	struct counters *c = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd,
	    0);
	close(fd);
	if (c == MAP_FAILED)
		return NULL;
	if (!counters_valid(c, (size_t)size)) {
		munmap(c, (size_t)size);
		errno = EPROTO;
		return NULL;
	}
	return c;
}

const struct counters_peer *
counters_find(const struct counters *c, const char *name)
{
	for (uint32_t i = 0; c != NULL && i < c->npeers; i++)
		if (strncmp(c->peer[i].name, name, COUNTERS_NAMELEN) == 0)
			return &c->peer[i];
	return NULL;
}

void
counters_close(const struct counters *c)
{
	if (c != NULL)
		munmap((void *)(uintptr_t)c, counters_size(c->npeers));
}

static void
join_peer(struct counters_peer *to, const struct counters_peer *more)
{
	if (to->name[0] == '\0')
		memcpy(to->name, more->name, sizeof(to->name));
	if (to->endpoint.port == 0)
		to->endpoint = more->endpoint;
	if (to->mtu == 0)
		to->mtu = more->mtu;
	if (more->handshake_sec > to->handshake_sec)
		to->handshake_sec = more->handshake_sec;
	to->rx_bytes += more->rx_bytes;
	to->tx_bytes += more->tx_bytes;
}

static void
join(struct counters *to, const struct counters *more)
{
	to->in += more->in;
	for (int v = 0; v < V_COUNT; v++) {
		to->count[v] += more->count[v];
		to->bytes[v] += more->bytes[v];
	}
	to->corrupt += more->corrupt;
	to->handshakes += more->handshakes;
	for (uint32_t i = 0; i < to->npeers && i < more->npeers; i++)
		join_peer(&to->peer[i], &more->peer[i]);
}

static bool
join_file(struct counters *to, const char *dir, const char *name)
{
	const struct counters *more = counters_open(dir, name);

	if (more == NULL)
		return errno == ENOENT;
	join(to, more);
	counters_close(more);
	return true;
}

struct counters *
counters_all(const char *dir, const char *program)
{
	const struct counters *c = counters_open(dir, program);
	char name[PART_NAMELEN];

	if (c == NULL)
		return NULL;
	struct counters *to = malloc(counters_size(c->npeers));
	if (to != NULL)
		memcpy(to, c, counters_size(c->npeers));
	counters_close(c);
	if (to == NULL)
		return NULL;
	snprintf(name, sizeof(name), "%s-keys", program);
	bool ok = join_file(to, dir, name);
	for (unsigned i = 1; ok && i <= COUNTERS_PARTS; i++)
		ok = join_file(to, dir, part_name(name, program, i));
	if (ok)
		return to;
	free(to);
	return NULL;
}

void
counters_prune(const char *dir, const char *program, unsigned from)
{
	char name[PART_NAMELEN], path[PATH_MAX];

	for (unsigned i = from; dir != NULL && i <= COUNTERS_PARTS; i++)
		if (snprintf(path, sizeof(path), "%s/%s.stat", dir,
		    part_name(name, program, i)) < (int)sizeof(path))
			unlink(path);
}
