/* SPDX-License-Identifier: ISC */
/* What the reader makes of a file: one table entry for each fact. */

#include "conf/ini.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

struct log {
	char text[2048];
	size_t n;
};

static void
on_section(void *arg, const char *name, int line)
{
	struct log *l = arg;

	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
	    "%d[%s] ", line, name);
}

static void
on_pair(void *arg, const struct ini_pair *p)
{
	struct log *l = arg;

	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
	    "%d%s%s=%s ", p->line, p->continued ? "+" : ":", p->key, p->value);
}

static bool
on_skip(void *arg, const char *name, int line)
{
	struct log *l = arg;

	(void)line;
	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
	    "skip ");
	return strcmp(name, "meant") == 0;
}

static void
on_lost(void *arg, const struct ini_pair *p)
{
	struct log *l = arg;

	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
	    "%d?%s ", p->line, p->key);
}

static const struct ini_events events = { on_section, on_pair, on_skip,
	on_lost, false };
static const struct ini_events quick = { on_section, on_pair, on_skip,
	on_lost, true };

/* Events, then "line BHnnn" for each mistake. */
static uint64_t
read_as(const struct ini_events *ev, struct log *l, const char *text, size_t n)
{
	struct diags d;
	FILE *f = fmemopen((void *)(uintptr_t)text, n, "r");

	*l = (struct log){ 0 };
	diag_init(&d);
	uint64_t hash = ini_read(f, &d, ev, l);
	for (size_t i = 0; i < d.n; i++)
		l->n += (size_t)snprintf(l->text + l->n,
		    sizeof(l->text) - l->n, "!%d.%d ", d.d[i].line,
		    (int)d.d[i].code);
	diag_fini(&d);
	fclose(f);
	return hash;
}

static uint64_t
read_text(struct log *l, const char *text, size_t n)
{
	return read_as(&events, l, text, n);
}

#define LONG40 "0123456789012345678901234567890123456789"
#define LONG190 LONG40 LONG40 LONG40 LONG40 "012345678901234567890123456789"

static const struct {
	const char *what, *text, *log;
} facts[] = {
	{ "numbers are those of physical lines",
	    "\n; c\n[a]\n\nk = v\n", "3[a] 5:k=v " },
	{ "two sections of one name are two", "[a]\nk=1\n[a]\nk=2\n",
	    "1[a] 2:k=1 3[a] 4:k=2 " },
	{ "an empty section is one", "[a]\n[b]\n", "1[a] 2[b] " },
	{ "a line without '=' is a mistake, wherever it is",
	    "x\n[a]\ny\nk=1\nz 3\n",
	    "1?x 2[a] 3?y 4:k=1 5?z !1.5 !3.5 !5.5 " },
	{ "and so is what continues it", "[a]\nj=1\nk 1\n 2\n 3\nl=1\n",
	    "1[a] 2:j=1 3?k 6:l=1 !3.5 " },
	{ "the last line may lack its end", "[a]\nk = v", "1[a] 2:k=v " },
	{ "and is a mistake like others", "[a]\nk", "1[a] 2?k !2.5 " },
	{ "a continuation is told from a pair", "[a]\nk=1\n  2\n\t3\n",
	    "1[a] 2:k=1 3+k=2 4+k=3 " },
	{ "it has its comment cut", "[a]\nk=1 ; x\n  2 ; y\n  3;4\n",
	    "1[a] 2:k=1 3+k=2 4+k=3;4 " },
	{ "it ends at an empty line for nobody", "[a]\nk=1\n\n  2\n",
	    "1[a] 2:k=1 4+k=2 " },
	{ "the first pair of a section may be indented", "[a]\n  k=1\n",
	    "1[a] 2:k=1 " },
	{ "a section may be indented, also below a key",
	    "[a]\nk=1\n [b]\nl=2\n", "1[a] 2:k=1 3[b] 4:l=2 " },
	{ "a line is whole, however long it is",
	    "[a]\nk = " LONG190 LONG190 " x = y ; z\n " LONG190 "\nl = 1\n",
	    "1[a] 2:k=" LONG190 LONG190 " x = y 3+k=" LONG190 " 4:l=1 " },
	{ "a long comment is a comment",
	    "[a]\n; " LONG190 LONG190 "\n  # " LONG190 LONG190 "\nk=1\n",
	    "1[a] 4:k=1 " },
	{ "a long section is none, and its pairs are nobody's",
	    "[a]\n[" LONG190 LONG190 "]\nk=1\n[b]\n",
	    "1[a] skip 4[b] !2.6 " },
	{ "a name of 50 characters is too long",
	    "[" LONG40 "0123456789]\nk=1\n", "skip !1.6 " },
	{ "and one of 49 is not", "[" LONG40 "012345678]\nk=1\n",
	    "1[" LONG40 "012345678] 2:k=1 " },
	{ "a section without ']' takes its pairs away",
	    "[a]\n[b\nk=1\n  2\nx\n[c]\nk=2\n",
	    "1[a] skip 6[c] 7:k=2 !2.6 " },
	{ "unless it can be told what it was to be",
	    "[meant\nk=1\n  2\n", "skip 2:k=1 3+k=2 !1.6 " },
	{ "nothing stands after ']' but a comment",
	    "[a] ; x\n[b]#x\n[c] x\nk=1\n", "1[a] 2[b] skip !3.6 " },
	{ "a comment may hide the ']'", "[a]\n[b ; c]\nk=1\n",
	    "1[a] skip !2.6 " },
	{ "a pair needs a key", "[a]\n= 1\n", "1[a] !2.5 " },
	{ "and after it a continuation continues nothing",
	    "[a]\n= 1\n  k=2\n", "1[a] 3:k=2 !2.5 " },
	{ "CRLF is a line's end", "[a]\r\nk = v\r\n  w\r\n",
	    "1[a] 2:k=v 3+k=w " },
	{ "so are a byte order mark and a section its beginning",
	    "\xef\xbb\xbf[a]\nk=1\n", "1[a] 2:k=1 " },
	{ "or a byte order mark and a pair", "\xef\xbb\xbfk=1\n", "1:k=1 " },
	{ "an empty file is one", "\n", "" },
};

int
main(void)
{
	static const char nul[] = "[a]\nk = 1\0\nl = 2\n\0\n";
	struct log l;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		read_text(&l, facts[i].text, strlen(facts[i].text));
		OKF(strcmp(l.text, facts[i].log) == 0, "%s (%s)",
		    facts[i].what, l.text);
	}
	read_text(&l, nul, sizeof(nul) - 1);
	OKF(strcmp(l.text, "1[a] 2?k 3:l=2 4? !2.4 !4.4 ") == 0,
	    "a NUL byte is a mistake (%s)", l.text);
	read_as(&quick, &l, "[a]\n j=1 ;#\n k:=2\n", 18);
	OKF(strcmp(l.text, "1[a] 2:j=1 ; 3:k:=2 ") == 0,
	    "wg-quick's lines may be indented, and have other comments (%s)", l.text);

	uint64_t h = read_text(&l, "[a]\n", 4);
	OK(h != 0 && h == read_text(&l, "[a]\n", 4));
	OK(h != read_text(&l, "[a]\r\n", 5));
	OK(h != read_text(&l, "[a]\n;", 5));
	return DONE();
}
