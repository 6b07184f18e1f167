/* SPDX-License-Identifier: ISC */
#include "conf/guess.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that make a into
 * b (optimal string alignment), or max if that many are not enough.  Three rows
 * of the matrix will do: a swap looks two rows up.
 */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb, unsigned max)
{
	unsigned rows[3][GUESS_MAX + 1], least = 0, before;
	unsigned *above2 = rows[0], *above = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *t = above2;
		above2 = above;
		above = row;
		row = t;
		row[0] = (unsigned)i;
		before = least;
		least = row[0];
		for (size_t j = 1; j <= nb; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
			if (row[j] < least)
				least = row[j];
		}
		if (least >= max && before >= max)
			return max;
	}
	return row[nb];
}

const char *
guess_word(char word[static GUESS_WORDLEN], const char *text)
{
	size_t n = strcspn(text, "=: \t");

	return text_copy_n(word, GUESS_WORDLEN, text,
	    n < GUESS_WORDLEN ? n : 0);
}

/* A third of the word may be wrong, but never all of it. */
void
guess_init(struct guess *g, const char *word)
{
	size_t n = strlen(word);

	*g = (struct guess){ .word = word };
	if (n > 1 && n <= GUESS_MAX)
		g->distance = (unsigned)(n + 2) / 3 + 1;
}

void
guess_try(struct guess *g, const char *known)
{
	size_t n = strlen(g->word), nk = strlen(known);
	size_t apart = n > nk ? n - nk : nk - n;

	if (nk > GUESS_MAX || apart >= g->distance)
		return;
	unsigned d = distance(g->word, n, known, nk, g->distance);
	if (d < g->distance) {
		g->distance = d;
		g->best = known;
	}
}

const char *
guess_format(const struct guess *g, char buf[static 96])
{
	buf[0] = '\0';
	if (g->best != NULL)
		snprintf(buf, 96, "; did you mean '%s'?", g->best);
	return buf;
}
