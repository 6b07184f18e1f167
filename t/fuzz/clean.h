/* SPDX-License-Identifier: ISC */
#ifndef BH_T_CLEAN_H
#define BH_T_CLEAN_H

#include "fuzz.h"

/* A string that ends within its room, and of which all may be shown on a
 * terminal (text_visible, TEXT_ASCII). */
static inline bool
is_clean(const char *s, size_t room)
{
	size_t n = strnlen(s, room);

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n < room;
}

#endif
