/* SPDX-License-Identifier: ISC */
#include "start/start.h"

#include "base/die.h"
#include "base/version.h"
#include "proc/open.h"
#include "proc/ready.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONF_DEFAULT "/etc/backhaul/backhaul.ini"

void
start_init(struct start *s, const char *argv0)
{
	die_name(argv0);
	*s = (struct start){ .conf = CONF_DEFAULT, .ready_fd = -1,
		.notifier = ready_notifier() };
}

/* Each way to use it has a line of its own. */
static void
put_usage(FILE *to, const char *synopsis)
{
	const char *before = "usage:";

	for (size_t n; *synopsis != '\0'; synopsis += n) {
		n = strcspn(synopsis, "\n");
		fprintf(to, "%6s %s %.*s\n", before, die_myname(), (int)n,
		    synopsis);
		n += synopsis[n] != '\0';
		before = "";
	}
}

void
start_usage(const char *synopsis)
{
	put_usage(stderr, synopsis);
	exit(EXIT_FIX);
}

unsigned
start_number(const char *text, const char *what, unsigned min, unsigned max)
{
	char *end;

	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    v < min || v > max)
		diex(EXIT_FIX, "%s: '%s' is not a number from %u to %u", what,
		    text, min, max);
	return (unsigned)v;
}

bool
start_option(struct start *s, int opt, const char *arg, const char *synopsis,
    const char *version)
{
	switch (opt) {
	case 'f':
		s->conf = arg;
		return true;
	case 'l':
		s->location = arg;
		return true;
	case 'D':
		s->rundir = arg;
		return true;
	case 'R':
		s->ready_fd = (int)start_number(arg, "-R", 0, 1023);
		return true;
	case 'h':
		put_usage(stdout, synopsis);
		die_unwritten();
		exit(0);
	case 'V':
		printf("%s %s%s%s\n", die_myname(), BH_VERSION,
		    version != NULL ? " " : "", version != NULL ? version : "");
		die_unwritten();
		exit(0);
	default:
		return false;
	}
}

FILE *
start_file(const struct start *s)
{
	if (strcmp(s->conf, CONF_DEFAULT) == 0 && access(s->conf, F_OK) != 0 &&
	    errno == ENOENT)
		diex(EXIT_FIX, "there is no " CONF_DEFAULT
		    ": write it (bh.conf(5)), or name another file with -f");
	return open_named(s->conf, "re", stdin);
}
