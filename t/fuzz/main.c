/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target without libFuzzer: each file of a corpus, then so many
 * mutations of them.  For the short run that belongs to the tests: any compiler
 * will do, and the same seed is the same run.  usage: NAME DIRECTORY COUNT
 */
#include "fuzz.h"

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
	/* splitmix64 */
	uint64_t z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
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
static void
mutate(struct input *in)
{
	const struct input *other = &corpus[rnd() % ninputs];
	size_t at = in->n > 0 ? rnd() % in->n : 0, n = rnd() % 16;

	switch (rnd() % 5) {
	case 0:
		in->b[at] ^= (uint8_t)(1 << rnd() % 8);
		break;
	case 1:
		in->b[at] = (uint8_t)rnd();
		break;
	case 2:
		if (at < other->n && at + n <= other->n && at + n <= in->n)
			memcpy(in->b + at, other->b + at, n);
		break;
	case 3:
		in->n = at;
		break;
	default:
		n = in->n + n > LONGEST ? LONGEST - in->n : n;
		for (size_t i = 0; i < n; i++)
			in->b[in->n + i] = (uint8_t)rnd();
		in->n += n;
	}
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
		in = corpus[rnd() % ninputs];
		for (uint64_t k = rnd() % 4; k < 4; k++)
			mutate(&in);
		LLVMFuzzerTestOneInput(in.b, in.n);
	}
	printf("%zu inputs, %lu mutations\n", ninputs, count);
	return 0;
}
