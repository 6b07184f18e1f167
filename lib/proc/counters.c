/* SPDX-License-Identifier: ISC */
#include "proc/counters.h"

#include "base/die.h"
#include "base/text.h"
#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
	die_count(&c->log_dropped);
	return c;
}

/* How many peers a file of that size has; false: it is none of this version.
 * What it says itself has to agree, but is not believed afterwards. */
static bool
counters_valid(const struct counters *c, size_t size, uint32_t *npeers)
{
	size_t rest = size - sizeof(*c);

	*npeers = (uint32_t)(rest / sizeof(c->peer[0]));
	return rest % sizeof(c->peer[0]) == 0 &&
	    memcmp(c->magic, counters_magic, sizeof(c->magic)) == 0 &&
	    c->version == COUNTERS_VERSION && c->verdicts == V_COUNT &&
	    c->npeers == *npeers;
}

/* Opens another program's file; -1 and errno. */
static int
counters_other(const char *dir, const char *program, size_t *size)
{
	int fd = counters_file(dir, program, O_RDONLY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)sizeof(struct counters) ||
	    st.st_size > (off_t)counters_size(COUNTERS_PEERS_MAX)) {
		close(fd);
		errno = EPROTO;
		return -1;
	}
	*size = (size_t)st.st_size;
	return fd;
}

const struct counters *
counters_map(const char *dir, const char *program, uint32_t *npeers)
{
	size_t size;
	int fd = counters_other(dir, program, &size);

	if (fd < 0)
		return NULL;
	struct counters *c = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (c == MAP_FAILED)
		return NULL;
	if (!counters_valid(c, size, npeers)) {
		munmap(c, size);
		errno = EPROTO;
		return NULL;
	}
	return c;
}

/* Ends a name, and leaves of it what a terminal may see. */
static void
clean(char *s, size_t n)
{
	s[n - 1] = '\0';
	text_visible(s, TEXT_ASCII);
}

bool
counters_accept(struct counters *c, size_t size)
{
	uint32_t npeers;

	if (size < sizeof(*c) || !counters_valid(c, size, &npeers))
		return false;
	clean(c->program, sizeof(c->program));
	for (uint32_t i = 0; i < npeers; i++) {
		clean(c->peer[i].name, sizeof(c->peer[i].name));
		clean(c->peer[i].state, sizeof(c->peer[i].state));
	}
	return true;
}

struct counters *
counters_read(const char *dir, const char *program)
{
	size_t size;
	int fd = counters_other(dir, program, &size);
	struct counters *c = fd < 0 ? NULL : malloc(size);

	if (fd < 0)
		return NULL;
	if (c != NULL && (read(fd, c, size) != (ssize_t)size ||
	    !counters_accept(c, size))) {
		free(c);
		c = NULL;
		errno = EPROTO;
	}
	int error = errno;
	close(fd);
	errno = error;
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
counters_close(struct counters *c, size_t npeers)
{
	if (c == NULL)
		return;
	die_count(NULL);
	munmap(c, counters_size(npeers));
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

void
counters_join(struct counters *to, const struct counters *more)
{
	to->in += more->in;
	for (int v = 0; v < V_COUNT; v++) {
		to->count[v] += more->count[v];
		to->bytes[v] += more->bytes[v];
	}
	to->corrupt += more->corrupt;
	to->handshakes += more->handshakes;
	to->log_dropped += more->log_dropped;
	to->cut += more->cut;
	to->helpers_lost += more->helpers_lost;
	for (uint32_t i = 0; i < to->npeers && i < more->npeers; i++)
		join_peer(&to->peer[i], &more->peer[i]);
}

static bool
join_file(struct counters *to, const char *dir, const char *name)
{
	struct counters *more = counters_read(dir, name);

	if (more == NULL)
		return errno == ENOENT;
	counters_join(to, more);
	free(more);
	return true;
}

struct counters *
counters_all(const char *dir, const char *program)
{
	struct counters *to = counters_read(dir, program);
	char name[WORKER_NAMELEN];

	if (to == NULL)
		return NULL;
	snprintf(name, sizeof(name), "%s-keys", program);
	bool ok = join_file(to, dir, name);
	for (unsigned i = 1; ok && i <= COUNTERS_PARTS; i++)
		ok = join_file(to, dir, worker_name(name, program, i));
	if (ok)
		return to;
	free(to);
	return NULL;
}

void
counters_prune(const char *dir, const char *program, unsigned from)
{
	char name[WORKER_NAMELEN], path[PATH_MAX];

	for (unsigned i = from; dir != NULL && i <= COUNTERS_PARTS; i++)
		if (snprintf(path, sizeof(path), "%s/%s.stat", dir,
		    worker_name(name, program, i)) < (int)sizeof(path))
			unlink(path);
}
