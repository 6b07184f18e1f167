/* SPDX-License-Identifier: ISC */
#ifndef BH_ONCE_H
#define BH_ONCE_H

/* Memory that another process may write to while we look at it. */

#include <stddef.h>
#include <string.h>

/* Copies it.  What the copy says is checked, and only the copy is used: without
 * the second line the compiler may fetch from there again what it has checked
 * here. */
static inline void
once_copy(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	__asm__ volatile("" : : "r"(to) : "memory");
}

#endif
