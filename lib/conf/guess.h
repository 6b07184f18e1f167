/* SPDX-License-Identifier: ISC */
#ifndef BH_GUESS_H
#define BH_GUESS_H

/* "Did you mean": the known word nearest to one that is not known. */

enum {
	GUESS_MAX = 64,		/* longer words are not guessed */
	GUESS_WORDLEN = 32,	/* shorter than any key of base64 */
};

struct guess {
	const char *word;	/* borrowed */
	const char *best;	/* NULL: nothing near enough yet */
	unsigned distance;	/* to be beaten */
};

/* The first word of what stands where a known one should, to be shown; "" if it
 * is long enough for a secret that lost its '='. */
const char *guess_word(char word[static GUESS_WORDLEN], const char *text);
void guess_init(struct guess *g, const char *word);
void guess_try(struct guess *g, const char *known);
/* "; did you mean 'best'?" or "" */
const char *guess_format(const struct guess *g, char buf[static 96]);

#endif
