/* SPDX-License-Identifier: ISC */
#ifndef BH_DIE_H
#define BH_DIE_H

#include <stdint.h>

/*
 * Messages to the operator, one line each, in err(3) manners: "x" means
 * without errno.  die is for starting up only; a running program returns
 * verdicts.
 */

enum {
	EXIT_NO = 1,	  /* the answer is no: findings, no match */
	EXIT_FIX = 100,	  /* usage or configuration: restarting will not help */
	EXIT_RETRY = 111, /* the system said no: it may say yes later */
	EXIT_SIBLING = 112, /* another program has ended, whose end is ours: no
			     * fault of this one, start it again at once */
};

/* The program's name, put before each message; the last part of argv0. */
void die_name(const char *argv0);
const char *die_myname(void);

_Noreturn void die(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void diex(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* From here on no line is waited for: what cannot be written at once is
 * dropped, counted, and told of in a line when there is room again.  Opens
 * /proc/self/fd/2, so before that is forbidden. */
void die_hurry(void);
/* Where else dropped lines are counted; NULL: nowhere. */
void die_count(uint64_t *dropped);

void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Before a program ends that has printed: exit 111, with a line, if some of it
 * did not get out. */
void die_unwritten(void);

#endif
