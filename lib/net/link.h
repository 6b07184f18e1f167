/* SPDX-License-Identifier: ISC */
#ifndef BH_LINK_H
#define BH_LINK_H

/*
 * A link joins two programs of one gateway: a SOCK_SEQPACKET socket in the run
 * directory.  A message is a burst of frames; a frame is a header and a packet
 * (bh-link(5)).  Nothing blocks: a full link drops, and the sender counts.
 * Who the sibling is follows from the socket it came by.
 */

#include "net/vnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	LINK_VERSION = 1,
	LINK_PACKET_MAX = 65535,
	LINK_BURST_MAX = 84 * 1024,	/* bytes of one message */
	LINK_FRAMES_MAX = 256,		/* frames in one message */
	LINK_PIECES_MAX = 1024,		/* for link_send: IOV_MAX */
	LINK_ALIGN = 4,			/* frames start at multiples of this */
	LINK_QUEUE = 1024 * 1024,	/* bytes a link may hold */
};

/* Who speaks. */
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

/* Before each packet.  vnet comes last, so that one read(2) from a TUN device
 * fills it together with the packet behind it. */
struct frame {
	uint32_t len;		/* of the packet */
	uint16_t peer;		/* location: destination, or where it is from */
	uint8_t class;		/* V_PARTNER or V_INTERNET */
	uint8_t reserved[3];	/* zero */
	struct vnet vnet;
};

struct link {
	int fd;			/* -1: nobody there */
	uint8_t features;	/* of the other end */
	uint64_t lost;		/* frames dropped since it was opened */
};

/* Binds PATH (replacing a dead socket) and listens; -1 and errno. */
int link_listen(const char *path);
/* Takes a connection: hello exchanged within a bounded time, non-blocking
 * afterwards.  0; -1 and errno, EPROTO with *why set to a sentence if the other
 * end is not what `me' may talk to. */
int link_accept(struct link *l, int lfd, const struct link_hello *me,
    enum link_role other, const char **why);
/* Connects to PATH, trying for wait_ms while nobody listens there. */
int link_connect(struct link *l, const char *path, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why);
void link_close(struct link *l);

/* One message from n pieces, at most LINK_PIECES_MAX, that are whole frames
 * together.  0; -1 and EAGAIN full, EPIPE nobody there (the link is closed
 * then). */
int link_send(struct link *l, const struct iovec *iov, size_t n);
/* One message into buf (LINK_BURST_MAX bytes): its length; 0 the other end has
 * gone (the link is closed then); -1 and errno, EAGAIN when there is none. */
ssize_t link_recv(struct link *l, void *buf, size_t size);

/* Walks the frames of a message: *at starts at 0.  NULL at the end, and for a
 * frame that does not fit (*bad set: the sibling is broken).  The packet is at
 * (uint8_t *)(frame + 1). */
struct frame *link_next(void *buf, size_t n, size_t *at, bool *bad);
/* Bytes that a packet of len takes in a message. */
static inline size_t
link_room(size_t len)
{
	return (sizeof(struct frame) + len + LINK_ALIGN - 1) &
	    ~(size_t)(LINK_ALIGN - 1);
}

#endif
