/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_JOURNAL_H
#define BH_NAT_JOURNAL_H

/*
 * On disk stands who had which outside ports when: in a ring of files,
 * nat-0.log and so on, in a directory that outlives the run directory.  A file
 * that is full, or that has begun long ago, is followed by the one after it,
 * which is emptied: so nothing is ever cut in the middle, all together are
 * bounded, and nothing is kept for longer than it may be.  The first line of
 * each says which number it has.
 *
 * A process of its own writes them, since a disk may keep it waiting; it has
 * nothing but these files and a pipe, which it reads to its end.
 */

#include <limits.h>
#include <stdint.h>

enum {
	NAT_JOURNAL_FILES = 16,
	NAT_JOURNAL_BYTES = 1 << 20,	/* of each */
	NAT_JOURNAL_DAYS = 180,
	NAT_JOURNAL_PATH = PATH_MAX + 32,	/* of a file's name */
};

/* /var/log/backhaul/X of /run/backhaul/X, else RUNDIR.log. */
const char *nat_journal_dir(const char *rundir, char buf[static PATH_MAX]);
/* DIR/nat-N.log */
const char *nat_journal_file(const char *dir, unsigned n,
    char buf[static NAT_JOURNAL_PATH]);
/* The number that the first line gives to what is written there; 0: none. */
uint64_t nat_journal_number(const char *line);

/* Starts the process.  Where lines are to be written, which never waits; -1 if
 * the system refuses, which is told. */
int nat_journal_open(const char *rundir);

#endif
