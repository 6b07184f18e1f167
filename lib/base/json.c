/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

/* Length of the UTF-8 character at s, or 0: RFC 3629 section 4, by the bounds
 * of the first and second byte. */
static size_t
utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, low, high;
		size_t len;
	} form[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		if (s[0] < form[i].first || s[0] > form[i].last)
			continue;
		if (form[i].len > 1 &&
		    (s[1] < form[i].low || s[1] > form[i].high))
			return 0;
		for (size_t j = 2; j < form[i].len; j++)
			if ((s[j] & 0xc0) != 0x80)
				return 0;
		return form[i].len;
	}
	return 0;
}

/* One character of ASCII. */
static void
put_ascii(FILE *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *p = c != '\0' ? strchr(from, c) : NULL;

	if (p != NULL)
		fprintf(out, "\\%c", to[p - from]);
	else if (c < 0x20 || c == 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		putc(c, out);
}

void
json_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s != '\0') {
		size_t n = utf8_len(s);
		uint32_t c;
		if (n == 0)
			fputs("\\ufffd", out);
		else if (n > 1 && text_unsafe((const char *)s, &c) == n)
			fprintf(out, "\\u%04x", c);
		else if (n == 1)
			put_ascii(out, *s);
		else
			fwrite(s, 1, n, out);
		s += n > 0 ? n : 1;
	}
	putc('"', out);
}
