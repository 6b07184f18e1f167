/* SPDX-License-Identifier: ISC */
#include "conf/ini.h"

#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <ini.h>
#include <sodium.h>
#include <string.h>

/*
 * inih asks the reader for a line and then calls the handler, once for a pair
 * and never for anything else.  So the reader knows which physical line a call
 * is about, and a line that promised a pair but caused no call is malformed.
 * inih says nothing of sections: after the line of each the reader puts a line
 * of its own, "=", a pair without key that does not disturb inih's idea of a
 * continuation; the call it causes marks the beginning of the section.
 *
 * inih's buffer holds 198 characters and a newline.  It would take the rest of
 * a longer line for another line, so the reader withholds such lines.
 */
enum { LINE_ROOM = 200, LINE_MAX_LEN = LINE_ROOM - 2 };

static const char blanks[] = " \t\v\f\r";

struct reader {
	FILE *f;
	struct diags *d;
	const struct ini_events *ev;
	void *arg;

	unsigned char buf[4096];	/* bytes of the file */
	size_t at, have;
	size_t bytes;			/* so far */
	int error;			/* errno of a read */
	crypto_generichash_state hash;

	char text[LINE_ROOM];	/* the line, without its end */
	size_t len;		/* what it has; may be more than text holds */
	int line;		/* its number */
	bool nul;		/* it holds a NUL byte */
	bool indented;

	char section[LINE_ROOM];	/* the name as we read it */
	enum { MARK_NONE, MARK_DUE, MARK_SENT } mark;
	bool fresh;		/* no pair in this section yet */
	bool skipping;		/* below a malformed section line */
	bool awaited;		/* the line promised a pair: none came yet */
	bool lost;		/* withheld: so is what continues it */
};

static void
complain(struct reader *r, enum code code, const char *text)
{
	diag_add(r->d, r->line, code, "", "", "%s", text);
}

/* The next byte, or EOF. */
static int
next_byte(struct reader *r)
{
	if (r->at == r->have) {
		if (r->bytes >= INI_FILE_MAX)
			return EOF;
		r->at = 0;
		r->have = fread(r->buf, 1, sizeof(r->buf), r->f);
		r->error = ferror(r->f) ? errno : 0;
		r->bytes += r->have;
		crypto_generichash_update(&r->hash, r->buf, r->have);
	}
	return r->have > 0 ? r->buf[r->at++] : EOF;
}

/* Reads a physical line of any length into r->text, cut if need be.  False at
 * the end. */
static bool
read_line(struct reader *r)
{
	size_t room = sizeof(r->text) - 1;
	int c;

	r->len = 0;
	r->nul = false;
	r->line++;
	while ((c = next_byte(r)) != EOF && c != '\n') {
		r->nul = r->nul || c == '\0';
		if (r->len < room)
			r->text[r->len] = (char)c;
		r->len++;
	}
	if (r->len > 0 && r->len <= room && r->text[r->len - 1] == '\r')
		r->len--;
	r->text[r->len < room ? r->len : room] = '\0';
	return c != EOF || r->len > 0;
}

