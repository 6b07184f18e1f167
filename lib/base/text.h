/* SPDX-License-Identifier: ISC */
#ifndef BH_TEXT_H
#define BH_TEXT_H

/* Copies of strings, cut where there is no more room, always with their 0; and
 * what of strings may be shown. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first n bytes; room is not 0. */
static inline char *
text_copy_n(char *to, size_t room, const char *from, size_t n)
{
	n = n < room ? n : room - 1;
	to[n] = '\0';
	return memcpy(to, from, n);
}

static inline char *
text_copy(char *to, size_t room, const char *from)
{
	return text_copy_n(to, room, from, strlen(from));
}

/* How many bytes of s, which is not empty, are a character that a terminal or a
 * reader would not show as what it is, in *c; 0: it is none. */
size_t text_unsafe(const char *s, uint32_t *c);
/* Each of those becomes a '?'.  Text that people have written has any script;
 * of what another process has written all but printable ASCII goes as well. */
enum text_script { TEXT_ANY, TEXT_ASCII };
void text_visible(char *s, enum text_script which);

#endif
