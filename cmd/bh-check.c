/* SPDX-License-Identifier: ISC */
/* bh-check: everything that is wrong or risky with a domain file, and what it
 * means.  See bh-check(1). */

#include "base/die.h"
#include "conf/print.h"
#include "proc/open.h"
#include "show/import.h"
#include "show/report.h"
#include "show/views.h"
#include "start/start.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNOPSIS \
	"[-bjnprvW] [-D OLD] [-f FILE] [-g dot|svg] [-k KEYDIR] [-l LOCATION]" \
	"\n[-f FILE] -e wg|wg-quick LOCATION\n[-k KEYDIR] -i FILE.conf ..." \
	"\n-x BHnnn|all"

/* More take graphviz minutes, and are a black square. */
enum { LINES_MAX = 20000 };

struct args {
	struct report r;
	struct start s;
	int mode;		/* the option that asks for another thing than
				 * findings; 0 */
	char *what;		/* its argument */
	char *const *file;	/* -i: all that follow */
	size_t nfiles;
};

static const char *
file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

static int
run_findings(const struct args *a, const struct conf *cf, int location)
{
	(void)cf, (void)location;
	return report_file(&a->r, start_file(&a->s), stdout);
}

static int
run_explain(const struct args *a, const struct conf *cf, int location)
{
	(void)cf, (void)location;
	return report_explain(a->what, stdout);
}

static int
run_changes(const struct args *a, const struct conf *cf, int location)
{
	struct report r = { .file = file_name(a->what) };
	struct conf old;
	int all;

	(void)location;
	int code = report_load(&r, open_named(a->what, "re", stdin), &old,
	    &all);
	if (code == 0)
		code = report_changes(&a->r, &old, cf, stdout);
	conf_fini(&old);
	return code;
}

static int
run_routers(const struct args *a, const struct conf *cf, int location)
{
	(a->r.json ? view_routers_json : view_routers)(cf, location, stdout);
	return 0;
}

static int
run_clear(const struct args *a, const struct conf *cf, int location)
{
	view_clear(cf, location, a->r.json, stdout);
	return 0;
}

static int
run_print(const struct args *a, const struct conf *cf, int location)
{
	(void)a, (void)location;
	conf_print(cf, stdout);
	return 0;
}

static int
run_drawing(const struct args *a, const struct conf *cf, int location)
{
	(void)location;
	if (strcmp(a->what, "dot") == 0) {
		view_dot(cf, SIZE_MAX, stdout);
		return 0;
	}
	if (strcmp(a->what, "svg") != 0)
		start_usage(SYNOPSIS);
	signal(SIGPIPE, SIG_IGN);	/* its exit status says it better */
	FILE *dot = popen("dot -Tsvg", "we");
	if (dot == NULL)
		die(EXIT_RETRY, "cannot start dot");
	bool few = view_dot(cf, LINES_MAX, dot);
	if (pclose(dot) != 0)
		diex(EXIT_RETRY, "cannot draw: dot failed; is graphviz "
		    "installed? -g dot prints what it would be given");
	if (!few)
		diex(EXIT_FIX, "cannot draw more than %d lines between "
		    "partners; -g dot prints them all, for a program that can",
		    (int)LINES_MAX);
	return 0;
}

static int
run_export(const struct args *a, const struct conf *cf, int location)
{
	bool quick = strcmp(a->what, "wg-quick") == 0;

	if (!quick && strcmp(a->what, "wg") != 0)
		start_usage(SYNOPSIS);
	return view_wg(cf, (size_t)location, quick, a->r.keydir, stdout);
}

static int
run_import(const struct args *a, const struct conf *cf, int location)
{
	(void)cf, (void)location;
	return import_files(a->file, a->nfiles, a->r.keydir, stdout);
}

static const struct mode {
	int opt;
	bool load;	/* a file without an error */
	int (*run)(const struct args *a, const struct conf *cf, int location);
} modes[] = {
	{ 0, false, run_findings },
	{ 'x', false, run_explain },
	{ 'i', false, run_import },
	{ 'D', true, run_changes },
	{ 'r', true, run_routers },
	{ 'b', true, run_clear },
	{ 'p', true, run_print },
	{ 'g', true, run_drawing },
	{ 'e', true, run_export },
};

static void
set_mode(struct args *a, int opt, char *what)
{
	if (a->mode != 0)
		start_usage(SYNOPSIS);
	a->mode = opt;
	a->what = what;
}

static void
parse(struct args *a, int argc, char *argv[])
{
	int opt;

	start_init(&a->s, argv[0]);
	while ((opt = getopt(argc, argv, "bD:e:f:g:i:jk:l:nprvx:WhV")) != -1)
		switch (opt) {
		case 'b': case 'D': case 'e': case 'g': case 'i': case 'p':
		case 'r': case 'x':
			set_mode(a, opt, optarg);
			break;
		case 'j':
			a->r.json = true;
			break;
		case 'k':
			a->r.keydir = optarg;
			break;
		case 'n':
			a->r.names = true;
			break;
		case 'v':
			a->r.all = true;
			break;
		case 'W':
			a->r.strict = true;
			break;
		default:
			if (!start_option(&a->s, opt, optarg, SYNOPSIS, NULL))
				start_usage(SYNOPSIS);
		}
	if (a->mode == 'e' && optind < argc)
		a->s.location = argv[optind++];
	if (a->mode == 'i') {
		/* with the option's own, wherever that stood */
		argv[optind - 1] = a->what;
		a->file = argv + optind - 1;
		a->nfiles = (size_t)(argc - optind + 1);
		optind = argc;
	}
	if (optind != argc || (a->mode == 'e' && a->s.location == NULL) ||
	    (a->mode != 0 && a->r.names))
		start_usage(SYNOPSIS);
	a->r.location = a->s.location;
	a->r.file = file_name(a->s.conf);
}

static int
run(const struct args *a, const struct mode *m)
{
	struct report r = a->r;
	struct conf cf = { 0 };
	int location = VIEW_ALL, code = 0;

	if (m->opt == 'e')
		r.keydir = NULL;	/* read where it is needed */
	if (m->opt == 'D')
		r.location = NULL;	/* may be in one file only */
	if (m->load)
		code = report_load(&r, start_file(&a->s), &cf, &location);
	if (code == 0)
		code = m->run(a, &cf, location);
	conf_fini(&cf);
	return code;
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	int code = EXIT_FIX;

	parse(&a, argc, argv);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].opt == a.mode)
			code = run(&a, &modes[i]);
	die_unwritten();
	return code;
}
