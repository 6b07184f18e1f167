/* SPDX-License-Identifier: ISC */
#ifndef BH_RUN_H
#define BH_RUN_H

/* The loop of bh-run(8), which looks after the programs of a gateway. */

#include "run/log.h"
#include "run/program.h"

enum { RUN_PROGRAMS = 128 };

struct run {
	struct program_common common;
	struct log log;
	struct program program[RUN_PROGRAMS];
	size_t n;
	int signals;
};

/* Until SIGTERM or SIGINT, or until no program is of any use.  SIGHUP: those
 * that wait or have failed are started now.  An exit status. */
int run_programs(struct run *r);

#endif
