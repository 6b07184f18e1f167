/* SPDX-License-Identifier: ISC */
#include "run/process.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELD_STATE = 3, FIELD_BORN = 22 };	/* of proc_pid_stat(5) */

/* The fields of /proc/PID/stat from the third on; NULL: there is no process.
 * The second may have anything in it, so the last ')' ends it. */
static const char *
read_fields(pid_t pid, char buf[static 1024])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, 1023);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	const char *end = strrchr(buf, ')');
	return end == NULL || end[1] == '\0' ? NULL : end + 2;
}

uint64_t
process_born(pid_t pid, char *state)
{
	char buf[1024];
	const char *s = read_fields(pid, buf);

	if (s == NULL || *s == 'Z' || *s == 'X')
		return 0;
	if (state != NULL)
		*state = *s;
	for (int i = FIELD_STATE; i < FIELD_BORN && s != NULL; i++) {
		s = strchr(s, ' ');
		s = s != NULL ? s + 1 : NULL;
	}
	return s == NULL ? 0 : strtoull(s, NULL, 10);
}

bool
process_is_alive(pid_t pid, uint64_t ticks)
{
	return pid > 0 && ticks != 0 && process_born(pid, NULL) == ticks;
}
