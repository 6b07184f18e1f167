/* SPDX-License-Identifier: ISC */
#ifndef BH_CHILD_H
#define BH_CHILD_H

/*
 * The processes that a program starts beside itself: each is forked, settles,
 * enters its sandbox, and is started again if somebody watches over it.
 */

#include "proc/sandbox.h"

#include <stdbool.h>
#include <sys/types.h>

struct child {
	const char *name;		/* for ps(1) */
	const char *user;		/* as of sandbox_enter */
	enum sandbox sandbox;
	const int *fd;			/* what it keeps, as 3, 4 ... */
	int nfds;			/* of them; -1 is none */
	void (*open)(void *arg);	/* what needs privileges; or NULL */
	void (*run)(void *arg);		/* never returns */
	void *arg;
};

/* fork(2), but what is in a buffer of stdio is written once.  -1 and errno. */
pid_t child_fork(void);
/* Starts a process, which ignores the signals that are for its parent: it ends
 * when a descriptor says that nobody needs it any more.  -1 and errno. */
pid_t child_start(const struct child *c);

/* A process that is started again when it has died. */
struct child_kept {
	const char *does;		/* "makes handshakes", for messages */
	int needless;			/* it exits so if nobody needs it */
	bool exits;			/* for reasons of its own, too: no exit
					 * is worth a message */
	int delay_min_ms, delay_max_ms;	/* from start to start; doubles until
					 * one lives long */
	const int *fd;			/* if nobody is at the other end of one
					 * of these, nobody needs it */
	unsigned nfds;
	bool waits;			/* it watches them by itself: here it is
					 * only waited for, without a pipe */
};
enum { CHILD_FDS_MAX = 32 };

struct child_life {
	int fd;			/* POLLERR: who would start it again has died;
				 * -1 if it `waits' */
	bool again;		/* another one has lived before, */
	int status;		/* and ended so: waitpid(2) */
};

/* Returns in one process after the other; what was here when it was called is
 * there in each.  The caller ends with the last. */
struct child_life child_keep(const struct child_kept *k);

#endif
