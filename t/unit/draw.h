/* SPDX-License-Identifier: ISC */
#ifndef BH_T_DRAW_H
#define BH_T_DRAW_H

#include <stdint.h>

/* Numbers that a printed seed gives again (Steele, splitmix64). */
static inline uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#endif
