/* SPDX-License-Identifier: ISC */
#ifndef BH_T_SANDBOXED_H
#define BH_T_SANDBOXED_H

/* A child that enters a sandbox and does one thing there, to live or to die. */

#include "test.h"

#include "proc/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true	/* no filter then: see sandbox.c */
#else
#define SANITIZED false
#endif

/* Runs what() in a sandbox; its exit status, or minus the signal. */
static inline int
inside(enum sandbox which, int (*what)(long), long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10);	/* one that would hang is no SIGSYS either */
		sandbox_enter(which, "_bh-tunnel");
		_exit(what(arg));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