/* Where the line begins in earnest.  The first may have a byte order mark. */
static const char *
line_start(struct reader *r)
{
	const char *s = r->text;

	if (r->line == 1 && strncmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	r->indented = s[strspn(s, blanks)] != '\0' && strspn(s, blanks) > 0;
	return s + strspn(s, blanks);
}

/* A line that inih's buffer cannot take, or that ends early for it. */
static bool
fits(struct reader *r)
{
	if (r->len > LINE_MAX_LEN)
		diag_add(r->d, r->line, BH_LINE_LONG, "", "", "the line has "
		    "%zu characters; %d is the most: repeat the key, or go on "
		    "in an indented line", r->len, (int)LINE_MAX_LEN);
	else if (r->nul)
		complain(r, BH_LINE_NUL, "the line holds a NUL byte");
	return r->len <= LINE_MAX_LEN && !r->nul;
}

/* "[name]" and perhaps a comment. */
static bool
check_section(struct reader *r, const char *s)
{
	size_t n = strcspn(s + 1, "]");
	const char *rest = s + 1 + n;

	if (*rest == '\0') {
		complain(r, BH_SECTION_SYNTAX, "']' is missing");
		return false;
	}
	rest += 1 + strspn(rest + 1, blanks);
	if (*rest != '\0' && *rest != ';' && *rest != '#') {
		complain(r, BH_SECTION_SYNTAX, "there is something after ']'; "
		    "put it on a line of its own");
		return false;
	}
	if (n > INI_SECTION_MAX) {
		diag_add(r->d, r->line, BH_SECTION_SYNTAX, "", "", "the name "
		    "has %zu characters; %d is the most", n,
		    (int)INI_SECTION_MAX);
		return false;
	}
	text_take(r->section, sizeof(r->section), s + 1, n);
	return true;
}

/* Returns what inih is to see. */
static const char *
begin_section(struct reader *r, const char *s)
{
	r->lost = false;
	r->skipping = !fits(r) || !check_section(r, s);
	if (r->skipping) {
		r->ev->skip(r->arg);
		return "";
	}
	r->mark = MARK_DUE;
	return s;	/* not indented, lest it continues a key */
}

/* Looks at a line as far as the bookkeeping needs it, and returns what inih is
 * to see of it. */
static const char *
look(struct reader *r)
{
	const char *s = line_start(r);

	if (*s == ';' || *s == '#')
		return "";
	if (*s == '[')
		return begin_section(r, s);
	if (r->skipping || (r->indented && r->lost))
		return "";
	r->lost = !fits(r);
	if (r->lost || *s == '\0')
		return "";
	r->awaited = true;
	return r->text;
}

/* Called by inih for the next line; NULL is the end. */
static char *
next_line(char *buf, int room, void *arg)
{
	struct reader *r = arg;
	const char *line = "=";

	if (r->awaited)
		complain(r, BH_LINE_SYNTAX, "neither '[section]' nor "
		    "'key = value'");
	r->awaited = false;
	if (r->mark == MARK_DUE) {
		r->mark = MARK_SENT;
	} else {
		r->mark = MARK_NONE;
		if (!read_line(r))
			return NULL;
		line = look(r);
	}
	text_copy(buf, (size_t)room - 1, line);
	return strcat(buf, "\n");
}

/* inih 55 leaves the comment in a continuation line. */
static void
cut_comment(char *value)
{
	for (char *p = value; *p != '\0'; p++) {
		if (*p != ';' || (p > value && strchr(blanks, p[-1]) == NULL))
			continue;
		while (p > value && strchr(blanks, p[-1]) != NULL)
			p--;
		*p = '\0';
		return;
	}
}

/* inih may see another name than we do: "[a ; b]" is a comment to it. */
static void
take_section(struct reader *r, const char *name)
{
	r->fresh = true;
	r->skipping = strcmp(name, r->section) != 0;
	if (!r->skipping) {
		r->ev->section(r->arg, name, r->line);
		return;
	}
	complain(r, BH_SECTION_SYNTAX, "malformed section name");
	r->ev->skip(r->arg);
}

static void
take_pair(struct reader *r, const char *key, const char *value)
{
	char text[LINE_ROOM];
	struct ini_pair p = { .key = key, .value = text, .line = r->line,
		.continued = r->indented && !r->fresh };

	if (*key == '\0') {
		complain(r, BH_LINE_SYNTAX, "there is no key before '='");
		return;
	}
	text_copy(text, sizeof(text), value);
	if (p.continued)
		cut_comment(text);
	r->fresh = false;
	r->ev->pair(r->arg, &p);
}

/* Called by inih; nonzero is "go on". */
static int
handle(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;

	r->awaited = false;
	if (r->mark == MARK_SENT)
		take_section(r, section);
	else
		take_pair(r, key, value);
	return 1;
}

static uint64_t
finish_hash(crypto_generichash_state *st)
{
	uint8_t b[crypto_generichash_BYTES_MIN];
	le64 first;

	crypto_generichash_final(st, b, sizeof(b));
	memcpy(first.b, b, sizeof(first.b));
	uint64_t h = le64_get(first);
	return h != 0 ? h : 1;
}

uint64_t
ini_read(FILE *f, struct diags *d, const struct ini_events *ev, void *arg)
{
	struct reader r = { .f = f, .d = d, .ev = ev, .arg = arg,
		.fresh = true };

	crypto_generichash_init(&r.hash, NULL, 0, crypto_generichash_BYTES_MIN);
	ini_parse_stream(next_line, &r, handle, &r);
	if (r.error != 0)
		diag_add(d, 0, BH_FILE_READ, "", "", "cannot read: %s",
		    strerror(r.error));
	else if (r.bytes >= INI_FILE_MAX)
		diag_add(d, 0, BH_FILE_SIZE, "", "", "the file has %d bytes or "
		    "more", (int)INI_FILE_MAX);
	return finish_hash(&r.hash);
}
