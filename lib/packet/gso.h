/* SPDX-License-Identifier: ISC */
#ifndef BH_GSO_H
#define BH_GSO_H

/*
 * Super-packets.  Cutting: one packet with a virtio-net header becomes the
 * packets that may go on a wire, checksums complete.  Joining: consecutive
 * segments of one flow become one super-packet again, as a list of pieces, so
 * that nothing is copied until the packet leaves the process; only after
 * their checksums were verified, and only if cutting would give back exactly
 * the packets that came (RFC 9293 fields, IP id rules as the kernel's GRO).
 */

#include "base/batch.h"
#include "packet/ip.h"
#include "packet/vnet.h"
#include "packet/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct gso {
	const uint8_t *pkt, *body;
	size_t len, done;	/* payload: whole, cut so far */
	uint16_t hlen;		/* what each segment begins with, bytes */
	uint16_t size;		/* payload of a segment */
	uint16_t csum_at;	/* offset; 0: leave the sum alone */
	uint16_t piece;		/* IP payload of a fragment; 0: in none */
	uint16_t off;		/* of a datagram in fragments: cut so far */
	uint16_t sum_from;	/* ... that is no super-packet's */
	uint16_t id_step;	/* of the IPv4 id */
	uint32_t seg;		/* given so far */
	uint8_t type;		/* VNET_GSO_* without the ECN bit */
	struct ip ip;
};

/* By how much the id grows from one segment to the next.  A sender whose
 * packets are atomic may leave it 0 (RFC 6864 4.1), so 0 and DF stays so; that
 * way what such a sender sent is joined and comes out as it was. */
static inline uint16_t
gso_id_step(const struct ip4_hdr *h)
{
	return be16_get(h->id) == 0 && be16_get(h->frag) == IP4_DF ? 0 : 1;
}

/* Begins to cut `n' bytes at pkt, described by *v and already parsed into
 * *ip.  V_NEXT, or V_OFFLOAD if the header contradicts the packet (gso size 0,
 * csum outside it, wrong protocol, segment longer than mtu), V_TOO_BIG for a
 * plain packet longer than mtu.  A packet without GSO is one segment; bytes
 * beyond ip->len are left off.  g->body, where payload is read, is pkt: it may
 * be set to another copy of the packet, which may change meanwhile. */
enum verdict gso_init(struct gso *g, const struct vnet *v, const struct ip *ip,
    const uint8_t *pkt, size_t n, size_t mtu);
/* The packet, or each datagram of a super-packet of UDP, is to be cut as a
 * router cuts it (RFC 791 3.2), into pieces of up to mtu bytes; false if that
 * may not be: IPv6, DF, TCP in segments. */
bool gso_fragment(struct gso *g, size_t mtu);
/* How many packets gso_next will give; each has at most hlen + size bytes, or
 * what gso_fragment was told. */
size_t gso_segments(const struct gso *g);
/* Writes the next segment, with all checksums, to out (mtu bytes); its length,
 * 0 after the last. */
size_t gso_next(struct gso *g, uint8_t *out);

enum {
	GRO_SLOTS = BATCH_OF(64),	/* super-packets under way in a burst */
	GRO_PIECES = BATCH_OF(64),	/* segments in one super-packet */
};

/* One packet, or several put together.  piece[0] is the first packet, header
 * included; the others are payload only.  All point into the caller's
 * buffers. */
struct gro_slot {
	struct vnet vnet;
	struct ip ip;
	uint32_t bytes;		/* of all pieces */
	uint32_t npieces;
	uint32_t next_seq;
	uint16_t next_id, id_step;
	uint16_t hlen, size;	/* as in struct gso */
	bool open;		/* may grow */
	uint16_t tag;		/* the caller's: only equal tags are joined */
	struct iovec piece[GRO_PIECES];
};

struct gro {
	size_t n;
	bool udp;		/* may join UDP (the far TUN knows USO) */
	uint8_t recent[256];	/* by hash of flow: its last slot + 1, or 0 */
	struct gro_slot slot[GRO_SLOTS];
};

void gro_init(struct gro *g, bool udp);
/* Takes a parsed packet (ip->len bytes at pkt, which stay the caller's and may
 * be written).  False if all slots are taken: flush and come again.  *bad says
 * whether a TCP or UDP checksum is wrong (the packet is taken as it is, alone:
 * W23). */
bool gro_add(struct gro *g, uint8_t *pkt, const struct ip *ip, uint16_t tag,
    bool *bad);
/* Writes final headers (lengths, pseudo-header sums, virtio-net header) into
 * the first pieces; then g->slot[0 .. g->n) are the packets, in order of
 * arrival within each flow.  gro_init again afterwards. */
void gro_finish(struct gro *g);

#endif
