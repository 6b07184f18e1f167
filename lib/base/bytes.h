/* SPDX-License-Identifier: ISC */
#ifndef BH_BYTES_H
#define BH_BYTES_H

/*
 * Integers as they stand on the wire: byte arrays, so structs of them need no
 * packing, have alignment 1, and cannot be added up before they are converted.
 */

#include <stdint.h>

typedef struct {
	uint8_t b[2];
} be16;
typedef struct {
	uint8_t b[4];
} be32;
typedef struct {
	uint8_t b[4];
} le32;
typedef struct {
	uint8_t b[8];
} le64;
typedef struct {
	uint8_t b[8];
} be64;

static inline uint16_t
be16_get(be16 x)
{
	return (uint16_t)(x.b[0] << 8 | x.b[1]);
}

static inline be16
be16_put(uint16_t v)
{
	return (be16){ { (uint8_t)(v >> 8), (uint8_t)v } };
}

static inline uint32_t
be32_get(be32 x)
{
	return (uint32_t)x.b[0] << 24 | (uint32_t)x.b[1] << 16 |
	    (uint32_t)x.b[2] << 8 | x.b[3];
}

static inline be32
be32_put(uint32_t v)
{
	return (be32){ { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v } };
}

static inline uint32_t
le32_get(le32 x)
{
	return (uint32_t)x.b[3] << 24 | (uint32_t)x.b[2] << 16 |
	    (uint32_t)x.b[1] << 8 | x.b[0];
}

static inline le32
le32_put(uint32_t v)
{
	return (le32){ { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 24) } };
}

static inline uint64_t
le64_get(le64 x)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | x.b[i];
	return v;
}

static inline le64
le64_put(uint64_t v)
{
	le64 x;

	for (int i = 0; i < 8; i++, v >>= 8)
		x.b[i] = (uint8_t)v;
	return x;
}

static inline be64
be64_put(uint64_t v)
{
	be64 x;

	for (int i = 7; i >= 0; i--, v >>= 8)
		x.b[i] = (uint8_t)v;
	return x;
}

#endif
