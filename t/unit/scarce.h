/* SPDX-License-Identifier: ISC */
#ifndef BH_T_SCARCE_H
#define BH_T_SCARCE_H

/*
 * Memory that runs out when a test says so, that is counted, and that tells
 * when somebody has written behind its end: stands before glibc's.  A sanitizer
 * has its own and tells all that itself, so this leaves it alone, and nothing
 * runs out.
 */

#include "test.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static long scarce_left = -1;	/* so many more, then one fails; -1: none */
static long scarce_live;	/* allocations that are not free */
static long scarce_overrun;	/* that were not what they were when freed */

#ifdef __SANITIZE_ADDRESS__

enum { SCARCE = 0 };

#else

enum { SCARCE = 1 };

extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* Before and behind each. */
struct scarce_head {
	void *start;
	size_t n;
};
static const char scarce_end[8] = "the end";

static void *
scarce_new(size_t align, size_t n)
{
	if (scarce_left >= 0 && scarce_left-- == 0)
		return NULL;
	size_t before = align < sizeof(struct scarce_head) ?
	    sizeof(struct scarce_head) : align;
	char *start = __libc_memalign(before, before + n + sizeof(scarce_end));
	if (start == NULL)
		return NULL;
	struct scarce_head *h = (void *)(start + before);
	h[-1] = (struct scarce_head){ start, n };
	memcpy((char *)h + n, scarce_end, sizeof(scarce_end));
	scarce_live++;
	return h;
}

void *
malloc(size_t n)
{
	return scarce_new(1, n);
}

void *
calloc(size_t n, size_t size)
{
	void *p = scarce_new(1, n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

void *
realloc(void *p, size_t n)
{
	void *q = scarce_new(1, n);

	if (q == NULL || p == NULL)
		return q;
	size_t was = ((struct scarce_head *)p)[-1].n;
	memcpy(q, p, was < n ? was : n);
	free(p);
	return q;
}

void *
aligned_alloc(size_t align, size_t n)
{
	return scarce_new(align, n);
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	*p = scarce_new(align, n);
	return *p != NULL ? 0 : ENOMEM;
}

void
free(void *p)
{
	if (p == NULL)
		return;
	const struct scarce_head *h = (struct scarce_head *)p - 1;
	scarce_overrun += memcmp((char *)p + h->n, scarce_end,
	    sizeof(scarce_end)) != 0;
	scarce_live--;
	__libc_free(h->start);
}

#endif

/* Makes something again and again, each time with one more allocation before
 * the one that fails, until there is none that does.  The number of times that
 * it was made; -1 if anything was not given back, -2 if it was made without
 * what had failed although `strict', -3 if more was written than there is. */
static inline int
scarce_tries(void *(*make)(void), void (*unmake)(void *), bool strict)
{
	for (int n = 0;; n++) {
		long before = scarce_live, written = scarce_overrun;
		scarce_left = n;
		void *p = make();
		bool failed = scarce_left < 0;
		scarce_left = -1;
		if (p != NULL)
			unmake(p);
		if (scarce_live != before)
			return -1;
		if (strict && (p != NULL) == failed)
			return -2;
		if (scarce_overrun != written)
			return -3;
		if (!failed)
			return n;
	}
}

/* A thing that is made with at least so many allocations. */
struct scarce_row {
	const char *what;
	void *(*make)(void);
	void (*unmake)(void *);
	bool strict;
	int least;
};

static inline void
scarce_rows(const struct scarce_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int tries = scarce_tries(row[i].make, row[i].unmake,
		    row[i].strict);
		OKF(tries >= (SCARCE ? row[i].least : 0), "no memory for %s: "
		    "all is given back (%d)", row[i].what, tries);
	}
}

#endif
