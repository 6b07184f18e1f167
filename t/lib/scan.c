/* SPDX-License-Identifier: ISC */
/* To be preloaded: when the program ends, how often is the line that the file
 * SECRET begins with in its memory?  Printed on standard error. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 44 };

static size_t
count(const char *from, const char *to, const char *secret)
{
	size_t n = 0;

	for (; from + LEN <= to; from++)
		n += from != secret && memcmp(from, secret, LEN) == 0;
	return n;
}

static void __attribute__((destructor))
look(void)
{
	static char secret[LEN], line[512], mode[8];
	unsigned long from, to;
	size_t n = 0;
	FILE *f = fopen(getenv("SECRET"), "r");

	setvbuf(f, NULL, _IONBF, 0);
	if (fread(secret, 1, LEN, f) != LEN)
		return;
	fclose(f);
	f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
		    strncmp(mode, "rw", 2) == 0)
			n += count((const char *)from, (const char *)to,
			    secret);
	fprintf(stderr, "secret: %zu\n", n);
	fclose(f);
}
