/* SPDX-License-Identifier: ISC */
/* bh-check: everything that is wrong or risky with a domain file.  See
 * bh-check(1). */

#include "base/die.h"
#include "engine/report.h"
#include "engine/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNOPSIS "[-jW] [-f FILE] [-l LOCATION] | -x BHnnn|all"

static void
parse(struct report *r, struct start *s, int argc, char *argv[])
{
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, "f:l:jx:WhV")) != -1)
		switch (opt) {
		case 'j':
			r->json = true;
			break;
		case 'W':
			r->strict = true;
			break;
		case 'x':
			exit(report_explain(optarg, stdout));
		default:
			if (!start_option(s, opt, optarg, SYNOPSIS, NULL))
				start_usage(SYNOPSIS);
		}
	if (optind != argc)
		start_usage(SYNOPSIS);
	r->location = s->location;
}

int
main(int argc, char *argv[])
{
	struct report r = { 0 };
	struct start s;

	parse(&r, &s, argc, argv);

	bool in = strcmp(s.conf, "-") == 0;
	FILE *f = in ? stdin : fopen(s.conf, "re");
	if (f == NULL)
		die(errno == ENOENT ? EXIT_FIX : EXIT_RETRY, "cannot open %s",
		    s.conf);
	r.file = in ? "<stdin>" : s.conf;
	int code = report_file(&r, f, stdout);
	if (fflush(stdout) != 0)
		die(EXIT_RETRY, "cannot write");
	return code;
}
