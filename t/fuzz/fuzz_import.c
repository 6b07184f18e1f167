/* SPDX-License-Identifier: ISC */
/*
 * Files of wg-quick(8), two of them with a zero byte between.  Whatever they
 * say, it is imported or refused, what is imported is a domain file that can be
 * read, and no private key is in it.
 */
#include "fuzz.h"

#include "base/die.h"
#include "conf/conf.h"
#include "show/import.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 2, ROOM = 1 << 20 };

static int file[FILES];
static char name[FILES][32], *path[FILES];

/* Two files that nobody else has; what is wrong with them is of no interest. */
static void
open_files(void)
{
	for (int i = 0; i < FILES; i++) {
		file[i] = memfd_create("fuzz", 0);
		must(file[i] >= 0);
		snprintf(name[i], sizeof(name[i]), "/proc/self/fd/%d", file[i]);
		path[i] = name[i];
	}
	stderr = fopen("/dev/null", "w");
	must(stderr != NULL);
}

static void
fill(int fd, const uint8_t *p, size_t n)
{
	must(ftruncate(fd, 0) == 0 && pwrite(fd, p, n, 0) == (ssize_t)n);
}

static void
check(char *text, size_t n)
{
	struct conf cf;
	struct diags ds;
	FILE *f = fmemopen(text, n, "r");

	must(f != NULL && strstr(text, "PrivateKey =") == NULL);
	diag_init(&ds);
	conf_load(&cf, &ds, f);
	fclose(f);
	diag_free(&ds);
	conf_free(&cf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char text[ROOM];
	const uint8_t *half = memchr(data, 0, n);
	size_t first = half != NULL ? (size_t)(half - data) : n;

	if (path[0] == NULL)
		open_files();
	fill(file[0], data, first);
	if (half != NULL)
		fill(file[1], half + 1, n - first - 1);
	memset(text, 0, 4096);
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");
	must(out != NULL);
	int code = import_files(path, half != NULL ? 2 : 1, NULL, out);
	long said = ftell(out);
	must(fclose(out) == 0 && said >= 0 && (size_t)said < sizeof(text));
	must(code == 0 || code == EXIT_NO || code == EXIT_FIX);
	if (code == 0)
		check(text, (size_t)said);
	return 0;
}
