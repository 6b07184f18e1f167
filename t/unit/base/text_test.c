/* SPDX-License-Identifier: ISC */
/* What of strings may be shown on a terminal. */
#include "test.h"

#include "base/text.h"

#include <stdbool.h>

static bool
shown(enum text_script which, const char *is, const char *as)
{
	char s[64];

	text_copy(s, sizeof(s), is);
	text_visible(s, which);
	return strcmp(s, as) == 0;
}

static void
test_visible(void)
{
	OK(shown(TEXT_ANY, "", "") && shown(TEXT_ASCII, "", ""));
	OK(shown(TEXT_ANY, "a ~b", "a ~b") && shown(TEXT_ASCII, "a ~b", "a ~b"));
	OK(shown(TEXT_ANY, "a\tb\x7f\x1b[m", "a?b??[m"));
	OK(shown(TEXT_ASCII, "a\tb\x7f\x1b[m", "a?b??[m"));
	OKF(shown(TEXT_ANY, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "people have any script");
	OKF(shown(TEXT_ASCII, "\xc3\xa4\xe2\x82\xacz\xf0\x9f\x98\x80",
	    "?????z????"), "another process has ASCII");
	OKF(shown(TEXT_ANY, "\xe2\x80\xae" "a", "?a") &&
	    shown(TEXT_ASCII, "\xe2\x80\xae" "a", "?a"),
	    "a mark of direction is one character");
	OK(shown(TEXT_ANY, "\x9b" "a\xff", "?a\xff"));
	OK(shown(TEXT_ASCII, "\x9b" "a\xff", "?a?"));
	OKF(shown(TEXT_ASCII, "\xe2", "?") && shown(TEXT_ASCII, "\xf0\x9f",
	    "??"), "nothing is read past the end");
}

int
main(void)
{
	test_visible();
	return DONE();
}
