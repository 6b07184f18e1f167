/* SPDX-License-Identifier: ISC */
#include "conf/ini.h"

#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * The file is read whole and cut into lines where it lies.  (libinih keeps 198
 * characters of a line, tells no line numbers and the first mistake only, so
 * that all but looking for the '=' was done around it.)
 */
enum { ROOM_FIRST = 1 << 16 };

static const char blanks[] = " \t\v\f\r";

struct reader {
	struct diags *d;
	const struct ini_events *ev;
	void *arg;
	int line;
	const char *key;	/* what an indented line continues; NULL */
	bool indented;
	bool skipping;		/* below a malformed section line */
	bool lost;		/* malformed: so is what continues it */
};

static void
complain(struct reader *r, enum code code, const char *text)
{
	diag_add(r->d, r->line, code, "", "", "%s", text);
}

/* A comment begins with a ';' after a blank. */
static void
cut_comment(const struct reader *r, char *s)
{
	bool quick = r->ev->quick;
	char *p = s + strcspn(s, quick ? "#" : ";");

	while (!quick && *p == ';' &&
	    (p == s || strchr(blanks, p[-1]) == NULL))
		p += 1 + strcspn(p + 1, ";");
	*p = '\0';
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, blanks);
	for (n = strlen(s); n > 0 && strchr(blanks, s[n - 1]) != NULL;)
		n--;
	s[n] = '\0';
	return s;
}

/* A pair, or what could be made out of one. */
static void
tell(struct reader *r, void (*event)(void *, const struct ini_pair *),
    const char *key, const char *value)
{
	struct ini_pair p = { key, value, r->line, r->indented };

	if (event != NULL)
		event(r->arg, &p);
}

/* The line's first word may be the key that was meant. */
static void
lose(struct reader *r, char *s)
{
	r->lost = true;
	s[strcspn(s, "=: \t")] = '\0';
	tell(r, r->ev->lost, r->indented && r->key != NULL ? r->key : s, "");
}

/* "[name]" and perhaps a comment; NULL, or what is wrong with it. */
static const char *
section_wrong(const struct reader *r, char *s)
{
	char *end;

	cut_comment(r, s);
	end = strchr(s, ']');
	if (end == NULL)
		return "']' is missing";
	*end++ = '\0';
	end += strspn(end, blanks);
	if (*end != '\0' && *end != ';' && *end != '#')
		return "there is something after ']'; put it on a line of its "
		    "own";
	return NULL;
}

/* nul: it was reported. */
static void
read_section(struct reader *r, char *s, bool nul)
{
	const char *wrong = section_wrong(r, s);
	size_t n = strlen(++s);

	r->lost = r->skipping = false;
	r->key = NULL;
	if (!nul && wrong != NULL)
		complain(r, BH_SECTION_SYNTAX, wrong);
	else if (!nul && n > INI_SECTION_MAX)
		diag_add(r->d, r->line, BH_SECTION_SYNTAX, "", "", "the name "
		    "has %zu characters; %d is the most", n,
		    (int)INI_SECTION_MAX);
	if (nul || wrong != NULL || n > INI_SECTION_MAX)
		r->skipping = !r->ev->skip(r->arg, s, r->line);
	else
		r->ev->section(r->arg, s, r->line);
}

static void
read_pair(struct reader *r, char *s)
{
	char *value;

	cut_comment(r, s);
	value = strpbrk(s, r->ev->quick ? "=" : "=:");
	if (value == NULL) {
		complain(r, BH_LINE_SYNTAX, "neither '[section]' nor "
		    "'key = value'");
		lose(r, s);
		return;
	}
	*value++ = '\0';
	r->key = trim(s);
	if (*r->key != '\0') {
		tell(r, r->ev->pair, r->key, trim(value));
		return;
	}
	complain(r, BH_LINE_SYNTAX, "there is no key before '='");
	r->key = NULL;
}

