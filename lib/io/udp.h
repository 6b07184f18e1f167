/* SPDX-License-Identifier: ISC */
#ifndef BH_UDP_H
#define BH_UDP_H

/*
 * A UDP socket of a tunnel: one for both families, many datagrams a call.
 * Trains of datagrams of one size to one place cost one send (UDP_SEGMENT) and
 * arrive as one buffer (UDP_GRO) where the kernel can.
 */

#include "base/batch.h"
#include "base/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	UDP_BATCH = BATCH_OF(32),	/* buffers or trains in one call */
	UDP_BUFFER = 65536,
	UDP_TRAIN_MAX = BATCH_OF(64),	/* datagrams: the kernel's limit */
	UDP_TRAIN_BYTES = 65507 - 20,	/* less IPv6's longer header */
	UDP_CONTROL = 192,		/* bytes of control messages */
	UDP_QUEUE = 4 * 1024 * 1024,
};

/* What arrived: datagrams of `size' bytes, the last may be shorter. */
struct udp_in {
	uint8_t *data;
	size_t len, size;
	struct path path;
	uint8_t tos;
	uint32_t dropped;	/* by the kernel before this one, in all */
};

/* One datagram of some trains; begins as { 0 }. */
struct udp_datagram {
	const struct udp_in *of;
	uint8_t *p;
	size_t n, at;		/* at: where the next of that train begins */
};

/* The next of n trains; false: there is none. */
static inline bool
udp_next(struct udp_datagram *d, const struct udp_in *in, size_t n)
{
	if (d->of == NULL || d->at == d->of->len) {
		d->of = d->of == NULL ? in : d->of + 1;
		d->at = 0;
		if (d->of == in + n)
			return false;
	}
	size_t left = d->of->len - d->at;
	d->p = d->of->data + d->at;
	d->n = left < d->of->size ? left : d->of->size;
	d->at += d->n;
	return true;
}

/* What is to be sent, likewise: at most UDP_TRAIN_MAX datagrams and
 * UDP_TRAIN_BYTES. */
struct udp_out {
	const uint8_t *data;
	size_t len, size;
	struct path path;
	uint8_t tos, hops;	/* hops: 0, the system's */
	bool split;		/* in IPv6 fragments that fit everywhere */
	bool fits;		/* known to, whatever ICMPv6 says */
	bool failed;		/* out: not everything was sent */
	bool moved;		/* out: path.local is not ours any more */
};

struct udp_slot {
	struct sockaddr_storage addr;
	struct iovec iov;
	_Alignas(8) uint8_t control[UDP_CONTROL];
};

struct udp {
	int fd;
	bool dual;		/* AF_INET6 with mapped IPv4; else AF_INET */
	bool segment;		/* UDP_SEGMENT works here */
	bool whole;		/* nothing is fragmented now */
	bool deaf;		/* ICMPv6 about a path is not heeded now */
	uint32_t dropped, told;	/* by the kernel, which had no more room */
	size_t ask;		/* for so many buffers, next time */
	bool more;		/* the last call may have left some */
	uint8_t *buffer;	/* UDP_BATCH * UDP_BUFFER */
	struct mmsghdr in[UDP_BATCH], out[UDP_TRAIN_MAX];
	struct udp_slot in_slot[UDP_BATCH], out_slot[UDP_TRAIN_MAX];
};

/* Wraps a socket that io/udp_port.h has bound; -1 and errno.  Allocates the
 * buffers. */
int udp_open(struct udp *u, int fd);
/* Sets what a socket of a tunnel needs, as far as we may. */
void udp_prepare(int fd);
/* Another socket, prepared, takes the place of the first, which is closed. */
void udp_replace(struct udp *u, int fd);
void udp_close(struct udp *u);
/* From here on nothing is sent in fragments, and what would have to be is lost;
 * or everything may be again.  A path's MTU is never what ICMP says for IPv4;
 * for IPv6 it is for what is not known to fit, and never below 1280. */
void udp_whole(struct udp *u, bool on);
/* Takes what is there, up to UDP_BATCH buffers, fewer if those of the last call
 * were so large that they make more than a turn.  They are good until the next
 * call.  How many. */
size_t udp_recv(struct udp *u, struct udp_in in[static UDP_BATCH]);
/* How many the kernel has dropped since this was asked, as far as what was
 * taken tells. */
uint32_t udp_overrun(struct udp *u);
/* Sends n trains, at most UDP_TRAIN_MAX, in order. */
void udp_send(struct udp *u, struct udp_out *out, size_t n);

#endif
