/* SPDX-License-Identifier: ISC */
#ifndef BH_LINK_H
#define BH_LINK_H

/*
 * A link joins two programs of one gateway: two rings of frames in memory that
 * each end makes for what it sends, seals and hands to the other in its hello
 * together with a bell, by which it wakes it; and a SOCK_SEQPACKET socket in
 * the run directory, by which they met, and which ends with either
 * (bh-link(5)).  Nothing blocks: a full link drops, and the sender counts.  Who
 * the sibling is follows from the socket it came by.
 */

#include "io/ring.h"

#include <sys/types.h>

enum { LINK_VERSION = 5 };

/* The program that speaks. */
enum link_role { LINK_CLASSIFY = 1, LINK_EGRESS = 2, LINK_TUNNEL = 3 };

/* What the end with the TUN device can take. */
enum { LINK_F_USO = 1 };

/* First message of each side; native byte order: both are on one host. */
struct link_hello {
	uint8_t magic[4];	/* "BHLK" */
	uint16_t version;
	uint8_t role;
	uint8_t features;
	uint64_t generation;	/* hash of the domain file */
};

struct link {
	int fd;			/* -1: nobody there */
	uint8_t features;	/* of the other end */
	int area;		/* descriptor of the memory that we write */
	int bell, ear;		/* eventfds: what we ring, what rings for us */
	struct ring ring;
};

/* Binds PATH (replacing a dead socket) and listens; -1 and errno. */
int link_listen(const char *path);
/* Makes the memory of a link that has no other end yet; -1 and errno. */
int link_init(struct link *l);
void link_fini(struct link *l);
/* Takes a connection for an initialised link: hello exchanged within a bounded
 * time, non-blocking afterwards.  0; -1 and errno, EPROTO with *why set to a
 * sentence if the other end is not what `me' may talk to. */
int link_accept(struct link *l, int lfd, const struct link_hello *me,
    enum link_role other, const char **why);
/* The same of a connection that the caller has, which is the link's then, or
 * closed. */
int link_meet(struct link *l, int fd, const struct link_hello *me,
    enum link_role other, const char **why);
/* Connects to PATH, trying for wait_ms while nobody listens there. */
int link_connect(struct link *l, const char *path, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why);
/* Hangs up; the memory stays. */
void link_close(struct link *l);

/* Where the next frame may be written, FRAME_MAX bytes.  NULL: the link is
 * full, or nobody is there. */
struct frame *link_room(struct link *l);
/* Sends what link_room gave, now that its len is set. */
void link_put(struct link *l, const struct frame *f);
/* The same of a frame of the caller's own, for which link_room gave no room: a
 * short one may overtake what fills the link.  False: there is no way. */
bool link_slip(struct link *l, const struct frame *f);
/* Wakes the other end if it sleeps and there is something for it. */
void link_flush(struct link *l);
/* The next frame, as ring_pop gives it; false if there is none.  A link whose
 * other end has said what cannot be is closed. */
bool link_pop(struct link *l, struct frame *f, const uint8_t **body);
/* Looks at what comes after it (ring_ahead). */
size_t link_ahead(const struct link *l, uint64_t *past, void *p, size_t n);

/* Before the wait for fd or ear to become readable: false if there is something
 * to be taken, so that the wait must not last. */
bool link_nap(struct link *l);
/* After it; readable: what was said of fd.  A link whose other end has gone is
 * closed once all has been taken. */
void link_wake(struct link *l, bool readable);

#endif