static void
read_more(struct reader *r, char *s)
{
	cut_comment(r, s);
	tell(r, r->ev->pair, r->key, trim(s));
}

/* It is below a malformed section line, or continues a malformed line. */
static bool
is_lost(struct reader *r, bool indented)
{
	r->indented = indented && !r->ev->quick &&
	    (r->key != NULL || r->lost);
	r->lost = r->lost && r->indented;
	return r->skipping || r->lost;
}

/* One line of n bytes, a 0 behind them. */
static void
read_line(struct reader *r, char *s, size_t n)
{
	bool nul = strlen(s) < n;
	size_t blank = strspn(s, blanks);

	s += blank;
	if (*s == ';' || *s == '#' || (*s == '\0' && !nul))
		return;
	if (*s != '[' && is_lost(r, blank > 0))
		return;
	if (nul)
		complain(r, BH_LINE_NUL, "the line holds a NUL byte");
	if (*s == '[')
		read_section(r, s, nul);
	else if (nul)
		lose(r, s);
	else if (r->indented)
		read_more(r, s);
	else
		read_pair(r, s);
}

/* The first may have a byte order mark. */
static void
read_lines(struct reader *r, char *s, size_t n)
{
	char *end = s + n;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	while (s < end) {
		char *stop = memchr(s, '\n', (size_t)(end - s));
		if (stop == NULL)
			stop = end;
		size_t len = (size_t)(stop - s);
		*stop = '\0';
		if (len > 0 && s[len - 1] == '\r')
			s[--len] = '\0';
		r->line++;
		read_line(r, s, len);
		s = stop + 1;
	}
}

static void
wipe(char *text, size_t n)
{
	if (text != NULL)
		explicit_bzero(text, n);
	free(text);
}

/* Twice the room, and nothing left in the old one. */
static char *
grow(char *text, size_t n, size_t *room)
{
	char *more = malloc(*room *= 2);

	if (more != NULL)
		memcpy(more, text, n);
	wipe(text, n);
	return more;
}

/* All of the file and room for a 0; NULL: reported. */
static char *
read_all(FILE *f, struct diags *d, size_t *n)
{
	size_t room = ROOM_FIRST, got = 1;
	char *text = malloc(room);
	int error = 0;

	*n = 0;
	while (text != NULL && got > 0 && *n < INI_FILE_MAX) {
		got = fread(text + *n, 1, room - 1 - *n, f);
		error = ferror(f) ? errno : 0;
		*n += got;
		if (*n + 1 == room)
			text = grow(text, *n, &room);
	}
	if (text == NULL)
		diag_add(d, 0, BH_FILE_SIZE, "", "", "no memory");
	else if (error != 0)
		diag_add(d, 0, BH_FILE_READ, "", "", "cannot read: %s",
		    strerror(error));
	else if (*n >= INI_FILE_MAX)
		diag_add(d, 0, BH_FILE_SIZE, "", "", "the file has %d bytes or "
		    "more", (int)INI_FILE_MAX);
	else
		return text;
	wipe(text, *n);
	return NULL;
}

static uint64_t
hash_of(const char *text, size_t n)
{
	uint8_t b[crypto_generichash_BYTES_MIN];
	le64 first;

	crypto_generichash(b, sizeof(b), (const uint8_t *)text, n, NULL, 0);
	memcpy(first.b, b, sizeof(first.b));
	uint64_t h = le64_get(first);
	return h != 0 ? h : 1;
}

void
ini_parse(char *text, size_t n, struct diags *d, const struct ini_events *ev,
    void *arg)
{
	struct reader r = { .d = d, .ev = ev, .arg = arg };

	read_lines(&r, text, n);
}

uint64_t
ini_read(FILE *f, struct diags *d, const struct ini_events *ev, void *arg)
{
	size_t n;
	char *text = read_all(f, d, &n);

	if (text == NULL)
		return 0;
	uint64_t hash = hash_of(text, n);
	ini_parse(text, n, d, ev, arg);
	wipe(text, n);
	return hash;
}
