/* SPDX-License-Identifier: ISC */
#ifndef BH_PROGRAM_H
#define BH_PROGRAM_H

/*
 * A program of a gateway, as its supervisor sees it: a process that is started
 * again when it ends.  What there is to know of it stands in RUNDIR/NAME.state,
 * a line that backhaul(8) reads:
 *
 *	STATE SUPERVISOR TICKS PID TICKS RESTARTS SINCE CODE
 *
 * TICKS is when the process began, which together with its number names it for
 * ever; SINCE is in seconds since boot.  A supervisor that was killed leaves
 * these lines, and the next one finds its programs by them.
 */

#include "base/clock.h"
#include "run/backoff.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum program_state {
	PROGRAM_RUNNING,
	PROGRAM_STOPPED,	/* somebody has stopped it: SIGSTOP */
	PROGRAM_STUCK,		/* runs, and does not come back to wait */
	PROGRAM_WAITING,	/* has ended, is started again at `due' */
	PROGRAM_FAILED,		/* has ended with exit 100: no use */
};

/* What all programs are started with. */
struct program_common {
	const char *bin;		/* the directory of the programs */
	const char *conf, *location, *keydir, *rundir;
	int log;			/* their standard error; -1: ours */
};

struct program {
	const char *name;	/* bh-tunnel, bh-egress-2, DIR/bh-bolt */
	enum program_state state;
	pid_t pid;			/* 0: none */
	uint64_t born;			/* in ticks */
	int pidfd;			/* readable when it has ended; -1 */
	unsigned restarts;
	nsec since;			/* when it was started, or ended */
	int code;			/* of its last end; 128 and a signal */
	nsec due;
	uint64_t beat;			/* as seen last (proc/counters.h) */
	struct backoff backoff;
};

/* Ours from now on: the living process that RUNDIR/NAME.state tells of, else
 * one that is due now.  False, with a line, if another supervisor has it, or
 * the state cannot be written. */
bool program_init(struct program *p, const char *name,
    const struct program_common *c, nsec now);
/* Starts it, unless the system refuses: then it is due again later. */
void program_start(struct program *p, const struct program_common *c, nsec now);
/* It has ended: why, when to start it again, and a line in RUNDIR/ready for
 * whoever waits for it. */
void program_ended(struct program *p, const struct program_common *c, nsec now);
/* Once a second: is it stopped or stuck? */
void program_look(struct program *p, const struct program_common *c);
/* Asks it to end, also one that was stopped. */
void program_end(const struct program *p);
void program_kill(const struct program *p);
/* There is no more to know of it. */
void program_fini(struct program *p, const struct program_common *c);

static inline bool
program_lives(const struct program *p)
{
	return p->pid != 0;
}

#endif
