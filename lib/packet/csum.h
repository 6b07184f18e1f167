/* SPDX-License-Identifier: ISC */
#ifndef BH_CSUM_H
#define BH_CSUM_H

/* The Internet checksum (RFC 1071).  Sums are partial until folded; a sum of
 * an odd number of bytes can only be the last one. */

#include "base/bytes.h"
#include "packet/ip.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Adds n bytes to a partial sum (any value is a valid start). */
uint64_t csum_add(uint64_t sum, const void *p, size_t n);
/* The same while copying. */
uint64_t csum_copy(uint64_t sum, void *dst, const void *src, size_t n);
/* 16 bits, big-endian value as it goes on the wire, not complemented. */
static inline uint16_t
csum_fold(uint64_t sum)
{
	be16 wire;
	uint16_t v;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	v = (uint16_t)(sum + (sum >> 16));
	memcpy(&wire, &v, sizeof(wire));
	return be16_get(wire);
}

/* Pseudo header of transport `proto' and length `len' for this packet
 * (RFC 9293 3.1, RFC 8200 8.1), as a partial sum. */
uint64_t csum_pseudo(const struct ip *ip, uint8_t proto, size_t len);

/* RFC 1624: what is to be added to a sum over bytes of which n, an even number
 * at an even place, become others; such changes add up from `delta' on. */
uint64_t csum_change(uint64_t delta, const void *from, const void *to,
    size_t n);
/* Two changes, or two sums, as one. */
uint64_t csum_join(uint64_t a, uint64_t b);
/* A checksum, as it stands in a header, after such changes; of bytes that are
 * not all zero, as every header's are: what summing anew would give. */
uint16_t csum_patch(uint16_t csum, uint64_t delta);

#endif
