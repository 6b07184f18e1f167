/* SPDX-License-Identifier: ISC */
#include "proc/open.h"

#include "base/die.h"

#include <errno.h>
#include <string.h>

FILE *
open_named(const char *name, const char *mode, FILE *standard)
{
	FILE *f = strcmp(name, "-") == 0 ? standard : fopen(name, mode);

	if (f == NULL)
		die(errno == ENOENT ? EXIT_FIX : EXIT_RETRY, "cannot open %s",
		    name);
	return f;
}
