/* SPDX-License-Identifier: ISC */
#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *myname = "backhaul";

/* One write(2) a line, so that lines of sibling programs do not mix. */
__attribute__((format(printf, 2, 0))) static void
say(int error, const char *fmt, va_list ap)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s: ", myname);

	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	if (n > (int)sizeof(line) - 100)
		n = (int)sizeof(line) - 100;
	if (error != 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
		    strerror(error));
	line[n++] = '\n';
	ssize_t r = write(STDERR_FILENO, line, (size_t)n);
	(void)r;	/* nobody left to tell */
}

#define SAY(error) do { \
	va_list ap; \
	va_start(ap, fmt); \
	say(error, fmt, ap); \
	va_end(ap); \
} while (0)

void
die_name(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	myname = slash != NULL ? slash + 1 : argv0;
}

const char *
die_myname(void)
{
	return myname;
}

void
die(int code, const char *fmt, ...)
{
	SAY(errno);
	exit(code);
}

void
diex(int code, const char *fmt, ...)
{
	SAY(0);
	exit(code);
}

void
warn(const char *fmt, ...)
{
	SAY(errno);
}

void
warnx(const char *fmt, ...)
{
	SAY(0);
}
