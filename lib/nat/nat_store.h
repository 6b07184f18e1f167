/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_STORE_H
#define BH_NAT_STORE_H

/*
 * A translator's state as a file, mapped, so that it outlives the process; and
 * the image of it that others may read: bh-ctl(1), or the next bh-egress(8).
 * The system keeps what was written when a process dies at any instant; that a
 * record is whole its seal says.
 */

#include "nat/nat.h"

/* What the file begins with; behind it the pool's addresses, the owners of
 * blocks, the flows, and what runs with them, each at a multiple of 64. */
struct nat_image {
	uint8_t magic[8];		/* "bh-nat\n" */
	uint32_t version, flows, npool, block;
	uint8_t boot[16];		/* whose clock it is */
	int64_t wall;			/* wall clock minus that, seconds */
	uint32_t clock;			/* the last second that it saw */
	uint8_t zero[12];
};

enum { NAT_IMAGE_VERSION = 2 };

struct nat_store {
	const char *path;		/* NULL: memory */
	bool offline;			/* times are those of captures */
	uint8_t key[16];
	int (*place)(const void *arg, const struct addr *inside);
	const void *arg;		/* of place */
};

/* Makes the translator, with what another one left at path; exits 111 if the
 * system refuses.  How many flows were taken over. */
size_t nat_store_open(struct nat *n, const struct nat_config *cfg,
    const struct nat_store *s, nsec now, uint64_t wall);

/* An image that its program may still write to: what is small is a copy, and a
 * flow is to be copied (base/once.h) before it is looked at. */
struct nat_view {
	struct nat_image image;		/* a copy */
	const struct addr *pool;	/* a copy */
	struct nat_records rec;		/* owner: a copy */
	uint8_t *copy;
	void *map;			/* NULL: the caller has the bytes */
	size_t size;
};

/* Of bytes in memory, at a multiple of 64; of a file.  -1 and errno; EPROTO: no
 * image of this version. */
int nat_view_init(struct nat_view *v, void *bytes, size_t size);
int nat_view_open(struct nat_view *v, const char *path);
void nat_view_close(struct nat_view *v);

#endif
