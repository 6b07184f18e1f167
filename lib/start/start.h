/* SPDX-License-Identifier: ISC */
#ifndef BH_START_H
#define BH_START_H

/* The opening moves that all programs share. */

#include "conf/conf.h"
#include "io/link.h"
#include "policy/policy.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* Options common to all programs.  A program's own are parsed by the caller:
 * start_option takes what getopt(3) gave and answers whether it was common. */
struct start {
	const char *conf;	/* -f, default /etc/backhaul/backhaul.ini */
	const char *location;	/* -l, default the host's name */
	const char *rundir;	/* -D, default /run/backhaul/LOCATION */
	int ready_fd;		/* -R, -1 */
	int notifier;		/* ready_notifier */
};

/* A location's run directory is in it, if none is given. */
#define START_RUNDIRS "/run/backhaul"
#define START_KEYDIR "/etc/backhaul/keys"
#define START_OPTIONS "f:l:D:R:hV"

void start_init(struct start *s, const char *argv0);
/* -h and -V print and exit 0; synopsis is what -h prints after the name, and
 * version what -V prints after it (NULL: nothing more). */
bool start_option(struct start *s, int opt, const char *arg,
    const char *synopsis, const char *version);
/* "usage: NAME SYNOPSIS", exit 100. */
_Noreturn void start_usage(const char *synopsis);
/* A decimal number within bounds, or exit 100 with a line that names what. */
unsigned start_number(const char *text, const char *what, unsigned min,
    unsigned max);

/* Exit 100 if somebody else could change what is in that directory. */
void start_trust(const char *rundir);

/* For a program that loads no domain file: a location that is not given is the
 * host's name, and a run directory is that location's. */
void start_place(struct start *s);

/* Where this program is, and its siblings with it; exit 111. */
const char *start_bin(char dir[static PATH_MAX]);

/* The domain file, open; "-" is standard input.  Or a line and exit. */
FILE *start_file(const struct start *s);
/* Loads the domain file and runs the linter.  On any error: every finding on
 * standard error, exit 100. */
void start_conf(struct conf *cf, const struct start *s);
/* Index of this gateway's location; exit 100 if the file has none of that name
 * (with the names it has) or it is inactive. */
size_t start_location(const struct conf *cf, const struct start *s);
/* RUNDIR as given, or the default for this location; exit 100 if somebody else
 * could change what is in it. */
const char *start_rundir(const struct start *s, const struct conf *cf,
    size_t self, char buf[static 128]);

/* Looks at the key files of location `self' in a process of its own, so that
 * ours never has a key.  A line for each that cannot be used, with the command
 * that mends it, and exit 100. */
void start_keys(const struct conf *cf, size_t self, const char *keydir);
/* The same in this process, and false. */
bool start_keys_fit(const struct conf *cf, size_t self, const char *keydir);

/* The policy of location `self', built from the domain; exit 111 without
 * memory. */
void start_policy(struct policy *pol, const struct conf *cf, size_t self);

/* What a process knows that has the peers of one worker only, and one link. */
void start_worker(struct policy *pol, unsigned worker);

/* `require-sandbox', before the first process enters its own. */
void start_sandbox(const struct conf *cf);

/* Opens the link to bh-tunnel at RUNDIR/NAME.link, or exits 111 (100 if the
 * tunnel runs another domain file). */
void start_link(struct link *l, const char *rundir, const char *name,
    enum link_role me, int features, const struct conf *cf);

#endif
