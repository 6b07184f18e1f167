/* SPDX-License-Identifier: ISC */
/* bh-run: looks after the programs of a gateway.  See bh-run(8). */

#include "base/die.h"
#include "proc/descriptors.h"
#include "proc/ready.h"
#include "run/run.h"
#include "start/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] [-k KEYDIR] [-o LOG] " \
	"PROGRAM..."

enum { LOG_MOST = 1 << 20 };	/* bytes */

struct opts {
	struct start start;
	const char *keydir, *log;
};

static void
parse(struct opts *o, int argc, char *argv[])
{
	int opt;

	*o = (struct opts){ .keydir = START_KEYDIR };
	start_init(&o->start, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS "k:o:")) != -1)
		switch (opt) {
		case 'k': o->keydir = optarg; break;
		case 'o': o->log = optarg; break;
		default:
			if (!start_option(&o->start, opt, optarg, SYNOPSIS,
			    NULL))
				start_usage(SYNOPSIS);
		}
	if (optind == argc)
		start_usage(SYNOPSIS);
	if (argc - optind > RUN_PROGRAMS)
		diex(EXIT_FIX, "%d programs, at most %d", argc - optind,
		    (int)RUN_PROGRAMS);
}

static void
open_log(struct run *r, const char *path)
{
	r->log.pipe = r->common.log = -1;
	if (path == NULL)
		return;
	if (log_open(&r->log, path, LOG_MOST) < 0)
		die(EXIT_RETRY, "cannot open %s", path);
	r->common.log = r->log.pipe;
	/* what we say goes the same way, with the time before it */
	if (dup2(r->log.pipe, STDERR_FILENO) < 0)
		die(EXIT_RETRY, "cannot write to %s", path);
}

/* One of us looks after the run directory, or after one that a program has in
 * it for itself: two would each start the program. */
static void
hold_directory(const char *rundir, const char *name, char dir[static PATH_MAX])
{
	const char *slash = strchr(name, '/');

	snprintf(dir, PATH_MAX, "%s%s%.*s", rundir, slash != NULL ? "/" : "",
	    slash != NULL ? (int)(slash - name) : 0, name);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(EXIT_RETRY, "cannot open %s", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		diex(EXIT_RETRY, "another bh-run looks after %s", dir);
}

/* bh-keep hears that we have ended when nobody has the FIFO there open to
 * write.  By hand there may be none. */
static void
hold_fifo(const char *dir)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/loop", dir);
	if (open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) < 0 && errno != ENOENT)
		warn("cannot open %s", path);
}

/* What whoever has started us left open is neither ours nor our programs'. */
static void
keep_told(struct start *s)
{
	const int told[] = { s->ready_fd, s->notifier };

	descriptors_keep(told, 2);
	s->ready_fd = told[0] < 0 ? -1 : 3;
	s->notifier = told[1] < 0 ? -1 : 4;
}

static struct run run;

int
main(int argc, char *argv[])
{
	static char bin[PATH_MAX], dir[PATH_MAX];
	struct opts o;

	parse(&o, argc, argv);
	keep_told(&o.start);
	start_place(&o.start);
	start_trust(o.start.rundir);
	run.common = (struct program_common){ .bin = start_bin(bin),
		.conf = o.start.conf, .location = o.start.location,
		.keydir = o.keydir, .rundir = o.start.rundir };
	run.signals = ready_signals();
	if (run.signals < 0)
		die(EXIT_RETRY, "cannot receive signals");
	open_log(&run, o.log);
	hold_directory(o.start.rundir, argv[optind], dir);
	hold_fifo(dir);
	for (; optind < argc; optind++)
		if (!program_init(&run.program[run.n++], argv[optind],
		    &run.common, clock_now()))
			return EXIT_RETRY;
	die_hurry();
	ready_tell(o.start.ready_fd, o.start.notifier);
	return run_programs(&run);
}
