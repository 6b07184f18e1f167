/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target without libFuzzer: each file of a corpus, then so many
 * mutations of them.  For the short run that belongs to the tests: any compiler
 * will do, and the same seed is the same run.  Without feedback it is fast, so
 * it also does the volume (t/fuzz/volume).  usage: NAME DIRECTORY COUNT
 */
#include "fuzz.h"

#include "../unit/draw.h"

#include <dirent.h>
#include <stdio.h>

enum { INPUTS = 256, LONGEST = 4096 };

struct input {
	size_t n;
	uint8_t b[LONGEST];
};

static struct input corpus[INPUTS];
static size_t ninputs;
static uint64_t rng;

static uint64_t
rnd(void)
{
	return draw(&rng);
}

static void
load(const char *directory, const char *name)
{
	struct input *in = &corpus[ninputs];
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *f = fopen(path, "r");
	if (f == NULL || name[0] == '.' || ninputs == INPUTS)
		return;
	in->n = fread(in->b, 1, sizeof(in->b), f);
	ninputs++;
	fclose(f);
}

static int
load_all(const char *directory)
{
	struct dirent **list;
	int n = scandir(directory, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		load(directory, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return n >= 0 && ninputs > 0;
}

/* One change: a bit, a byte, a piece of another input, the length. */
static size_t
change(uint8_t *b, size_t n, size_t max)
{
	const struct input *other = &corpus[rnd() % ninputs];
	size_t at = n > 0 ? rnd() % n : 0, k = rnd() % 16;

	switch (rnd() % 5) {
	case 0:
		b[at] ^= (uint8_t)(1 << rnd() % 8);
		return n;
	case 1:
		b[at] = (uint8_t)rnd();
		return n;
	case 2:
		if (at < other->n && at + k <= other->n && at + k <= n)
			memcpy(b + at, other->b + at, k);
		return n;
	case 3:
		return at;
	default:
		k = n + k > max ? max - n : k;
		for (size_t i = 0; i < k; i++)
			b[n + i] = (uint8_t)rnd();
		return n + k;
	}
}

size_t
LLVMFuzzerMutate(uint8_t *b, size_t n, size_t max)
{
	for (uint64_t k = rnd() % 4; k < 4; k++)
		n = change(b, n, max);
	return n;
}

/* One of the corpus, or of two. */
static void
choose(struct input *in)
{
	const struct input *a = &corpus[rnd() % ninputs];
	const struct input *b = &corpus[rnd() % ninputs];

	if (LLVMFuzzerCustomCrossOver != NULL && rnd() % 4 == 0) {
		in->n = LLVMFuzzerCustomCrossOver(a->b, a->n, b->b, b->n,
		    in->b, LONGEST, (unsigned)rnd());
		return;
	}
	in->n = a->n;
	memcpy(in->b, a->b, a->n);
}

static void
mutate(struct input *in)
{
	in->n = LLVMFuzzerCustomMutator == NULL ?
	    LLVMFuzzerMutate(in->b, in->n, LONGEST) :
	    LLVMFuzzerCustomMutator(in->b, in->n, LONGEST,
		(unsigned)rnd());
}

int
main(int argc, char *argv[])
{
	static struct input in;
	const char *seed = getenv("SEED");

	if (argc != 3 || !load_all(argv[1])) {
		fprintf(stderr, "usage: %s CORPUS COUNT\n", argv[0]);
		return 100;
	}
	rng = seed != NULL ? strtoull(seed, NULL, 0) : 1;
	for (size_t i = 0; i < ninputs; i++)
		LLVMFuzzerTestOneInput(corpus[i].b, corpus[i].n);
	unsigned long count = strtoul(argv[2], NULL, 0);
	for (unsigned long i = 0; i < count; i++) {
		choose(&in);
		mutate(&in);
		LLVMFuzzerTestOneInput(in.b, in.n);
	}
	printf("%zu inputs, %lu mutations\n", ninputs, count);
	return 0;
}
