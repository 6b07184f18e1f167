/* SPDX-License-Identifier: ISC */
#ifndef BH_VECTORS_H
#define BH_VECTORS_H

/*
 * Vectors of t/data: a line is a name, then fields of hexadecimal digits, `-'
 * for an empty one; `#' begins a comment.  Tests are run from the top of the
 * tree.
 */

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { VECTOR_FIELDS = 8, VECTOR_MOST = 1024, VECTOR_NAME = 64 };

struct field {
	uint8_t b[VECTOR_MOST];
	size_t n;
};

struct vector {
	char name[VECTOR_NAME];
	struct field f[VECTOR_FIELDS];
	size_t nfields;
};

static inline bool
vector_field(struct field *f, const char *text)
{
	const char *end;

	memset(f, 0, sizeof(*f));
	if (strcmp(text, "-") == 0)
		return true;
	return sodium_hex2bin(f->b, sizeof(f->b), text, strlen(text), NULL,
	    &f->n, &end) == 0 && *end == '\0';
}

/* Takes one line apart; false for a comment. */
static inline bool
vector_parse(struct vector *v, char *line)
{
	char *save, *word = strtok_r(line, " \n", &save);

	if (word == NULL || word[0] == '#')
		return false;
	snprintf(v->name, sizeof(v->name), "%s", word);
	for (v->nfields = 0; v->nfields < VECTOR_FIELDS &&
	    (word = strtok_r(NULL, " \n", &save)) != NULL; v->nfields++)
		if (!vector_field(&v->f[v->nfields], word)) {
			printf("Bail out! %s: bad field\n", v->name);
			return false;
		}
	return true;
}

/* The next vector of a file; false at its end. */
static inline bool
vector_next(struct vector *v, FILE *fp)
{
	static char line[VECTOR_FIELDS * VECTOR_MOST * 2];

	while (fgets(line, sizeof(line), fp) != NULL)
		if (vector_parse(v, line))
			return true;
	return false;
}

#endif
