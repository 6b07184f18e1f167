/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <stdint.h>

/* What turns a terminal, or the order of what is read on it, around: C0, C1,
 * marks of direction (Unicode's bidirectional algorithm), ends of lines. */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
	{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

/* The character at s as far as one of those may be it, in up to three bytes of
 * UTF-8; a byte that is none is taken for Latin-1, as some terminals do. */
static uint32_t
character(const unsigned char *s, size_t *n)
{
	*n = 1;
	if ((s[0] & 0xe0) == 0xc0 && (s[1] & 0xc0) == 0x80) {
		*n = 2;
		return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
	}
	if ((s[0] & 0xf0) == 0xe0 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80) {
		*n = 3;
		return (uint32_t)(s[0] & 0x0f) << 12 |
		    (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
	}
	if ((s[0] & 0xf8) == 0xf0 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80)
		*n = 4;
	return s[0];
}

size_t
text_unsafe(const char *s, uint32_t *c)
{
	size_t n;

	*c = character((const unsigned char *)s, &n);
	for (size_t i = 0; n < 4 && i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (unsafe[i].first <= *c && *c <= unsafe[i].last)
			return n;
	return 0;
}

void
text_visible(char *s, enum text_script which)
{
	char *to = s;
	uint32_t c;
	size_t n;

	while (*s != '\0') {
		if (*s >= ' ' && *s <= '~') {	/* nearly all of it */
			*to++ = *s++;
			continue;
		}
		n = text_unsafe(s, &c);
		if (n == 0 && which == TEXT_ASCII && (s[0] & 0x80) != 0)
			n = 1;
		if (n > 0) {
			*to++ = '?';
			s += n;
			continue;
		}
		character((const unsigned char *)s, &n);
		memmove(to, s, n);
		to += n;
		s += n;
	}
	*to = '\0';
}
