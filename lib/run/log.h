/* SPDX-License-Identifier: ISC */
#ifndef BH_LOG_H
#define BH_LOG_H

/*
 * The lines of all programs come by one named pipe, which outlives each of them
 * and us, and go to a file with the time before each.  A file that has grown
 * over its bound becomes FILE.1, in place of the one that was there.
 */

#include <stdbool.h>
#include <stddef.h>

/* More than a line of ours has. */
enum { LOG_LINE = 4096 };

struct log {
	const char *path;
	int pipe;			/* read and written; -1: none */
	int file;
	size_t size, most;		/* bytes */
	size_t used;			/* of a line that has not ended */
	char line[LOG_LINE];
};

/* PATH.fifo, made if it is not there, and PATH.  -1 and errno. */
int log_open(struct log *l, const char *path, size_t most);
/* All that has come by now. */
void log_drain(struct log *l);

#endif
