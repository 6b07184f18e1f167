/* SPDX-License-Identifier: ISC */
#include "nat/nat_store.h"

#include "base/die.h"
#include "base/once.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t image_magic[8] = "bh-nat\n";
static_assert(sizeof(struct nat_image) == 64, "a line");

struct layout {
	size_t pool, owner, flow, run, size;
};

static size_t
place_for(size_t *at, size_t n, size_t size)
{
	size_t here = *at;

	*at += (n * size + 63) & ~(size_t)63;
	return here;
}

static struct layout
lay_out(uint32_t flows, uint32_t npool, uint32_t nblocks)
{
	size_t at = sizeof(struct nat_image);
	struct layout l;

	l.pool = place_for(&at, npool, sizeof(struct addr));
	l.owner = place_for(&at, nblocks, sizeof(struct nat_owner));
	l.flow = place_for(&at, (size_t)flows + 1, sizeof(struct nat_flow));
	l.run = place_for(&at, (size_t)flows + 1, sizeof(struct nat_run));
	l.size = at;
	return l;
}

static struct nat_records
records_at(void *base, const struct layout *l)
{
	uint8_t *p = base;

	return (struct nat_records){ .owner = (void *)(p + l->owner),
		.flow = (void *)(p + l->flow), .run = (void *)(p + l->run) };
}

/* ---- reading ---- */

static struct layout
layout_of(const struct nat_image *m)
{
	return lay_out(m->flows, m->npool, m->npool *
	    nat_blocks_each(m->block));
}

static bool
image_is_sound(const struct nat_image *m, size_t size)
{
	if (memcmp(m->magic, image_magic, sizeof(m->magic)) != 0 ||
	    m->version != NAT_IMAGE_VERSION || m->npool > NAT_POOL_MAX ||
	    m->block < NAT_BLOCK_MIN || m->block > NAT_BLOCK_MAX ||
	    m->flows > UINT32_MAX / 2)
		return false;
	return layout_of(m).size == size;
}

/* Flows are copied as they are looked at, one at a time, since there may be a
 * gigabyte of them. */
int
nat_view_init(struct nat_view *v, void *bytes, size_t size)
{
	*v = (struct nat_view){ .size = size };
	errno = EPROTO;
	if (size < sizeof(v->image))
		return -1;
	once_copy(&v->image, bytes, sizeof(v->image));
	if (!image_is_sound(&v->image, size))
		return -1;
	struct layout l = layout_of(&v->image);
	v->rec = records_at(bytes, &l);
	v->copy = malloc(l.flow);
	if (v->copy == NULL)
		return -1;
	once_copy(v->copy, bytes, l.flow);
	v->rec.owner = (void *)(v->copy + l.owner);
	v->pool = (const void *)(v->copy + l.pool);
	return 0;
}

/* A file as it lies; MAP_FAILED and errno. */
static void *
map_other(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	void *map = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return map;
	errno = EPROTO;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		*size = (size_t)st.st_size;
		map = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	}
	int error = errno;
	close(fd);
	errno = error;
	return map;
}

int
nat_view_open(struct nat_view *v, const char *path)
{
	size_t size;
	void *map = map_other(path, &size);

	if (map == MAP_FAILED)
		return -1;
	if (nat_view_init(v, map, size) == 0) {
		v->map = map;
		return 0;
	}
	int error = errno;
	munmap(map, size);
	errno = error;
	return -1;
}

void
nat_view_close(struct nat_view *v)
{
	free(v->copy);
	if (v->map != NULL)
		munmap(v->map, v->size);
}

/* ---- writing ---- */

static void
read_boot(uint8_t boot[16])
{
	uint8_t text[40] = { 0 };
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, 16);
	if (fd < 0)
		return;
	if (read(fd, text, 36) == 36)
		for (size_t i = 0; i < 36; i++)
			boot[i % 16] ^= (uint8_t)(text[i] * (i + 1));
	close(fd);
}

static void *
map_image(const char *path, size_t size)
{
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (path != NULL) {
		unlink(path);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
		    O_NOFOLLOW, 0600);
		if (fd < 0)
			die(EXIT_RETRY, "cannot write %s", path);
		/* a disk that is full should say so now, not by SIGBUS */
		errno = posix_fallocate(fd, 0, (off_t)size);
		if (errno != 0)
			die(EXIT_RETRY, "cannot write %s", path);
		flags = MAP_SHARED;
	}
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    flags | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		die(EXIT_RETRY, "cannot map the table of flows, %zu bytes",
		    size);
	if (fd >= 0)
		close(fd);
	return p;
}

/* In large pages if there are any: a look-up goes anywhere in it. */
static void *
private_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die(EXIT_RETRY, "cannot get %zu bytes for the table of flows",
		    size);
	madvise(p, size, MADV_HUGEPAGE);
	return memset(p, 0, size);	/* never a page fault later */
}

/* What is left there, if it is of this boot. */
static size_t
adopt(struct nat *n, const struct nat_store *s, const uint8_t boot[16],
    nsec now)
{
	struct nat_view v;
	size_t got = 0;

	if (s->path == NULL)
		return 0;
	if (nat_view_open(&v, s->path) < 0) {
		if (errno != ENOENT)
			warn("cannot take over %s, beginning anew", s->path);
		return 0;
	}
	if (s->offline) {	/* it goes on where it ended */
		now = (nsec)v.image.clock * NSEC_SEC;
		n->wheel.at = v.image.clock;
	}
	if (memcmp(v.image.boot, boot, sizeof(v.image.boot)) == 0)
		got = nat_adopt(n, &(struct nat_legacy){ .rec = v.rec,
		    .flows = v.image.flows, .pool = v.pool,
		    .npool = v.image.npool, .place = s->place,
		    .block = (uint16_t)v.image.block, .arg = s->arg }, now);
	nat_view_close(&v);
	return got;
}

size_t
nat_store_open(struct nat *n, const struct nat_config *cfg,
    const struct nat_store *s, nsec now, uint64_t wall)
{
	struct layout l = lay_out(cfg->flows, (uint32_t)cfg->npool,
	    nat_ports_blocks(cfg));
	char path[PATH_MAX] = "";

	if (s->path != NULL)
		snprintf(path, sizeof(path), "%s.new", s->path);
	void *base = map_image(s->path != NULL ? path : NULL, l.size);
	struct nat_records rec = records_at(base, &l);
	struct nat_image *m = base;

	nat_init(n, cfg, &rec, private_memory(nat_memory(cfg)), s->key);
	n->wall = (int64_t)(wall / NSEC_SEC) - (int64_t)(now / NSEC_SEC);
	n->wheel.at = (uint32_t)(now / NSEC_SEC);
	memcpy(m->magic, image_magic, sizeof(m->magic));
	m->version = NAT_IMAGE_VERSION;
	m->flows = cfg->flows;
	m->npool = (uint32_t)cfg->npool;
	m->block = cfg->block;
	m->wall = n->wall;
	if (!s->offline)
		read_boot(m->boot);
	memcpy((uint8_t *)base + l.pool, cfg->pool,
	    cfg->npool * sizeof(*cfg->pool));
	n->clock = &m->clock;
	size_t got = adopt(n, s, m->boot, now);
	if (s->path != NULL && rename(path, s->path) < 0)
		die(EXIT_RETRY, "cannot write %s", s->path);
	return got;
}
